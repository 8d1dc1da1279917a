// SPDX-License-Identifier: GPL-2.0-or-later
/* One POST over libcurl. The multi interface, so that a cancel is seen at once. */
#include "report/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <strings.h>

void http_reply_release(struct http_reply *r)
{
	strbuf_release(&r->body);
	strbuf_release(&r->location);
}

struct transfer {
	const struct http_request *rq;
	struct http_reply *reply;
	bool cut; /* we stopped reading: the answer was longer than the bound */
	char error[CURL_ERROR_SIZE];
};

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * n, room = HTTP_MAX_REPLY - t->reply->body.len;

	strbuf_add(&t->reply->body, data, len < room ? len : room);
	t->cut |= len > room;
	return t->cut ? CURL_WRITEFUNC_ERROR : len;
}

static size_t take_header(char *data, size_t size, size_t n, void *arg)
{
	static const char name[] = "location:";
	struct transfer *t = arg;
	size_t len = size * n, at = sizeof(name) - 1;

	if (len <= at || strncasecmp(data, name, at) != 0)
		return len;
	size_t end = len < 1024 ? len : 1024;
	while (at < end && data[at] == ' ')
		at++;
	while (end > at && (unsigned char)data[end - 1] <= ' ')
		end--;
	strbuf_reset(&t->reply->location);
	strbuf_add(&t->reply->location, data + at, end - at);
	return len;
}

/* This host itself: no proxy knows the way there. */
static bool is_loopback(const char *url)
{
	static const char *const hosts[] = { "127.", "localhost", "[::1]" };
	const char *host = strstr(url, "://");

	for (size_t i = 0; host && i < ARRAY_SIZE(hosts); i++)
		if (strncasecmp(host + 3, hosts[i], strlen(hosts[i])) == 0)
			return true;
	return false;
}

static void set_up(CURL *c, struct transfer *t, struct curl_slist *headers)
{
	const struct http_request *rq = t->rq;
	int64_t left_ms = deadline_poll_ms(rq->deadline);

	if (left_ms < 0)
		left_ms = INT_MAX; /* never */
	curl_easy_setopt(c, CURLOPT_URL, rq->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	if (is_loopback(rq->url))
		curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "bootrig/" BOOTRIG_VERSION);
	curl_easy_setopt(c, CURLOPT_POST, 1L);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, (const char *)rq->body);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->len);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)(rq->connect_ms < left_ms ? rq->connect_ms : left_ms));
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(left_ms ? left_ms : 1));
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
}

/* Run it to its end; the curl code of the transfer in *code. */
static int perform(CURLM *m, const struct http_request *rq, CURLcode *code,
		   struct err *err)
{
	for (;;) {
		struct curl_waitfd cancel = { .fd = rq->cancel_fd,
					      .events = CURL_WAIT_POLLIN };
		unsigned int n_cancel = rq->cancel_fd >= 0;
		CURLMsg *msg;
		int running, left;

		if (curl_multi_perform(m, &running))
			return err_set(err, ERR_BUG, -EIO, "curl_multi_perform failed");
		while ((msg = curl_multi_info_read(m, &left)))
			if (msg->msg == CURLMSG_DONE) {
				*code = msg->data.result;
				return 0;
			}
		if (deadline_passed(rq->deadline)) {
			*code = CURLE_OPERATION_TIMEDOUT;
			return 0;
		}
		int wait_ms = deadline_poll_ms(rq->deadline);
		if (wait_ms < 0 || wait_ms > 1000)
			wait_ms = 1000;
		curl_multi_poll(m, &cancel, n_cancel, wait_ms, NULL);
		if (n_cancel && cancel.revents)
			return err_set(err, ERR_CANCELED, -ECANCELED, "canceled");
	}
}

static int errno_of(CURLcode code)
{
	switch ((int)code) {
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return -ECONNREFUSED;
	default: /* every other way in which a transfer fails */
		return -EPROTO;
	}
}

int http_post(const struct http_request *rq, struct http_reply *reply, struct err *err)
{
	struct transfer t = { .rq = rq, .reply = reply, .error = "" };
	CURL *c = curl_easy_init();
	CURLM *m = curl_multi_init();
	struct curl_slist *headers = NULL;
	CURLcode code = CURLE_OK;
	curl_off_t after = 0;

	if (!c || !m)
		BUG("curl cannot start");
	for (size_t i = 0; i < rq->headers->n; i++)
		headers = curl_slist_append(headers, rq->headers->v[i]);
	headers = curl_slist_append(headers, "Expect:"); /* no pause before the body */
	set_up(c, &t, headers);
	curl_multi_add_handle(m, c);
	int r = perform(m, rq, &code, err);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &reply->status);
	curl_easy_getinfo(c, CURLINFO_RETRY_AFTER, &after);
	reply->retry_after_s = after;
	if (!r && code && !t.cut)
		r = err_set(err, ERR_LAB, errno_of(code), "%s%s",
			    code == CURLE_OPERATION_TIMEDOUT ? "timed out: " : "",
			    t.error[0] ? t.error : curl_easy_strerror(code));
	curl_multi_remove_handle(m, c);
	curl_multi_cleanup(m);
	curl_easy_cleanup(c);
	curl_slist_free_all(headers);
	return r;
}
