// SPDX-License-Identifier: GPL-2.0-or-later
/* The decision. Reads JSON that the fold collected; keeps nothing. */
#include "report/verdict.h"

#include <fnmatch.h>

#include "util/jsonx.h"

/* Reset, loop and silence follow from an oops or panic, which then decides. */
static int weight(const char *kind)
{
	if (strcmp(kind, "no-boot") == 0)
		return 0;
	if (strcmp(kind, "reset") == 0 || strcmp(kind, "silence") == 0)
		return 1;
	return strcmp(kind, "boot-loop") == 0 ? 2 : 3;
}

static const json_t *deciding_incident(uint32_t n, const json_t *incidents)
{
	const json_t *best = NULL, *in;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)incidents, i, in)
	{
		if (json_get_int(in, "attempt", 0) != n ||
		    !json_get_bool(in, "fatal", false) ||
		    json_get_bool(in, "recovery", false))
			continue;
		if (!best || weight(json_get_str(in, "kind", "")) >
				     weight(json_get_str(best, "kind", "")))
			best = in;
	}
	return best;
}

static const json_t *failed_test(uint32_t n, const json_t *tests)
{
	const json_t *t;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)tests, i, t)
	{
		if (json_get_int(t, "attempt", 0) != n)
			continue;
		if (strcmp(json_get_str(t, "result", ""), "fail") == 0 ||
		    json_object_get(t, "missing"))
			return t;
	}
	return NULL;
}

/* A failed test is no error to LAVA: only a test that ends the job is (TestError). */
static const char *lava_word(const char *status)
{
	static const struct {
		const char *status, *word;
	} words[] = { { "lab", "Infrastructure" },
		      { "job", "Job" },
		      { "canceled", "Canceled" },
		      { "bug", "Bug" } };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(status, words[i].status) == 0)
			return words[i].word;
	return NULL;
}

void verdict_set(struct verdict *v, const char *status, const char *kind, const char *fmt,
		 ...)
{
	va_list ap;

	v->status = status;
	v->kind = kind;
	v->incident = -1;
	v->error_type = lava_word(status);
	va_start(ap, fmt);
	vsnprintf(v->reason, sizeof(v->reason), fmt, ap);
	va_end(ap);
}

static bool is_reset(const char *kind)
{
	return strcmp(kind, "reset") == 0 || strcmp(kind, "boot-loop") == 0;
}

/* No kernel is to blame for what happens before it starts, nor for the supply. */
static bool is_labs(const json_t *in, const json_t *end)
{
	const char *kind = json_get_str(in, "kind", "other");

	if (strcmp(kind, "no-boot") == 0 ||
	    strcmp(json_get_str(in, "cause", ""), "supply") == 0)
		return true;
	return is_reset(kind) && end && !json_get_bool(end, "kernel_started", true);
}

static void from_incident(const json_t *in, const json_t *end, struct verdict *v)
{
	const char *kind = json_get_str(in, "kind", "other");
	const char *title = json_get_str(in, "title", kind);
	const char *phase = json_get_str(in, "phase", "");
	bool by_supply = strcmp(json_get_str(in, "cause", ""), "supply") == 0;

	verdict_set(v, is_labs(in, end) ? "lab" : "fail", kind, "%.300s%s%s%.80s", title,
		    by_supply && !strstr(title, "supply")
			    ? ", by its supply (USB-C PD, brown-out?)"
			    : "",
		    phase[0] ? " in phase " : "", phase);
	/* Untestable all the same, but not for the lab keeper to mend. */
	if (strcmp(json_get_str(in, "blame", ""), "file") == 0)
		v->error_type = "Job";
	v->incident = json_get_int(in, "id", -1);
}

static void from_outcome(const json_t *end, struct verdict *v)
{
	const char *outcome = json_get_str(end, "outcome", "");
	const char *reason = json_get_str(end, "reason", "");
	bool started = json_get_bool(end, "kernel_started", false);

	if (strcmp(outcome, "timeout") == 0)
		verdict_set(v, started ? "fail" : "lab", "timeout", "%.400s%s", reason,
			    started ? "" : ", and no kernel had started");
	else if (strcmp(outcome, "lab") == 0)
		verdict_set(v, "lab", NULL, "%.400s", reason);
	else if (strcmp(outcome, "job") == 0)
		verdict_set(v, "job", NULL, "%.400s", reason);
	else if (strcmp(outcome, "canceled") == 0)
		verdict_set(v, "canceled", NULL, "canceled");
	else if (strcmp(outcome, "test") == 0) {
		verdict_set(v, "fail", "test", "%.400s",
			    reason[0] ? reason : "a test ended the job");
		v->error_type = "Test";
	} else
		verdict_set(v, "bug", NULL,
			    "outcome \"%.40s\" without an incident: %.300s", outcome,
			    reason);
}

