// SPDX-License-Identifier: GPL-2.0-or-later
/* Events to result.json. Collects while they come, decides at the end. */
#include "report/result.h"

#include <errno.h>
#include <fcntl.h>

#include "report/verdict.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

/* A board can print for ever, a result cannot list for ever. What decides is kept apart.
 */
enum { MAX_LIST = 20000, MAX_INCIDENTS = 250, MAX_FATAL = 200 };

struct fold {
	json_t *run, *incidents, *tests, *attempts, *resets, *steps, *harvested, *repairs,
		*opened;
	json_t *attempt; /* the open one, NULL = none */
	json_t *staged, *verified, *self_check, *failed, *seen;
	json_t *transfers; /* sizes, of the attempt's first boot */
	json_t *build_ids; /* as the board told them, of the running attempt */
	json_t *timings;
	double t_end, waits_ms, power_on_ms;
	size_t n_fatal; /* incidents of the running attempt */
	int64_t unlisted_incidents, unlisted_tests;
	int64_t boots, power_cycles, gaps, gap_ms, latency_us, console_bytes;
	const char *nonce_where; /* static */
	const char *evidence;    /* static: of what RAM held; NULL = nobody looked */
	char end_wall[40], power_final[16];
	bool canceled, recovery_ran, recovered, wedged, ended, left_on;
	bool nonce_echoed, nonce_asked; /* by U-Boot; on /proc/cmdline */
};

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
	f->opened = json_array();
	f->transfers = json_array();
	f->build_ids = json_array();
	f->timings = json_object();
	f->self_check = json_true();
	f->latency_us = -1;
	snprintf(f->power_final, sizeof(f->power_final), "unknown");
	return f;
}

void fold_free(struct fold *f)
{
	if (!f)
		return;
	json_t *all[] = { f->run,        f->incidents, f->tests,     f->attempts,
			  f->resets,     f->steps,     f->harvested, f->repairs,
			  f->opened,     f->attempt,   f->staged,    f->verified,
			  f->self_check, f->failed,    f->seen,      f->transfers,
			  f->timings,    f->build_ids };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		json_decref(all[i]);
	free(f);
}

static void push(json_t *array, json_t *take_value)
{
	if (json_array_size(array) < MAX_LIST)
		json_push(array, take_value);
	else
		json_decref(take_value);
}

static double time_of(const json_t *e)
{
	return json_number_value(json_object_get(e, "t"));
}

static json_t *real_or_null(const json_t *object, const char *key)
{
	const json_t *j = json_object_get(object, key);

	return json_is_number(j) ? json_real(json_number_value(j)) : json_null();
}

static json_t *members(const json_t *e)
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
	*slot = members(e);
}

/* The attempt is over; its verdict comes at the end, when every report has settled. */
static void close_attempt(struct fold *f, const json_t *end)
{
	json_t *a = f->attempt;

	if (!a)
		return;
	f->attempt = NULL;
	json_put(a, "end_s", json_real(end ? time_of(end) : f->t_end));
	if (end)
		json_put(a, "end", members(end));
	push(f->attempts, a);
}

static void add_blocked(struct verdict *v, const char *blocked)
{
	size_t n = strlen(v->reason);

	snprintf(v->reason + n, sizeof(v->reason) - n, "; blocked: %s", blocked);
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
		if (strcmp(v.status, "fail") == 0 && v.kind &&
		    strcmp(v.kind, "timeout") == 0 && json_get_str(a, "blocked", "")[0])
			add_blocked(&v, json_get_str(a, "blocked", ""));
		json_put(a, "status", json_string(v.status));
		json_put(a, "kind", json_lossy_str(v.kind));
		json_put(a, "reason", json_lossy_str(v.reason));
		json_put(a, "error_type", json_lossy_str(v.error_type));
		json_put(a, "incident",
			 v.incident < 0 ? json_null() : json_integer(v.incident));
		json_object_del(a, "end");
	}
}

