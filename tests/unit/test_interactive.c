// SPDX-License-Identifier: GPL-2.0-or-later
/* LAVA's interactive tests against a board that answers from a table. */
#include "session_bench.h"

static void start_script(struct session_bench *b, const char *script,
			 const struct answer *a, size_t n)
{
	_cleanup_free_ char *text = xasprintf("- test:\n"
					      "    interactive:\n"
					      "    - name: net\n"
					      "      prompts: ['=> ', '/ # ']\n"
					      "      script:\n"
					      "%s",
					      script);

	bench_start(b, text, a, n);
}

#define START(b, script, ...)                                                            \
	do {                                                                             \
		static const struct answer answers[] = { __VA_ARGS__ };                  \
		start_script(b, script, answers, ARRAY_SIZE(answers));                   \
	} while (0)

static enum outcome run_for(struct session_bench *b, int64_t ms, struct err *err)
{
	return session_interactive(&b->s, &b->job->actions[1].test.interactive[0],
				   deadline_in_ms(ms), err);
}

static enum outcome run(struct session_bench *b, struct err *err)
{
	return run_for(b, 20000, err);
}

TEST(a_named_command_passes_when_the_prompt_comes)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	START(&b, "      - {name: a, command: version}\n      - {command: reset}\n",
	      { "version", "version\r\nU-Boot 2026\r\n=> " },
	      { "reset", "reset\r\n/ # " });
	CHECK_EQ(run(&b, &err), OUT_OK);
	bench_check_results(&b, "net/a=pass");
	CHECK_STR(b.typed.buf, "version\nreset\n");
	bench_stop(&b);
}

TEST(a_success_must_come_before_the_prompt)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	START(&b,
	      "      - {name: a, command: dhcp, successes: [{message: 'bound to \\S+'}]}\n"
	      "      - {name: b, command: dhcp, successes: [{message: 'bound to \\S+'}]}\n",
	      { "dhcp", "dhcp\r\nDHCP client bound to address 10.0.2.15\r\n=> " },
	      { "dhcp", "dhcp\r\nsorry\r\n=> " });
	CHECK_EQ(run(&b, &err), OUT_OK);
	bench_check_results(&b, "net/a=pass net/b=fail");
	CHECK_CONTAINS(bench_reason(&b, 1), "the prompt came before \"bound to");
	bench_stop(&b);
}

TEST(a_failure_of_a_named_command_is_recorded_and_the_script_goes_on)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	START(&b,
	      "      - {name: a, command: ping, failures: [{message: TIMEOUT, error: no "
	      "link}]}\n"
	      "      - {name: b, command: ls}\n",
	      { "ping", "ping\r\nTIMEOUT\r\n=> " }, { "ls", "ls\r\n=> " });
	CHECK_EQ(run(&b, &err), OUT_OK);
	bench_check_results(&b, "net/a=fail net/b=pass");
	CHECK_STR(bench_reason(&b, 0), "no link");
	bench_stop(&b);
}

TEST(a_failure_of_a_command_without_a_name_fails_the_test)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	START(&b,
	      "      - {command: ping, failures: [{message: TIMEOUT}]}\n"
	      "      - {name: b, command: ls}\n",
	      { "ping", "ping\r\nTIMEOUT\r\n=> " });
	CHECK_EQ(run(&b, &err), OUT_TEST);
	CHECK_CONTAINS(err.msg, "interactive command \"ping\" failed: TIMEOUT");
	bench_check_results(&b, "");
	CHECK_STR(b.typed.buf, "ping\n");
	bench_stop(&b);
}

TEST(an_exception_says_who_has_to_act)
{
	static const struct {
		const char *exception;
		enum outcome outcome;
		enum err_class class;
	} table[] = {
		{ "InfrastructureError", OUT_LAB, ERR_LAB },
		{ "JobError", OUT_JOB, ERR_JOB },
		{ "TestError", OUT_TEST, ERR_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_free_ char *script = xasprintf(
			"      - {name: a, command: dhcp, failures: [{message: 'TIME?OUT', "
			"exception: %s, error: dhcp failed}]}\n"
			"      - {name: b, command: ls}\n",
			table[i].exception);
		struct session_bench b;
		struct err err = ERR_INIT;

		START(&b, script, { "dhcp", "dhcp\r\nTIMOUT\r\n" });
		CHECK_EQ(run(&b, &err), table[i].outcome);
		CHECK_EQ(err.class, table[i].class);
		CHECK_STR(err.msg, "dhcp failed");
		bench_check_results(&b, "net/a=fail");
		CHECK_STR(bench_reason(&b, 0), "dhcp failed");
		bench_stop(&b);
	}
}

TEST(an_empty_command_is_a_newline_and_none_only_waits)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	START(&b, "      - {name: a, command: null}\n      - {name: b, command: ''}\n",
	      { NULL, "starting\r\n=> " }, { "", "\r\n=> " });
	CHECK_EQ(run(&b, &err), OUT_OK);
	bench_check_results(&b, "net/a=pass net/b=pass");
	CHECK_STR(b.typed.buf, "\n");
	bench_stop(&b);
}

