// SPDX-License-Identifier: GPL-2.0-or-later
/* What a wait finds in what the board says, and what it takes for no prompt. */
#include <sys/resource.h>
#include <sys/wait.h>

#include "console_rig.h"

static void check_absent(struct rig *rig, const char *regex)
{
	struct console_hit hit;
	struct err err = ERR_INIT;

	CHECK_EQ(wait_for(rig, regex, 5, &hit, &err), -ETIMEDOUT);
	CHECK_EQ(err.class, ERR_NONE);
}

TEST(a_prompt_split_over_reads_is_found_once_it_is_whole)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "Welcome\r\nvirt:");
	check_absent(&rig, "virt:~# $");
	say(&rig, "~#");
	check_absent(&rig, "virt:~# $");
	say(&rig, " ");
	check_found(&rig, "virt:~# $", "virt:~# ");
	finish(&rig);
}

/* busybox ash asks for the cursor's place. */
TEST(a_prompt_with_a_terminal_command_behind_it_is_found_in_one_read_too)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "a [6n/ # x\r\n");
	check_absent(&rig, "/ # $");
	say(&rig, "/ # \033[6n");
	check_found(&rig, "/ # $", "/ # ");
	say(&rig, "\r\n/ # \033[?25h\033[6n\r\n");
	check_found(&rig, "/ # $", "/ # ");
	finish(&rig);
}

TEST(each_match_moves_the_mark_behind_itself)
{
	struct rig rig = { 0 };
	struct console_hit hit;
	struct err err = ERR_INIT;

	START(&rig);
	say(&rig, "one\r\n# two\r\n# three");
	CHECK_EQ(wait_for(&rig, "# ", 5000, &hit, &err), 0);
	CHECK_EQ(hit.offset, 7);
	CHECK_EQ(wait_for(&rig, "# ", 5000, &hit, &err), 0);
	CHECK_EQ(hit.offset, 14);
	check_absent(&rig, "# ");
	check_found(&rig, "thr", "thr");
	check_found(&rig, "ee", "ee");
	finish(&rig);
}

TEST(a_mark_forgets_what_came_before)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "login: ");
	pump(&rig);
	console_mark(rig.c);
	check_absent(&rig, "login: $");
	say(&rig, "login: ");
	check_found(&rig, "login: $", "login: ");
	finish(&rig);
}

TEST(what_came_while_nobody_waited_is_found)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "U-Boot 2026.01\r\n=> ");
	pump(&rig);
	check_found(&rig, "=> $", "=> ");
	finish(&rig);
}

TEST(lines_that_one_wait_searched_in_vain_are_there_for_another_pattern)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "Starting kernel ...\r\nmore\r\n");
	check_absent(&rig, "login:");
	check_found(&rig, "Starting kernel", "Starting kernel");
	finish(&rig);
}

TEST(the_first_line_decides_then_the_order_of_the_patterns)
{
	struct rig rig = { 0 };
	struct pattern *p[2] = { NULL, NULL };
	struct console_hit hit;
	struct err err = ERR_INIT;

	START(&rig);
	CHECK_EQ(pattern_new("b", &p[0], &err), 0);
	CHECK_EQ(pattern_new("a", &p[1], &err), 0);
	say(&rig, "a\nb a\n");
	CHECK_EQ(console_wait(rig.c, p, 2, deadline_in_ms(5000), &hit, &err), 0);
	CHECK_EQ(hit.index, 1);
	CHECK_EQ(console_wait(rig.c, p, 2, deadline_in_ms(5000), &hit, &err), 0);
	CHECK_EQ(hit.index, 0);
	pattern_free(p[0]);
	pattern_free(p[1]);
	finish(&rig);
}

static void check_broken_prompt(const char *line, const char *rest)
{
	struct rig rig = { 0 };
	struct console_hit hit;
	struct err err = ERR_INIT;

	START(&rig);
	say(&rig, line);
	if (wait_for(&rig, "^virt:~# $", 2000, &hit, &err))
		tap_fail(__FILE__, __LINE__, "not found in: %s", line);
	CHECK_EQ(hit.offset, 8);
	/* What the kernel said comes after the mark. */
	check_found(&rig, "\\] [a-z]", rest);
	CHECK_EQ(unlinkat(rig.dirfd, "console.idx", 0), 0);
	CHECK_EQ(unlinkat(rig.dirfd, "console.raw", 0), 0);
	console_free(rig.c);
	strbuf_release(&rig.seen);
	close(rig.dirfd);
	close(rig.peer);
}

TEST(a_prompt_that_a_kernel_line_broke_is_found)
{
	check_broken_prompt("virt:~# [   12.345678] random: crng init done\r\n", "] r");
	check_broken_prompt("virt:~# [    0.000000][    T1] x\r\n", "] x");
	check_broken_prompt("virt:~# [ 1234.567890] a [ 1234.567891] b\n", "] a");
	check_broken_prompt("virt:~# [   12.345678] still coming", "] s");
}

