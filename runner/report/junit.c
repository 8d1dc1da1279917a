// SPDX-License-Identifier: GPL-2.0-or-later
/* result.json as JUnit XML. The first suite holds one case, the boot; then one suite for
 * each suite of test cases. A test that failed in an attempt that was repeated does not
 * fail the report, because it did not fail the run: it stands as skipped. */
#include "report/junit.h"

#include "report/result_read.h"
#include "report/text.h"
#include "util/jsonx.h"

enum { TEXT_MAX = 32768 };

enum outcome { OUTCOME_OK, OUTCOME_FAILURE, OUTCOME_ERROR, OUTCOME_SKIPPED };

static void add_escaped(struct strbuf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		switch (s[i]) {
		case '&':
			strbuf_addstr(out, "&amp;");
			break;
		case '<':
			strbuf_addstr(out, "&lt;");
			break;
		case '>':
			strbuf_addstr(out, "&gt;");
			break;
		case '"':
			strbuf_addstr(out, "&quot;");
			break;
		default:
			strbuf_addch(out, s[i]);
		}
	}
}

static void add_text(struct strbuf *out, const char *s)
{
	_cleanup_strbuf_ struct strbuf clean = STRBUF_INIT;

	text_add_clean(&clean, s, strlen(s));
	add_escaped(out, strbuf_str(&clean),
		    text_cut(strbuf_str(&clean), clean.len, TEXT_MAX));
}

static void add_attr(struct strbuf *out, const char *name, const char *value)
{
	_cleanup_strbuf_ struct strbuf line = STRBUF_INIT;

	text_add_line(&line, value);
	strbuf_addf(out, " %s=\"", name);
	add_escaped(out, strbuf_str(&line), text_cut(strbuf_str(&line), line.len, 4096));
	strbuf_addch(out, '"');
}

static void add_seconds(struct strbuf *out, double s)
{
	strbuf_addf(out, " time=\"%.3f\"", s >= 0 && s < 1e12 ? s : 0);
}

static double seconds_between(const json_t *from)
{
	return result_number(from, "end_s", 0) - result_number(from, "start_s", 0);
}

static void add_property(struct strbuf *out, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	strbuf_addf(out, "      <property name=\"%s\"", name);
	add_attr(out, "value", value);
	strbuf_addstr(out, "/>\n");
}

static enum outcome outcome_of_test(const json_t *test, const json_t *result)
{
	const char *word = json_get_str(test, "result", "unknown");
	const json_t *last = result_last_attempt(result);
	int64_t n = json_get_int(last, "n", 1);

	if (strcmp(word, "pass") == 0)
		return OUTCOME_OK;
	if (strcmp(word, "skip") == 0 || json_get_int(test, "attempt", n) < n)
		return OUTCOME_SKIPPED;
	if (strcmp(word, "fail") == 0)
		return OUTCOME_FAILURE;
	return json_object_get(test, "measurement") ? OUTCOME_OK : OUTCOME_ERROR;
}

/* A failed test case fails its own case, not the boot. */
static enum outcome outcome_of_boot(const json_t *verdict)
{
	const char *status = json_get_str(verdict, "status", "bug");

	if (strcmp(status, "pass") == 0)
		return OUTCOME_OK;
	if (strcmp(status, "fail") != 0)
		return OUTCOME_ERROR;
	return strcmp(json_get_str(verdict, "kind", ""), "test") == 0 ? OUTCOME_OK
								      : OUTCOME_FAILURE;
}

static void open_outcome(struct strbuf *out, enum outcome o, const char *type,
			 const char *message)
{
	strbuf_addf(out, "      <%s", o == OUTCOME_FAILURE ? "failure" : "error");
	add_attr(out, "type", type);
	add_attr(out, "message", message);
	strbuf_addch(out, '>');
}

static void close_outcome(struct strbuf *out, enum outcome o)
{
	strbuf_addf(out, "</%s>\n", o == OUTCOME_FAILURE ? "failure" : "error");
}

