// SPDX-License-Identifier: GPL-2.0-or-later
/* Prompts and user patterns: PCRE2 with limits, so that no pattern from a job file can
 * hang the worker. */
#pragma once

#include <stdbool.h>

#include "util/err.h"

struct pattern;

/* A PCRE2 expression over bytes. ERR_JOB with the offset of the mistake. The caller owns
 * *out. */
MUST_CHECK int pattern_new(const char *regex, struct pattern **out, struct err *err);
/* The text as it stands. */
struct pattern *pattern_new_literal(const char *text);
void pattern_free(struct pattern *p); /* NULL is fine */
const char *pattern_text(const struct pattern *p);

struct pattern_match {
	size_t start, end;
};
/* Search text[from..len). A pattern that exceeds its limits does not match. */
bool pattern_find(const struct pattern *p, const char *text, size_t len, size_t from,
		  struct pattern_match *m);
/* A named group of the last successful pattern_find on the same text; false when it took
 * no part. */
bool pattern_group(const struct pattern *p, const char *name, struct pattern_match *m);
