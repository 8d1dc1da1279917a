// SPDX-License-Identifier: GPL-2.0-or-later
/* Who or what is to blame, and the exit status that says so. */
#include "report/verdict.h"

#include "json_quoted.h"

#define OK "{'outcome':'ok','reason':''}"
#define PANIC                                                                            \
	"{'id':4,'attempt':1,'kind':'panic','title':'P','fatal':true,'phase':'boot'}"
#define RESET "{'id':1,'attempt':1,'kind':'reset','title':'R','fatal':true,'phase':'x'}"
#define LOOP "{'id':2,'attempt':1,'kind':'boot-loop','title':'L','fatal':true,'phase':''}"
#define SILENCE "{'id':3,'attempt':1,'kind':'silence','title':'S','fatal':true}"
#define NO_BOOT "{'id':5,'attempt':1,'kind':'no-boot','title':'N','fatal':true}"
#define WARN "{'id':6,'attempt':1,'kind':'warn','title':'W','fatal':false}"
#define OOPS "{'id':7,'attempt':1,'kind':'null-deref','title':'O','fatal':true}"
#define IN_RECOVERY                                                                      \
	"{'id':8,'attempt':1,'kind':'bug','title':'B','fatal':true,'recovery':true}"
#define OTHER_ATTEMPT "{'id':9,'attempt':2,'kind':'uaf','title':'U','fatal':true}"
#define FAILED "{'attempt':1,'suite':'s','name':'t','result':'fail','reason':'why'}"
#define PASSED "{'attempt':1,'suite':'s','name':'p','result':'pass'}"
#define SKIPPED "{'attempt':1,'suite':'s','name':'k','result':'skip'}"
#define SHORT "{'attempt':1,'suite':'s','name':'plan','result':'unknown','missing':2}"

static const struct {
	const char *rule, *end, *incidents, *tests;
	const char *status, *kind, *reason, *error_type;
	int incident;
} attempts[] = {
	{ "nothing went wrong", OK, "", PASSED "," SKIPPED, "pass", NULL, "passed", NULL,
	  -1 },
	{ "a warning is recorded and no more", OK, WARN, PASSED, "pass", NULL, "passed",
	  NULL, -1 },
	{ "a fatal incident fails the attempt", OK, PANIC, PASSED, "fail", "panic",
	  "P in phase boot", NULL, 4 },
	{ "a panic beats the reset that it made", OK, RESET "," PANIC, "", "fail",
	  "panic", "P", NULL, 4 },
	{ "a panic beats the loop that it made", OK, LOOP "," PANIC, "", "fail", "panic",
	  "P", NULL, 4 },
	{ "a loop beats its resets", OK, RESET "," LOOP, "", "fail", "boot-loop", "L",
	  NULL, 2 },
	{ "an oops beats the silence after it", OK, SILENCE "," OOPS, "", "fail",
	  "null-deref", "O", NULL, 7 },
	{ "of two of one weight the first decides", OK, OOPS "," PANIC, "", "fail",
	  "null-deref", "O", NULL, 7 },
	{ "a silent board fails", OK, SILENCE, "", "fail", "silence", "S", NULL, 3 },
	{ "what recovery prints is old", OK, IN_RECOVERY, PASSED, "pass", NULL, "passed",
	  NULL, -1 },
	{ "another attempt's incident is not this one's", OK, OTHER_ATTEMPT, "", "pass",
	  NULL, "passed", NULL, -1 },
	{ "U-Boot that boots nothing is the lab's", OK, NO_BOOT, "", "lab", "no-boot",
	  "N", "Infrastructure", 5 },
	{ "anything else beats no-boot", OK, NO_BOOT "," RESET, "", "fail", "reset", "R",
	  NULL, 1 },
	{ "an incident beats the time-out behind it",
	  "{'outcome':'timeout','reason':'r','kernel_started':true}", OOPS, "", "fail",
	  "null-deref", "O", NULL, 7 },
	{ "an incident beats a lab fault behind it", "{'outcome':'lab','reason':'r'}",
	  OOPS, "", "fail", "null-deref", "O", NULL, 7 },
	{ "an incident stands in a run that broke off", NULL, PANIC, "", "fail", "panic",
	  "P", NULL, 4 },
	{ "a run that broke off is the lab's", NULL, "", PASSED, "lab", NULL, "broke off",
	  "Infrastructure", -1 },
	{ "a time-out after the kernel started is the kernel's",
	  "{'outcome':'timeout','reason':'the prompt','kernel_started':true}", "", "",
	  "fail", "timeout", "the prompt", NULL, -1 },
	{ "a time-out before it is the lab's",
	  "{'outcome':'timeout','reason':'the prompt','kernel_started':false}", "", "",
	  "lab", "timeout", "no kernel had started", "Infrastructure", -1 },
	{ "a lab fault says why", "{'outcome':'lab','reason':'relay stuck'}", "", "",
	  "lab", NULL, "relay stuck", "Infrastructure", -1 },
	{ "a job that cannot be done says why", "{'outcome':'job','reason':'404'}", "",
	  "", "job", NULL, "404", "Job", -1 },
	{ "a cancel is no failure", "{'outcome':'canceled','reason':''}", "", FAILED,
	  "canceled", NULL, "canceled", "Canceled", -1 },
	{ "a test that ends the job fails it", "{'outcome':'test','reason':'raised'}", "",
	  "", "fail", "test", "raised", "Test", -1 },
	{ "a failed test fails the attempt", OK, "", PASSED "," FAILED, "fail", "test",
	  "test s/t failed: why", NULL, -1 },
	{ "a plan that came short is a failed test", OK, "", PASSED "," SHORT, "fail",
	  "test", "s/plan", NULL, -1 },
	{ "an incident beats a failed test", OK, OOPS, FAILED, "fail", "null-deref", "O",
	  NULL, 7 },
	{ "a kernel that died without an incident is our bug",
	  "{'outcome':'kernel','reason':'r'}", "", "", "bug", NULL,
	  "outcome \"kernel\" without an incident", "Bug", -1 },
	{ "so is an outcome that nobody knows", "{'outcome':'fine'}", "", "", "bug", NULL,
	  "fine", "Bug", -1 },
};

