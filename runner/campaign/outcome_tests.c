// SPDX-License-Identifier: GPL-2.0-or-later
/* What the test cases of a cell say. */
#include "campaign/outcome_int.h"
#include "report/result_read.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/num.h"

enum { MAX_FAILURES = 50 };

static bool is_of(const json_t *test, int64_t attempt)
{
	return json_get_int(test, "attempt", attempt) == attempt;
}

static bool is_step(const json_t *test)
{
	return strcmp(json_get_str(test, "source", ""), "shell") == 0;
}

/* "4711", or 4711 and 4711.0 where a measurement is a number. */
static bool read_cycles(const json_t *test, uint64_t *out)
{
	const json_t *m = json_object_get(test, "measurement");
	const char *s = json_string_value(m);

	if (strcmp(json_get_str(test, "units", ""), "cycles") != 0 &&
	    strcmp(json_get_str(test, "name", ""), "cycles") != 0)
		return false;
	if (json_is_number(m) && json_number_value(m) >= 0 &&
	    json_number_value(m) < 1e15) {
		*out = (uint64_t)json_number_value(m);
		return true;
	}
	size_t digits = s ? strspn(s, "0123456789") : 0;
	return digits && (!s[digits] || s[digits] == '.') &&
	       !parse_u64n(s, digits, 10, INT64_MAX, out);
}

json_t *outcome_cycles(const json_t *result)
{
	int64_t attempt = json_get_int(result_last_attempt(result), "n", 0);
	uint64_t most = 0, n;
	bool any = false;
	const json_t *t;
	size_t i;

	json_array_foreach(json_object_get(result, "tests"), i, t)
	{
		if (!is_of(t, attempt) || !read_cycles(t, &n))
			continue;
		most = n > most ? n : most;
		any = true;
	}
	return any ? json_integer((json_int_t)most) : json_null();
}

struct counts {
	int64_t passed, failed;
	json_t *failures;
};

static void count(const json_t *tests, int64_t attempt, bool steps, struct counts *c)
{
	uint64_t ignored;
	const json_t *t;
	size_t i;

	json_array_foreach(tests, i, t)
	{
		const char *result = json_get_str(t, "result", "");

		if (!is_of(t, attempt) || is_step(t) != steps || read_cycles(t, &ignored))
			continue;
		c->passed += strcmp(result, "pass") == 0;
		if (strcmp(result, "fail") != 0)
			continue;
		c->failed++;
		if (json_array_size(c->failures) < MAX_FAILURES)
			json_push(c->failures,
				  json_sprintf("%s.%s", json_get_str(t, "suite", ""),
					       json_get_str(t, "name", "")));
	}
}

json_t *outcome_functional(const json_t *result)
{
	const json_t *tests = json_object_get(result, "tests");
	int64_t attempt = json_get_int(result_last_attempt(result), "n", 0);
	struct counts c = { .failures = json_array() };
	json_t *j = json_object();

	count(tests, attempt, false, &c);
	if (!c.passed && !c.failed)
		count(tests, attempt, true, &c);
	json_put(j, "status",
		 json_string(c.failed   ? "fail"
			     : c.passed ? "pass"
					: "none"));
	json_put(j, "passed", json_integer(c.passed));
	json_put(j, "failed", json_integer(c.failed));
	json_put(j, "failures", c.failures);
	return j;
}
