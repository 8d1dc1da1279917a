// SPDX-License-Identifier: GPL-2.0-or-later
#include "tap.h"

#include <ctype.h>

#include "parse/match.h"
#include "util/mem.h"

static const char *const words[] = { "BUG:", "INFO: ", "not syncing", "pc : ",
				     "Oops", "BUG at", "BUG atop" };

/* What the vectorised search must agree with. */
static size_t find_slowly(const char *p, size_t len, size_t from)
{
	for (size_t i = from; i < len; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(words); k++) {
			size_t n = strlen(words[k]);
			bool in_word = i > 0 && isalnum((unsigned char)p[i - 1]);

			if (n <= len - i && memcmp(p + i, words[k], n) == 0 &&
			    !(in_word && isupper((unsigned char)words[k][0])))
				return i;
		}
	}
	return len;
}

TEST(both_searches_agree_with_a_plain_one_at_every_alignment)
{
	static char text[4096];
	struct matcher fast, portable;
	uint32_t seed = 12345;

	for (size_t i = 0; i < sizeof(text); i++) {
		seed = seed * 1103515245 + 12345;
		text[i] = " BUGINFO:pcnotsyg\n\xc2\xd5"[(seed >> 16) % 20];
	}
	for (size_t k = 0; k < 60; k++) {
		seed = seed * 1103515245 + 12345;
		const char *w = words[(seed >> 16) % ARRAY_SIZE(words)];

		memcpy(text + 64 * k + (seed >> 20) % 40, w, strlen(w));
	}
	matcher_init(&fast, words, ARRAY_SIZE(words));
	portable = fast;
	portable.use_avx2 = false;
	for (size_t from = 0; from < sizeof(text); from += 7) {
		for (size_t cutoff = 0; cutoff < 40; cutoff += 13) {
			size_t len = sizeof(text) - cutoff;
			size_t want = find_slowly(text, len, from);

			CHECK_EQ(matcher_find(&portable, text, len, from), want);
			CHECK_EQ(matcher_find(&fast, text, len, from), want);
		}
	}
}

TEST(short_text_is_searched_to_its_last_byte_and_no_further)
{
	struct matcher fast, portable;

	matcher_init(&fast, words, ARRAY_SIZE(words));
	portable = fast;
	portable.use_avx2 = false;
	for (size_t len = 0; len < 80; len++) {
		/* On the heap, so that sanitizers know its end. */
		char *text = xmalloc(len ? len : 1);

		for (size_t at = 0; at < len; at++) {
			memset(text, '.', len);
			memcpy(text + at, "Oops at", len - at < 7 ? len - at : 7);
			for (size_t from = 0; from <= len; from++) {
				size_t want = find_slowly(text, len, from);

				CHECK_EQ(matcher_find(&fast, text, len, from), want);
				CHECK_EQ(matcher_find(&portable, text, len, from), want);
			}
		}
		free(text);
	}
}

TEST(a_colour_before_a_capital_is_no_word)
{
	static const char text[] = "xmBUG: [31mBUG: \033[0;31mBUG: real";
	static const char *const bug[] = { "BUG:" };
	struct matcher m;

	matcher_init(&m, bug, 1);
	CHECK_EQ(matcher_find(&m, text, strlen(text), 0),
		 strstr(text, "BUG: real") - text);
}

TEST(a_capital_in_the_middle_of_a_word_is_no_hit)
{
	static const char text[] = "videobuf2: DEBUG: queued; xBUG: y; BUG: real";
	struct matcher m;

	matcher_init(&m, words, ARRAY_SIZE(words));
	CHECK_EQ(matcher_find(&m, text, strlen(text), 0), 35);
}

TEST(what_nearly_matches_everywhere_hides_no_literal)
{
	static char text[20000];
	struct matcher m;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "BUG\xba"[i % 4];
	memcpy(text + 9001, "not syncing", 11);
	memcpy(text + sizeof(text) - 4, "Oops", 4);
	text[sizeof(text) - 5] = 'G';
	matcher_init(&m, words, ARRAY_SIZE(words));
	CHECK_EQ(matcher_find(&m, text, sizeof(text), 0), 9001);
	CHECK_EQ(matcher_find(&m, text, sizeof(text), 9002), sizeof(text));
	text[sizeof(text) - 5] = ' ';
	CHECK_EQ(matcher_find(&m, text, sizeof(text), 9002), sizeof(text) - 4);
}

TEST(bytes_are_counted_across_vector_borders)
{
	static char text[20000];
	size_t want = 0;

	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = i % 3 == 0 || i > 9000 ? '\n' : 'x';
		want += text[i] == '\n';
	}
	CHECK_EQ(match_count_byte(text, sizeof(text), '\n'), want);
	CHECK_EQ(match_count_byte(text, 5, '\n'), 2);
	CHECK_EQ(match_count_byte(text, 0, '\n'), 0);
}

TESTS(T(both_searches_agree_with_a_plain_one_at_every_alignment),
      T(short_text_is_searched_to_its_last_byte_and_no_further),
      T(a_colour_before_a_capital_is_no_word),
      T(a_capital_in_the_middle_of_a_word_is_no_hit),
      T(what_nearly_matches_everywhere_hides_no_literal),
      T(bytes_are_counted_across_vector_borders))
