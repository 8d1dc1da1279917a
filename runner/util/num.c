// SPDX-License-Identifier: GPL-2.0-or-later
/* Checked number parsing. */
#include "util/num.h"

#include <errno.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

int parse_u64n(const char *s, size_t len, int base, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (base == 16 && len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		s += 2;
		len -= 2;
	}
	if (!len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		int d = digit(s[i]);

		if (d >= base)
			return -EINVAL;
		if (v > (UINT64_MAX - (uint64_t)d) / (uint64_t)base)
			return -ERANGE;
		v = v * (uint64_t)base + (uint64_t)d;
	}
	if (v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

int parse_u32(const char *s, int base, uint32_t max, uint32_t *out)
{
	uint64_t v;
	int r = parse_u64n(s, strlen(s), base, max, &v);

	if (!r)
		*out = (uint32_t)v;
	return r;
}
