// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the cut from a byte stream to bounded lines and the cleaning of one line. Knows
 * nothing of what the lines say. */
#include "parse/line.h"

void line_splitter_init(struct line_splitter *s)
{
	memset(s, 0, sizeof(*s));
	s->number = 1;
}

static void give(struct line_splitter *s, const char *text, size_t len, bool is_piece,
		 bool is_last, line_fn fn, void *arg)
{
	const struct line l = {
		.text = text,
		.len = len,
		.offset = s->offset,
		.number = s->number,
		.t_ns = s->t_ns,
		.is_piece = is_piece,
		.is_last = is_last,
	};

	fn(arg, &l);
}

static void end_line(struct line_splitter *s, const char *text, size_t len, line_fn fn,
		     void *arg)
{
	if (len > 0 && text[len - 1] == '\r')
		len--;
	give(s, text, len, s->in_piece, false, fn, arg);
	s->len = 0;
	s->offset = s->next_offset;
	s->number++;
	s->in_piece = false;
}

/* Bytes without LF: whole buffers go out as pieces, but only once a further byte proves
 * that the line goes on. */
static void hold(struct line_splitter *s, const char *p, size_t n, line_fn fn, void *arg)
{
	while (n > 0) {
		if (s->len == sizeof(s->buf)) {
			s->in_piece = true;
			give(s, s->buf, s->len, true, false, fn, arg);
			s->offset += s->len;
			s->len = 0;
		}

		size_t room = sizeof(s->buf) - s->len;
		size_t take = n < room ? n : room;

		memcpy(s->buf + s->len, p, take);
		s->len += take;
		s->next_offset += take;
		p += take;
		n -= take;
	}
}

void line_feed(struct line_splitter *s, const void *data, size_t len, int64_t t_ns,
	       line_fn fn, void *arg)
{
	const char *p = data, *end = p + len;

	if (len > 0)
		s->t_ns = t_ns;
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		if (!lf) {
			hold(s, p, (size_t)(end - p), fn, arg);
			return;
		}

		size_t n = (size_t)(lf - p);

		if (s->len == 0 && n <= sizeof(s->buf)) {
			s->next_offset += n + 1;
			end_line(s, p, n, fn, arg);
		} else {
			hold(s, p, n, fn, arg);
			s->next_offset++;
			end_line(s, s->buf, s->len, fn, arg);
		}
		p = lf + 1;
	}
}

void line_flush(struct line_splitter *s, line_fn fn, void *arg)
{
	if (s->len == 0)
		return;

	size_t len = s->len;

	if (s->buf[len - 1] == '\r')
		len--;
	give(s, s->buf, len, s->in_piece, true, fn, arg);
	s->len = 0;
	s->offset = s->next_offset;
	s->number++;
	s->in_piece = false;
}

enum { OSC_MAX = 256 };

/* The length of the operating system command at text[at]: to BEL or ESC backslash, but
 * not for ever. There is no end before *clear, which every search takes further: a line
 * full of beginnings is searched once. */
static size_t osc_len(const char *text, size_t len, size_t at, size_t *clear)
{
	size_t stop = len - at < OSC_MAX ? len : at + OSC_MAX;
	size_t i = *clear > at + 2 ? *clear : at + 2;

	for (; i < stop; i++) {
		if (text[i] == '\a')
			return i + 1 - at;
		if (text[i] == '\033' && i + 1 < len && text[i + 1] == '\\')
			return i + 2 - at;
	}
	*clear = i;
	return 2;
}

/* The length of any other escape sequence at p (p[0] is ESC). */
static size_t escape_len(const char *p, size_t n)
{
	size_t i = 2;

	if (n < 2)
		return n;
	if (p[1] == '[') {
		while (i < n && (unsigned char)p[i] >= 0x20 && (unsigned char)p[i] < 0x40)
			i++;
		/* A control byte or half a character ends a broken sequence. */
		return i < n && p[i] >= 0x40 && p[i] != 0x7f ? i + 1 : i;
	}
	while (i - 1 < n && p[i - 1] >= 0x20 && p[i - 1] < 0x30)
		i++;
	return i < n ? i : n;
}

/* How many of the next bytes are printable ASCII, eight at a time: nearly all of a
 * console is. */
static size_t plain_len(const char *text, size_t len)
{
	const uint64_t high = UINT64_C(0x8080808080808080);
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		uint64_t x, low;

		memcpy(&x, text + i, 8);
		low = x - UINT64_C(0x2020202020202020); /* borrows below 0x20 */
		if (((low | x | (x + UINT64_C(0x0101010101010101))) & high) != 0)
			break;
	}
	return i;
}

size_t line_clean(const char *text, size_t len, char *out, size_t cap)
{
	size_t n = 0, clear = 0;

	if (cap == 0)
		return 0;
	for (size_t i = 0; i < len && n + 1 < cap;) {
		size_t left = cap - 1 - n;
		size_t plain = plain_len(text + i, len - i < left ? len - i : left);

		if (plain) {
			memcpy(out + n, text + i, plain);
			n += plain;
			i += plain;
			continue;
		}
		unsigned char c = (unsigned char)text[i];

		if (c == 033 && len - i > 1 && text[i + 1] == ']') {
			i += osc_len(text, len, i, &clear);
		} else if (c == 033) {
			i += escape_len(text + i, len - i);
		} else if ((c < 0x20 && c != '\t') || c == 0x7f) {
			i++;
		} else {
			out[n++] = text[i++];
		}
	}
	out[n] = '\0';
	return n;
}