TEST(every_rule_of_one_attempt)
{
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		_cleanup_free_ char *in = xasprintf("[%s]", attempts[i].incidents);
		_cleanup_free_ char *te = xasprintf("[%s]", attempts[i].tests);
		_cleanup_json_ json_t *end =
			attempts[i].end ? parse(attempts[i].end) : NULL;
		_cleanup_json_ json_t *incidents = parse(in), *tests = parse(te);
		struct verdict v;

		verdict_of_attempt(1, end, incidents, tests, &v);
		if (strcmp(v.status, attempts[i].status) != 0 ||
		    v.incident != attempts[i].incident ||
		    !strstr(v.reason, attempts[i].reason))
			tap_fail(__FILE__, __LINE__, "%s: %s, incident %lld, \"%s\"",
				 attempts[i].rule, v.status, (long long)v.incident,
				 v.reason);
		if (attempts[i].kind)
			CHECK_STR(v.kind, attempts[i].kind);
		else
			CHECK(!v.kind);
	}
}

TEST(the_word_for_the_fault_goes_with_the_status)
{
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		_cleanup_free_ char *in = xasprintf("[%s]", attempts[i].incidents);
		_cleanup_json_ json_t *end =
			attempts[i].end ? parse(attempts[i].end) : NULL;
		_cleanup_json_ json_t *incidents = parse(in), *tests = json_array();
		struct verdict v;

		if (attempts[i].tests[0])
			continue;
		verdict_of_attempt(1, end, incidents, tests, &v);
		if (attempts[i].error_type)
			CHECK_STR(v.error_type, attempts[i].error_type);
		else
			CHECK(!v.error_type);
	}
}

#define A_PASS "{'n':1,'status':'pass','kind':null,'reason':'passed','incident':null}"
#define A_LAB "{'n':1,'status':'lab','kind':null,'reason':'no power','incident':null}"
#define A_PANIC "{'n':1,'status':'fail','kind':'panic','reason':'P','incident':4}"
#define A_TIMEOUT "{'n':1,'status':'fail','kind':'timeout','reason':'T','incident':null}"

