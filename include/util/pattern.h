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
/* For complete lines of the console, which are searched with their line end: `.` stops
 * there and `$` matches there, be it LF, CRLF or CR. What matches nothing does not count.
 */
MUST_CHECK int pattern_new_line(const char *regex, struct pattern **out, struct err *err);
bool pattern_wants_line(const struct pattern *p);
/* The text as it stands. */
struct pattern *pattern_new_literal(const char *text);
void pattern_free(struct pattern *p); /* NULL is fine */
const char *pattern_text(const struct pattern *p);
/* Different for each pattern of this process, freed ones too. */
uint64_t pattern_id(const struct pattern *p);

struct pattern_match {
	size_t start, end;
};
/* Search text[from..len). A pattern that exceeds its limits does not match. */
bool pattern_find(const struct pattern *p, const char *text, size_t len, size_t from,
		  struct pattern_match *m);
/* A named group of the last successful pattern_find on the same text; false when it took
 * no part. */
bool pattern_group(const struct pattern *p, const char *name, struct pattern_match *m);
/* The names of the pattern's groups, at most cap of them, borrowed from the pattern. */
size_t pattern_group_names(const struct pattern *p, const char *names[], size_t cap);
