// SPDX-License-Identifier: GPL-2.0-or-later
/* Tar archives by hand: what no packer would write. */
#pragma once

#include "tap.h"
#include "util/strbuf.h"

static inline void tar_pad(struct strbuf *tar)
{
	static const char zeros[512];

	strbuf_add(tar, zeros, -tar->len % sizeof(zeros));
}

/* type: '0' file, '1' hard link, '2' symbolic link, '6' FIFO, 'x' pax header … */
static inline void tar_header(struct strbuf *tar, const char *name, char type,
			      uint64_t size, const char *link)
{
	unsigned char h[512] = { 0 };
	unsigned int sum = 0;

	snprintf((char *)h, 100, "%s", name);
	memcpy(h + 100,
	       "0000644\0"
	       "0000000\0"
	       "0000000\0",
	       24);
	h[124] = 0x80; /* base 256 */
	for (int i = 0; i < 8; i++)
		h[128 + i] = (unsigned char)(size >> (56 - 8 * i));
	memcpy(h + 136, "00000000000", 12);
	h[156] = (unsigned char)type;
	snprintf((char *)h + 157, 100, "%s", link ? link : "");
	memcpy(h + 257,
	       "ustar\0"
	       "00",
	       8);
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
	strbuf_add(tar, (const char *)h, sizeof(h));
}

static inline void tar_file(struct strbuf *tar, const char *name, const char *data)
{
	tar_header(tar, name, '0', strlen(data), NULL);
	strbuf_add(tar, data, strlen(data));
	tar_pad(tar);
}

/* "30 path=…\n": its length counts itself. */
static inline void tar_record(struct strbuf *records, const char *key, const char *value)
{
	const size_t rest = strlen(key) + strlen(value) + 3; /* blank, "=", line feed */
	size_t n = rest + 1;

	for (char digits[24]; snprintf(digits, sizeof(digits), "%zu", n) + rest != n;)
		n++;
	strbuf_addf(records, "%zu %s=%s\n", n, key, value);
}

static inline void tar_pax(struct strbuf *tar, const struct strbuf *records)
{
	tar_header(tar, "PaxHeader", 'x', records->len, NULL);
	strbuf_add(tar, records->buf, records->len);
	tar_pad(tar);
}

static inline void tar_end(struct strbuf *tar)
{
	static const char zeros[1024];

	strbuf_add(tar, zeros, sizeof(zeros));
}
