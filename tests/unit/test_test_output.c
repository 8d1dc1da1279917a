// SPDX-License-Identifier: GPL-2.0-or-later
#include "tap.h"

#include "parse/test_output.h"
#include "util/strbuf.h"

static void note(void *arg, const struct test_event *e)
{
	static const char *const kinds[] = { "case",   "set", "endset", "run",
					     "endrun", "ref", "raise",  "short" };

	strbuf_addf(arg, "%s:%s%s%s", kinds[e->kind], e->set, e->set[0] ? "/" : "",
		    e->name);
	if (e->kind == TEST_EVENT_CASE)
		strbuf_addf(arg, "=%s", test_result_to_str(e->result));
	if (e->measurement[0])
		strbuf_addf(arg, "(%s%s)", e->measurement, e->units);
	if (e->n_missing)
		strbuf_addf(arg, "-%u", e->n_missing);
	strbuf_addch(arg, ' ');
}

static void run(const char *text, struct strbuf *out)
{
	struct test_parser *p = test_parser_new(note, out);

	while (*text) {
		size_t n = strcspn(text, "\n");
		const struct line l = { .text = text, .len = n, .number = 1 };

		test_parser_feed(p, &l);
		text += n + (text[n] == '\n');
	}
	test_parser_end(p);
	test_parser_free(p);
}

#define CHECK_RUN(text, want)                                                            \
	do {                                                                             \
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;                        \
                                                                                         \
		run(text, &out);                                                         \
		CHECK_STR(strbuf_str(&out), want);                                       \
	} while (0)

TEST(lava_signals_become_events)
{
	CHECK_RUN(
		"<LAVA_SIGNAL_STARTRUN 0_smoke 123_1>\r\n"
		"<LAVA_SIGNAL_TESTSET START net>\n"
		"<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=ping RESULT=pass UNITS=ms "
		"MEASUREMENT=1.5>\n"
		"<LAVA_SIGNAL_TESTSET STOP>\n"
		"<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=disk RESULT=fail>\n"
		"<LAVA_SIGNAL_TESTREFERENCE ref pass http://x/>\n"
		"<LAVA_SIGNAL_TESTRAISE no network here>\n"
		"<LAVA_SIGNAL_ENDRUN 0_smoke 123_1>\n",
		"run:0_smoke set:net case:net/ping=pass(1.5ms) endset:net case:disk=fail "
		"ref:ref raise:no network here endrun:0_smoke ");
}

TEST(a_typed_or_traced_signal_is_no_result)
{
	CHECK_RUN("# echo \"<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=x RESULT=pass>\"\n"
		  "+ echo <LAVA_SIGNAL_TESTCASE TEST_CASE_ID=x RESULT=pass>\n",
		  "");
}

TEST(a_signal_that_the_kernel_cuts_in_two_is_put_together)
{
	CHECK_RUN(
		"<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=boot RE[   12.345678] usb 1-1: new\n"
		"[   12.345680] usb 1-1: more\n"
		"SULT=pass>\n",
		"case:boot=pass ");
}

TEST(a_signal_behind_a_printk_stamp_counts)
{
	CHECK_RUN("<8>[   12.345678] <LAVA_SIGNAL_TESTCASE TEST_CASE_ID=k RESULT=skip>\n",
		  "case:k=skip ");
}

TEST(a_signal_that_never_ends_is_given_up)
{
	CHECK_RUN("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a RES\n"
		  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=b RESULT=pass>\n",
		  "case:b=pass ");
}

TEST(an_unknown_result_is_unknown)
{
	CHECK_RUN("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a RESULT=banana>\n",
		  "case:a=unknown ");
}

TEST(ktap_results_keep_directives)
{
	CHECK_RUN(
		"KTAP version 1\n1..5\nok 1 - a\nnot ok 2 b\nok 3 c # SKIP no hardware\n"
		"not ok 4 d # XFAIL known\nnot ok 5 e # TIMEOUT 45 seconds\n",
		"case:a=pass case:b=fail case:c=skip case:d=pass case:e=fail ");
}

TEST(nested_ktap_joins_the_names_of_its_parents)
{
	CHECK_RUN("[    1.000000] KTAP version 1\n"
		  "[    1.000001] 1..1\n"
		  "[    1.000002]     KTAP version 1\n"
		  "[    1.000003]     # Subtest: suite\n"
		  "[    1.000004]     1..2\n"
		  "[    1.000005]     ok 1 first\n"
		  "[    1.000006] usb 1-1: another driver speaks\n"
		  "[    1.000007]     not ok 2 second\n"
		  "[    1.000008] not ok 1 suite\n",
		  "case:suite.first=pass case:suite.second=fail ");
}

TEST(a_child_without_a_name_takes_it_from_its_parents_line)
{
	CHECK_RUN(
		"KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  ok 1 x\nok 1 parent\n",
		"case:parent.x=pass ");
}

TEST(kselftest_nests_with_hash_signs)
{
	CHECK_RUN(
		"TAP version 13\n1..1\n# selftests: net: foo.sh\n# TAP version 13\n# 1..2\n"
		"# ok 1 up\n# ok 2 down\nok 1 selftests: net: foo.sh\n",
		"case:net: foo.sh.up=pass case:net: foo.sh.down=pass ");
}

TEST(cases_that_never_ran_are_missing)
{
	CHECK_RUN("TAP version 14\n1..4\nok 1 a\n", "case:a=pass short:-3 ");
}

TEST(ok_in_other_text_is_no_result)
{
	CHECK_RUN("ok 1 that works\nok\nnot ok 2 x\n1..\n", "");
}

TESTS(T(lava_signals_become_events), T(a_typed_or_traced_signal_is_no_result),
      T(a_signal_that_the_kernel_cuts_in_two_is_put_together),
      T(a_signal_behind_a_printk_stamp_counts), T(a_signal_that_never_ends_is_given_up),
      T(an_unknown_result_is_unknown), T(ktap_results_keep_directives),
      T(nested_ktap_joins_the_names_of_its_parents),
      T(a_child_without_a_name_takes_it_from_its_parents_line),
      T(kselftest_nests_with_hash_signs), T(cases_that_never_ran_are_missing),
      T(ok_in_other_text_is_no_result))
