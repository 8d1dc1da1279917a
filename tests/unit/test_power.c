// SPDX-License-Identifier: GPL-2.0-or-later
/* Power by shell commands. */
#include <errno.h>

#include "power_bench.h"

static void set_up_commands(struct bench *b, const char *on)
{
	_cleanup_free_ char *power =
		xasprintf("console: {transport: tcp, device: 'localhost:1'}\n"
			  "power: {backend: command, on: \"%s\", off: 'touch %s/off'}",
			  on, tap_tmpdir());

	set_up(b, power);
}

TEST(commands_switch_the_board)
{
	struct bench b = { 0 };
	struct err err = ERR_INIT;
	_cleanup_free_ char *on = xasprintf("touch '%s/on it'", tap_tmpdir());
	_cleanup_free_ char *proof = xasprintf("%s/on it", tap_tmpdir());

	set_up_commands(&b, on);
	CHECK(!b.power->is_on);
	CHECK_EQ(power_on(b.power, &err), 0);
	CHECK(b.power->is_on);
	CHECK_EQ(access(proof, F_OK), 0);
	CHECK(b.n_waits > 0);
	CHECK_EQ(power_off(b.power, &err), 0);
	CHECK(!b.power->is_on);
	CHECK(!power_can_reset(b.power));
	CHECK_EQ(power_reset(b.power, &err), -EOPNOTSUPP);
	CHECK_EQ(power_check(b.power, &err), 0);
	CHECK_EQ(power_take_console(b.power), -1);
	CHECK(!power_user_env(b.power));
	tear_down(&b);
}

TEST(a_board_may_have_further_commands_of_its_own)
{
	struct bench b = { 0 };
	struct err err = ERR_INIT;
	bool is_powered;
	_cleanup_free_ char *proof = xasprintf("%s/mask", tap_tmpdir());
	_cleanup_free_ char *power = xasprintf(
		"console: {transport: tcp, device: 'localhost:1'}\n"
		"power: {backend: command, on: 'true', off: 'true', maskrom: 'touch %s'}",
		proof);

	set_up(&b, power);
	CHECK(power_has(b.power, "maskrom") && !power_has(b.power, "to-sd"));
	CHECK_EQ(power_run(b.power, "maskrom", &err), 0);
	CHECK_EQ(access(proof, F_OK), 0);
	CHECK_EQ(power_run(b.power, "to-sd", &err), -EOPNOTSUPP);
	CHECK_STR(err.msg, "board b has no power sequence to-sd");
	CHECK_EQ(power_send_break(b.power, &err), -EOPNOTSUPP);
	CHECK_EQ(power_sense(b.power, &is_powered, &err), -EOPNOTSUPP);
	tear_down(&b);
}

TEST(a_command_that_fails_is_a_lab_fault_with_its_exit_status)
{
	struct bench b = { 0 };
	struct err err = ERR_INIT;

	set_up_commands(&b, "exit 7");
	CHECK_EQ(power_on(b.power, &err), -EIO);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_STR(err.msg, "power on: \"exit 7\" ended with exit status 7");
	CHECK(!b.power->is_on);
	tear_down(&b);
}

TEST(a_command_that_is_killed_says_by_which_signal)
{
	struct bench b = { 0 };
	struct err err = ERR_INIT;

	set_up_commands(&b, "kill -9 $$");
	CHECK_EQ(power_on(b.power, &err), -EIO);
	CHECK_CONTAINS(err.msg, "ended with signal 9");
	tear_down(&b);
}

TEST(a_missing_program_is_a_lab_fault)
{
	struct bench b = { 0 };
	struct err err = ERR_INIT;

	set_up_commands(&b, "/nonexistent/relay on 2>/dev/null");
	CHECK_EQ(power_on(b.power, &err), -EIO);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "exit status 127");
	tear_down(&b);
}

/* The command and what it starts hold the pipe's write end: it ends when all are gone. */
TEST(a_command_that_hangs_is_killed_with_all_it_started)
{
	struct bench b = { .limit_s = 1 };
	struct err err = ERR_INIT;
	char buf[16];
	int fds[2];

	CHECK_EQ(pipe(fds), 0);
	set_up_commands(&b, "sh -c 'exec sleep 1000' & wait");
	int64_t begin = clock_now_ns();
	CHECK_EQ(power_on(b.power, &err), -ETIMEDOUT);
	CHECK(clock_now_ns() - begin < INT64_C(10000000000));
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "still ran after 1000 ms");
	close(fds[1]);
	struct pollfd p = { .fd = fds[0], .events = POLLIN };
	CHECK_EQ(poll(&p, 1, 10000), 1);
	CHECK_EQ(read(fds[0], buf, sizeof(buf)), 0);
	tear_down(&b);
}

TEST(a_board_without_power_control_is_switched_by_nobody)
{
	struct bench b = { 0 };
	struct err err = ERR_INIT;

	set_up(&b, "console: {transport: tcp, device: 'localhost:1'}\n"
		   "power: {backend: none}");
	CHECK_EQ(power_on(b.power, &err), 0);
	CHECK_EQ(power_off(b.power, &err), 0);
	CHECK(!power_can_reset(b.power));
	tear_down(&b);
}

TESTS(T(commands_switch_the_board), T(a_board_may_have_further_commands_of_its_own),
      T(a_command_that_fails_is_a_lab_fault_with_its_exit_status),
      T(a_command_that_is_killed_says_by_which_signal),
      T(a_missing_program_is_a_lab_fault),
      T(a_command_that_hangs_is_killed_with_all_it_started),
      T(a_board_without_power_control_is_switched_by_nobody))