static void on_attempt(struct fold *f, const json_t *e)
{
	close_attempt(f, NULL);
	f->attempt = json_object();
	json_put(f->attempt, "n", json_integer(json_get_int(e, "n", 0)));
	json_put(f->attempt, "start_s", json_real(time_of(e)));
	json_put(f->attempt, "boots", json_integer(0));
	json_put(f->attempt, "stages", json_array());
	f->n_fatal = 0;
	json_array_clear(f->transfers);
	json_array_clear(f->build_ids);
	json_decref(f->seen);
	f->seen = NULL;
	f->nonce_where = NULL;
	f->nonce_echoed = f->nonce_asked = false;
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
	json_put(s, "stage", json_string(json_get_str(e, "stage", "")));
	json_put(s, "boot", json_integer(json_get_int(e, "boot", 0)));
	json_put(s, "t_s", json_real(time_of(e)));
	push(json_object_get(f->attempt, "stages"), s);
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
	json_put(r, "t_s", json_real(time_of(e)));
	json_put(r, "cause", json_string(cause));
	json_put(r, "after", json_string(json_get_str(e, "after", "")));
	json_put(r, "offset", json_integer(json_get_int(e, "offset", 0)));
	json_put(r, "attempt", json_integer(json_get_int(f->attempt, "n", 0)));
	push(f->resets, r);
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
	push(f->incidents, in);
}