TEST(a_step_need_not_wait_for_the_prompt)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	START(&b,
	      "      - {name: a, command: boot, successes: [{message: Starting kernel}], "
	      "wait_for_prompt: false}\n"
	      "      - {name: b, command: null, successes: [{message: 'login:'}], "
	      "wait_for_prompt: false}\n",
	      { "boot", "boot\r\nStarting kernel ...\r\n\r\nboard login:" });
	CHECK_EQ(run(&b, &err), OUT_OK);
	bench_check_results(&b, "net/a=pass net/b=pass");
	bench_stop(&b);
}

TEST(groups_of_a_success_stand_in_later_commands)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	START(&b,
	      "      - {name: a, command: 'echo {JOB}{', successes: [{message: 'address "
	      "(?P<ip>[0-9.]+)'}]}\n"
	      "      - {name: b, command: 'ping {ip} ${x}'}\n",
	      { "echo {JOB}{", "address 10.0.2.15 (12 ms)\r\n=> " },
	      { "ping 10.0.2.15 ${x}", "alive\r\n=> " });
	CHECK_EQ(run(&b, &err), OUT_OK);
	bench_check_results(&b, "net/a=pass net/b=pass");
	bench_stop(&b);
}

TEST(a_discarded_echo_decides_nothing)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	bench_start(&b,
		    "- test:\n"
		    "    interactive:\n"
		    "    - name: net\n"
		    "      prompts: ['=> ']\n"
		    "      echo: discard\n"
		    "      script:\n"
		    "      - {name: a, command: 'test TIMEOUT', failures: [{message: "
		    "TIMEOUT}]}\n",
		    &(const struct answer){ "test TIMEOUT", "test TIMEOUT\r\nok\r\n=> " },
		    1);
	CHECK_EQ(run(&b, &err), OUT_OK);
	bench_check_results(&b, "net/a=pass");
	bench_stop(&b);
}

TEST(a_delay_waits_and_types_nothing)
{
	struct session_bench b;
	struct err err = ERR_INIT;
	int64_t begin = clock_now_ns();

	START(&b,
	      "      - {delay: 1}\n      - {delay: 0}\n      - {name: a, command: ls}\n",
	      { "ls", "ls\r\n=> " });
	CHECK_EQ(run(&b, &err), OUT_OK);
	CHECK(clock_now_ns() - begin >= 1000000000);
	bench_check_results(&b, "net/a=pass");
	CHECK_STR(b.typed.buf, "ls\n");
	bench_stop(&b);
}

TEST(a_delay_ends_with_the_deadline)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	START(&b, "      - {delay: 100}\n", { "x", "x" });
	CHECK_EQ(run_for(&b, 50, &err), OUT_TIMEOUT);
	bench_stop(&b);
}

TEST(an_answer_that_does_not_come_is_a_time_out_of_that_step)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	START(&b, "      - {name: a, command: hang}\n      - {name: b, command: ls}\n",
	      { "hang", "hang\r\n" });
	CHECK_EQ(run_for(&b, 100, &err), OUT_TIMEOUT);
	bench_check_results(&b, "net/a=fail");
	CHECK_CONTAINS(bench_reason(&b, 0), "did not come in time");
	bench_stop(&b);
}

TEST(a_kernel_that_dies_meanwhile_is_the_reason)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	START(&b, "      - {name: a, command: crash}\n",
	      { "crash",
		"crash\r\n"
		"[    0.000000] Linux version 6.12.0 (a@b) #1\r\n"
		"[   12.000000] Kernel panic - not syncing: sysrq triggered crash\r\n"
		"=> " });
	CHECK_EQ(run(&b, &err), OUT_KERNEL);
	bench_check_results(&b, "net/a=fail");
	CHECK_CONTAINS(bench_reason(&b, 0), "sysrq triggered crash");
	bench_stop(&b);
}

TEST(a_prompt_left_over_does_not_answer_the_first_command)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	START(&b, "      - {name: a, command: ls, successes: [{message: file}]}\n",
	      { NULL, "=> " }, { "ls", "file\r\n=> " });
	/* The prompt is there before the script begins. */
	CHECK_EQ(console_wait_fd(b.s.console, -1, deadline_in_ms(20), &err), 0);
	while (console_offset(b.s.console) < 3)
		CHECK_EQ(console_wait_fd(b.s.console, -1, deadline_in_ms(20), &err), 0);
	CHECK_EQ(run(&b, &err), OUT_OK);
	bench_check_results(&b, "net/a=pass");
	bench_stop(&b);
}

TESTS(T(a_named_command_passes_when_the_prompt_comes),
      T(a_success_must_come_before_the_prompt),
      T(a_failure_of_a_named_command_is_recorded_and_the_script_goes_on),
      T(a_failure_of_a_command_without_a_name_fails_the_test),
      T(an_exception_says_who_has_to_act),
      T(an_empty_command_is_a_newline_and_none_only_waits),
      T(a_step_need_not_wait_for_the_prompt),
      T(groups_of_a_success_stand_in_later_commands), T(a_discarded_echo_decides_nothing),
      T(a_delay_waits_and_types_nothing), T(a_delay_ends_with_the_deadline),
      T(an_answer_that_does_not_come_is_a_time_out_of_that_step),
      T(a_kernel_that_dies_meanwhile_is_the_reason),
      T(a_prompt_left_over_does_not_answer_the_first_command))
