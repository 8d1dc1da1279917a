// SPDX-License-Identifier: GPL-2.0-or-later
/* A table of 256 sums, made at the first use. */
#include "util/crc32.h"

#define POLYNOMIAL 0xedb88320u /* 0x04c11db7, lowest bit first */

static uint32_t table[256];

static void make_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		table[i] = crc;
	}
}

uint32_t crc32_add(uint32_t crc, const void *data, size_t len)
{
	const unsigned char *p = data;

	if (!table[1])
		make_table();
	crc = ~crc;
	for (size_t i = 0; i < len; i++)
		crc = crc >> 8 ^ table[(crc ^ p[i]) & 0xff];
	return ~crc;
}

uint32_t crc32_of(const void *data, size_t len)
{
	return crc32_add(0, data, len);
}
