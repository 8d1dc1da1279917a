// SPDX-License-Identifier: GPL-2.0-or-later
/* The head of an HTTP request that brings one file: PUT (curl -T) or POST (busybox wget
 * --post-file) to /TOKEN/NUMBER with a length. Pure; anything else has a status to answer
 * with. */
#pragma once

#include <stdbool.h>

#include "util/compiler.h"

enum { HTTP_PUT_MAX_HEAD = 8192 };

struct http_put {
	uint32_t number; /* which file */
	uint64_t length; /* of the body */
	size_t head_len; /* bytes before the body */
	bool wants_100;  /* "Expect: 100-continue": says nothing until it is told to */
};

/* 0 and *out; 1 when the head is not complete yet; else an HTTP status: 400, 404 (another
 * path), 405, 411 (no length), 431 (head too long). */
int http_put_parse(const char *data, size_t len, const char *token, struct http_put *out);
