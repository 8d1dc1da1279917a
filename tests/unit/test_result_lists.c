// SPDX-License-Identifier: GPL-2.0-or-later
/* The fold: what decides is found among whatever else happened. */
#include "report/result.h"

#include "tap.h"
#include "util/jsonx.h"

static void add(struct fold *f, const char *type, const char *fmt, ...)
{
	_cleanup_json_ json_t *e = NULL;
	va_list ap;

	va_start(ap, fmt);
	e = json_vpack_ex(NULL, 0, fmt, ap);
	va_end(ap);
	CHECK(e);
	json_put(e, "type", json_string(type));
	json_put(e, "t", json_real(1.0));
	fold_event(f, e);
}

static void begin(struct fold *f, int n)
{
	add(f, "attempt", "{s:i}", "n", n);
}

static void end(struct fold *f, int n, const char *outcome)
{
	add(f, "attempt-end", "{s:i, s:s, s:s, s:b}", "n", n, "outcome", outcome,
	    "reason", "", "kernel_started", 1);
}

static void incident(struct fold *f, int id, int attempt, const char *kind, bool fatal)
{
	add(f, "incident", "{s:{s:i, s:i, s:s, s:s, s:b}}", "incident", "id", id,
	    "attempt", attempt, "kind", kind, "title", "it happened", "fatal",
	    (int)fatal);
}

static json_t *finish(struct fold *f)
{
	add(f, "self-check", "{s:b}", "ok", 1);
	add(f, "end", "{s:s}", "power", "off");
	json_t *r = fold_result(f);
	fold_free(f);
	return r;
}

static const char *verdict(const json_t *r, const char *key)
{
	return json_get_str(json_object_get(r, "verdict"), key, "");
}

TEST(a_panic_behind_very_many_warnings_decides)
{
	struct fold *f = fold_new();

	begin(f, 1);
	for (int i = 0; i < 25000; i++)
		incident(f, i, 1, "warn", false);
	incident(f, 25000, 1, "panic", true);
	end(f, 1, "kernel");
	_cleanup_json_ json_t *r = finish(f);
	CHECK_STR(verdict(r, "status"), "fail");
	CHECK_STR(verdict(r, "kind"), "panic");
	CHECK(json_array_size(json_object_get(r, "incidents")) < 2000);
	CHECK_EQ(json_array_size(json_object_get(r, "incidents")) +
			 (size_t)json_get_int(json_object_get(r, "statistics"),
					      "unlisted_incidents", 0),
		 25001);
}

TEST(a_panic_behind_very_many_oopses_of_an_earlier_attempt_decides)
{
	struct fold *f = fold_new();

	begin(f, 1);
	for (int i = 0; i < 25000; i++)
		incident(f, i, 1, "bug", true);
	end(f, 1, "kernel");
	begin(f, 2);
	incident(f, 25000, 2, "panic", true);
	end(f, 2, "kernel");
	_cleanup_json_ json_t *r = finish(f);
	CHECK_STR(verdict(r, "kind"), "panic");
}

TEST(a_failed_test_behind_very_many_passes_decides)
{
	struct fold *f = fold_new();

	begin(f, 1);
	for (int i = 0; i <= 25000; i++)
		add(f, "test", "{s:s, s:s, s:s, s:i}", "suite", "s", "name", "n",
		    "result", i == 25000 ? "fail" : "pass", "attempt", 1);
	end(f, 1, "ok");
	_cleanup_json_ json_t *r = finish(f);
	CHECK_STR(verdict(r, "status"), "fail");
	CHECK_STR(verdict(r, "kind"), "test");
}

TEST(what_fails_between_two_boots_fails_the_run)
{
	struct fold *f = fold_new();

	begin(f, 1);
	end(f, 1, "ok");
	add(f, "failed", "{s:s, s:s}", "outcome", "lab", "reason", "no such kernel");
	_cleanup_json_ json_t *r = finish(f);
	CHECK_STR(verdict(r, "status"), "lab");
	CHECK_STR(verdict(r, "reason"), "no such kernel");
	CHECK_EQ(json_get_int(r, "exit_code", -1), 125);
}

TEST(an_oops_of_the_boot_before_is_not_why_staging_failed)
{
	struct fold *f = fold_new();

	incident(f, 0, 0, "panic", true);
	add(f, "failed", "{s:s, s:s}", "outcome", "lab", "reason", "the disk is full");
	_cleanup_json_ json_t *r = finish(f);
	CHECK_STR(verdict(r, "status"), "lab");
	CHECK_STR(verdict(r, "reason"), "the disk is full");
}

TESTS(T(a_panic_behind_very_many_warnings_decides),
      T(a_panic_behind_very_many_oopses_of_an_earlier_attempt_decides),
      T(a_failed_test_behind_very_many_passes_decides),
      T(what_fails_between_two_boots_fails_the_run),
      T(an_oops_of_the_boot_before_is_not_why_staging_failed))
