// SPDX-License-Identifier: GPL-2.0-or-later
/* A dump to bytes, bytes to the note of type 3 by "GNU". */
#include "parse/build_note.h"

#include "util/strbuf.h"

enum { NOTE_HEADER = 16, NT_GNU_BUILD_ID = 3 };

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_gap(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The bytes of one line, or none of them. */
static void add_line(struct strbuf *bytes, const char *p, size_t len)
{
	size_t before = bytes->len;

	for (size_t i = 0; i < len;) {
		if (is_gap(p[i])) {
			i++;
			continue;
		}
		int hi = nibble(p[i]), lo = i + 1 < len ? nibble(p[i + 1]) : -1;
		bool ends = i + 2 >= len || is_gap(p[i + 2]);

		if (hi < 0 || lo < 0 || !ends) {
			bytes->len = before;
			return;
		}
		strbuf_addch(bytes, (char)(hi << 4 | lo));
		i += 2;
	}
}

static uint32_t le32(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static bool take(const char *note, size_t left, struct build_note *out)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t n;

	if (left < NOTE_HEADER || le32(note) != 4 || le32(note + 8) != NT_GNU_BUILD_ID ||
	    memcmp(note + 12, "GNU", 4) != 0)
		return false;
	n = le32(note + 4);
	if (!n || n > BUILD_NOTE_MAX_BYTES || n > left - NOTE_HEADER)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)note[NOTE_HEADER + i];

		out->hex[2 * i] = digits[c >> 4];
		out->hex[2 * i + 1] = digits[c & 15];
	}
	out->hex[2 * n] = '\0';
	return true;
}

bool build_note_of_dump(const char *text, size_t len, struct build_note *out)
{
	_cleanup_strbuf_ struct strbuf bytes = STRBUF_INIT;
	bool found = false;

	out->hex[0] = '\0';
	if (len > BUILD_NOTE_MAX_DUMP)
		len = BUILD_NOTE_MAX_DUMP;
	while (len) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl - text) : len;

		add_line(&bytes, text, n);
		text += n + (nl != NULL);
		len -= n + (nl != NULL);
	}
	/* Notes lie at multiples of four. */
	for (size_t at = 0; !found && at < bytes.len; at += 4)
		found = take(bytes.buf + at, bytes.len - at, out);
	return found;
}
