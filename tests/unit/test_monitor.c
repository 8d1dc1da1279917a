// SPDX-License-Identifier: GPL-2.0-or-later
/* LAVA's monitor tests: what a board prints by itself, read for results. */
#include "session_bench.h"

static void start(struct session_bench *b, const char *more, const char *says)
{
	_cleanup_free_ char *text = xasprintf("- test:\n"
					      "    monitors:\n"
					      "    - name: selftests\n"
					      "      start: 'BEGIN \\w+'\n"
					      "      end: 'ALL DONE'\n"
					      "%s",
					      more);
	/* Copied by the fork. */
	const struct answer a = { NULL, says };

	bench_start(b, text, &a, 1);
}

static enum outcome run_for(struct session_bench *b, int64_t ms, struct err *err)
{
	return session_monitor(&b->s, &b->job->actions[1].test.monitors[0],
			       deadline_in_ms(ms), err);
}

static enum outcome run(struct session_bench *b, struct err *err)
{
	return run_for(b, 20000, err);
}

#define PASS_FAIL                                                                        \
	"      pattern: '(?P<test_case_id>[\\w -]+): (?P<result>PASS|FAIL|pass|odd)'\n"  \
	"      fixupdict: {PASS: pass, FAIL: fail}\n"

TEST(each_matching_line_between_the_marks_is_a_result)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	start(&b, PASS_FAIL,
	      "before: PASS\r\nBEGIN tests\r\none: PASS\r\nnoise\r\ntwo: FAIL\r\n"
	      "three: pass\r\nALL DONE\r\nafter: PASS\r\n");
	CHECK_EQ(run(&b, &err), OUT_OK);
	bench_check_results(&b, "selftests/one=pass selftests/two=fail "
				"selftests/three=pass");
	CHECK_STR(json_get_str(json_array_get(b.tests, 0), "source", ""), "monitor");
	CHECK(!b.typed.len);
	bench_stop(&b);
}

TEST(two_results_in_one_line_are_two_results)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	start(&b, PASS_FAIL, "BEGIN x\none: PASS, two: FAIL\nthree: PASS ALL DONE\n");
	CHECK_EQ(run(&b, &err), OUT_OK);
	bench_check_results(&b, "selftests/one=pass selftests/two=fail "
				"selftests/three=pass");
	bench_stop(&b);
}

TEST(names_become_what_lava_makes_of_them)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	start(&b, PASS_FAIL, "BEGIN x\n Kernel_ Boot - fast : PASS\r\nALL DONE\n");
	CHECK_EQ(run(&b, &err), OUT_OK);
	bench_check_results(&b, "selftests/kernel__boot_fast=pass");
	bench_stop(&b);
}

TEST(a_word_that_nobody_knows_is_an_unknown_result)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	start(&b, PASS_FAIL, "BEGIN x\none: odd\nALL DONE\n");
	CHECK_EQ(run(&b, &err), OUT_OK);
	bench_check_results(&b, "selftests/one=unknown");
	CHECK_CONTAINS(bench_reason(&b, 0), "fixupdict can map it");
	bench_stop(&b);
}

TEST(a_measurement_alone_is_a_pass_with_its_whole_number)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	start(&b,
	      "      pattern: '(?P<test_case_id>\\w+) +(?P<measurement>[\\d.]+) "
	      "(?P<units>\\S+)$'\n",
	      "BEGIN x\r\nswitch 1234.5 nsec\r\nthread 7 us\r\r\nALL DONE");
	CHECK_EQ(run(&b, &err), OUT_OK);
	bench_check_results(&b, "selftests/switch=pass selftests/thread=pass");
	const json_t *t = json_array_get(b.tests, 0);
	CHECK_STR(json_get_str(t, "measurement", ""), "1234.5");
	CHECK_STR(json_get_str(t, "units", ""), "nsec");
	bench_stop(&b);
}

TEST(expected_cases_that_do_not_come_fail_and_so_do_others)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	start(&b, PASS_FAIL "      expected: [one, two, three]\n",
	      "BEGIN x\ntwo: PASS\nfour: PASS\nALL DONE\n");
	CHECK_EQ(run(&b, &err), OUT_OK);
	bench_check_results(&b, "selftests/two=pass selftests/four=fail "
				"selftests/one=fail selftests/three=fail");
	CHECK_CONTAINS(bench_reason(&b, 1), "not one of the expected");
	CHECK_CONTAINS(bench_reason(&b, 2), "expected, but the board printed no result");
	bench_stop(&b);
}

TEST(an_end_that_does_not_come_is_a_time_out)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	start(&b, PASS_FAIL "      expected: [one, two]\n", "BEGIN x\none: PASS\n");
	CHECK_EQ(run_for(&b, 200, &err), OUT_TIMEOUT);
	CHECK_STR(err.msg, "the end of a monitored test did not come in time");
	bench_check_results(&b, "selftests/one=pass selftests/two=fail");
	CHECK_CONTAINS(bench_reason(&b, 1), "ended early");
	bench_stop(&b);
}

TEST(a_start_that_does_not_come_is_a_time_out)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	start(&b, PASS_FAIL, "one: PASS\nALL DONE\n");
	CHECK_EQ(run_for(&b, 100, &err), OUT_TIMEOUT);
	CHECK_STR(err.msg, "the start of a monitored test did not come in time");
	bench_check_results(&b, "");
	bench_stop(&b);
}

TEST(a_kernel_that_dies_ends_the_test)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	start(&b, PASS_FAIL "      expected: [one, two]\n",
	      "[    0.000000] Linux version 6.12.0 (a@b) #1\nBEGIN x\none: PASS\n"
	      "[   12.000000] Kernel panic - not syncing: sysrq triggered crash\n");
	CHECK_EQ(run(&b, &err), OUT_KERNEL);
	const json_t *last = json_array_get(b.tests, json_array_size(b.tests) - 1);
	CHECK_STR(json_get_str(last, "name", ""), "two");
	CHECK_STR(json_get_str(last, "result", ""), "fail");
	bench_stop(&b);
}

TEST(a_pattern_that_matches_nothing_does_not_turn_for_ever)
{
	struct session_bench b;
	struct err err = ERR_INIT;

	start(&b, "      pattern: '(?P<test_case_id>z*)(?P<result>y*)'\n",
	      "BEGIN x\nabc\nALL DONE\n");
	CHECK_EQ(run(&b, &err), OUT_OK);
	bench_check_results(&b, "");
	bench_stop(&b);
}

TESTS(T(each_matching_line_between_the_marks_is_a_result),
      T(two_results_in_one_line_are_two_results), T(names_become_what_lava_makes_of_them),
      T(a_word_that_nobody_knows_is_an_unknown_result),
      T(a_measurement_alone_is_a_pass_with_its_whole_number),
      T(expected_cases_that_do_not_come_fail_and_so_do_others),
      T(an_end_that_does_not_come_is_a_time_out),
      T(a_start_that_does_not_come_is_a_time_out), T(a_kernel_that_dies_ends_the_test),
      T(a_pattern_that_matches_nothing_does_not_turn_for_ever))
