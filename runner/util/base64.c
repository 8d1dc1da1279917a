// SPDX-License-Identifier: GPL-2.0-or-later
/* Base64 by libcrypto, line by line. */
#include "util/base64.h"

#include <openssl/evp.h>

#include "util/ascii.h"

enum { LINE_MAX_CHARS = 1024 };

static bool is_base64(const char *s, size_t n)
{
	size_t pad = 0;

	for (; pad < 2 && pad < n && s[n - 1 - pad] == '='; pad++)
		;
	for (size_t i = 0; i < n - pad; i++)
		if (s[i] == '_' || (!ascii_is_word(s[i]) && s[i] != '+' && s[i] != '/'))
			return false;
	return n && n % 4 == 0 && n <= LINE_MAX_CHARS;
}

static void decode_line(const char *s, size_t n, struct strbuf *out)
{
	unsigned char buf[LINE_MAX_CHARS];
	int got = EVP_DecodeBlock(buf, (const unsigned char *)s, (int)n);

	/* It counts the padding as bytes. */
	got -= (s[n - 1] == '=') + (s[n - 2] == '=');
	if (got > 0)
		strbuf_add(out, buf, (size_t)got);
}

void base64_decode_lines(const char *text, size_t len, struct strbuf *out)
{
	while (len) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl - text) : len, used = n + (nl != NULL);

		while (n && (text[n - 1] == '\r' || text[n - 1] == ' '))
			n--;
		while (n && *text == '\r') {
			text++;
			n--;
			used--;
			len--;
		}
		if (is_base64(text, n))
			decode_line(text, n, out);
		text += used;
		len -= used;
	}
}
