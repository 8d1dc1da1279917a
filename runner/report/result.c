// SPDX-License-Identifier: GPL-2.0-or-later
/* Events to result.json: collects while they come. result_json.c decides at the end. */
#include "report/result.h"

#include "report/result_int.h"
#include "util/jsonx.h"
#include "util/mem.h"

/* A board can print for ever, a result cannot list for ever. What decides is kept apart.
 */
enum { MAX_LIST = 20000, MAX_INCIDENTS = 250, MAX_FATAL = 200 };

struct fold *fold_new(void)
{
	struct fold *f = xcalloc(1, sizeof(*f));

	f->run = json_object();
	f->incidents = json_array();
	f->tests = json_array();
	f->attempts = json_array();
	f->resets = json_array();
	f->steps = json_array();
	f->harvested = json_array();
	f->repairs = json_array();
	f->transfers = json_array();
	f->build_ids = json_array();
	f->ram = json_object();
	f->timings = json_object();
	f->self_check = json_true();
	f->latency_us = -1;
	fold_exposure_reset(f);
	snprintf(f->power_final, sizeof(f->power_final), "unknown");
	return f;
}

void fold_free(struct fold *f)
{
	if (!f)
		return;
	json_t *all[] = { f->run,       f->incidents, f->tests,     f->attempts,
			  f->resets,    f->steps,     f->harvested, f->repairs,
			  f->attempt,   f->staged,    f->verified,  f->self_check,
			  f->failed,    f->seen,      f->transfers, f->timings,
			  f->build_ids, f->rootfs,    f->label,     f->ram,
			  f->taken };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		json_decref(all[i]);
	free(f);
}

void fold_push(json_t *array, json_t *take_value)
{
	if (json_array_size(array) < MAX_LIST)
		json_push(array, take_value);
	else
		json_decref(take_value);
}

double fold_time_of(const json_t *e)
{
	return json_number_value(json_object_get(e, "t"));
}

json_t *fold_number(const json_t *object, const char *key)
{
	const json_t *j = json_object_get(object, key);

	return json_is_number(j) ? json_real(json_number_value(j)) : json_null();
}

json_t *fold_members(const json_t *e)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)e);

	json_object_del(copy, "type");
	json_object_del(copy, "t");
	json_object_del(copy, "offset");
	return copy;
}

static void keep(json_t **slot, const json_t *e)
{
	json_decref(*slot);
	*slot = fold_members(e);
}

void fold_close_attempt(struct fold *f, const json_t *end)
{
	json_t *a = f->attempt;

	if (!a)
		return;
	f->attempt = NULL;
	double t = end ? fold_time_of(end) : f->t_end;

	json_put(a, "end_s", json_real(t));
	fold_exposure_close(f, a, t);
	fold_provenance_close(f, a);
	if (end)
		json_put(a, "end", fold_members(end));
	fold_push(f->attempts, a);
}

static void on_attempt(struct fold *f, const json_t *e)
{
	fold_close_attempt(f, NULL);
	f->attempt = json_object();
	json_put(f->attempt, "n", json_integer(json_get_int(e, "n", 0)));
	json_put(f->attempt, "start_s", json_real(fold_time_of(e)));
	json_put(f->attempt, "boots", json_integer(0));
	json_put(f->attempt, "stages", json_array());
	f->n_fatal = 0;
	fold_exposure_reset(f);
	json_array_clear(f->transfers);
	json_array_clear(f->build_ids);
	json_object_clear(f->ram);
	json_decref(f->seen);
	json_decref(f->rootfs);
	json_decref(f->label);
	json_decref(f->taken);
	f->seen = f->rootfs = f->label = f->taken = NULL;
	f->loader_done = false;
	f->nonce_where = NULL;
	f->nonce_echoed = f->nonce_asked = f->other_label_ran = false;
	f->other_label[0] = '\0';
}

/* U-Boot and its transfers alternate with every file: when a boot first got there is what
 * counts. */
static bool is_known_stage(const struct fold *f, const json_t *e)
{
	const json_t *s;
	size_t i;

	json_array_foreach(json_object_get(f->attempt, "stages"), i,
			   s) if (json_get_int(s, "boot", -1) ==
					  json_get_int(e, "boot", 0) &&
				  strcmp(json_get_str(s, "stage", ""),
					 json_get_str(e, "stage", "")) == 0) return true;
	return false;
}

static void on_stage(struct fold *f, const json_t *e)
{
	json_t *s;

	if (!f->attempt || json_get_bool(e, "recovery", false) || is_known_stage(f, e))
		return;
	s = json_object();
	if (strcmp(json_get_str(e, "stage", ""), "starting-kernel") == 0)
		f->loader_done = true;
	json_put(s, "stage", json_string(json_get_str(e, "stage", "")));
	json_put(s, "boot", json_integer(json_get_int(e, "boot", 0)));
	json_put(s, "t_s", json_real(fold_time_of(e)));
	fold_push(json_object_get(f->attempt, "stages"), s);
}

