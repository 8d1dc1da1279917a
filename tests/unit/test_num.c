// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers: the whole string, no sign tricks, a bound. */
#include "util/num.h"

#include <errno.h>

#include "tap.h"

static const struct {
	const char *text;
	int base;
	uint64_t max;
	int r;
	uint64_t value;
} table[] = {
	{ "0", 10, 10, 0, 0 },
	{ "10", 10, 10, 0, 10 },
	{ "11", 10, 10, -ERANGE, 0 },
	{ "0010", 10, 10, 0, 10 },
	{ "18446744073709551615", 10, UINT64_MAX, 0, UINT64_MAX },
	{ "18446744073709551616", 10, UINT64_MAX, -ERANGE, 0 },
	{ "99999999999999999999999", 10, UINT64_MAX, -ERANGE, 0 },
	{ "", 10, 10, -EINVAL, 0 },
	{ " 1", 10, 10, -EINVAL, 0 },
	{ "1 ", 10, 10, -EINVAL, 0 },
	{ "+1", 10, 10, -EINVAL, 0 },
	{ "-1", 10, UINT64_MAX, -EINVAL, 0 },
	{ "1a", 10, 100, -EINVAL, 0 },
	{ "0x10", 10, 100, -EINVAL, 0 },
	{ "ff", 16, 255, 0, 255 },
	{ "0xFf", 16, 255, 0, 255 },
	{ "0X1", 16, 255, 0, 1 },
	{ "0x", 16, 255, -EINVAL, 0 },
	{ "fg", 16, 255, -EINVAL, 0 },
	{ "ffffffffffffffff", 16, UINT64_MAX, 0, UINT64_MAX },
	{ "10000000000000000", 16, UINT64_MAX, -ERANGE, 0 },
	{ "0x0x1", 16, 255, -EINVAL, 0 },
};

TEST(a_number_is_the_whole_string_within_its_bound)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		uint64_t v = 4711;
		int r = parse_u64n(table[i].text, strlen(table[i].text), table[i].base,
				   table[i].max, &v);

		if (r != table[i].r || v != (r ? 4711 : table[i].value))
			tap_fail(__FILE__, __LINE__, "\"%s\": %d, %llu", table[i].text, r,
				 (unsigned long long)v);
	}
}

TEST(the_length_bounds_the_text)
{
	uint64_t v;

	CHECK_EQ(parse_u64n("12345", 3, 10, 1000, &v), 0);
	CHECK_EQ(v, 123);
	CHECK_EQ(parse_u64n("12", 0, 10, 1000, &v), -EINVAL);
}

TEST(a_small_number_fits_32_bits)
{
	uint32_t v = 7;

	CHECK_EQ(parse_u32("4294967295", 10, UINT32_MAX, &v), 0);
	CHECK_EQ(v, UINT32_MAX);
	CHECK_EQ(parse_u32("4294967296", 10, UINT32_MAX, &v), -ERANGE);
	CHECK_EQ(parse_u32("65536", 10, 65535, &v), -ERANGE);
	CHECK_EQ(v, UINT32_MAX);
}

TESTS(T(a_number_is_the_whole_string_within_its_bound), T(the_length_bounds_the_text),
      T(a_small_number_fits_32_bits))