/* An incident as a person reads it: title, place, call trace. */
static void add_incident(struct strbuf *out, const json_t *in)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	const json_t *frames = json_object_get(in, "call_trace"), *f;
	size_t i;

	strbuf_addf(&sb, "%s: %s\n", json_get_str(in, "kind", "other"),
		    json_get_str(in, "title", ""));
	strbuf_addf(&sb, "  attempt %lld, phase %s, console.raw offset %lld\n",
		    (long long)json_get_int(in, "attempt", 1),
		    json_get_str(in, "phase", "unknown"),
		    (long long)json_get_int(in, "offset", 0));
	if (json_get_str(in, "pc", NULL))
		strbuf_addf(&sb, "  pc %s\n", json_get_str(in, "pc", ""));
	json_array_foreach(frames, i, f)
	{
		const char *module = json_get_str(f, "module", NULL);

		strbuf_addf(&sb, "    %s%s%s%s%s\n",
			    json_get_bool(f, "reliable", true) ? "" : "? ",
			    json_get_str(f, "function", "?"), module ? " [" : "",
			    module ? module : "", module ? "]" : "");
	}
	add_text(out, strbuf_str(&sb));
}

static void add_boot_case(struct strbuf *out, const json_t *result, enum outcome o)
{
	const json_t *verdict = json_object_get(result, "verdict"), *in;
	const char *status = json_get_str(verdict, "status", "bug");
	const char *kind = json_get_str(verdict, "kind", status);
	const char *error_type = json_get_str(result, "error_type", NULL);
	const char *reason = json_get_str(verdict, "reason", "");
	size_t i;

	strbuf_addstr(out, "    <testcase");
	add_attr(out, "classname",
		 json_get_str(json_object_get(result, "job"), "name", "job"));
	add_attr(out, "name", "boot");
	add_seconds(out, result_number(result, "duration_s", 0));
	strbuf_addstr(out, ">\n");
	if (o != OUTCOME_OK) {
		open_outcome(out, o, o == OUTCOME_ERROR && error_type ? error_type : kind,
			     reason);
		add_text(out, reason);
		strbuf_addch(out, '\n');
		json_array_foreach(json_object_get(result, "incidents"), i, in)
			add_incident(out, in);
		close_outcome(out, o);
	}
	strbuf_addstr(out, "    </testcase>\n");
}

static void add_case(struct strbuf *out, const json_t *test, enum outcome o)
{
	const char *word = json_get_str(test, "result", "unknown");
	const char *reason = json_get_str(test, "reason", "");
	const json_t *m = json_object_get(test, "measurement");

	strbuf_addstr(out, "    <testcase");
	add_attr(out, "classname", json_get_str(test, "suite", ""));
	add_attr(out, "name", json_get_str(test, "name", ""));
	add_seconds(out, seconds_between(test));
	strbuf_addstr(out, ">\n");
	if (o == OUTCOME_SKIPPED) {
		strbuf_addstr(out, "      <skipped");
		add_attr(out, "message",
			 strcmp(word, "skip") == 0 ? reason
						   : "in an attempt that was repeated");
		strbuf_addstr(out, "/>\n");
	} else if (o != OUTCOME_OK) {
		open_outcome(out, o, word, *reason ? reason : word);
		add_text(out, reason);
		close_outcome(out, o);
	}
	if (json_is_string(m) || json_is_number(m)) {
		strbuf_addstr(out, "      <system-out>");
		if (json_is_string(m))
			add_text(out, json_string_value(m));
		else
			strbuf_addf(out, "%.17g", json_number_value(m));
		strbuf_addch(out, ' ');
		add_text(out, json_get_str(test, "units", ""));
		strbuf_addstr(out, "</system-out>\n");
	}
	strbuf_addstr(out, "    </testcase>\n");
}

struct tally {
	size_t n[OUTCOME_SKIPPED + 1], total;
	double seconds;
};

static void tally_add(struct tally *t, enum outcome o, double seconds)
{
	t->n[o]++;
	t->total++;
	t->seconds += seconds > 0 && seconds < 1e12 ? seconds : 0;
}

