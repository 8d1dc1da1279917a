// SPDX-License-Identifier: GPL-2.0-or-later
/* One download by libcurl. The multi interface, because only there a cancel fd ends the
 * wait at once. Knows nothing of what the bytes are. */
#include "kernel/transfer.h"

#include <curl/curl.h>
#include <errno.h>

#include "util/mem.h"

enum {
	CONNECT_MS = 30000,
	MAX_REDIRECTS = 10,
	TFTP_BLOCK = 1468, /* what fits an Ethernet frame, as U-Boot asks for */
	LONGEST_WAIT_MS = 1000,
};
#define PROGRESS_EVERY (UINT64_C(1) << 20)

struct run {
	const struct transfer *t;
	const struct task *task;
	CURL *easy;
	CURLM *multi;
	char *shown;         /* the URL for messages */
	uint64_t told_bytes; /* at the last progress call */
	uint64_t bytes;
	int64_t last_byte_ns;
	int sink_errno; /* why our own callback ended it; 0 = it did not */
};

char *url_masked(const char *url)
{
	const char *scheme = strstr(url, "://");
	const char *host = scheme ? scheme + 3 : NULL;

	if (!host)
		return xstrdup(url);
	size_t n = strcspn(host, "/?#");
	const char *at = memrchr(host, '@', n);
	if (!at)
		return xstrdup(url);
	return xasprintf("%.*s***%s", (int)(host - url), url, at);
}

static size_t on_data(char *data, size_t one, size_t len, void *arg)
{
	struct run *r = arg;

	r->bytes += len;
	r->last_byte_ns = clock_now_ns();
	if (r->bytes > r->t->max_bytes)
		r->sink_errno = -EFBIG;
	else
		r->sink_errno = r->t->sink(r->t->sink_arg, data, len);
	if (r->bytes - r->told_bytes >= PROGRESS_EVERY) {
		curl_off_t total = 0;

		curl_easy_getinfo(r->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &total);
		task_progress(r->task, r->shown, r->bytes,
			      total > 0 ? (uint64_t)total : 0);
		r->told_bytes = r->bytes;
	}
	return r->sink_errno ? 0 : len;
}

static int http_failed(const struct run *r, struct err *err)
{
	long status = 0;

	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	switch (status) {
	case 404:
	case 410:
		return err_set(err, ERR_JOB, -ENOENT, "%s: not there (HTTP %ld)",
			       r->shown, status);
	case 401:
	case 403:
		return err_set(err, ERR_JOB, -EACCES, "%s: not allowed (HTTP %ld)",
			       r->shown, status);
	}
	return err_set(err, ERR_LAB, -EIO, "%s: the server says HTTP %ld", r->shown,
		       status);
}

static int sink_failed(const struct run *r, struct err *err)
{
	if (r->sink_errno == -EFBIG)
		return err_set(err, ERR_JOB, -EFBIG, "%s: more than %llu bytes", r->shown,
			       (unsigned long long)r->t->max_bytes);
	return err_set(err, ERR_LAB, r->sink_errno, "%s: cannot keep it: %s", r->shown,
		       strerror(-r->sink_errno));
}

static int failed(const struct run *r, CURLcode code, const char *detail, struct err *err)
{
	if (r->sink_errno)
		return sink_failed(r, err);
	if (!detail[0])
		detail = curl_easy_strerror(code);
	switch (code) {
	case CURLE_HTTP_RETURNED_ERROR:
		return http_failed(r, err);
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return err_set(err, ERR_JOB, -EPROTONOSUPPORT, "%s: %s", r->shown,
			       detail);
	case CURLE_TFTP_NOTFOUND:
		return err_set(err, ERR_JOB, -ENOENT, "%s: no such file", r->shown);
	case CURLE_TFTP_PERM:
		return err_set(err, ERR_JOB, -EACCES, "%s: access refused", r->shown);
	case CURLE_FILESIZE_EXCEEDED:
		return err_set(err, ERR_JOB, -EFBIG, "%s: more than %llu bytes", r->shown,
			       (unsigned long long)r->t->max_bytes);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(err, ERR_LAB, -ETIMEDOUT, "%s: %s", r->shown, detail);
	case CURLE_COULDNT_RESOLVE_HOST:
		return err_set(err, ERR_LAB, -EHOSTUNREACH, "%s: %s", r->shown, detail);
	case CURLE_COULDNT_CONNECT:
		return err_set(err, ERR_LAB, -ECONNREFUSED, "%s: %s", r->shown, detail);
	default: /* CURLcode is libcurl's and grows */
		return err_set(err, ERR_LAB, -EIO, "%s: %s", r->shown, detail);
	}
}

