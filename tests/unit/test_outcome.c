// SPDX-License-Identifier: GPL-2.0-or-later
/* What a cell of a matrix came to, held against what its kernel is expected to do. */
#include "campaign/outcome.h"

#include "json_quoted.h"
#include "report/matrix_table.h"
#include "report/result_read.h"

#define DIED                                                                             \
	"{'attempts':[{'n':1,'incident':3,'under_test_s':4.5}],"                         \
	"'incidents':["                                                                  \
	"{'id':2,'attempt':1,'kind':'lockdep','title':'L','fatal':false},"               \
	"{'id':3,'attempt':1,'kind':'null-deref','title':'N','fatal':true,"              \
	"'function':'dma_resv_add_fence','module':null,'fault_address':'0x20',"          \
	"'real_range':['0x20','0x27'],"                                                  \
	"'diagnosis':{'instruction':'ldr x3, [x19, #32]','hypotheses':["                 \
	"{'name':'null-slot','verdict':'confirmed','reasons':['r']},"                    \
	"{'name':'ops-null','verdict':'falsified','reasons':[]}]}}],"                    \
	"'tests':["                                                                      \
	"{'suite':'vb2','name':'pool','result':'pass','source':'ktap','attempt':1},"     \
	"{'suite':'vb2','name':'cycles','result':'pass','source':'signal','attempt':1,"  \
	"'measurement':'1200','units':'cycles'},"                                        \
	"{'suite':'vb2','name':'cycles','result':'pass','source':'signal','attempt':1,"  \
	"'measurement':'7500','units':'cycles'},"                                        \
	"{'suite':'run','name':'step-1','result':'fail','source':'shell','attempt':1}]}"
#define RECORD_DIED                                                                      \
	"{'cell':'v1a/plain','status':'fail','kind':'null-deref','reason':'N','run':"    \
	"'runs/x'}"

#define TESTED                                                                           \
	"{'attempts':[{'n':2}],'incidents':[],'tests':["                                 \
	"{'suite':'vb2','name':'old','result':'fail','source':'ktap','attempt':1},"      \
	"{'suite':'vb2','name':'fence-visible','result':'fail','source':'ktap',"         \
	"'attempt':2},"                                                                  \
	"{'suite':'vb2','name':'pool','result':'pass','source':'ktap','attempt':2}]}"
#define RECORD_TESTED "{'status':'fail','kind':'test','reason':'t'}"

static char v1a[] = "v1a", plain[] = "plain";
static const struct job_kernel kernel = { .name = v1a };
static const struct job_config config = { .name = plain };

static json_t *row(const struct job_outcome *o, const char *record, const char *result)
{
	char name[] = "v1a/plain";
	const struct job_cell cell = {
		.name = name, .kernel = &kernel, .config = &config, .outcome = o
	};
	_cleanup_json_ json_t *rec = parse(record);
	_cleanup_json_ json_t *res = result ? parse(result) : NULL;

	return outcome_row(&cell, rec, res);
}

/* What the row says of its surprise; the caller frees it. */
static char *surprise(const struct job_outcome *o, const char *record, const char *result)
{
	_cleanup_json_ json_t *r = row(o, record, result);

	return xstrdup(json_get_str(r, "surprise", "none"));
}

#define CHECK_SURPRISE(o, record, result, want)                                          \
	do {                                                                             \
		_cleanup_free_ char *why = surprise(o, record, result);                  \
		CHECK_STR(why, want);                                                    \
	} while (0)

static bool fits(const struct job_outcome *o, const char *record, const char *result)
{
	_cleanup_json_ json_t *r = row(o, record, result);

	return json_get_bool(r, "as_expected", false);
}

