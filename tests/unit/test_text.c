// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/text.h"
#include "tap.h"

TEST(console_text_becomes_plain_text)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "plain\n\ttext", "plain\n\ttext" },
		{ "\033[1;31mred\033[0m", "red" },
		{ "\033]0;title\atext", "text" },
		{ "\033[2", "" },
		{ "a\033", "a" },
		{ "\033(B\033[mx", "x" }, /* tput sgr0 */
		{ "cr\r\nlf", "cr\nlf" },
		{ "\x01\x02\x7f.", "." },
		{ "bad \xff\xc3(", "bad \xef\xbf\xbd\xef\xbf\xbd(" },
		{ "\xef\xbf\xbe\xef\xbf\xbfx", "x" },
		{ "\xed\xa0\x80",
		  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* a surrogate */
		{ "\xf0\x9f\x90\xa7", "\xf0\x9f\x90\xa7" },
		{ "\xc2\x9b"
		  "31mC1 \xc2\xa0.",
		  "31mC1 \xc2\xa0." },
		{ "\033[31\nkept", "\nkept" }, /* no CSI after all */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

		text_add_clean(&sb, cases[i].in, strlen(cases[i].in));
		CHECK_STR(strbuf_str(&sb), cases[i].want);
	}
}

TEST(a_sequence_that_never_ends_eats_little)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	char in[1000];

	memset(in, '1', sizeof(in));
	in[0] = '\033';
	in[1] = '[';
	text_add_clean(&sb, in, sizeof(in));
	CHECK_EQ(sb.len, sizeof(in) - 64);
}

TEST(one_line_has_no_breaks)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	strbuf_addstr(&sb, "keep\nthis: ");
	text_add_line(&sb, "a\nb\tc\r\n");
	CHECK_STR(sb.buf, "keep\nthis: a b c ");
}

TEST(a_cut_never_splits_a_character)
{
	static const char s[] =
		"a\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7"; /* 1+2+3+4 bytes */
	static const size_t want[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10 };

	for (size_t max = 0; max < ARRAY_SIZE(want); max++)
		CHECK_EQ(text_cut(s, sizeof(s) - 1, max), want[max]);
	CHECK_EQ(text_width(s, sizeof(s) - 1), 4);
}

TESTS(T(console_text_becomes_plain_text), T(a_sequence_that_never_ends_eats_little),
      T(one_line_has_no_breaks), T(a_cut_never_splits_a_character))
