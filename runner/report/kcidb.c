// SPDX-License-Identifier: GPL-2.0-or-later
/* result.json as KCIDB 5.3. The build was made by somebody else and only named here by
 * its content; a result that knows its KCIDB build (metadata kcidb_build_id) refers to
 * that one. */
#include "report/kcidb.h"

#include <errno.h>

#include "report/kcidb_map.h"
#include "report/result_read.h"
#include "report/text.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"
#include "util/clock.h"

enum {
	BEFORE_MAX = 2048, /* console bytes before an incident, for context */
	READ_MAX = BEFORE_MAX + 2 * KCIDB_EXCERPT_MAX,
	ISSUE_VERSION = 1,
};

struct kcidb {
	const json_t *result;
	const struct kcidb_opts *opts;
	const char *origin, *run;
	char *checkout_id, *build_id;
	json_t *checkouts, *builds, *tests, *issues, *incidents;
};

/* Text members end at a NUL and are left out when empty: KCIDB allows neither. */
static void put_text(json_t *object, const char *key, const char *s)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	if (!s || !*s)
		return;
	text_add_clean(&sb, s, strlen(s));
	if (sb.len)
		json_put(object, key, json_lossy(sb.buf, sb.len));
}

/* The first of the names that metadata holds as a text. KernelCI's LAVA jobs write
 * "git.commit", people write "git_commit_hash". */
static const char *metadata(const struct kcidb *k, const char *a, const char *b,
			    const char *c)
{
	const json_t *m = json_object_get(json_object_get(k->result, "job"), "metadata");
	const char *s = json_get_str(m, a, NULL);

	if (!s)
		s = json_get_str(m, b, NULL);
	return s ? s : json_get_str(m, c, NULL);
}

static bool is_hex40(const char *s)
{
	return s && strlen(s) == 40 && strspn(s, "0123456789abcdef") == 40;
}

static char *id_of(const struct kcidb *k, const char *kind, struct sha256_hex h)
{
	return xasprintf("%s:%s-%s", k->origin, kind, h.str);
}

static const char *file_member(const struct kcidb *k, const char *role, const char *key)
{
	const json_t *files =
		json_object_get(json_object_get(k->result, "kernel"), "files");
	const json_t *f;
	size_t i;

	json_array_foreach(files, i, f) if (strcmp(json_get_str(f, "role", ""), role) ==
					    0) return json_get_str(f, key, "");
	return "";
}

/* What makes the kernel of this run the same as that of another: its content, else where
 * it should have come from, else nothing (the run itself). */
static const char *kernel_identity(const struct kcidb *k)
{
	const json_t *asked =
		json_object_get(json_object_get(k->result, "kernel"), "asked");
	const char *sha = file_member(k, "kernel", "sha256");

	return *sha ? sha : json_get_str(asked, "kernel", k->run);
}

static void add_checkout(struct kcidb *k)
{
	const char *commit = metadata(k, "git_commit_hash", "git.commit", "git_commit");
	const char *url = metadata(k, "git_repository_url", "git.url", "git_url");
	const char *branch =
		metadata(k, "git_repository_branch", "git.branch", "git_branch");
	const char *start = json_get_str(k->result, "start_time", "");
	json_t *c = json_object();
	int64_t ms;

	if (!is_hex40(commit))
		commit = NULL;
	if (url && (!kcidb_url_is_public(url) || strncmp(url, "https://", 8) != 0))
		url = NULL; /* the schema takes https only */
	k->checkout_id = id_of(k, "ck",
			       commit ? kcidb_hash(url ? url : "", branch ? branch : "",
						   commit, "", NULL)
				      : kcidb_hash("kernel", kernel_identity(k), NULL));
	json_put(c, "id", json_lossy_str(k->checkout_id));
	json_put(c, "origin", json_lossy_str(k->origin));
	put_text(c, "tree_name", metadata(k, "tree_name", "kernel.tree", "tree"));
	put_text(c, "git_repository_url", url);
	put_text(c, "git_repository_branch", branch);
	put_text(c, "git_commit_hash", commit);
	put_text(c, "git_commit_name",
		 metadata(k, "git_commit_name", "git.describe", "git_describe"));
	if (commit)
		json_put(c, "patchset_hash", json_string(""));
	if (!rfc3339_parse(start, &ms))
		json_put(c, "start_time", json_lossy_str(start));
	json_push(k->checkouts, c);
}

