// SPDX-License-Identifier: GPL-2.0-or-later
/* What no wait has taken yet, and the search for a prompt in it: line by line, each whole
 * line once for the same patterns, the unfinished one again whenever it has grown. */
#include "console/window.h"

#include "parse/line.h"
#include "parse/prefix.h"
#include "util/ascii.h"

enum {
	SEARCH_MAX = 8192, /* a prompt is searched in at most this much of an unfinished
			      line */
	PENDING_MAX = 1 << 18,
};

void window_release(struct window *w)
{
	strbuf_release(&w->pending);
	strbuf_release(&w->matched);
}

static void drop_front(struct window *w, size_t n)
{
	strbuf_drop_front(&w->pending, n);
	w->searched = w->no_lf = 0;
}

void window_add(struct window *w, const char *data, size_t len)
{
	if (w->pending.len + len > PENDING_MAX) {
		size_t drop =
			w->pending.len > SEARCH_MAX ? w->pending.len - SEARCH_MAX : 0;

		strbuf_drop_front(&w->pending, drop);
		w->searched = w->searched > drop ? w->searched - drop : 0;
		w->no_lf = w->no_lf > drop ? w->no_lf - drop : 0;
	}
	strbuf_add(&w->pending, data, len);
	w->end += len;
}

void window_mark(struct window *w)
{
	strbuf_reset(&w->pending);
	w->searched = w->no_lf = 0;
}

void window_mark_at(struct window *w, uint64_t offset)
{
	uint64_t begin = w->end - w->pending.len;
	size_t at = offset > begin ? (size_t)(offset - begin) : 0;
	const char *nl = NULL;

	if (at < w->pending.len)
		nl = memchr(w->pending.buf + at, '\n', w->pending.len - at);
	if (offset >= begin || !w->pending.len)
		at = nl ? (size_t)(nl + 1 - w->pending.buf) : w->pending.len;
	drop_front(w, at);
}

/* Shells ask the terminal something behind their prompt (busybox ash: ESC[6n), often in
 * the same read: a prompt that ends with $ stands before it. */
static size_t before_escapes(const char *text, size_t len)
{
	for (;;) {
		size_t n = len;

		while (n && (text[n - 1] == ';' || text[n - 1] == '?' ||
			     ascii_is_word(text[n - 1])))
			n--;
		if (n == len || n < 2 || text[n - 1] != '[' || text[n - 2] != '\033')
			return len;
		len = n - 2;
	}
}

static bool find(const struct pattern *p, const char *text, size_t len, bool has_lf,
		 struct pattern_match *m)
{
	if (pattern_wants_line(p))
		return has_lf && pattern_find(p, text, len + 1, 0, m);
	while (has_lf && len && text[len - 1] == '\r')
		len--;
	if (pattern_find(p, text, len, 0, m))
		return true;
	size_t shorter = before_escapes(text, len);
	return shorter < len && pattern_find(p, text, shorter, 0, m);
}

/* The mark moves behind the match. */
static void take_hit(struct window *w, const char *text, size_t len,
		     const struct pattern_match *m, struct console_hit *hit)
{
	size_t used = (size_t)(text - w->pending.buf) + m->end;

	hit->offset = w->end - (w->pending.len - used);
	line_clean(text + m->start, m->end - m->start, hit->text, sizeof(hit->text));
	strbuf_reset(&w->matched);
	strbuf_add(&w->matched, text, len);
	drop_front(w, used);
}

/* The first pattern that matches in a line: -1 for none. has_lf: text[len] is its LF. */
static int find_any(struct pattern *const patterns[], size_t n, const char *text,
		    size_t len, bool has_lf, struct pattern_match *m)
{
	for (size_t i = 0; i < n; i++)
		if (find(patterns[i], text, len, has_lf, m))
			return (int)i;
	/* A kernel line may have broken into a prompt. */
	size_t stamp = prefix_next_stamp(text, len, 1);
	for (size_t i = 0; i < n && stamp < len; i++)
		if (!pattern_wants_line(patterns[i]) &&
		    find(patterns[i], text, stamp, false, m))
			return (int)i;
	return -1;
}

bool window_search(struct window *w, struct pattern *const patterns[], size_t n,
		   struct console_hit *hit)
{
	size_t from = w->searched;

	while (from < w->pending.len) {
		const char *text = w->pending.buf + from;
		size_t left = w->pending.len - from;
		size_t known = w->no_lf > from ? w->no_lf - from : 0;
		const char *nl = memchr(text + known, '\n', left - known);
		size_t len = nl ? (size_t)(nl - text) : left;
		struct pattern_match m;

		if (len > SEARCH_MAX) {
			text += len - SEARCH_MAX;
			len = SEARCH_MAX;
		}
		hit->index = find_any(patterns, n, text, len, nl != NULL, &m);
		if (hit->index >= 0) {
			take_hit(w, text, nl ? len + 1 : len, &m, hit);
			return true;
		}
		if (!nl) {
			w->no_lf = w->pending.len;
			break;
		}
		from = (size_t)(nl - w->pending.buf) + 1;
	}
	w->searched = from;
	return false;
}

void window_search_for(struct window *w, struct pattern *const patterns[], size_t n)
{
	uint64_t key = n;

	for (size_t i = 0; i < n; i++)
		key = key * 1000003 + pattern_id(patterns[i]);
	if (key != w->searched_for)
		w->searched = w->no_lf = 0;
	w->searched_for = key;
}
