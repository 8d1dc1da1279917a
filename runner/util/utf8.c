// SPDX-License-Identifier: GPL-2.0-or-later
/* Which bytes are UTF-8, and what stands in for those that are none. */
#include "util/utf8.h"

#include "util/strbuf.h"

/* Only the second byte's range depends on the first. */
size_t utf8_len(const char *bytes, size_t left)
{
	const unsigned char *s = (const unsigned char *)bytes;
	unsigned char c = s[0], lo = 0x80, hi = 0xbf;
	size_t n;

	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		n = 2;
	else if (c >= 0xe0 && c <= 0xef)
		n = 3;
	else if (c >= 0xf0 && c <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > left)
		return 0;
	if (c == 0xe0)
		lo = 0xa0;
	if (c == 0xed)
		hi = 0x9f;
	if (c == 0xf0)
		lo = 0x90;
	if (c == 0xf4)
		hi = 0x8f;
	if (s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

char *utf8_lossy(const char *s, size_t len, size_t *out_len)
{
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(s + i, len - i);

		if (n)
			strbuf_add(&sb, s + i, n);
		else
			strbuf_add(&sb, "\xef\xbf\xbd", 3);
		i += n ? n : 1;
	}
	if (out_len)
		*out_len = sb.len;
	return strbuf_take(&sb);
}

void utf8_repair(char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0, n; i < len; i += n ? n : 1) {
		n = utf8_len(s + i, len - i);
		if (!n)
			s[i] = '?';
	}
}