/* Files that others can fetch too. */
static json_t *public_files(const struct kcidb *k)
{
	const json_t *files =
		json_object_get(json_object_get(k->result, "kernel"), "files");
	json_t *list = json_array();
	const json_t *f;
	size_t i;

	json_array_foreach(files, i, f)
	{
		const char *url = json_get_str(f, "url", "");
		const char *name = json_get_str(f, "name", "");

		if (!kcidb_url_is_public(url) || !*name || strchr(name, '/'))
			continue;
		json_t *r = json_object();
		json_put(r, "name", json_lossy_str(name));
		json_put(r, "url", json_lossy_str(url));
		json_push(list, r);
	}
	return list;
}

static void put_list(json_t *object, const char *key, json_t *take_list)
{
	if (json_array_size(take_list))
		json_put(object, key, take_list);
	else
		json_decref(take_list);
}

/* What was staged, without where it came from: a URL may be private, and the name of a
 * loader's configuration has the board's MAC in it. */
static json_t *staged_files(const struct kcidb *k)
{
	static const char *const keys[] = { "role", "name", "sha256", "size" };
	json_t *list = json_array();
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(k->result, "kernel"), "files"),
			   i, f)
	{
		_cleanup_json_ json_t *part = json_object();

		if (strcmp(json_get_str(f, "role", ""), "config") == 0)
			continue;
		for (size_t n = 0; n < ARRAY_SIZE(keys); n++)
			if (json_object_get(f, keys[n]))
				json_put(part, keys[n],
					 json_deep_copy(json_object_get(f, keys[n])));
		json_push(list, kcidb_clean(part));
	}
	return list;
}