static void on_boot(struct fold *f, const json_t *e)
{
	const char *cause = json_get_str(e, "cause", "unknown");
	json_t *r;

	if (json_get_bool(e, "recovery", false))
		return;
	f->boots++;
	if (f->attempt)
		json_put(f->attempt, "boots",
			 json_integer(json_get_int(f->attempt, "boots", 0) + 1));
	if (strcmp(cause, "commanded") == 0)
		return;
	r = json_object();
	json_put(r, "boot", json_integer(json_get_int(e, "boot", 0)));
	json_put(r, "t_s", json_real(fold_time_of(e)));
	json_put(r, "cause", json_string(cause));
	json_put(r, "after", json_string(json_get_str(e, "after", "")));
	json_put(r, "offset", json_integer(json_get_int(e, "offset", 0)));
	json_put(r, "attempt", json_integer(json_get_int(f->attempt, "n", 0)));
	fold_push(f->resets, r);
}

/* Firmware says later what the register holds. */
static void on_reset_cause(struct fold *f, const json_t *e)
{
	size_t n = json_array_size(f->resets);
	json_t *r = n ? json_array_get(f->resets, n - 1) : NULL;

	if (json_get_bool(e, "recovery", false) ||
	    json_get_int(r, "boot", -1) != json_get_int(e, "boot", 0))
		return;
	json_put(r, "cause", json_string(json_get_str(e, "cause", "unknown")));
	json_put(r, "said", json_lossy_str(json_get_str(e, "said", "")));
}

static bool is_listed(struct fold *f, const json_t *incident)
{
	if (json_get_bool(incident, "fatal", false))
		return f->n_fatal++ < MAX_FATAL;
	return json_array_size(f->incidents) < MAX_INCIDENTS;
}

static void on_incident(struct fold *f, const json_t *e)
{
	const json_t *body = json_object_get(e, "incident");

	if (!json_is_object(body))
		return;
	if (!is_listed(f, body)) {
		f->unlisted_incidents++;
		return;
	}
	json_t *in = json_copy((json_t *)(uintptr_t)body);
	if (json_get_bool(e, "recovery", false))
		json_put(in, "recovery", json_true());
	fold_push(f->incidents, in);
}

static void on_test(struct fold *f, const json_t *e)
{
	bool passed = strcmp(json_get_str(e, "result", ""), "pass") == 0;
	size_t n = json_array_size(f->tests);
	json_t *t;

	/* A failure behind very many passes still fails the run. */
	if (n >= (passed ? MAX_LIST : 2 * MAX_LIST)) {
		f->unlisted_tests++;
		return;
	}
	t = fold_members(e);
	json_put(t, "end_s", json_real(fold_time_of(e)));
	json_push(f->tests, t);
}

static void on_power_done(struct fold *f, const json_t *e)
{
	const char *what = json_get_str(e, "what", "");

	if (json_object_get(e, "error"))
		return;
	if (strcmp(what, "on") == 0) {
		f->power_cycles++;
		if (!f->power_on_ms)
			f->power_on_ms = json_number_value(json_object_get(e, "ms"));
	}
}

/* The nonce of a label that was not chosen. After a failure U-Boot may boot it, and the
 * failure is still the chosen one's. */
static void on_other_label(struct fold *f, const char *label, const char *where)
{
	if (f->n_fatal)
		return;
	snprintf(f->other_label, sizeof(f->other_label), "%s", label);
	f->other_label_ran |= strcmp(where, "u-boot") != 0;
}

static void on_nonce(struct fold *f, const json_t *e)
{
	const char *where = json_get_str(e, "where", "");
	const char *label = json_get_str(e, "label", NULL);

	if (json_get_bool(e, "recovery", false))
		return;
	if (label) {
		on_other_label(f, label, where);
		return;
	}
	if (strcmp(where, "cmdline") == 0)
		f->nonce_where = "cmdline";
	else if (strcmp(where, "u-boot") == 0)
		f->nonce_echoed = true;
	else if (!f->nonce_where)
		f->nonce_where = "console";
}

static void on_end(struct fold *f, const json_t *e)
{
	f->ended = true;
	snprintf(f->end_wall, sizeof(f->end_wall), "%s", json_get_str(e, "wall", ""));
	snprintf(f->power_final, sizeof(f->power_final), "%s",
		 json_get_str(e, "power", "unknown"));
	f->console_bytes = json_get_int(e, "console_bytes", 0);
}

static void on_verdict(struct fold *f, const json_t *e)
{
	int64_t us = json_get_int(e, "latency_us", 0);

	f->latency_us = us > f->latency_us ? us : f->latency_us;
}

