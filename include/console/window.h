// SPDX-License-Identifier: GPL-2.0-or-later
/* The bytes of a console that no wait has taken yet, bounded, and the search in them. It
 * knows patterns and offsets, no stream and no clock. */
#pragma once

#include "console/console.h"
#include "util/strbuf.h"

/* All zero is an empty one. */
struct window {
	struct strbuf pending; /* what came since the mark and no wait has looked at */
	uint64_t end;          /* of pending, as an offset in console.raw */
	size_t searched;       /* whole lines before this were searched in vain */
	uint64_t searched_for; /* ... for these patterns */
	size_t no_lf;          /* pending has no LF from searched to here */
	struct strbuf matched; /* where the last hit was found */
};

void window_release(struct window *w);
/* In order and without gaps: what is older than 256 KiB may be forgotten. */
void window_add(struct window *w, const char *data, size_t len);
/* See console_mark() and console_mark_at(). */
void window_mark(struct window *w);
void window_mark_at(struct window *w, uint64_t offset);
/* Before the searches of a wait: what others searched in vain, it has not seen. */
void window_search_for(struct window *w, struct pattern *const patterns[], size_t n);
/* Search the lines that came since the last look, and the unfinished one again. A hit
 * moves the mark behind itself. */
bool window_search(struct window *w, struct pattern *const patterns[], size_t n,
		   struct console_hit *hit);