static void add_build(struct kcidb *k)
{
	const json_t *kernel = json_object_get(k->result, "kernel");
	const char *arch = metadata(k, "architecture", "arch", "job.arch");
	const char *ours = file_member(k, "kernel", "sha256");
	_cleanup_free_ char *compiler = kcidb_compiler(json_get_str(kernel, "seen", ""));
	_cleanup_json_ json_t *misc = json_object();
	json_t *b = json_object();

	k->build_id = id_of(k, "b",
			    kcidb_hash(k->checkout_id, kernel_identity(k),
				       file_member(k, "modules", "sha256"),
				       file_member(k, "dtb", "sha256"), NULL));
	json_put(b, "id", json_lossy_str(k->build_id));
	json_put(b, "origin", json_lossy_str(k->origin));
	json_put(b, "checkout_id", json_lossy_str(k->checkout_id));
	if (arch && *arch && !arch[strspn(arch, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		json_put(b, "architecture", json_string(arch));
	put_text(b, "compiler", compiler);
	put_text(b, "config_name",
		 metadata(k, "config_name", "kernel.defconfig_full", "kernel.defconfig"));
	put_list(b, "output_files", public_files(k));
	if (*ours)
		json_put(b, "status", json_string("PASS")); /* there is an image */
	put_text(misc, "release", json_get_str(kernel, "release", NULL));
	put_list(misc, "files", staged_files(k));
	json_t *wrap = json_object();
	json_put(wrap, "bootrig", json_incref(misc));
	json_put(b, "misc", wrap);
	json_push(k->builds, b);
}

/* A build that somebody else sent to KCIDB: "origin:id". */
static bool refer_to_build(struct kcidb *k)
{
	const char *id =
		metadata(k, "kcidb_build_id", "kcidb.build_id", "kcidb_build_id");
	size_t n = id ? strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_") : 0;

	if (!n || id[n] != ':')
		return false;
	k->build_id = xstrdup(id);
	return true;
}

static json_t *environment(const struct kcidb *k)
{
	const json_t *board = json_object_get(k->result, "board");
	const char *name = json_get_str(board, "name", NULL);
	const char *host = json_get_str(k->result, "host", NULL);
	json_t *e = json_object(), *misc = json_object();

	if (name && host) {
		_cleanup_free_ char *comment = xasprintf("%s at %s", name, host);
		put_text(e, "comment", comment);
	}
	put_text(misc, "platform", json_get_str(board, "device_type", NULL));
	put_text(misc, "board", name);
	put_text(misc, "lab", host);
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

/* A test object with what all of them have. suffix makes its id within the run. */
static json_t *new_test(const struct kcidb *k, const char *suffix, const char *path,
			const char *status)
{
	_cleanup_free_ char *id = xasprintf("%s:%s-%s", k->origin, k->run, suffix);
	json_t *t = json_object();

	json_put(t, "id", json_lossy_str(id));
	json_put(t, "origin", json_lossy_str(k->origin));
	json_put(t, "build_id", json_lossy_str(k->build_id));
	json_put(t, "path", json_lossy_str(path));
	json_put(t, "status", json_string(status));
	json_put(t, "environment", environment(k));
	return t;
}

static void put_misc(json_t *object, json_t *take_ours)
{
	_cleanup_json_ json_t *ours = take_ours;
	json_t *misc = json_object();

	json_put(misc, "bootrig", kcidb_clean(ours));
	json_put(object, "misc", misc);
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

static char *boot_suffix(int64_t n)
{
	return n == 1 ? xstrdup("boot") : xasprintf("boot-%lld", (long long)n);
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
	_cleanup_free_ char *suffix = boot_suffix(n);
	json_t *t = new_test(k, suffix, "boot", status);

	put_text(t, "comment", json_get_str(from, "reason", NULL));
	if (attempt)
		put_times(k, t, attempt);
	if (strcmp(status, "PASS") != 0)
		put_boot_excerpt(k, t, attempt, n, is_last);
	json_t *facts = is_last ? run_facts(k) : json_object();
	if (attempt)
		json_put(facts, "attempt", public_attempt(attempt));
	put_misc(t, facts);
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
	put_text(number, "unit", units);
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
	_cleanup_free_ char *suffix =
		xasprintf("t-%.24s", kcidb_hash(suite, name, where, NULL).str);
	json_t *t = new_test(
		k, suffix, path,
		kcidb_test_status(json_get_str(from, "result", "unknown"), measured));

	put_text(t, "comment", json_get_str(from, "reason", NULL));
	put_times(k, t, from);
	put_number(t, from);
	put_misc(t, json_deep_copy(from));
	json_push(k->tests, t);
}

/* Whose fault an incident is: the kernel's, unless it decided a run that the lab lost. */
static bool is_ours(const struct kcidb *k, const json_t *in)
{
	const char *status =
		json_get_str(json_object_get(k->result, "verdict"), "status", "");
	int64_t decided = json_get_int(result_last_attempt(k->result), "incident", -1);

	return strcmp(status, "lab") == 0 && decided >= 0 &&
	       json_get_int(in, "id", -1) == decided;
}

/* The same bug has the same kind and title in every run, so its issue has the same id. */
static char *add_issue(struct kcidb *k, const json_t *in, json_t *seen)
{
	const char *kind = json_get_str(in, "kind", "other");
	const char *title = json_get_str(in, "title", "");
	const char *function = *title ? "" : json_get_str(in, "function", "");
	bool ours = is_ours(k, in);
	char *id =
		id_of(k, "i", kcidb_hash(kind, title, function, ours ? "lab" : "", NULL));

	if (json_object_get(seen, id))
		return id;
	json_put(seen, id, json_true());
	json_t *i = json_object(), *culprit = json_object(), *categories = json_array();
	json_put(i, "id", json_lossy_str(id));
	json_put(i, "version", json_integer(ISSUE_VERSION));
	json_put(i, "origin", json_lossy_str(k->origin));
	put_text(i, "comment", *title ? title : kind);
	json_put(culprit, "code", json_boolean(!ours));
	json_put(culprit, "tool", json_false());
	json_put(culprit, "harness", json_boolean(ours));
	json_put(i, "culprit", culprit);
	_cleanup_free_ char *category = kcidb_path("runtime", kind);
	json_push(categories, json_lossy_str(category));
	json_put(i, "categories", categories);
	json_push(k->issues, i);
	return id;
}

/* The boot test of the incident's attempt; the first one when it names none that is
 * there. */
static const char *test_of_attempt(const struct kcidb *k, int64_t n)
{
	_cleanup_free_ char *suffix = boot_suffix(n);
	_cleanup_free_ char *want = xasprintf("%s:%s-%s", k->origin, k->run, suffix);
	const json_t *t;
	size_t i;

	json_array_foreach(k->tests, i, t) if (strcmp(json_get_str(t, "id", ""), want) ==
					       0) return json_get_str(t, "id", "");
	return json_get_str(json_array_get(k->tests, 0), "id", "");
}

static void add_incident(struct kcidb *k, const json_t *in, size_t index, json_t *seen)
{
	_cleanup_free_ char *issue = add_issue(k, in, seen);
	_cleanup_free_ char *id = xasprintf("%s:%s-inc-%zu", k->origin, k->run, index);
	json_t *o = json_object();

	json_put(o, "id", json_lossy_str(id));
	json_put(o, "origin", json_lossy_str(k->origin));
	json_put(o, "issue_id", json_lossy_str(issue));
	json_put(o, "issue_version", json_integer(ISSUE_VERSION));
	json_put(o, "test_id",
		 json_lossy_str(test_of_attempt(k, json_get_int(in, "attempt", 1))));
	json_put(o, "build_id", json_lossy_str(k->build_id));
	json_put(o, "present", json_true());
	put_misc(o, json_deep_copy(in));
	json_push(k->incidents, o);
}

static void add_tests(struct kcidb *k)
{
	const json_t *attempts = json_object_get(k->result, "attempts");
	_cleanup_json_ json_t *count = json_object();
	const json_t *a;
	size_t i, n = json_array_size(attempts);

	/* boots first: test_of_attempt() falls back to the first test */
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

static json_t *assemble(struct kcidb *k)
{
	json_t *out = json_object(), *version = json_object();

	json_put(version, "major", json_integer(5));
	json_put(version, "minor", json_integer(3));
	json_put(out, "version", version);
	put_list(out, "checkouts", k->checkouts);
	put_list(out, "builds", k->builds);
	put_list(out, "tests", k->tests);
	put_list(out, "issues", k->issues);
	put_list(out, "incidents", k->incidents);
	free(k->checkout_id);
	free(k->build_id);
	return out;
}

static const char *default_origin(void)
{
	const char *s = getenv("BOOTRIG_ORIGIN");

	return s && *s ? s : "bootrig";
}

int kcidb_from_result(const json_t *result, const struct kcidb_opts *opts, json_t **out,
		      struct err *err)
{
	struct kcidb k = {
		.result = result,
		.opts = opts,
		.origin = opts->origin ? opts->origin : default_origin(),
		.run = json_get_str(result, "id", ""),
	};
	_cleanup_json_ json_t *seen = json_object();
	const json_t *in;
	size_t i;

	*out = NULL;
	if (!*k.origin ||
	    k.origin[strspn(k.origin, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return err_set(
			err, ERR_JOB, -EINVAL,
			"KCIDB origin \"%s\": want lower-case letters, digits and _",
			k.origin);
	if (!run_id_is_valid(k.run))
		return err_set(err, ERR_JOB, -EINVAL, "the result has no valid id");
	k.checkouts = json_array();
	k.builds = json_array();
	k.tests = json_array();
	k.issues = json_array();
	k.incidents = json_array();
	if (!refer_to_build(&k)) {
		add_checkout(&k);
		add_build(&k);
	}
	add_tests(&k);
	json_array_foreach(json_object_get(result, "incidents"), i,
			   in) if (json_is_object(in)) add_incident(&k, in, i, seen);
	*out = assemble(&k);
	return 0;
}
