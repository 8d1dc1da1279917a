// SPDX-License-Identifier: GPL-2.0-or-later
/* A growable byte string, always followed by a NUL that does not count in len. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

#include "util/compiler.h"

struct strbuf {
	char *buf; /* never NULL after the first append; use strbuf_str() when it may be
		      empty */
	size_t len;
	size_t cap;
};

#define STRBUF_INIT                                                                      \
	{                                                                                \
		.buf = NULL, .len = 0, .cap = 0                                          \
	}
#define _cleanup_strbuf_ _cleanup_(strbuf_release)

void strbuf_release(struct strbuf *sb);
void strbuf_reset(struct strbuf *sb); /* empty, memory kept */
void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_addstr(struct strbuf *sb, const char *s);
void strbuf_addch(struct strbuf *sb, char c);
PRINTF(2, 3) void strbuf_addf(struct strbuf *sb, const char *fmt, ...);
PRINTF(2, 0) void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap);
/* One word for a POSIX shell, in single quotes: 'it'\\''s'. */
void strbuf_add_quoted(struct strbuf *sb, const char *text, size_t len);
void strbuf_drop_front(struct strbuf *sb, size_t n);
/* Borrowed, valid until the next call; "" when empty. */
const char *strbuf_str(const struct strbuf *sb);
/* The caller owns the string; sb is empty afterwards. Never NULL. */
char *strbuf_take(struct strbuf *sb);
