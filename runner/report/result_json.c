// SPDX-License-Identifier: GPL-2.0-or-later
/* The end of the fold: every attempt is judged, the run is decided, and result.json is
 * put together. */
#include "report/result.h"
#include "report/result_int.h"
#include "report/verdict.h"
#include "util/jsonx.h"

/* The cause of a reset is the supply; of a loop, when all of its resets are that. */
static bool is_by_supply(const struct fold *f, const json_t *in)
{
	bool is_loop = strcmp(json_get_str(in, "kind", ""), "boot-loop") == 0,
	     any = false;
	const json_t *r;
	size_t i;

	if (!is_loop && strcmp(json_get_str(in, "kind", ""), "reset") != 0)
		return false;
	json_array_foreach(f->resets, i, r)
	{
		bool is_meant = is_loop ? json_get_int(r, "attempt", -1) ==
						  json_get_int(in, "attempt", 0)
					: json_get_int(r, "boot", -1) ==
						  json_get_int(in, "boot", 0);

		if (!is_meant)
			continue;
		if (strcmp(json_get_str(r, "cause", ""), "supply") != 0)
			return false;
		any = true;
	}
	return any;
}

static void blame_supply(struct fold *f)
{
	json_t *in;
	size_t i;

	json_array_foreach(f->incidents, i, in)
	{
		if (is_by_supply(f, in))
			json_put(in, "cause", json_string("supply"));
	}
}

