// SPDX-License-Identifier: GPL-2.0-or-later
/* From a boot's result to what it says about the time to failure, and back from the
 * records to lists of observations. */
#include "campaign/soak_int.h"
#include "report/result_read.h"
#include "util/jsonx.h"
#include "util/mem.h"

static bool is_under_test(const json_t *attempt)
{
	return json_is_number(json_object_get(attempt, "under_test_s"));
}

static bool has_failed(const json_t *attempt)
{
	return strcmp(json_get_str(attempt, "status", ""), "fail") == 0;
}

static json_t *observation(const json_t *attempt, double limit_s)
{
	json_t *o = json_object();

	json_put(o, "seconds", json_real(result_number(attempt, "under_test_s", 0)));
	json_put(o, "failed",
		 json_boolean(has_failed(attempt) &&
			      json_get_bool(attempt, "matches_expect", true)));
	json_put(o, "limit_s", json_real(limit_s));
	return o;
}

/* The most telling of the attempts. */
static const char *counted_as(const json_t *attempts)
{
	const char *word = "survived";
	const json_t *a;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)attempts, i, a)
	{
		if (!has_failed(a))
			continue;
		if (!is_under_test(a))
			word = "early";
		else if (!json_get_bool(a, "matches_expect", true))
			word = "other";
		else
			return "failure";
	}
	return word;
}

/* A lab fault may have made the failure, or hidden it. A run that somebody stopped has
 * no such doubt. */
static bool is_evidence(const json_t *record)
{
	static const char *const good[] = { "pass", "fail", "canceled" };
	const char *status = json_get_str(record, "status", "lab");

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (strcmp(status, good[i]) == 0)
			return true;
	return json_get_bool(record, "broke_off", false);
}

static bool add_observations(json_t *record, const json_t *attempts, double limit_s)
{
	json_t *list = json_array();
	bool any = false;
	const json_t *a;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)attempts, i, a)
	{
		any |= is_under_test(a);
		if (is_under_test(a))
			json_push(list, observation(a, limit_s));
	}
	json_put(record, "observations", list);
	return any;
}

void soak_observe(void *arg, json_t *record, const json_t *result)
{
	const struct soak_plan *p = arg;
	const json_t *attempts = json_object_get(result, "attempts");
	const json_t *last = result_last_attempt(result);
	bool any;

	json_put(record, "ended", json_lossy_str(json_get_str(last, "ended", NULL)));
	json_put(record, "was_under_test", json_boolean(is_under_test(last)));
	if (json_get_bool(record, "prepares", false)) {
		json_put(record, "counted", json_string("prepare"));
		return;
	}
	if (!result || !is_evidence(record)) {
		json_put(record, "counted", json_string("lab"));
		return;
	}
	any = add_observations(record, attempts, (double)p->goal.each_ms / 1e3);
	/* Stopped before it was under test, by us and not by the kernel: nothing. */
	json_put(record, "counted",
		 json_string(!any && strcmp(counted_as(attempts), "survived") == 0 &&
					     strcmp(json_get_str(record, "status", ""),
						    "pass") != 0
				     ? "lab"
				     : counted_as(attempts)));
}

static bool is_at(const struct soak_plan *p, const char *level, size_t factor,
		  size_t level_at)
{
	if (factor == SIZE_MAX)
		return true;
	for (size_t i = 0; i < p->n_levels; i++)
		if (p->levels[i].name && strcmp(p->levels[i].name, level) == 0)
			return p->levels[i].of[factor] == level_at;
	return false;
}

static bool fits(const json_t *record, const char *key, const char *want)
{
	return !want[0] || strcmp(json_get_str(record, key, ""), want) == 0;
}

size_t soak_collect(const struct campaign *c, const struct soak_plan *p, const char *cell,
		    const char *level, size_t factor, size_t level_at,
		    struct survival_obs **v)
{
	const json_t *b, *o;
	size_t i, k, n = 0;

	*v = NULL;
	json_array_foreach(campaign_boots(c), i, b)
	{
		if (!fits(b, "cell", cell) || !fits(b, "level", level) ||
		    !is_at(p, json_get_str(b, "level", ""), factor, level_at))
			continue;
		json_array_foreach(json_object_get(b, "observations"), k, o)
		{
			*v = xreallocarray(*v, n + 1, sizeof(**v));
			(*v)[n++] = (struct survival_obs){
				.seconds = result_number(o, "seconds", 0),
				.has_failed = json_get_bool(o, "failed", false),
				.limit_s = result_number(o, "limit_s", 0),
			};
		}
	}
	return n;
}

size_t soak_count(const struct campaign *c, const char *cell, const char *level,
		  const char *counted)
{
	const json_t *b;
	size_t i, n = 0;

	json_array_foreach(campaign_boots(c), i, b) n +=
		fits(b, "cell", cell) && fits(b, "level", level) &&
		strcmp(json_get_str(b, "counted", ""), counted) == 0;
	return n;
}
