// SPDX-License-Identifier: GPL-2.0-or-later
/* Console text made fit for reports. */
#include "report/text.h"

#include "util/utf8.h"

/* Bytes of the ANSI sequence at s (s[0] is ESC), at least 1. A CSI or OSC that never ends
 * loses at most 64 bytes of text. */
static size_t ansi_len(const char *s, size_t left)
{
	size_t max = left < 64 ? left : 64;

	if (left < 2)
		return 1;
	if (s[1] == ']') {
		for (size_t i = 2; i < max; i++)
			if (s[i] == '\a' || s[i] == '\033')
				return i + (s[i] == '\a');
		return 1;
	}
	if (s[1] != '[') { /* a charset switch and its like: "ESC ( B" */
		size_t i = 1;

		while (i < max && s[i] >= 0x20 && s[i] < 0x30)
			i++;
		return i < max && s[i] >= 0x30 && s[i] < 0x7f ? i + 1 : 1;
	}
	for (size_t i = 2; i < max; i++) {
		if (s[i] >= 0x40 && s[i] < 0x7f)
			return i + 1;
		if (s[i] < 0x20 || s[i] >= 0x7f)
			return i; /* no CSI after all: keep what follows */
	}
	return max;
}

/* Does one of the two characters that XML 1.0 refuses above the controls start at s? */
static bool is_noncharacter(const char *s, size_t left)
{
	return left >= 3 && memcmp(s, "\xef\xbf", 2) == 0 &&
	       ((unsigned char)s[2] == 0xbe || (unsigned char)s[2] == 0xbf);
}

void text_add_clean(struct strbuf *out, const char *s, size_t len)
{
	size_t n;
	_cleanup_free_ char *ok = utf8_lossy(s, len, &n);

	for (size_t i = 0; i < n;) {
		unsigned char c = (unsigned char)ok[i];

		if (c == 0x1b) {
			i += ansi_len(ok + i, n - i);
		} else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
			i++;
		} else if (c == 0xc2 && i + 1 < n && (unsigned char)ok[i + 1] < 0xa0) {
			i += 2; /* C1: U+009B starts an escape sequence, too */
		} else if (is_noncharacter(ok + i, n - i)) {
			i += 3;
		} else {
			strbuf_addch(out, ok[i]);
			i++;
		}
	}
}

void text_add_line(struct strbuf *out, const char *s)
{
	size_t from = out->len;

	text_add_clean(out, s, strlen(s));
	for (size_t i = from; i < out->len; i++)
		if (out->buf[i] == '\n' || out->buf[i] == '\t')
			out->buf[i] = ' ';
}

size_t text_cut(const char *s, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

size_t text_width(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}