TEST(a_row_has_verdict_incident_hypotheses_tests_cycles_and_exposure)
{
	const struct job_outcome none = { 0 };
	_cleanup_json_ json_t *r = row(&none, RECORD_DIED, DIED);
	const json_t *in = json_object_get(r, "incident"),
		     *h = json_object_get(r, "hypotheses"),
		     *f = json_object_get(r, "functional");

	CHECK_STR(json_get_str(r, "series", ""), "v1a");
	CHECK_STR(json_get_str(r, "config", ""), "plain");
	CHECK_STR(json_get_str(json_object_get(r, "verdict"), "status", ""), "fail");
	CHECK_STR(json_get_str(in, "function", ""), "dma_resv_add_fence");
	CHECK_STR(json_get_str(in, "fault_address", ""), "0x20");
	CHECK_STR(json_string_value(json_array_get(json_object_get(in, "real_range"), 1)),
		  "0x27");
	CHECK_STR(json_get_str(in, "instruction", ""), "ldr x3, [x19, #32]");
	CHECK_EQ(json_array_size(h), 2);
	CHECK_STR(json_get_str(json_array_get(h, 0), "verdict", ""), "confirmed");
	CHECK_STR(json_get_str(f, "status", ""), "pass");
	CHECK_EQ(json_get_int(f, "passed", -1), 1);
	CHECK_EQ(json_get_int(r, "cycles", -1), 7500);
	CHECK_EQ(result_number(r, "seconds", -1) * 10, 45);
	CHECK_STR(json_string_value(json_array_get(json_object_get(r, "recorded"), 0)),
		  "lockdep");
	CHECK(json_is_null(json_object_get(r, "expected")));
	CHECK_STR(json_get_str(r, "run", ""), "runs/x");
}

TEST(without_an_expectation_a_kernel_has_to_pass)
{
	const struct job_outcome none = { 0 };

	CHECK(fits(&none, "{'status':'pass','kind':null,'reason':'passed'}", "{}"));
	CHECK(!fits(&none, RECORD_DIED, DIED));
	CHECK_SURPRISE(&none, RECORD_DIED, DIED, "expected to pass");
	CHECK_SURPRISE(&none, "{'status':'pass'}", "{}", "none");
}

TEST(what_is_no_word_on_the_kernel_is_never_as_expected)
{
	const struct job_outcome any = { .given = true };

	CHECK(fits(&any, RECORD_DIED, DIED));
	CHECK(!fits(&any, "{'status':'lab','kind':null,'reason':'relay'}", NULL));
	CHECK(!fits(&any, "{'status':'job','kind':null,'reason':'patch'}", NULL));
	CHECK(!fits(&any, "{'status':'canceled','kind':null,'reason':''}", NULL));
	CHECK_SURPRISE(&any, "{'status':'lab'}", NULL, "no verdict on the kernel");
}

TEST(status_and_kind_must_be_the_expected_ones)
{
	char fail[] = "fail", pass[] = "pass";
	struct job_outcome o = { .given = true, .status = fail };

	CHECK(fits(&o, RECORD_DIED, DIED));
	o.kinds = 1ULL << INCIDENT_NULL_DEREF;
	CHECK(fits(&o, RECORD_DIED, DIED));
	o.kinds = 1ULL << INCIDENT_KASAN | 1ULL << INCIDENT_UAF;
	CHECK(!fits(&o, RECORD_DIED, DIED));
	CHECK_SURPRISE(&o, RECORD_DIED, DIED,
		       "expected uaf or kasan, the kind is null-deref");
	o.kinds = 0;
	o.status = pass;
	CHECK(!fits(&o, RECORD_DIED, DIED));
}

TEST(each_named_hypothesis_must_have_its_verdict)
{
	char slot[] = "null-slot", ops[] = "ops-null", other[] = "other",
	     confirmed[] = "confirmed", falsified[] = "falsified";
	struct job_outcome o = { .given = true, .n_hypotheses = 2 };

	o.hypotheses = xcalloc(2, sizeof(*o.hypotheses));
	o.hypotheses[0].name = slot;
	o.hypotheses[0].verdict = confirmed;
	o.hypotheses[1].name = ops;
	o.hypotheses[1].verdict = falsified;
	CHECK(fits(&o, RECORD_DIED, DIED));
	o.hypotheses[1].verdict = confirmed;
	CHECK(!fits(&o, RECORD_DIED, DIED));
	CHECK_SURPRISE(&o, RECORD_DIED, DIED,
		       "expected ops-null confirmed, it is falsified");
	CHECK_SURPRISE(&o, "{'status':'fail','kind':'test'}", TESTED,
		       "expected null-slot confirmed, nothing was judged");
	o.hypotheses[1].verdict = falsified;
	o.hypotheses[1].name = other;
	CHECK(!fits(&o, RECORD_DIED, DIED));
	free(o.hypotheses);
}

