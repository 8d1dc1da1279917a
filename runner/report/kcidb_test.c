// SPDX-License-Identifier: GPL-2.0-or-later
/* KCIDB's tests: one boot for each attempt, one for each test case of the result. */
#include "report/kcidb_int.h"

#include "report/kcidb_map.h"
#include "report/result_read.h"
#include "report/text.h"
#include "util/clock.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum {
	BEFORE_MAX = 2048, /* console bytes before an incident, for context */
	READ_MAX = BEFORE_MAX + 2 * KCIDB_EXCERPT_MAX
};

static json_t *environment(const struct kcidb *k)
{
	const json_t *board = json_object_get(k->result, "board");
	const char *name = json_get_str(board, "name", NULL);
	const char *host = json_get_str(k->result, "host", NULL);
	json_t *e = json_object(), *misc = json_object();

	if (name && host) {
		_cleanup_free_ char *comment = xasprintf("%s at %s", name, host);
		kcidb_put_text(e, "comment", comment);
	}
	kcidb_put_text(misc, "platform", json_get_str(board, "device_type", NULL));
	kcidb_put_text(misc, "board", name);
	kcidb_put_text(misc, "lab", host);
	json_put(e, "misc", misc);
	return e;
}

/* Append the console from offset as clean text, cut to KCIDB's limit. The raw bytes start
 * a little before and at a line's start; end 0 = as much as fits. */
static void put_excerpt(const struct kcidb *k, json_t *test, int64_t offset, int64_t end)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int64_t from = offset > BEFORE_MAX ? offset - BEFORE_MAX : 0;
	size_t cap = READ_MAX, skip = 0;

	if (!k->opts->read_console || offset < 0)
		return;
	if (end > offset && end - from < READ_MAX)
		cap = (size_t)(end - from);
	_cleanup_free_ char *raw = xmalloc(READ_MAX);
	size_t n = k->opts->read_console(k->opts->arg, (uint64_t)from, raw, cap);
	const char *nl = from && n ? memchr(raw, '\n', n) : NULL;
	if (nl && nl - raw < offset - from)
		skip = (size_t)(nl - raw) + 1;
	text_add_clean(&sb, raw + skip, n - skip);
	size_t keep = text_cut(strbuf_str(&sb), sb.len, KCIDB_EXCERPT_MAX);
	if (keep)
		json_put(test, "log_excerpt", json_lossy(sb.buf, keep));
}

static void put_times(const struct kcidb *k, json_t *test, const json_t *from)
{
	double start_s = result_number(from, "start_s", -1);
	double end_s = result_number(from, "end_s", -1);
	int64_t ms;

	if (rfc3339_parse(json_get_str(k->result, "start_time", ""), &ms) ||
	    start_s < 0 || start_s > 1e9)
		return;
	json_put(test, "start_time",
		 json_string(wall_time_of(ms + (int64_t)(start_s * 1000)).str));
	if (end_s >= start_s && end_s <= 1e9)
		json_put(test, "duration", json_real(end_s - start_s));
}

/* A test object with what all of them have. */
static json_t *new_test(const struct kcidb *k, const char *id, const char *path,
			const char *status)
{
	json_t *t = json_object();

	json_put(t, "id", json_lossy_str(id));
	json_put(t, "origin", json_lossy_str(k->origin));
	json_put(t, "build_id", json_lossy_str(k->build_id));
	json_put(t, "path", json_lossy_str(path));
	json_put(t, "status", json_string(status));
	json_put(t, "environment", environment(k));
	return t;
}

/* Members of the result that stand as they are in misc.bootrig of the boot. */
static json_t *run_facts(const struct kcidb *k)
{
	static const char *const keys[] = {
		"id",         "bootrig",   "job",     "board",      "verdict",
		"error_type", "exit_code", "boots",   "stages",     "resets",
		"recovery",   "power",     "timings", "statistics",
	};
	json_t *facts = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json_t *v = json_object_get(k->result, keys[i]);

		if (v)
			json_put(facts, keys[i], json_incref(v));
	}
	json_t *nonce =
		json_object_get(json_object_get(k->result, "kernel"), "nonce_seen");
	if (nonce)
		json_put(facts, "nonce_seen", json_incref(nonce));
	return facts;
}

static int64_t attempt_number(const json_t *attempt, size_t index)
{
	return json_get_int(attempt, "n", (int64_t)index + 1);
}

/* The incident that decided the attempt: as named, else its first fatal one. */
static const json_t *deciding_incident(const struct kcidb *k, const json_t *attempt,
				       int64_t n)
{
	int64_t want = json_get_int(attempt, "incident", -1);
	const json_t *list = json_object_get(k->result, "incidents");
	const json_t *in;
	size_t i;

	json_array_foreach(list, i, in)
	{
		if (want >= 0 ? json_get_int(in, "id", (int64_t)i) == want
			      : json_get_bool(in, "fatal", false) &&
					json_get_int(in, "attempt", n) == n)
			return in;
	}
	return NULL;
}