/* What SysRq showed of a wedge: the deciding incident's, else the attempt's. */
static void on_captured(struct fold *f, const json_t *e)
{
	json_t *capture = json_object_get(e, "capture");
	const json_t *title = json_object_get(e, "title"), *in;
	json_t *to = f->attempt;
	size_t i;

	json_array_foreach(f->incidents, i, in) if (json_get_int(in, "id", -1) ==
						    json_get_int(e, "incident", -2)) to =
		json_array_get(f->incidents, i);
	if (!to || !json_is_object(capture))
		return;
	json_put(to, "capture", json_incref(capture));
	if (to == f->attempt)
		json_put(to, "blocked", json_lossy_str(json_get_str(e, "blocked", NULL)));
	else if (json_is_string(title))
		json_put(to, "title", json_lossy_str(json_string_value(title)));
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
	t = members(e);
	json_put(t, "end_s", json_real(time_of(e)));
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

static void on_nonce(struct fold *f, const json_t *e)
{
	const char *where = json_get_str(e, "where", "");

	if (json_get_bool(e, "recovery", false))
		return;
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
	json_put(f->timings, "start_to_power_on_ms", real_or_null(e, "ms"));
	f->waits_ms = json_number_value(json_object_get(e, "waits_ms"));
}

static void on_recovery(struct fold *f, const json_t *e)
{
	/* Evidence kept between two attempts is no recovery. */
	if (json_get_bool(e, "evidence", false))
		return;
	f->recovery_ran = true;
	if (json_object_get(e, "recovered"))
		f->recovered = json_get_bool(e, "recovered", false);
}

/* What RAM held is read before the first cut, or lost. */
static void on_power(struct fold *f, const json_t *e)
{
	if (json_get_bool(e, "recovery", false) && !f->evidence &&
	    strcmp(json_get_str(e, "what", ""), "off") == 0)
		f->evidence = "lost";
}

static void on_harvest(struct fold *f, const json_t *e)
{
	if (!f->evidence)
		f->evidence = "kept";
	push(f->harvested, members(e));
}

static void on_rung(struct fold *f, const json_t *e)
{
	json_t *s = members(e);

	json_put(s, "t_s", json_real(time_of(e)));
	push(f->steps, s);
}

void fold_event(struct fold *f, const json_t *e)
{
	const char *type = json_get_str(e, "type", "");

	f->t_end = time_of(e) > f->t_end ? time_of(e) : f->t_end;
	if (strcmp(type, "run") == 0)
		keep(&f->run, e);
	else if (strcmp(type, "attempt") == 0)
		on_attempt(f, e);
	else if (strcmp(type, "attempt-end") == 0)
		close_attempt(f, e);
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
	else if (strcmp(type, "captured") == 0)
		on_captured(f, e);
	else if (strcmp(type, "test") == 0)
		on_test(f, e);
	else if (strcmp(type, "power-done") == 0)
		on_power_done(f, e);
	else if (strcmp(type, "nonce") == 0)
		on_nonce(f, e);
	else if (strcmp(type, "kernel") == 0 && !f->seen)
		keep(&f->seen, e);
	else if (strcmp(type, "transfer") == 0 && !json_get_bool(e, "recovery", false))
		push(f->transfers, json_integer(json_get_int(e, "bytes", 0)));
	else if (strcmp(type, "staged") == 0 && !json_get_bool(e, "recovery", false))
		keep(&f->staged, e);
	else if (strcmp(type, "build-id") == 0)
		push(f->build_ids, members(e));
	else if (strcmp(type, "verified") == 0 && !json_get_bool(e, "recovery", false))
		keep(&f->verified, e);
	else if (strcmp(type, "timing") == 0)
		on_timing(f, e);
	else if (strcmp(type, "verdict") == 0)
		on_verdict(f, e);
	else if (strcmp(type, "recovery") == 0)
		on_recovery(f, e);
	else if (strcmp(type, "rung-end") == 0)
		on_rung(f, e);
	else if (strcmp(type, "harvest") == 0)
		on_harvest(f, e);
	else if (strcmp(type, "power") == 0)
		on_power(f, e);
	else if (strcmp(type, "repair") == 0)
		push(f->repairs, members(e));
	else if (strcmp(type, "wedged") == 0)
		f->wedged = true;
	else if (strcmp(type, "self-check") == 0)
		keep(&f->self_check, e);
	else if (strcmp(type, "failed") == 0)
		keep(&f->failed, e);
	else if (strcmp(type, "cancel") == 0)
		f->canceled = true;
	else if (strcmp(type, "left-on") == 0)
		f->left_on = true;
	else if (strcmp(type, "gap") == 0) {
		f->gaps++;
		f->gap_ms += (int32_t)json_get_int(e, "ms", 0);
	} else if (strcmp(type, "end") == 0)
		on_end(f, e);
}

static bool was_transferred(const struct fold *f, int64_t size)
{
	const json_t *t;
	size_t i;

	json_array_foreach(f->transfers, i,
			   t) if (json_integer_value(t) == size) return true;
	return false;
}

/* "#7 SMP Mon Nov 23 …": which build of a release; "" when the banner was not whole. */
static const char *build_of(const json_t *kernel)
{
	const char *p = strstr(json_get_str(kernel, "banner", ""), " #");

	return p ? p + 1 : "";
}

/* A banner that a reset cut short says nothing against its build. */
static bool same_start(const char *a, const char *b)
{
	size_t n = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

	return strncmp(a, b, n) == 0;
}

/* The kernel's is one of several ids in an Image, with those of its vDSOs. */
static bool is_staged_id(const struct fold *f, const char *seen)
{
	const json_t *id;
	size_t i;

	json_array_foreach(json_object_get(f->staged, "build_ids"), i, id)
	{
		if (json_is_string(id) && strcmp(json_string_value(id), seen) == 0)
			return true;
	}
	return false;
}

/* A kernel or a module that is of another build than the staged one; NULL = none. */
static const char *build_fault(const struct fold *f, char *buf, size_t cap)
{
	const json_t *b;
	size_t i;

	json_array_foreach(f->build_ids, i, b)
	{
		const char *seen = json_get_str(b, "seen", "");
		const char *staged = json_get_str(b, "staged", "");
		bool is_kernel = strcmp(json_get_str(b, "of", ""), "kernel") == 0;

		if (!seen[0] || (is_kernel ? is_staged_id(f, seen)
					   : !staged[0] || strcmp(seen, staged) == 0))
			continue;
		if (is_kernel)
			snprintf(
				buf, cap,
				"the kernel that ran has build id %.40s, which is not in "
				"the staged one",
				seen);
		else
			snprintf(
				buf, cap,
				"the module %.60s that was loaded has build id %.40s, the "
				"job's has %.40s: a stale one from the root file system?",
				json_get_str(b, "name", "?"), seen, staged);
		return buf;
	}
	return NULL;
}

/* What ran is what was staged, as far as U-Boot and the kernel said; else why not. */
static const char *provenance_fault(const struct fold *f, char *buf, size_t cap)
{
	const char *staged = json_get_str(f->staged, "release", "");
	const char *seen = json_get_str(f->seen, "release", "");
	const json_t *file;
	size_t i;

	if (build_fault(f, buf, cap))
		return buf;
	if (!f->staged)
		return NULL;
	if (staged[0] && seen[0] && strcmp(staged, seen) != 0) {
		snprintf(buf, cap, "the kernel that ran is %.80s, staged was %.80s", seen,
			 staged);
		return buf;
	}
	if (!same_start(build_of(f->staged), build_of(f->seen))) {
		snprintf(buf, cap,
			 "the kernel that ran is build %.80s, staged was build %.80s",
			 build_of(f->seen), build_of(f->staged));
		return buf;
	}
	json_array_foreach(json_object_get(f->staged, "files"), i, file)
	{
		if (!json_array_size(f->transfers) ||
		    was_transferred(f, json_get_int(file, "size", 0)))
			continue;
		snprintf(
			buf, cap,
			"U-Boot did not transfer %.80s with the %lld bytes that were staged",
			json_get_str(file, "name", "?"),
			(long long)json_get_int(file, "size", 0));
		return buf;
	}
	return NULL;
}

/* {"staged", "seen"} of the kernel: the one that was seen, if it was staged. */
static json_t *kernel_id_json(const struct fold *f, const char *seen)
{
	const json_t *ids = json_object_get(f->staged, "build_ids");
	const char *first = json_string_value(json_array_get(ids, 0));
	json_t *j = json_object();

	json_put(j, "staged",
		 json_lossy_str(seen && is_staged_id(f, seen) ? seen : first));
	json_put(j, "seen", json_lossy_str(seen));
	return j;
}

static void put_build_ids(const struct fold *f, json_t *kernel)
{
	json_t *modules = json_array();
	const char *seen = NULL;
	const json_t *b;
	size_t i;

	json_array_foreach(f->build_ids, i, b)
	{
		if (strcmp(json_get_str(b, "of", ""), "kernel") == 0) {
			seen = json_get_str(b, "seen", NULL);
			continue;
		}
		json_t *m = json_object();
		json_put(m, "name", json_lossy_str(json_get_str(b, "name", "")));
		json_put(m, "staged", json_lossy_str(json_get_str(b, "staged", NULL)));
		json_put(m, "seen", json_lossy_str(json_get_str(b, "seen", NULL)));
		json_push(modules, m);
	}
	json_put(kernel, "build_id", kernel_id_json(f, seen));
	json_put(kernel, "modules", modules);
}

static json_t *kernel_json(const struct fold *f)
{
	json_t *k = json_object(), *files = json_array();
	const json_t *asked = json_object_get(f->run, "asked"), *file;
	size_t i;

	json_put(k, "asked", asked ? json_deep_copy(asked) : json_null());
	json_put(k, "label", json_lossy_str(json_get_str(f->staged, "label", NULL)));
	json_put(k, "append", json_lossy_str(json_get_str(f->staged, "append", NULL)));
	json_put(k, "nonce", json_lossy_str(json_get_str(f->staged, "nonce", NULL)));
	/* U-Boot's echo of APPEND counts for a kernel that died before it could be asked.
	 */
	json_put(k, "nonce_seen",
		 json_lossy_str(f->nonce_where                       ? f->nonce_where
				: f->nonce_echoed && !f->nonce_asked ? "console"
								     : NULL));
	json_put(k, "staged", json_lossy_str(json_get_str(f->staged, "banner", NULL)));
	json_put(k, "seen", json_lossy_str(json_get_str(f->seen, "banner", NULL)));
	json_put(k, "release", json_lossy_str(json_get_str(f->seen, "release", NULL)));
	json_put(k, "vmlinux",
		 json_deep_copy(json_object_get(f->run, "vmlinux")) ?: json_null());
	json_array_foreach(json_object_get(f->staged, "files"), i, file)
	{
		int64_t size = json_get_int(file, "size", 0);

		if (!json_is_object(file))
			continue;
		json_t *c = json_copy((json_t *)(uintptr_t)file);
		/* tftp_verify compared: what was served is what was staged, or there was
		 * no boot. */
		json_put(c, "served_sha256",
			 f->verified ? json_string(json_get_str(file, "sha256", ""))
				     : json_null());
		json_put(c, "transferred_bytes",
			 was_transferred(f, size) ? json_integer(size) : json_null());
		json_push(files, c);
	}
	json_put(k, "files", files);
	put_build_ids(f, k);
	return k;
}

static json_t *recovery_json(const struct fold *f)
{
	json_t *r = json_object();

	json_put(r, "needed", json_boolean(f->recovery_ran));
	json_put(r, "recovered",
		 f->recovery_ran ? json_boolean(f->recovered) : json_null());
	json_put(r, "steps", json_incref(f->steps));
	json_put(r, "harvested", json_incref(f->harvested));
	json_put(r, "evidence", json_lossy_str(f->recovery_ran ? f->evidence : NULL));
	json_put(r, "repairs", json_incref(f->repairs));
	json_put(r, "wedged", json_boolean(f->wedged));
	return r;
}

static json_t *timings_json(const struct fold *f)
{
	json_t *t = json_object();
	double all =
		json_number_value(json_object_get(f->timings, "start_to_power_on_ms"));
	double stage = json_number_value(json_object_get(f->staged, "ms"));
	double verify = json_number_value(json_object_get(f->verified, "ms"));
	double not_ours = stage + verify + f->waits_ms;

	json_put(t, "stage_ms", real_or_null(f->staged, "ms"));
	json_put(t, "verify_ms", real_or_null(f->verified, "ms"));
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

static const json_t *incident_by_id(const struct fold *f, int64_t id)
{
	const json_t *in;
	size_t i;

	json_array_foreach(f->incidents, i,
			   in) if (json_get_int(in, "id", -1) == id) return in;
	return NULL;
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

static void decide(struct fold *f, struct verdict *v, char *buf, size_t cap)
{
	const char *fault = provenance_fault(f, buf, cap);

	verdict_of_run(f->attempts, v);
	if (f->failed &&
	    (!json_array_size(f->attempts) || strcmp(v->status, "pass") == 0))
		verdict_of_failed(f, v);
	if (fault && (strcmp(v->status, "pass") == 0 || strcmp(v->status, "fail") == 0)) {
		lab_fault(v, fault);
	}
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
	char fault[256];
	bool self_check;

	close_attempt(f, NULL);
	blame_supply(f);
	judge_attempts(f);
	decide(f, &v, fault, sizeof(fault));
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
	json_put(r, "boots", json_integer(f->boots));
	json_put(r, "incidents", json_incref(f->incidents));
	json_put(r, "hypotheses",
		 json_deep_copy(json_object_get(f->run, "hypotheses")) ?: json_array());
	json_put(r, "tests", json_incref(f->tests));
	json_put(r, "attempts", json_incref(f->attempts));
	json_put(r, "kernel", kernel_json(f));
	json_put(r, "stages", last_stages(f));
	json_put(r, "resets", json_incref(f->resets));
	json_put(r, "recovery", recovery_json(f));
	json_t *power = json_object();
	json_put(power, "final", json_lossy_str(f->power_final));
	json_put(power, "cycles", json_integer(f->power_cycles));
	json_put(r, "power", power);
	json_put(r, "timings", timings_json(f));
	json_put(r, "statistics", statistics_json(f));
	return r;
}
