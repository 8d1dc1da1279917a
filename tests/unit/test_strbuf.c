// SPDX-License-Identifier: GPL-2.0-or-later
/* The growable byte string and the list of strings. */
#include "util/strbuf.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "tap.h"
#include "util/strvec.h"

TEST(an_empty_one_is_an_empty_string)
{
	struct strbuf sb = STRBUF_INIT;

	CHECK_STR(strbuf_str(&sb), "");
	strbuf_reset(&sb);
	strbuf_add(&sb, "", 0);
	CHECK_EQ(sb.len, 0);
	CHECK_STR(sb.buf, "");
	strbuf_release(&sb);
	char *s = strbuf_take(&sb);
	CHECK_STR(s, "");
	free(s);
}

TEST(it_holds_any_bytes_and_ends_with_a_nul_that_does_not_count)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_add(&sb, "a\0b", 3);
	strbuf_addch(&sb, 'c');
	strbuf_addstr(&sb, "de");
	strbuf_addf(&sb, "%d-%s", 42, "x");
	CHECK_EQ(sb.len, 10);
	CHECK_EQ(memcmp(sb.buf, "a\0bcde42-x", 11), 0);
	strbuf_release(&sb);
	CHECK(!sb.buf && !sb.len && !sb.cap);
}

TEST(it_grows_without_losing_a_byte)
{
	struct strbuf sb = STRBUF_INIT;

	for (int i = 0; i < 100000; i++)
		strbuf_addch(&sb, (char)('a' + i % 26));
	CHECK_EQ(sb.len, 100000);
	CHECK(sb.cap > sb.len);
	for (int i = 0; i < 100000; i++)
		CHECK(sb.buf[i] == 'a' + i % 26);
	strbuf_release(&sb);
}

TEST(a_format_longer_than_the_buffer_is_whole)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_addstr(&sb, ">");
	strbuf_addf(&sb, "%0*d", 5000, 7);
	CHECK_EQ(sb.len, 5001);
	CHECK(sb.buf[5000] == '7' && sb.buf[1] == '0' && !sb.buf[5001]);
	strbuf_release(&sb);
}

TEST(the_front_can_be_dropped)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_addstr(&sb, "0123456789");
	strbuf_drop_front(&sb, 0);
	strbuf_drop_front(&sb, 3);
	CHECK_STR(sb.buf, "3456789");
	strbuf_drop_front(&sb, 7);
	CHECK_EQ(sb.len, 0);
	CHECK_STR(sb.buf, "");
	strbuf_release(&sb);
}

TEST(dropping_more_than_there_is_is_a_bug_of_ours)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct strbuf sb = STRBUF_INIT;

		fclose(stderr);
		strbuf_addstr(&sb, "ab");
		strbuf_drop_front(&sb, 3);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

TEST(the_string_can_be_taken_away)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_addstr(&sb, "mine");
	char *s = strbuf_take(&sb);
	CHECK_STR(s, "mine");
	CHECK(!sb.buf && !sb.len);
	strbuf_addstr(&sb, "new");
	CHECK_STR(sb.buf, "new");
	CHECK_STR(s, "mine");
	free(s);
	strbuf_release(&sb);
}

TEST(a_list_of_strings_is_an_argument_vector)
{
	struct strvec sv = STRVEC_INIT;
	char word[8] = "one";

	CHECK(!sv.v);
	strvec_add(&sv, word);
	word[0] = 'X';
	strvec_addf(&sv, "%s-%d", "two", 2);
	CHECK_EQ(sv.n, 2);
	CHECK_STR(sv.v[0], "one");
	CHECK_STR(sv.v[1], "two-2");
	CHECK(!sv.v[2]);
	strvec_release(&sv);
	CHECK(!sv.v && !sv.n);
	strvec_release(&sv);
}

TEST(a_quoted_word_is_one_word_for_a_shell_whatever_it_holds)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	strbuf_add_quoted(&sb, "it's $(a) \"b\"\n", 14);
	CHECK_STR(strbuf_str(&sb), "'it'\\''s $(a) \"b\"\n'");
	strbuf_reset(&sb);
	strbuf_add_quoted(&sb, "", 0);
	CHECK_STR(strbuf_str(&sb), "''");
}

TESTS(T(a_quoted_word_is_one_word_for_a_shell_whatever_it_holds),
      T(an_empty_one_is_an_empty_string),
      T(it_holds_any_bytes_and_ends_with_a_nul_that_does_not_count),
      T(it_grows_without_losing_a_byte), T(a_format_longer_than_the_buffer_is_whole),
      T(the_front_can_be_dropped), T(dropping_more_than_there_is_is_a_bug_of_ours),
      T(the_string_can_be_taken_away), T(a_list_of_strings_is_an_argument_vector))