TEST(brackets_that_are_no_printk_stamp_end_no_line)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "# [ok] # [1.5] # [  12.34567] x\r\n[   1.234567] eth0: up\r\n");
	check_absent(&rig, "# $");
	finish(&rig);
}

TEST(an_anchored_pattern_ends_before_the_carriage_return_of_a_line)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "Starting kernel ...\r\r\n\r\n");
	check_found(&rig, "Starting kernel \\.\\.\\.$", "Starting kernel ...");
	finish(&rig);
}

TEST(a_line_pattern_waits_for_the_whole_line_and_gives_its_groups)
{
	struct rig rig = { 0 };
	struct pattern_match m;
	struct console_hit hit;
	struct pattern *p;
	struct err err = ERR_INIT;
	size_t len;

	START(&rig);
	CHECK_EQ(pattern_new_line("(?P<name>\\w+) took (?P<ms>\\d+)", &p, &err), 0);
	say(&rig, "read took 12");
	CHECK_EQ(console_wait(rig.c, &p, 1, deadline_in_ms(5), &hit, &err), -ETIMEDOUT);
	say(&rig, "34 ms\r\nwrite took 5");
	CHECK_EQ(console_wait(rig.c, &p, 1, deadline_in_ms(5000), &hit, &err), 0);
	CHECK_STR(hit.text, "read took 1234");
	const char *text = console_matched(rig.c, &len);
	CHECK_EQ(len, strlen("read took 1234 ms\r\n"));
	CHECK(pattern_group(p, "ms", &m));
	CHECK_EQ(m.end - m.start, 4);
	CHECK_EQ(strncmp(text + m.start, "1234", 4), 0);
	CHECK_EQ(console_wait(rig.c, &p, 1, deadline_in_ms(5), &hit, &err), -ETIMEDOUT);
	pattern_free(p);
	finish(&rig);
}

TEST(what_matched_is_given_clean_and_cut)
{
	_cleanup_free_ char *text = xmalloc(1001);
	struct console_hit hit;
	struct err err = ERR_INIT;
	struct rig rig = { 0 };

	START(&rig);
	memset(text, 'x', 1000);
	memcpy(text, "A\033[31mB\001C", 9);
	text[1000] = '\0';
	say(&rig, text);
	say(&rig, "\n");
	CHECK_EQ(wait_for(&rig, "A.*", 5000, &hit, &err), 0);
	CHECK_EQ(strncmp(hit.text, "ABCxxx", 6), 0);
	CHECK_EQ(strlen(hit.text), 255);
	finish(&rig);
}

static pid_t flood(int fd, size_t len, size_t chunk, const char *end)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	_cleanup_free_ char *buf = xmalloc(chunk);
	memset(buf, 'x', chunk);
	while (len) {
		size_t n = len < chunk ? len : chunk;

		if (io_write_all(fd, buf, n))
			_exit(1);
		len -= n;
	}
	_exit(io_write_all(fd, end, strlen(end)) != 0);
}

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double flood_cost(struct rig *rig, size_t len, const char *end)
{
	struct console_hit hit;
	struct err err = ERR_INIT;
	double before = cpu_s();
	int status;
	pid_t pid = flood(rig->peer, len, 1000, end);

	CHECK_EQ(wait_for(rig, "login: $", 25000, &hit, &err), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	return cpu_s() - before;
}

TEST(a_line_of_three_megabytes_costs_three_times_one_of_one)
{
	struct rig rig = { 0 };

	START(&rig);
	double one = flood_cost(&rig, 1 << 20, "login: ");
	double three = flood_cost(&rig, 3 << 20, "login: ");
	if (three > 6 * one + 0.3)
		tap_fail(__FILE__, __LINE__, "1 MiB took %.3f s, 3 MiB %.3f s", one,
			 three);
	CHECK_EQ(console_offset(rig.c), (4 << 20) + 14);
	finish(&rig);
}

TESTS(T(a_prompt_split_over_reads_is_found_once_it_is_whole),
      T(a_prompt_with_a_terminal_command_behind_it_is_found_in_one_read_too),
      T(each_match_moves_the_mark_behind_itself), T(a_mark_forgets_what_came_before),
      T(what_came_while_nobody_waited_is_found),
      T(lines_that_one_wait_searched_in_vain_are_there_for_another_pattern),
      T(the_first_line_decides_then_the_order_of_the_patterns),
      T(a_prompt_that_a_kernel_line_broke_is_found),
      T(brackets_that_are_no_printk_stamp_end_no_line),
      T(an_anchored_pattern_ends_before_the_carriage_return_of_a_line),
      T(a_line_pattern_waits_for_the_whole_line_and_gives_its_groups),
      T(what_matched_is_given_clean_and_cut),
      T(a_line_of_three_megabytes_costs_three_times_one_of_one))
