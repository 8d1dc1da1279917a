// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes that are UTF-8, and those that are none. */
#include "util/utf8.h"

#include "tap.h"

#define BAD "\xef\xbf\xbd"

static const struct {
	const char *in, *out;
} table[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
	  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "\xff", BAD },
	{ "a\x80z", "a" BAD "z" },
	{ "\xc0\xaf", BAD BAD }, /* overlong "/" */
	{ "\xc1\x81", BAD BAD },
	{ "\xe0\x80\xaf", BAD BAD BAD }, /* overlong */
	{ "\xe0\xa0\x80", "\xe0\xa0\x80" },
	{ "\xed\xa0\x80", BAD BAD BAD }, /* a surrogate */
	{ "\xed\x9f\xbf", "\xed\x9f\xbf" },
	{ "\xf0\x8f\xbf\xbf", BAD BAD BAD BAD },
	{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
	{ "\xf4\x90\x80\x80", BAD BAD BAD BAD }, /* beyond Unicode */
	{ "\xf5\x80\x80\x80", BAD BAD BAD BAD },
	{ "\xc3", BAD }, /* cut */
	{ "\xe2\x82", BAD BAD },
	{ "\xf0\x9f\x98", BAD BAD BAD },
	{ "\xc3(", BAD "(" },
};

TEST(what_is_no_utf8_becomes_a_replacement_and_the_rest_stays)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		size_t n;
		char *s = utf8_lossy(table[i].in, strlen(table[i].in), &n);

		if (strcmp(s, table[i].out) != 0 || n != strlen(table[i].out))
			tap_fail(__FILE__, __LINE__, "row %zu: %s", i, s);
		free(s);
	}
}

TEST(a_repaired_text_is_as_long_with_a_question_mark_for_each_bad_byte)
{
	char bad[] = "a\xff\xc3\xa4\xed\xa0\x80z\xe2\x82", good[] = "\xe2\x82\xac";

	utf8_repair(bad);
	CHECK_STR(bad, "a?\xc3\xa4???z??");
	utf8_repair(good);
	CHECK_STR(good, "\xe2\x82\xac");
}

TEST(a_sequence_that_is_cut_is_none)
{
	CHECK_EQ(utf8_len("\xf0\x9f\x98\x80", 4), 4);
	CHECK_EQ(utf8_len("\xf0\x9f\x98\x80", 3), 0);
	CHECK_EQ(utf8_len("\xc3\xa4", 1), 0);
}

TESTS(T(what_is_no_utf8_becomes_a_replacement_and_the_rest_stays),
      T(a_repaired_text_is_as_long_with_a_question_mark_for_each_bad_byte),
      T(a_sequence_that_is_cut_is_none))
