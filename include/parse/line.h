// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes to bounded lines. A line ends with LF (CR before it is dropped); longer ones come
 * in pieces. NULs, ANSI escapes and bad UTF-8 are kept in text: consumers that print or
 * match text clean it themselves (line_clean). Chunk borders never change what comes out.
 */
#pragma once

#include <stdbool.h>

#include "util/compiler.h"

enum { LINE_MAX_BYTES = 4096 };

struct line {
	const char *text; /* borrowed for the call; not NUL-terminated */
	size_t len;
	uint64_t offset; /* of its first byte in the stream */
	uint64_t number; /* from 1; pieces of one line share it */
	int64_t t_ns;    /* of the chunk that held its last byte */
	bool is_piece;   /* more of the same line follows, or came before */
	bool is_last;    /* flushed at the end of input without LF */
};

typedef void (*line_fn)(void *arg, const struct line *l);

struct line_splitter {
	char buf[LINE_MAX_BYTES];
	size_t len;
	uint64_t offset, number, next_offset;
	int64_t t_ns;
	bool in_piece;
};

void line_splitter_init(struct line_splitter *s);
void line_feed(struct line_splitter *s, const void *data, size_t len, int64_t t_ns,
	       line_fn fn, void *arg);
/* Give out the unfinished last line, if any. */
void line_flush(struct line_splitter *s, line_fn fn, void *arg);
/* Copy text without ANSI escapes, NULs, CRs and other control bytes (TAB stays); returns
 * the length, at most cap - 1, and NUL-terminates. */
size_t line_clean(const char *text, size_t len, char *out, size_t cap);
