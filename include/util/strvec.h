// SPDX-License-Identifier: GPL-2.0-or-later
/* A list of strings, NULL-terminated, for argument vectors and lists in job files. Owns
 * its strings. */
#pragma once

#include <stdbool.h>

#include "util/compiler.h"

struct strvec {
	char **v; /* v[n] is NULL once anything was added; NULL when empty */
	size_t n;
};

#define STRVEC_INIT                                                                      \
	{                                                                                \
		.v = NULL, .n = 0                                                        \
	}
#define _cleanup_strvec_ _cleanup_(strvec_release)

void strvec_release(struct strvec *sv);
bool strvec_has(const struct strvec *sv, const char *s);
void strvec_add(struct strvec *sv, const char *s);
void strvec_add_take(struct strvec *sv, char *take_s);
/* By their bytes. */
void strvec_sort(struct strvec *sv);
/* That order, for bsearch() over char *. */
int strvec_order(const void *a, const void *b);
PRINTF(2, 3) void strvec_addf(struct strvec *sv, const char *fmt, ...);
