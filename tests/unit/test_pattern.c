// SPDX-License-Identifier: GPL-2.0-or-later
/* Prompts and user patterns: what matches, what is refused, and that nothing hangs. */
#include "util/pattern.h"

#include <errno.h>

#include "tap.h"

static struct pattern *made(const char *regex)
{
	struct pattern *p = NULL;
	struct err err = ERR_INIT;

	if (pattern_new(regex, &p, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return p;
}

static bool finds(const char *regex, const char *text)
{
	struct pattern *p = made(regex);
	struct pattern_match m;
	bool found = pattern_find(p, text, strlen(text), 0, &m);

	pattern_free(p);
	return found;
}

static bool line_finds(const char *regex, const char *line)
{
	struct pattern_match m;
	struct pattern *p;
	struct err err = ERR_INIT;

	CHECK_EQ(pattern_new_line(regex, &p, &err), 0);
	CHECK(pattern_wants_line(p));
	bool found = pattern_find(p, line, strlen(line), 0, &m);
	pattern_free(p);
	return found;
}

TEST(a_pattern_says_where_it_matched)
{
	struct pattern *p = made("[a-z]+@[a-z]+:.*[#$] $");
	const char *text = "\r\nroot@board:~# ";
	struct pattern_match m;

	CHECK(pattern_find(p, text, strlen(text), 0, &m));
	CHECK_EQ(m.start, 2);
	CHECK_EQ(m.end, strlen(text));
	CHECK(!pattern_find(p, text, strlen(text), 8, &m));
	CHECK(!pattern_find(p, text, strlen(text) - 1, 0, &m));
	CHECK(!pattern_wants_line(p));
	CHECK_STR(pattern_text(p), "[a-z]+@[a-z]+:.*[#$] $");
	pattern_free(p);
	pattern_free(NULL);
}

TEST(python_style_named_groups_are_understood)
{
	struct pattern *p =
		made("(?P<name>\\w+): (?P<result>PASS|FAIL)( in (?P<ms>\\d+))?");
	const char *text = "--- boot: PASS";
	const char *names[8];
	struct pattern_match m;

	CHECK(pattern_find(p, text, strlen(text), 0, &m));
	CHECK(pattern_group(p, "name", &m));
	CHECK_EQ(m.start, 4);
	CHECK_EQ(m.end, 8);
	CHECK(pattern_group(p, "result", &m));
	CHECK_EQ(m.end, strlen(text));
	CHECK(!pattern_group(p, "ms", &m));
	CHECK(!pattern_group(p, "nope", &m));
	CHECK_EQ(pattern_group_names(p, names, 8), 3);
	CHECK_EQ(pattern_group_names(p, names, 2), 2);
	pattern_free(p);
	p = made("no groups");
	CHECK_EQ(pattern_group_names(p, names, 8), 0);
	pattern_free(p);
}

TEST(a_mistake_is_the_jobs_and_has_its_place)
{
	static const char *const bad[] = { "(", "[a", "a{2,1}", "(?P<x>a)(?P<x>b)", "*" };
	struct pattern *p = NULL;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(pattern_new(bad[i], &p, &err), -EINVAL);
		CHECK(!p);
		CHECK_EQ(err.class, ERR_JOB);
		CHECK_CONTAINS(err.msg, "at character ");
	}
	CHECK_EQ(pattern_new_line("(", &p, &err), -EINVAL);
}

TEST(a_literal_means_every_character_as_it_stands)
{
	struct pattern *p = pattern_new_literal("=> (.*) [x]$");
	struct pattern_match m;

	CHECK(pattern_find(p, "a => (.*) [x]$ b", 16, 0, &m));
	CHECK_EQ(m.start, 2);
	CHECK(!pattern_find(p, "=> abc [x]", 10, 0, &m));
	pattern_free(p);
}

TEST(any_bytes_can_be_searched)
{
	struct pattern *p = made("# $");
	struct pattern_match m;

	CHECK(pattern_find(p, "\0\xff\xfe\x80# ", 6, 0, &m));
	CHECK_EQ(m.start, 4);
	CHECK(!pattern_find(p, "", 0, 0, &m));
	pattern_free(p);
}

TEST(a_pattern_that_would_never_end_does_not_match)
{
	char text[4000];
	int64_t begin;
	struct timespec ts;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	begin = ts.tv_sec;
	CHECK(!finds("(a+)+$b", text));
	CHECK(!finds("(a|aa)+c", text));
	CHECK(!finds("((a*)*)*d", text));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	CHECK(ts.tv_sec - begin < 5);
}

TEST(a_line_pattern_knows_every_line_end)
{
	CHECK(line_finds("nsec$", "took 12 nsec\n"));
	CHECK(line_finds("nsec$", "took 12 nsec\r\n"));
	CHECK(line_finds("nsec$", "took 12 nsec\r\r\n"));
	CHECK(line_finds("nsec\\r\\n", "took 12 nsec\r\n"));
	CHECK(line_finds("nsec\\W", "took 12 nsec\n"));
	CHECK(line_finds("^took.*nsec$", "took 12 nsec\r\n"));
	CHECK(!line_finds("took.*b", "took\rb\n"));
	CHECK(!finds("nsec$", "took 12 nsec\r\n"));
}

TEST(nothing_is_no_match_for_a_line_pattern)
{
	CHECK(finds("x*", "abc"));
	CHECK(!line_finds("x*", "abc\n"));
	CHECK(line_finds("x*", "xx\n"));
}

TEST(each_pattern_has_an_identity_of_its_own)
{
	struct pattern *a = made("same"), *b = made("same");
	uint64_t was = pattern_id(b);

	CHECK(pattern_id(a) != was);
	pattern_free(b);
	b = made("same");
	CHECK(pattern_id(b) != was);
	pattern_free(a);
	pattern_free(b);
}

TESTS(T(a_pattern_says_where_it_matched), T(python_style_named_groups_are_understood),
      T(a_mistake_is_the_jobs_and_has_its_place),
      T(a_literal_means_every_character_as_it_stands), T(any_bytes_can_be_searched),
      T(a_pattern_that_would_never_end_does_not_match),
      T(a_line_pattern_knows_every_line_end), T(nothing_is_no_match_for_a_line_pattern),
      T(each_pattern_has_an_identity_of_its_own))
