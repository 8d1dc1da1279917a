// SPDX-License-Identifier: GPL-2.0-or-later
#include "tap.h"

#include "parse/line.h"
#include "util/strbuf.h"

static void note(void *arg, const struct line *l)
{
	strbuf_addf(arg, "%llu@%llu:%.*s%s%s|", (unsigned long long)l->number,
		    (unsigned long long)l->offset, (int)(l->len > 40 ? 40 : l->len),
		    l->text, l->is_piece ? "~" : "", l->is_last ? "$" : "");
	if (l->len > 40)
		strbuf_addf(arg, "%zu|", l->len);
}

static void cut(const char *text, size_t len, size_t step, struct strbuf *out)
{
	struct line_splitter s;

	line_splitter_init(&s);
	for (size_t i = 0; i < len; i += step)
		line_feed(&s, text + i, step < len - i ? step : len - i, 7, note, out);
	line_flush(&s, note, out);
}

TEST(lines_end_with_lf_and_lose_their_cr)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	cut("one\r\n\ntwo\n", 10, 10, &out);
	CHECK_STR(strbuf_str(&out), "1@0:one|2@5:|3@6:two|");
}

TEST(the_last_line_without_lf_comes_with_the_flush)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	cut("a\nbcd", 5, 5, &out);
	CHECK_STR(strbuf_str(&out), "1@0:a|2@2:bcd$|");
}

TEST(chunk_borders_change_nothing)
{
	static char text[3 * LINE_MAX_BYTES + 100];
	_cleanup_strbuf_ struct strbuf whole = STRBUF_INIT;

	memset(text, 'x', sizeof(text));
	memcpy(text, "first\r\nsecond\n", 14);
	text[LINE_MAX_BYTES + 14] = '\n';     /* exactly as long as the buffer */
	text[LINE_MAX_BYTES * 2 + 16] = '\n'; /* one byte longer */
	text[sizeof(text) - 1] = '\n';
	cut(text, sizeof(text), sizeof(text), &whole);
	for (size_t step = 1; step < 9000; step = step * 3 + 1) {
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

		cut(text, sizeof(text), step, &out);
		CHECK_STR(strbuf_str(&out), strbuf_str(&whole));
	}
}

TEST(a_line_longer_than_the_buffer_comes_in_pieces_of_one_number)
{
	static char text[LINE_MAX_BYTES + 3];
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	memset(text, 'y', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	cut(text, sizeof(text), sizeof(text), &out);
	CHECK_CONTAINS(strbuf_str(&out), "~|4096|1@4096:yy~|");
}

TEST(cleaning_drops_escapes_and_control_bytes_but_keeps_tabs)
{
	static const char dirty[] =
		"\033[1;31mred\033[0m\ta\0b\r\a\033]0;title\007c\033(Bd\x7f";
	char out[64];

	CHECK_EQ(line_clean(dirty, sizeof(dirty) - 1, out, sizeof(out)), 8);
	CHECK_STR(out, "red\tabcd");
}

TEST(cleaning_survives_an_escape_that_never_ends)
{
	char out[8];

	CHECK_EQ(line_clean("a\033[12", 5, out, sizeof(out)), 1);
	CHECK_EQ(line_clean("a\033", 2, out, sizeof(out)), 1);
	CHECK_EQ(line_clean("a\033]0;never", 10, out, sizeof(out)), 7);
	CHECK_EQ(line_clean("123456789", 9, out, sizeof(out)), 7);
	CHECK_STR(out, "1234567");
}

TEST(cleaning_takes_out_the_same_bytes_wherever_they_stand)
{
	char text[40], out[64];

	for (int c = 1; c < 256; c++) {
		for (size_t at = 0; at < 24; at++) {
			bool goes = (c < 0x20 && c != '\t') || c == 0x7f;

			if (c == 033)
				continue; /* begins a sequence: its own test */
			memset(text, 'a', 24);
			text[at] = (char)c;
			CHECK_EQ(line_clean(text, 24, out, sizeof(out)), goes ? 23 : 24);
			CHECK(goes || memcmp(out, text, 24) == 0);
		}
	}
}

TESTS(T(cleaning_takes_out_the_same_bytes_wherever_they_stand),
      T(lines_end_with_lf_and_lose_their_cr),
      T(the_last_line_without_lf_comes_with_the_flush), T(chunk_borders_change_nothing),
      T(a_line_longer_than_the_buffer_comes_in_pieces_of_one_number),
      T(cleaning_drops_escapes_and_control_bytes_but_keeps_tabs),
      T(cleaning_survives_an_escape_that_never_ends))
