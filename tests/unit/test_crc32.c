// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/crc32.h"

#include "tap.h"

/* The check value of CRC-32/ISO-HDLC in the catalogue of CRC algorithms (reveng). */
TEST(the_check_value_of_the_algorithm)
{
	CHECK_EQ(crc32_of("123456789", 9), 0xcbf43926);
	CHECK_EQ(crc32_add(crc32_of("1234", 4), "56789", 5), 0xcbf43926);
}

TEST(nothing_has_the_sum_0)
{
	CHECK_EQ(crc32_of("", 0), 0);
}

/* crc32 of zlib for 32 bytes 0xff, where a signed char would go wrong. */
TEST(bytes_above_0x7f_count_as_they_are)
{
	unsigned char ff[32];

	memset(ff, 0xff, sizeof(ff));
	CHECK_EQ(crc32_of(ff, sizeof(ff)), 0xff6cab0b);
}

TESTS(T(the_check_value_of_the_algorithm), T(nothing_has_the_sum_0),
      T(bytes_above_0x7f_count_as_they_are))