static void put_boot_excerpt(const struct kcidb *k, json_t *test, const json_t *attempt,
			     int64_t n, bool is_last)
{
	const json_t *in = deciding_incident(k, attempt, n);
	int64_t bytes = json_get_int(json_object_get(k->result, "statistics"),
				     "console_bytes", 0);

	if (in)
		put_excerpt(k, test, json_get_int(in, "offset", -1),
			    json_get_int(in, "last_offset", 0));
	else if (is_last && bytes > 0) /* no incident: how the console ended */
		put_excerpt(k, test,
			    bytes > KCIDB_EXCERPT_MAX / 2 ? bytes - KCIDB_EXCERPT_MAX / 2
							  : 0,
			    bytes);
}

char *kcidb_boot_id(const struct kcidb *k, int64_t attempt)
{
	if (attempt == 1)
		return xasprintf("%s:%s-boot", k->origin, k->run);
	return xasprintf("%s:%s-boot-%lld", k->origin, k->run, (long long)attempt);
}

/* Files are the build's, without their URLs; and who may not know a URL shall not know
 * the board again by its machine-id either. */
static json_t *public_attempt(const json_t *attempt)
{
	json_t *a = json_deep_copy(attempt);
	json_t *p = json_object_get(a, "provenance");

	json_object_del(p, "files");
	json_object_del(p, "build");
	json_object_del(json_object_get(p, "rootfs"), "files");
	return a;
}

/* One boot test per attempt. The last one carries the verdict of the run. attempt NULL:
 * the run ended before its first attempt. */
static void add_boot(struct kcidb *k, const json_t *attempt, int64_t n, bool is_last)
{
	const json_t *v = json_object_get(k->result, "verdict");
	const json_t *from = is_last ? v : attempt;
	const char *word = json_get_str(from, "status", "bug");
	bool ran = is_last ? result_kernel_ran(k->result, NULL)
			   : result_kernel_ran(k->result, attempt);
	const char *status = kcidb_boot_status(word, json_get_str(from, "kind", ""), ran);
	_cleanup_free_ char *id = kcidb_boot_id(k, n);
	json_t *t = new_test(k, id, "boot", status);

	kcidb_put_text(t, "comment", json_get_str(from, "reason", NULL));
	if (attempt)
		put_times(k, t, attempt);
	if (strcmp(status, "PASS") != 0)
		put_boot_excerpt(k, t, attempt, n, is_last);
	json_t *facts = is_last ? run_facts(k) : json_object();
	if (attempt)
		json_put(facts, "attempt", public_attempt(attempt));
	kcidb_put_misc(t, facts);
	json_push(k->tests, t);
}

static void put_number(json_t *test, const json_t *from)
{
	const json_t *m = json_object_get(from, "measurement");
	const char *text = json_string_value(m),
		   *units = json_get_str(from, "units", NULL);
	json_t *number = json_object(), *value = NULL;

	if (json_is_number(m)) {
		value = json_deep_copy(m);
	} else if (text && *text) {
		char *end;
		double d = strtod(text, &end);

		value = *end ? NULL : json_real(d); /* NULL also for nan and inf */
	}
	if (!value) {
		json_decref(number);
		return;
	}
	json_put(number, "value", value);
	kcidb_put_text(number, "unit", units);
	json_put(test, "number", number);
}

static void add_case(struct kcidb *k, const json_t *from, size_t nth)
{
	const char *suite = json_get_str(from, "suite", "");
	const char *name = json_get_str(from, "name", "");
	bool measured = json_is_number(json_object_get(from, "measurement")) ||
			*json_get_str(from, "measurement", "");
	_cleanup_free_ char *path = kcidb_path(suite, name);
	_cleanup_free_ char *where = xasprintf("%zu", nth);
	_cleanup_free_ char *id = xasprintf("%s:%s-t-%.24s", k->origin, k->run,
					    kcidb_hash(suite, name, where, NULL).str);
	json_t *t = new_test(
		k, id, path,
		kcidb_test_status(json_get_str(from, "result", "unknown"), measured));

	kcidb_put_text(t, "comment", json_get_str(from, "reason", NULL));
	put_times(k, t, from);
	put_number(t, from);
	kcidb_put_misc(t, json_deep_copy(from));
	json_push(k->tests, t);
}

void kcidb_add_tests(struct kcidb *k)
{
	const json_t *attempts = json_object_get(k->result, "attempts");
	_cleanup_json_ json_t *count = json_object();
	const json_t *a;
	size_t i, n = json_array_size(attempts);

	/* boots first: an incident without one falls back to the first test */
	json_array_foreach(attempts, i, a)
		add_boot(k, a, attempt_number(a, i), i + 1 == n);
	if (!n)
		add_boot(k, NULL, 1, true);
	json_array_foreach(json_object_get(k->result, "tests"), i, a)
	{
		/* the same case may run again: count it for its id */
		struct sha256_hex h = kcidb_hash(json_get_str(a, "suite", ""),
						 json_get_str(a, "name", ""), NULL);

		if (!json_is_object(a))
			continue;
		int64_t nth = json_get_int(count, h.str, 0) + 1;

		json_put(count, h.str, json_integer(nth));
		add_case(k, a, (size_t)nth);
	}
}
