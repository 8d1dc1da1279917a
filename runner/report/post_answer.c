// SPDX-License-Identifier: GPL-2.0-or-later
/* What a receiver's answer means for an entry of the outbox, and how long the next
 * attempt waits. Pure. */
#include "report/post_int.h"

#include "report/text.h"
#include "util/hash.h"
#include "util/jsonx.h"
#include "util/mem.h"

const char *post_outcome_to_str(enum post_outcome o)
{
	static const char *const words[] = {
		[POST_SENT] = "sent",       [POST_REJECTED] = "rejected",
		[POST_RETRY] = "retry",     [POST_HELD] = "held",
		[POST_WAITING] = "waiting", [POST_BUSY] = "busy",
		[POST_DAMAGED] = "damaged",
	};
	return words[o];
}

enum post_outcome post_outcome_of_status(long status)
{
	if (status >= 200 && status < 300)
		return POST_SENT;
	switch (status) {
	case 408: /* Request Timeout */
	case 423: /* Locked */
	case 425: /* Too Early */
	case 429: /* Too Many Requests */
		return POST_RETRY;
	case 401: /* the token */
	case 403:
	case 407: /* the proxy's token */
	case 402:
	case 404: /* the address */
	case 405:
	case 410:
	case 451:
		return POST_HELD;
	default: /* a number of the other side's choice */
		break;
	}
	if (status >= 300 && status < 400)
		return POST_HELD; /* moved: not followed, a person corrects the address */
	return status >= 400 && status < 500 ? POST_REJECTED : POST_RETRY;
}

int64_t post_backoff_ms(const char *key, uint32_t attempts)
{
	int64_t full = POST_BACKOFF_MAX_MS;
	uint64_t spread;

	if (attempts < 1)
		attempts = 1;
	if (attempts < 16 && ((int64_t)POST_BACKOFF_MS << (attempts - 1)) < full)
		full = (int64_t)POST_BACKOFF_MS << (attempts - 1);
	/* The key spreads entries and hosts, and a test knows what comes. */
	_cleanup_free_ char *seed = xasprintf("%s %u", key, attempts);
	struct sha256_hex h = sha256_of(seed, strlen(seed));
	h.str[8] = '\0';
	spread = strtoull(h.str, NULL, 16);
	return full / 2 + (int64_t)(spread % (uint64_t)(full / 2 + 1));
}

bool post_kcidb_said_no(const struct spool_entry *e, const struct http_reply *reply)
{
	_cleanup_json_ json_t *j = NULL;

	if (e->to.kind != SPOOL_KCIDB)
		return false;
	j = json_loadb(strbuf_str(&reply->body), reply->body.len, 0, NULL);
	return strcmp(json_get_str(j, "status", ""), "error") == 0;
}

void post_describe_answer(struct strbuf *why, const struct http_reply *reply,
			  bool had_token)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	strbuf_addf(why, "HTTP %ld", reply->status);
	if (reply->status == 401 || reply->status == 403)
		strbuf_addstr(why, had_token ? ": the receiver refuses our token"
					     : ": the receiver wants a token");
	if (reply->status >= 300 && reply->status < 400 && reply->location.len) {
		text_add_line(&text, strbuf_str(&reply->location));
		strbuf_addf(why, ": moved to %s", strbuf_str(&text));
	} else if (reply->status >= 400 && reply->body.len) {
		text_add_line(&text, strbuf_str(&reply->body));
		strbuf_addf(why, ": %.*s",
			    (int)text_cut(strbuf_str(&text), text.len, 120),
			    strbuf_str(&text));
	}
}