static void on_timing(struct fold *f, const json_t *e)
{
	json_put(f->timings, "start_to_power_on_ms", fold_number(e, "ms"));
	f->waits_ms = json_number_value(json_object_get(e, "waits_ms"));
}

/* A module that was not loaded is asked again behind a test: the last answer counts, but
 * none that found another build is forgotten. */
/* U-Boot goes on to the next label when one fails; what it boots after the kernel fell is
 * another matter. */
static void on_label(struct fold *f, const json_t *e)
{
	if (!f->loader_done && !f->seen && !json_get_bool(e, "recovery", false))
		keep(&f->label, e);
}

/* What was loaded only to be summed is loaded again: those transfers count. */
static void on_ram(struct fold *f, const json_t *e)
{
	json_t *m = fold_members(e);
	const char *path = json_get_str(m, "path", NULL);

	if (!json_get_bool(m, "as_booted", false))
		json_array_clear(f->transfers);
	if (path)
		json_put(f->ram, path, json_incref(m));
	json_decref(m);
}

static void on_build_id(struct fold *f, const json_t *e)
{
	const char *of = json_get_str(e, "of", ""), *name = json_get_str(e, "name", "");
	const json_t *b;
	size_t i;

	json_array_foreach(f->build_ids, i, b)
	{
		if (json_get_str(b, "seen", "")[0] ||
		    strcmp(json_get_str(b, "of", ""), of) != 0 ||
		    strcmp(json_get_str(b, "name", ""), name) != 0)
			continue;
		json_array_remove(f->build_ids, i);
		break;
	}
	fold_push(f->build_ids, fold_members(e));
}

void fold_event(struct fold *f, const json_t *e)
{
	const char *type = json_get_str(e, "type", "");

	f->t_end = fold_time_of(e) > f->t_end ? fold_time_of(e) : f->t_end;
	if (fold_recovery_event(f, type, e))
		return;
	fold_exposure_event(f, type, e);
	if (strcmp(type, "run") == 0)
		keep(&f->run, e);
	else if (strcmp(type, "attempt") == 0)
		on_attempt(f, e);
	else if (strcmp(type, "attempt-end") == 0)
		fold_close_attempt(f, e);
	else if (strcmp(type, "phase") == 0)
		f->nonce_asked |= strcmp(json_get_str(e, "name", ""), "provenance") == 0;
	else if (strcmp(type, "stage") == 0)
		on_stage(f, e);
	else if (strcmp(type, "boot") == 0)
		on_boot(f, e);
	else if (strcmp(type, "reset-cause") == 0)
		on_reset_cause(f, e);
	else if (strcmp(type, "incident") == 0)
		on_incident(f, e);
	else if (strcmp(type, "test") == 0)
		on_test(f, e);
	else if (strcmp(type, "power-done") == 0)
		on_power_done(f, e);
	else if (strcmp(type, "nonce") == 0)
		on_nonce(f, e);
	else if (strcmp(type, "kernel") == 0 && !f->seen)
		keep(&f->seen, e);
	else if (strcmp(type, "transfer") == 0 && !json_get_bool(e, "recovery", false))
		fold_push(f->transfers, fold_members(e));
	else if (strcmp(type, "staged") == 0 && !json_get_bool(e, "recovery", false))
		keep(&f->staged, e);
	else if (strcmp(type, "taken") == 0 && !json_get_bool(e, "recovery", false))
		keep(&f->taken, e);
	else if (strcmp(type, "label") == 0)
		on_label(f, e);
	else if (strcmp(type, "build-id") == 0)
		on_build_id(f, e);
	else if (strcmp(type, "ram") == 0 && !json_get_bool(e, "recovery", false))
		on_ram(f, e);
	else if (strcmp(type, "rootfs") == 0)
		keep(&f->rootfs, e);
	else if (strcmp(type, "verified") == 0 && !json_get_bool(e, "recovery", false))
		keep(&f->verified, e);
	else if (strcmp(type, "timing") == 0)
		on_timing(f, e);
	else if (strcmp(type, "verdict") == 0)
		on_verdict(f, e);
	else if (strcmp(type, "self-check") == 0)
		keep(&f->self_check, e);
	else if (strcmp(type, "failed") == 0)
		keep(&f->failed, e);
	else if (strcmp(type, "cancel") == 0)
		f->canceled = true;
	else if (strcmp(type, "ended") == 0 && f->attempt)
		json_put(f->attempt, "ended",
			 json_lossy_str(json_get_bool(e, "ok", false)
						? json_get_str(e, "how", "")
						: NULL));
	else if (strcmp(type, "left-on") == 0)
		f->left_on = true;
	else if (strcmp(type, "gap") == 0) {
		f->gaps++;
		f->gap_ms += (int32_t)json_get_int(e, "ms", 0);
	} else if (strcmp(type, "end") == 0)
		on_end(f, e);
}