void verdict_of_attempt(uint32_t n, const json_t *end, const json_t *incidents,
			const json_t *tests, struct verdict *v)
{
	const json_t *in = deciding_incident(n, incidents), *t = failed_test(n, tests);

	*v = (struct verdict){ .incident = -1 };
	if (in) {
		from_incident(in, end, v);
	} else if (!end) {
		verdict_set(v, "lab", NULL,
			    "the run broke off: bootrig or its host was stopped");
	} else if (strcmp(json_get_str(end, "outcome", ""), "ok") != 0) {
		from_outcome(end, v);
	} else if (t) {
		const char *why = json_get_str(t, "reason", "");

		verdict_set(v, "fail", "test", "test %.100s/%.150s failed%s%.150s",
			    json_get_str(t, "suite", ""), json_get_str(t, "name", ""),
			    why[0] ? ": " : "", why);
	} else {
		verdict_set(v, "pass", NULL, "passed");
	}
}

static void copy_attempt(const json_t *a, struct verdict *v)
{
	static const char *const statuses[] = { "pass", "fail",     "lab",
						"job",  "canceled", "bug" };
	const char *status = json_get_str(a, "status", "bug");

	*v = (struct verdict){ .incident = json_get_int(a, "incident", -1),
			       .status = "bug" };
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (strcmp(status, statuses[i]) == 0)
			v->status = statuses[i];
	v->kind = json_get_str(a, "kind", NULL);
	v->error_type = lava_word(v->status);
	if (strcmp(json_get_str(a, "error_type", ""), "Test") == 0)
		v->error_type = "Test";
	if (strcmp(json_get_str(a, "error_type", ""), "Job") == 0)
		v->error_type = "Job";
	snprintf(v->reason, sizeof(v->reason), "%s", json_get_str(a, "reason", ""));
}

/* As LAVA has it, the last attempt decides: who sets failure_retry asks for that. But a
 * pass never hides what failed before it. */
void verdict_of_run(const json_t *attempts, struct verdict *v)
{
	size_t n = json_array_size(attempts), i;
	const json_t *a;

	if (!n) {
		verdict_set(v, "lab", NULL, "nothing was tried");
		return;
	}
	copy_attempt(json_array_get(attempts, n - 1), v);
	if (strcmp(v->status, "pass") != 0)
		return;
	json_array_foreach((json_t *)(uintptr_t)attempts, i, a)
	{
		size_t len = strlen(v->reason);

		if (strcmp(json_get_str(a, "status", ""), "pass") != 0)
			snprintf(v->reason + len, sizeof(v->reason) - len,
				 "; attempt %zu of %zu had failed: %.200s", i + 1, n,
				 json_get_str(a, "reason", ""));
	}
}

static bool any_glob(const json_t *globs, const char *text)
{
	const json_t *g;
	size_t i;

	if (!json_array_size(globs))
		return true;
	json_array_foreach((json_t *)(uintptr_t)globs, i,
			   g) if (text && json_is_string(g) &&
				  fnmatch(json_string_value(g), text, 0) ==
					  0) return true;
	return false;
}

/* Does the failure look like the bug that the job hunts? */
static bool matches_expect(const struct verdict *v, const json_t *expect,
			   const json_t *incident)
{
	const json_t *functions = json_object_get(expect, "functions");
	const json_t *titles = json_object_get(expect, "titles");

	if (v->kind && strcmp(v->kind, "test") == 0)
		return json_get_bool(expect, "test_failure", false);
	if (!any_glob(json_object_get(expect, "kinds"), v->kind))
		return false;
	if (!incident)
		return !json_array_size(functions) && !json_array_size(titles);
	return any_glob(functions, json_get_str(incident, "function", NULL)) &&
	       any_glob(titles, json_get_str(incident, "title", NULL));
}

int verdict_exit_code(const struct verdict *v, bool self_check_ok, const json_t *expect,
		      const json_t *incident)
{
	if (strcmp(v->status, "pass") == 0)
		return 0;
	if (strcmp(v->status, "fail") == 0)
		return json_is_object(expect) && !matches_expect(v, expect, incident)
			       ? 125
			       : 1;
	if (strcmp(v->status, "lab") == 0)
		return self_check_ok ? 125 : 131;
	if (strcmp(v->status, "job") == 0)
		return 129;
	if (strcmp(v->status, "canceled") == 0)
		return 130;
	return 134;
}