TEST(a_test_that_must_fail_is_found_by_its_name)
{
	struct job_outcome o = { .given = true };
	_cleanup_json_ json_t *r = row(&o, RECORD_TESTED, TESTED);
	const json_t *f = json_object_get(r, "functional");

	CHECK_STR(json_get_str(f, "status", ""), "fail");
	CHECK_EQ(json_array_size(json_object_get(f, "failures")), 1);
	CHECK_STR(json_string_value(json_array_get(json_object_get(f, "failures"), 0)),
		  "vb2.fence-visible");
	strvec_add(&o.failed_tests, "*.fence-*");
	CHECK(fits(&o, RECORD_TESTED, TESTED));
	strvec_add(&o.failed_tests, "vb2.old");
	CHECK(!fits(&o, RECORD_TESTED, TESTED));
	CHECK_SURPRISE(&o, RECORD_TESTED, TESTED, "expected test vb2.old to fail");
	strvec_release(&o.failed_tests);
}

TEST(steps_count_where_they_are_all_there_is)
{
	const struct job_outcome none = { 0 };
	_cleanup_json_ json_t *r =
		row(&none, "{'status':'pass'}",
		    "{'attempts':[{'n':1}],'tests':["
		    "{'suite':'s','name':'step-1','result':'pass','source':'shell'}]}");

	CHECK_EQ(json_get_int(json_object_get(r, "functional"), "passed", -1), 1);
	CHECK(json_is_null(json_object_get(r, "cycles")));
	CHECK(json_is_null(json_object_get(r, "seconds")));
}

TEST(results_of_any_shape_break_nothing)
{
	static const char *const bad[] = {
		"{}", "{'attempts':7,'incidents':'x','tests':{}}",
		"{'attempts':[{'n':'x','incident':'y'}],'incidents':[null,3],"
		"'tests':[null,{'name':'cycles','measurement':'1e99'},"
		"{'name':'cycles','measurement':-4},{'units':'cycles'}]}"
	};
	const struct job_outcome any = { .given = true };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_json_ json_t *r = row(&any, RECORD_DIED, bad[i]);

		CHECK(json_is_null(json_object_get(r, "cycles")));
	}
}

TEST(the_table_shows_each_cell_and_marks_surprises)
{
	const struct job_outcome none = { 0 };
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	_cleanup_json_ json_t *rows = json_array();

	json_push(rows, row(&none, RECORD_DIED, DIED));
	json_push(rows,
		  row(&none, "{'status':'pass','kind':null,'reason':'passed'}", "{}"));
	matrix_table_print(rows, false, 0, &out);
	CHECK_STR(strbuf_str(&out),
		  "KERNEL  CONFIG  VERDICT  KIND        WHERE                            "
		  "HYPOTHESES               TESTS  CYCLES  SECONDS  EXPECTED\n"
		  "v1a     plain   fail     null-deref  0x20-0x27 in dma_resv_add_fence  "
		  "+null-slot, 1 falsified    1/1    7500      4.5  NO\n"
		  "v1a     plain   pass     -           passed                           "
		  "-                            -       -        -  yes\n");
}

TESTS(T(a_row_has_verdict_incident_hypotheses_tests_cycles_and_exposure),
      T(without_an_expectation_a_kernel_has_to_pass),
      T(what_is_no_word_on_the_kernel_is_never_as_expected),
      T(status_and_kind_must_be_the_expected_ones),
      T(each_named_hypothesis_must_have_its_verdict),
      T(a_test_that_must_fail_is_found_by_its_name),
      T(steps_count_where_they_are_all_there_is), T(results_of_any_shape_break_nothing),
      T(the_table_shows_each_cell_and_marks_surprises))
