// SPDX-License-Identifier: GPL-2.0-or-later
/* One POST over libcurl with bounds on everything: time to connect, time in all, bytes of
 * the answer. Follows no redirect, never speaks HTTP/0.9, never logs a header. */
#pragma once

#include "util/clock.h"
#include "util/err.h"
#include "util/strbuf.h"
#include "util/strvec.h"

enum { HTTP_MAX_REPLY = 1 << 20 };

struct http_request {
	const char *url;              /* borrowed, as all of this */
	const struct strvec *headers; /* "Name: value" */
	const void *body;
	size_t len;
	int64_t connect_ms;
	struct deadline deadline;
	int cancel_fd; /* -1: none */
};

struct http_reply {
	long status;            /* 0: none came */
	int64_t retry_after_s;  /* 0: not said */
	struct strbuf body;     /* at most HTTP_MAX_REPLY; the rest was not read */
	struct strbuf location; /* where a redirect points */
};

#define HTTP_REPLY_INIT                                                                  \
	{                                                                                \
		.status = 0, .retry_after_s = 0, .body = STRBUF_INIT,                    \
		.location = STRBUF_INIT                                                  \
	}
#define _cleanup_http_reply_ _cleanup_(http_reply_release)
void http_reply_release(struct http_reply *r);

/* 0 when a whole answer came (any status; a body beyond the bound counts as whole, its
 * head is kept). Else ERR_LAB with -ETIMEDOUT, -ECONNREFUSED (nobody there, also no such
 * host), -EPROTO (no HTTP, or it broke off; reply->status may be set), or ERR_CANCELED.
 */
MUST_CHECK int http_post(const struct http_request *rq, struct http_reply *reply,
			 struct err *err);
