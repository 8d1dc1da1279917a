// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/random.h"

#include "tap.h"

TEST(random_hex_fills_its_text_with_digits_and_ends_it)
{
	char text[33];

	memset(text, 'x', sizeof(text));
	random_hex(text, 16);
	CHECK_EQ(strlen(text), 32);
	CHECK_EQ(strspn(text, "0123456789abcdef"), 32);
}

TEST(two_of_them_differ)
{
	char a[33], b[33];

	random_hex(a, 16);
	random_hex(b, 16);
	CHECK(strcmp(a, b) != 0);
}

TEST(more_than_one_call_of_the_kernel_gives_is_filled_to_the_end)
{
	static unsigned char big[1 << 20];
	size_t zeros = 0;

	random_bytes(big, sizeof(big));
	for (size_t i = sizeof(big) - 4096; i < sizeof(big); i++)
		zeros += big[i] == 0;
	CHECK(zeros < 200);
}

TESTS(T(random_hex_fills_its_text_with_digits_and_ends_it), T(two_of_them_differ),
      T(more_than_one_call_of_the_kernel_gives_is_filled_to_the_end))
