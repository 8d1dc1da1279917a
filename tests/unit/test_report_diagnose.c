// SPDX-License-Identifier: GPL-2.0-or-later
/* What a result gets beyond its fold. Whole runs: tests/bench/hypotheses.t. */
#include "report/diagnose.h"

#include "tap.h"
#include "util/jsonx.h"
#include "util/mem.h"

#define NULL_IN_F                                                                        \
	"{\"id\": 3, \"kind\": \"null-deref\", \"fatal\": true, \"attempt\": 1,"         \
	" \"function\": \"f\", \"pc\": \"f+0x1/0x2\"}"
#define TWO                                                                              \
	"\"hypotheses\": [{\"name\": \"in f\", \"function\": [\"f\"]},"                  \
	" {\"name\": \"in g\", \"function\": \"g\", \"base\": \"null\"}]"

static json_t *diagnosed(const char *text)
{
	json_t *r = json_loads(text, 0, NULL);

	CHECK(r);
	diagnose_result(r);
	return r;
}

static const json_t *diagnosis(const json_t *result, size_t i)
{
	return json_object_get(json_array_get(json_object_get(result, "incidents"), i),
			       "diagnosis");
}

static void check_summary(const json_t *result, const char *want)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	diagnose_summary(result, "> ", &out);
	CHECK_STR(strbuf_str(&out), want);
}

TEST(fatal_incidents_are_judged_and_the_deciding_one_is_shown)
{
	_cleanup_json_ json_t *r = diagnosed(
		"{\"incidents\": [{\"id\": 1, \"kind\": \"warn\", \"fatal\": false},"
		" {\"id\": 2, \"kind\": \"null-deref\", \"fatal\": true, \"function\": \"g\"},"
		" {\"id\": 4, \"kind\": \"bug\", \"fatal\": true, \"recovery\": true}, " NULL_IN_F
		"], \"attempts\": [{\"status\": \"lab\", \"incident\": null},"
		" {\"status\": \"fail\", \"incident\": 3}], " TWO "}");

	CHECK(!diagnosis(r, 0));
	CHECK_EQ(json_array_size(json_object_get(diagnosis(r, 1), "hypotheses")), 2);
	CHECK(!diagnosis(r, 2));
	check_summary(r,
		      "> hypothesis in f: confirmed\n"
		      "> hypothesis in g: falsified, function: pc is in f, not in g\n");
}

TEST(a_run_without_hypotheses_shows_none)
{
	_cleanup_json_ json_t *r =
		diagnosed("{\"incidents\": [" NULL_IN_F "], \"hypotheses\": []}");

	CHECK(json_object_get(diagnosis(r, 0), "instruction"));
	CHECK_EQ(json_array_size(json_object_get(diagnosis(r, 0), "hypotheses")), 0);
	check_summary(r, "");
}

TEST(a_diagnosis_that_is_there_is_kept_and_the_event_is_not_touched)
{
	_cleanup_json_ json_t *r =
		json_loads("{\"incidents\": [" NULL_IN_F "], " TWO "}", 0, NULL);
	_cleanup_json_ json_t *shared = json_pack("{s:s}", "instruction", "kept");
	json_t *in = json_array_get(json_object_get(r, "incidents"), 0);

	json_put(in, "diagnosis", json_incref(shared));
	diagnose_result(r);
	CHECK_STR(json_get_str(diagnosis(r, 0), "instruction", ""), "kept");
	CHECK_EQ(json_array_size(json_object_get(diagnosis(r, 0), "hypotheses")), 2);
	CHECK_EQ(json_object_size(shared), 1);
}

TEST(many_hypotheses_are_shown_in_part)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	strbuf_addstr(&text, "{\"incidents\": [" NULL_IN_F "], \"hypotheses\": [");
	for (int i = 0; i < 20; i++)
		strbuf_addf(&text, "%s{\"name\": \"h%d\", \"kind\": \"null-deref\"}",
			    i ? "," : "", i);
	strbuf_addstr(&text, "]}");
	_cleanup_json_ json_t *r = diagnosed(strbuf_str(&text));

	diagnose_summary(r, "", &out);
	CHECK_CONTAINS(strbuf_str(&out), "hypothesis h5: confirmed\n");
	CHECK_CONTAINS(strbuf_str(&out), "and 14 hypotheses more\n");
}

TEST(a_build_that_cannot_be_read_is_a_warning)
{
	static const char *const paths[] = { "/nonexistent/vmlinux", "/dev/null",
					     "/proc/self/exe", "/proc/self/environ" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_free_ char *text = xasprintf(
			"{\"incidents\": [" NULL_IN_F
			"], \"kernel\": {\"vmlinux\": {\"path\": \"%s\"}}, " TWO "}",
			paths[i]);
		_cleanup_json_ json_t *r = diagnosed(text);
		const json_t *vmlinux =
			json_object_get(json_object_get(r, "kernel"), "vmlinux");
		const json_t *warnings = json_object_get(diagnosis(r, 0), "warnings");

		CHECK_CONTAINS(json_get_str(vmlinux, "problem", ""), paths[i]);
		CHECK_EQ(json_array_size(json_object_get(diagnosis(r, 0), "hypotheses")),
			 2);
		CHECK_EQ(json_array_size(warnings), 1);
	}
}

TEST(hostile_results_are_survived)
{
	static const char *const texts[] = {
		"{}",
		"{\"incidents\": 3}",
		"{\"incidents\": [null, 3, {\"fatal\": true, \"diagnosis\": 5}], \"hypotheses\": {}}",
		"{\"incidents\": [{\"fatal\": true}], \"hypotheses\": [3], \"attempts\": [1],"
		" \"kernel\": {\"vmlinux\": {\"path\": 7, \"modules\": 8}}}",
		"{\"incidents\": [{\"fatal\": true, \"diagnosis\": {\"warnings\": 1, \"hypotheses\":"
		" [1, {\"reasons\": [2]}]}}], \"kernel\": {\"vmlinux\": \"x\"}}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_json_ json_t *r = diagnosed(texts[i]);
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

		diagnose_summary(r, "", &out);
	}
}

TESTS(T(fatal_incidents_are_judged_and_the_deciding_one_is_shown),
      T(a_run_without_hypotheses_shows_none),
      T(a_diagnosis_that_is_there_is_kept_and_the_event_is_not_touched),
      T(many_hypotheses_are_shown_in_part), T(a_build_that_cannot_be_read_is_a_warning),
      T(hostile_results_are_survived))