static void set_options(struct run *r, char *detail)
{
	CURL *e = r->easy;

	curl_easy_setopt(e, CURLOPT_URL, r->t->url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https,tftp");
	curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(e, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
	curl_easy_setopt(e, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(e, CURLOPT_TFTP_BLKSIZE,
			 r->t->tftp_block_bytes ? r->t->tftp_block_bytes
						: (long)TFTP_BLOCK);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "bootrig/" BOOTRIG_VERSION);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, detail);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, r);
	if (r->t->max_bytes <= INT64_MAX)
		curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE,
				 (curl_off_t)r->t->max_bytes);
}

static int wait_more(const struct run *r, struct err *err)
{
	struct curl_waitfd cancel = { .fd = r->task->cancel_fd,
				      .events = CURL_WAIT_POLLIN };
	int ms = deadline_poll_ms(r->task->deadline);
	int e = task_check(r->task, r->shown, err);

	if (e)
		return e;
	if (r->t->idle_ms &&
	    clock_now_ns() - r->last_byte_ns > r->t->idle_ms * INT64_C(1000000))
		return err_set(err, ERR_LAB, -ETIMEDOUT,
			       "%s: no byte for %lld ms after %llu bytes", r->shown,
			       (long long)r->t->idle_ms, (unsigned long long)r->bytes);
	if (ms < 0 || ms > LONGEST_WAIT_MS)
		ms = LONGEST_WAIT_MS;
	if (r->t->idle_ms && ms > r->t->idle_ms)
		ms = (int)r->t->idle_ms;
	CURLMcode m = curl_multi_poll(r->multi, &cancel, cancel.fd >= 0, ms, NULL);
	if (m != CURLM_OK)
		return err_set(err, ERR_LAB, -EIO, "%s: %s", r->shown,
			       curl_multi_strerror(m));
	return 0;
}

static int run_to_end(struct run *r, struct err *err)
{
	char detail[CURL_ERROR_SIZE] = "";
	int running = 1, e = 0, left;

	set_options(r, detail);
	curl_multi_add_handle(r->multi, r->easy);
	r->last_byte_ns = clock_now_ns();
	while (!e) {
		CURLMcode m = curl_multi_perform(r->multi, &running);

		if (m != CURLM_OK)
			e = err_set(err, ERR_LAB, -EIO, "%s: %s", r->shown,
				    curl_multi_strerror(m));
		if (e || !running)
			break;
		e = wait_more(r, err);
	}
	const CURLMsg *msg = e ? NULL : curl_multi_info_read(r->multi, &left);
	if (msg && msg->data.result != CURLE_OK)
		e = failed(r, msg->data.result, detail, err);
	else if (!e && !msg)
		e = err_set(err, ERR_BUG, -EIO, "%s: libcurl gave no result", r->shown);
	curl_multi_remove_handle(r->multi, r->easy);
	curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, NULL);
	return e;
}

int transfer_get(const struct transfer *t, const struct task *task,
		 struct transferred *out, struct err *err)
{
	struct run r = { .t = t, .task = task, .shown = url_masked(t->url) };
	int64_t start = clock_now_ns();
	int e;

	*out = (struct transferred){ 0 };
	r.easy = curl_easy_init();
	r.multi = curl_multi_init();
	if (r.easy && r.multi)
		e = run_to_end(&r, err);
	else
		e = err_set(err, ERR_LAB, -ENOMEM, "libcurl cannot start");
	out->bytes = r.bytes;
	out->ns = clock_now_ns() - start;
	curl_easy_cleanup(r.easy);
	curl_multi_cleanup(r.multi);
	free(r.shown);
	return e;
}
