// SPDX-License-Identifier: GPL-2.0-or-later
/* How long a kernel was under test, which is what times to failure are made of. */
#include "folding.h"
#include "report/result_read.h"

#define ATTEMPT "{'t':1,'type':'attempt','n':1}\n"
#define TEST_ON "{'t':10,'type':'under-test','begins':true}\n"
#define TEST_OFF "{'t':70.5,'type':'under-test','begins':false}\n"
#define INCIDENT(t, fatal, more)                                                         \
	"{'t':" t ",'type':'incident'" more ",'incident':{'id':0,'attempt':1,"           \
	"'kind':'panic','title':'P','fatal':" fatal "}}\n"
#define OVER "{'t':90,'type':'attempt-end','n':1,'outcome':'ok','reason':''}\n"

static json_t *attempt_of(const char *events, const char *expect)
{
	_cleanup_free_ char *all = xasprintf(
		"{'t':0,'type':'run','id':'r','expect':%s}\n%s", expect, events);
	_cleanup_json_ json_t *r = fold_lines(all);

	return json_incref(json_array_get(json_object_get(r, "attempts"), 0));
}

static void check_seconds(const char *events, double want)
{
	_cleanup_json_ json_t *a = attempt_of(events, "null");

	CHECK_EQ(result_number(a, "under_test_s", -1) * 1e3, want * 1e3);
}

TEST(exposure_is_from_the_first_test_to_the_last_ones_end)
{
	check_seconds(ATTEMPT TEST_ON TEST_OFF OVER, 60.5);
	check_seconds(ATTEMPT TEST_ON TEST_OFF
		      "{'t':75,'type':'under-test','begins':true}\n"
		      "{'t':80,'type':'under-test','begins':false}\n" OVER,
		      70);
}

TEST(a_failure_ends_it_and_what_comes_after_counts_no_more)
{
	check_seconds(ATTEMPT TEST_ON INCIDENT("30", "true", "") TEST_OFF OVER, 20);
	check_seconds(ATTEMPT TEST_ON INCIDENT("30", "true", "")
			      INCIDENT("40", "true", "") TEST_OFF OVER,
		      20);
}

TEST(a_warning_and_the_log_that_a_recovery_prints_end_nothing)
{
	check_seconds(ATTEMPT TEST_ON INCIDENT("30", "false", "") TEST_OFF OVER, 60.5);
	check_seconds(ATTEMPT TEST_ON INCIDENT("30", "true", ",'recovery':true")
			      TEST_OFF OVER,
		      60.5);
}

TEST(a_run_that_breaks_off_was_under_test_until_its_last_event)
{
	check_seconds(ATTEMPT TEST_ON "{'t':44,'type':'stage','stage':'userspace'}\n",
		      34);
}

TEST(a_boot_that_comes_to_no_test_has_none)
{
	_cleanup_json_ json_t *a =
		attempt_of(ATTEMPT INCIDENT("5", "true", "") OVER, "null");

	CHECK(!json_object_get(a, "under_test_s"));
}

TEST(a_failed_attempt_says_whether_it_is_the_bug_that_the_job_hunts)
{
	_cleanup_json_ json_t *a = attempt_of(
		ATTEMPT INCIDENT("5", "true", "") OVER,
		"{'kinds':['panic'],'functions':[],'titles':[],'test_failure':false}");
	_cleanup_json_ json_t *b = attempt_of(
		ATTEMPT INCIDENT("5", "true", "") OVER,
		"{'kinds':['uaf'],'functions':[],'titles':[],'test_failure':false}");
	_cleanup_json_ json_t *c =
		attempt_of(ATTEMPT INCIDENT("5", "true", "") OVER, "null");

	CHECK(json_is_true(json_object_get(a, "matches_expect")));
	CHECK(json_is_false(json_object_get(b, "matches_expect")));
	CHECK(!json_object_get(c, "matches_expect"));
}

TESTS(T(exposure_is_from_the_first_test_to_the_last_ones_end),
      T(a_failure_ends_it_and_what_comes_after_counts_no_more),
      T(a_warning_and_the_log_that_a_recovery_prints_end_nothing),
      T(a_run_that_breaks_off_was_under_test_until_its_last_event),
      T(a_boot_that_comes_to_no_test_has_none),
      T(a_failed_attempt_says_whether_it_is_the_bug_that_the_job_hunts))