/* A time-out says that something did not end. SysRq may have shown what. */
static void add_culprit(const json_t *attempt, struct verdict *v)
{
	static const char *const keys[] = { "blocked", "running" };
	size_t n = strlen(v->reason);

	if (strcmp(v->status, "fail") || !v->kind || strcmp(v->kind, "timeout"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *what = json_get_str(attempt, keys[i], "");

		if (!what[0])
			continue;
		snprintf(v->reason + n, sizeof(v->reason) - n, "; %s: %s", keys[i], what);
		return;
	}
}

static const json_t *incident_by_id(const struct fold *f, int64_t id)
{
	const json_t *in;
	size_t i;

	json_array_foreach(f->incidents, i,
			   in) if (json_get_int(in, "id", -1) == id) return in;
	return NULL;
}

/* Where the job says what its bug looks like: is this failure that? */
static void put_match(const struct fold *f, json_t *attempt, const struct verdict *v)
{
	const json_t *expect = json_object_get(f->run, "expect");

	if (strcmp(v->status, "fail") == 0 && json_is_object(expect))
		json_put(attempt, "matches_expect",
			 json_boolean(verdict_exit_code(v, true, expect,
							incident_by_id(f, v->incident)) ==
				      1));
}

/* Another kernel than the chosen one says nothing about that one. */
static void blame_provenance(const json_t *attempt, struct verdict *v)
{
	const char *fault = fold_provenance_fault(attempt);

	if (fault && (strcmp(v->status, "pass") == 0 || strcmp(v->status, "fail") == 0))
		verdict_set(v, "lab", NULL, "%s", fault);
}

static void judge_attempts(struct fold *f)
{
	json_t *a;
	size_t i;

	json_array_foreach(f->attempts, i, a)
	{
		struct verdict v;
		json_t *end = json_object_get(a, "end");

		if (json_object_get(a, "status"))
			continue;
		verdict_of_attempt((uint32_t)json_get_int(a, "n", 0), end, f->incidents,
				   f->tests, &v);
		blame_provenance(a, &v);
		add_culprit(a, &v);
		json_put(a, "status", json_string(v.status));
		json_put(a, "kind", json_lossy_str(v.kind));
		json_put(a, "reason", json_lossy_str(v.reason));
		json_put(a, "error_type", json_lossy_str(v.error_type));
		json_put(a, "incident",
			 v.incident < 0 ? json_null() : json_integer(v.incident));
		put_match(f, a, &v);
		json_object_del(a, "end");
	}
}

static json_t *timings_json(const struct fold *f)
{
	json_t *t = json_object();
	double all =
		json_number_value(json_object_get(f->timings, "start_to_power_on_ms"));
	double stage = json_number_value(json_object_get(f->staged, "ms"));
	double verify = json_number_value(json_object_get(f->verified, "ms"));
	double not_ours = stage + verify + f->waits_ms;

	json_put(t, "stage_ms", fold_number(f->staged, "ms"));
	json_put(t, "verify_ms", fold_number(f->verified, "ms"));
	json_put(t, "power_on_ms", json_real(f->power_on_ms));
	json_put(t, "start_to_power_on_ms", json_real(all));
	json_put(t, "waits_ms", json_real(f->waits_ms));
	json_put(t, "own_ms", json_real(all > not_ours ? all - not_ours : 0));
	return t;
}

static json_t *statistics_json(const struct fold *f)
{
	json_t *s = json_object();

	json_put(s, "console_bytes", json_integer(f->console_bytes));
	json_put(s, "gaps", json_integer(f->gaps));
	json_put(s, "gap_ms", json_integer(f->gap_ms));
	json_put(s, "incident_latency_ms",
		 f->latency_us < 0 ? json_null()
				   : json_real((double)f->latency_us / 1e3));
	if (f->unlisted_incidents)
		json_put(s, "unlisted_incidents", json_integer(f->unlisted_incidents));
	if (f->unlisted_tests)
		json_put(s, "unlisted_tests", json_integer(f->unlisted_tests));
	return s;
}

static void lab_fault(struct verdict *v, const char *why)
{
	verdict_set(v, "lab", NULL, "%s", why);
}

/* What ended the job between its attempts. What an old boot said before the first one is
 * no reason, unless it is the reason. */
static void verdict_of_failed(const struct fold *f, struct verdict *v)
{
	bool by_kernel = strcmp(json_get_str(f->failed, "outcome", ""), "kernel") == 0;

	verdict_of_attempt(0, f->failed, by_kernel ? f->incidents : NULL, NULL, v);
}

static void decide(struct fold *f, struct verdict *v)
{
	verdict_of_run(f->attempts, v);
	if (f->failed &&
	    (!json_array_size(f->attempts) || strcmp(v->status, "pass") == 0))
		verdict_of_failed(f, v);
	if (!f->ended && strcmp(v->status, "pass") == 0)
		lab_fault(v, "the run broke off: bootrig or its host was stopped");
	if (f->left_on && strcmp(v->status, "pass") == 0)
		lab_fault(v, "passed, but the board is still on: its power-off failed");
	if (f->canceled && strcmp(v->status, "bug") != 0) {
		bool known = v->incident >= 0;
		char why[sizeof(v->reason)];

		snprintf(why, sizeof(why), "%s", v->reason);
		if (known)
			verdict_set(v, "canceled", NULL, "canceled after: %.480s", why);
		else
			verdict_set(v, "canceled", NULL, "canceled");
	}
}

static json_t *verdict_json(const struct verdict *v)
{
	json_t *j = json_object();

	json_put(j, "status", json_string(v->status));
	json_put(j, "kind", json_lossy_str(v->kind));
	json_put(j, "reason", json_lossy_str(v->reason));
	return j;
}

static json_t *last_stages(const struct fold *f)
{
	size_t n = json_array_size(f->attempts);
	json_t *s =
		n ? json_object_get(json_array_get(f->attempts, n - 1), "stages") : NULL;

	return s ? json_incref(s) : json_array();
}

json_t *fold_result(struct fold *f)
{
	json_t *r = json_object();
	struct verdict v;
	bool self_check;

	fold_close_attempt(f, NULL);
	blame_supply(f);
	judge_attempts(f);
	decide(f, &v);
	self_check = json_is_object(f->self_check) &&
		     json_get_bool(f->self_check, "ok", false);
	json_put(r, "schema", json_string("bootrig.result/1"));
	json_put(r, "id", json_lossy_str(json_get_str(f->run, "id", "")));
	json_put(r, "bootrig", json_lossy_str(json_get_str(f->run, "bootrig", "")));
	json_put(r, "job",
		 json_deep_copy(json_object_get(f->run, "job")) ?: json_object());
	json_put(r, "board",
		 json_deep_copy(json_object_get(f->run, "board")) ?: json_object());
	json_put(r, "host", json_lossy_str(json_get_str(f->run, "host", "")));
	json_put(r, "start_time", json_lossy_str(json_get_str(f->run, "wall", "")));
	json_put(r, "end_time",
		 f->end_wall[0] ? json_lossy_str(f->end_wall) : json_null());
	json_put(r, "duration_s", json_real(f->t_end));
	json_put(r, "verdict", verdict_json(&v));
	json_put(r, "error_type", json_lossy_str(v.error_type));
	json_put(r, "exit_code",
		 json_integer(verdict_exit_code(&v, self_check,
						json_object_get(f->run, "expect"),
						incident_by_id(f, v.incident))));
	if (json_object_get(f->run, "level"))
		json_put(r, "level", json_lossy_str(json_get_str(f->run, "level", "")));
	json_put(r, "boots", json_integer(f->boots));
	json_put(r, "incidents", json_incref(f->incidents));
	json_put(r, "hypotheses",
		 json_deep_copy(json_object_get(f->run, "hypotheses")) ?: json_array());
	json_put(r, "tests", json_incref(f->tests));
	json_put(r, "attempts", json_incref(f->attempts));
	json_put(r, "kernel", fold_kernel_json(f));
	json_put(r, "stages", last_stages(f));
	json_put(r, "resets", json_incref(f->resets));
	json_put(r, "recovery", fold_recovery_json(f));
	json_t *power = json_object();
	json_put(power, "final", json_lossy_str(f->power_final));
	json_put(power, "cycles", json_integer(f->power_cycles));
	json_put(r, "power", power);
	json_put(r, "timings", timings_json(f));
	json_put(r, "statistics", statistics_json(f));
	return r;
}