TEST(the_last_attempt_decides_as_in_lava)
{
	static const struct {
		const char *attempts, *status, *reason, *error_type;
		int incident;
	} runs[] = {
		{ "", "lab", "nothing was tried", "Infrastructure", -1 },
		{ A_PASS, "pass", "passed", NULL, -1 },
		{ A_LAB "," A_PASS, "pass", "attempt 1 of 2 had failed: no power", NULL,
		  -1 },
		{ A_PANIC "," A_TIMEOUT "," A_PASS, "pass",
		  "attempt 1 of 3 had failed: P; attempt 2 of 3 had failed: T", NULL,
		  -1 },
		{ A_PANIC "," A_LAB, "lab", "no power", "Infrastructure", -1 },
		{ A_LAB "," A_PANIC, "fail", "P", NULL, 4 },
		{ A_PASS "," A_TIMEOUT, "fail", "T", NULL, -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		_cleanup_free_ char *text = xasprintf("[%s]", runs[i].attempts);
		_cleanup_json_ json_t *list = parse(text);
		struct verdict v;

		verdict_of_run(list, &v);
		CHECK_STR(v.status, runs[i].status);
		CHECK_CONTAINS(v.reason, runs[i].reason);
		CHECK_EQ(v.incident, runs[i].incident);
		if (runs[i].error_type)
			CHECK_STR(v.error_type, runs[i].error_type);
		else
			CHECK(!v.error_type);
	}
}

static int code(const char *status, const char *kind, bool self_check_ok,
		const char *expect, const char *incident)
{
	_cleanup_json_ json_t *e = expect ? parse(expect) : NULL;
	_cleanup_json_ json_t *in = incident ? parse(incident) : NULL;
	struct verdict v = { .status = status, .kind = kind, .incident = -1 };

	return verdict_exit_code(&v, self_check_ok, e, in);
}

TEST(each_status_has_its_exit_status)
{
	CHECK_EQ(code("pass", NULL, true, NULL, NULL), 0);
	CHECK_EQ(code("pass", NULL, false, NULL, NULL), 0);
	CHECK_EQ(code("fail", "panic", true, NULL, PANIC), 1);
	CHECK_EQ(code("fail", "panic", true, "null", PANIC), 1);
	CHECK_EQ(code("lab", NULL, true, NULL, NULL), 125);
	CHECK_EQ(code("lab", NULL, false, NULL, NULL), 131);
	CHECK_EQ(code("job", NULL, true, NULL, NULL), 129);
	CHECK_EQ(code("canceled", NULL, true, NULL, NULL), 130);
	CHECK_EQ(code("bug", NULL, true, NULL, NULL), 134);
}

#define EXPECT(kinds, functions, titles, test)                                           \
	"{'kinds':[" kinds "],'functions':[" functions "],'titles':[" titles             \
	"],'test_failure':" test "}"

TEST(a_failure_that_is_not_the_bug_looked_for_is_untestable)
{
	static const char died[] =
		"{'kind':'null-deref','function':'dma_resv_add_fence','title':'NULL deref in dma_resv_add_fence'}";
	static const char nowhere[] =
		"{'kind':'panic','function':null,'title':'panic: init'}";
	static const struct {
		const char *kind, *expect, *incident;
		int code;
	} cases[] = {
		{ "null-deref", EXPECT("'null-deref','uaf'", "", "", "false"), died, 1 },
		{ "null-deref", EXPECT("'uaf'", "", "", "false"), died, 125 },
		{ "null-deref", EXPECT("", "'dma_*'", "", "false"), died, 1 },
		{ "null-deref", EXPECT("", "'vb2_*'", "", "false"), died, 125 },
		{ "null-deref", EXPECT("", "'vb2_*','dma_resv_*'", "", "false"), died,
		  1 },
		{ "null-deref", EXPECT("", "'dma_*'", "'*fence'", "false"), died, 1 },
		{ "null-deref", EXPECT("", "'dma_*'", "'*lock'", "false"), died, 125 },
		{ "null-deref", EXPECT("'uaf'", "'dma_*'", "", "false"), died, 125 },
		{ "panic", EXPECT("", "'*'", "", "false"), nowhere, 125 },
		{ "panic", EXPECT("", "", "'panic: *'", "false"), nowhere, 1 },
		{ "timeout", EXPECT("", "", "", "false"), NULL, 1 },
		{ "timeout", EXPECT("'panic'", "", "", "false"), NULL, 125 },
		{ "timeout", EXPECT("", "'dma_*'", "", "false"), NULL, 125 },
		{ "timeout", EXPECT("", "", "'*'", "false"), NULL, 125 },
		{ "test", EXPECT("", "", "", "true"), NULL, 1 },
		{ "test", EXPECT("'panic'", "", "", "true"), NULL, 1 },
		{ "test", EXPECT("", "", "", "false"), NULL, 125 },
		{ "panic", "{'kinds':[1],'functions':[null]}", nowhere, 125 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (code("fail", cases[i].kind, true, cases[i].expect,
			 cases[i].incident) != cases[i].code)
			tap_fail(__FILE__, __LINE__, "%s with %s is not %d",
				 cases[i].kind, cases[i].expect, cases[i].code);
}

TESTS(T(every_rule_of_one_attempt), T(the_word_for_the_fault_goes_with_the_status),
      T(the_last_attempt_decides_as_in_lava), T(each_status_has_its_exit_status),
      T(a_failure_that_is_not_the_bug_looked_for_is_untestable))