static void open_suite(struct strbuf *out, const char *tag, const char *name,
		       const struct tally *t)
{
	strbuf_addf(out, "<%s", tag);
	add_attr(out, "name", name);
	strbuf_addf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"",
		    t->total, t->n[OUTCOME_FAILURE], t->n[OUTCOME_ERROR],
		    t->n[OUTCOME_SKIPPED]);
	add_seconds(out, t->seconds);
}

static void add_when_and_where(struct strbuf *out, const json_t *result)
{
	const char *start = json_get_str(result, "start_time", "");
	int64_t ms;

	if (!rfc3339_parse(start, &ms))
		strbuf_addf(out, " timestamp=\"%.19s\"", start);
	if (json_get_str(result, "host", NULL))
		add_attr(out, "hostname", json_get_str(result, "host", ""));
}

static void add_boot_suite(struct strbuf *out, const json_t *result)
{
	const json_t *kernel = json_object_get(result, "kernel");
	const json_t *verdict = json_object_get(result, "verdict");
	enum outcome o = outcome_of_boot(verdict);
	struct tally t = { 0 };

	tally_add(&t, o, result_number(result, "duration_s", 0));
	strbuf_addstr(out, "  ");
	open_suite(out, "testsuite", "bootrig", &t);
	add_when_and_where(out, result);
	strbuf_addstr(out, ">\n    <properties>\n");
	add_property(out, "run", json_get_str(result, "id", NULL));
	add_property(out, "bootrig", json_get_str(result, "bootrig", NULL));
	add_property(out, "board",
		     json_get_str(json_object_get(result, "board"), "name", NULL));
	add_property(out, "verdict", json_get_str(verdict, "status", NULL));
	add_property(out, "kind", json_get_str(verdict, "kind", NULL));
	add_property(out, "error_type", json_get_str(result, "error_type", NULL));
	add_property(out, "kernel", json_get_str(kernel, "seen", NULL));
	strbuf_addstr(out, "    </properties>\n");
	add_boot_case(out, result, o);
	strbuf_addstr(out, "  </testsuite>\n");
}

/* The cases of result grouped by suite, in the order in which the suites first appear:
 * {"suite": [test, …]}. */
static json_t *group_by_suite(const json_t *result)
{
	json_t *groups = json_object();
	json_t *test;
	size_t i;

	json_array_foreach(json_object_get(result, "tests"), i, test)
	{
		const char *suite = json_get_str(test, "suite", "");

		if (!json_is_object(test))
			continue;
		if (!json_object_get(groups, suite))
			json_put(groups, suite, json_array());
		json_push(json_object_get(groups, suite), json_incref(test));
	}
	return groups;
}

static void add_suite(struct strbuf *out, const json_t *result, const char *name,
		      const json_t *tests)
{
	struct tally t = { 0 };
	const json_t *test;
	size_t i;

	json_array_foreach(tests, i, test)
		tally_add(&t, outcome_of_test(test, result), seconds_between(test));
	strbuf_addstr(out, "  ");
	open_suite(out, "testsuite", name, &t);
	add_when_and_where(out, result);
	strbuf_addstr(out, ">\n");
	json_array_foreach(tests, i, test)
		add_case(out, test, outcome_of_test(test, result));
	strbuf_addstr(out, "  </testsuite>\n");
}

void junit_from_result(const json_t *result, struct strbuf *out)
{
	_cleanup_json_ json_t *groups = group_by_suite(result);
	struct tally all = { 0 };
	const json_t *test;
	const char *suite;
	json_t *tests;
	size_t i;

	tally_add(&all, outcome_of_boot(json_object_get(result, "verdict")),
		  result_number(result, "duration_s", 0));
	json_array_foreach(json_object_get(result, "tests"), i,
			   test) if (json_is_object(test))
		tally_add(&all, outcome_of_test(test, result), 0);
	strbuf_addstr(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	open_suite(out, "testsuites",
		   json_get_str(json_object_get(result, "job"), "name", "bootrig"), &all);
	strbuf_addstr(out, ">\n");
	add_boot_suite(out, result);
	json_object_foreach(groups, suite, tests) add_suite(out, result, suite, tests);
	strbuf_addstr(out, "</testsuites>\n");
}
