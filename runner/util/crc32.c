// SPDX-License-Identifier: GPL-2.0-or-later
/* Bit by bit: what is summed here is a header, a script or 8 MiB once. */
#include "util/crc32.h"

#define POLYNOMIAL 0xedb88320u /* 0x04c11db7, lowest bit first */

uint32_t crc32_of(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
	}
	return ~crc;
}
