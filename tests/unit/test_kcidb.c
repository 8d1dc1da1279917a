// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "report/kcidb.h"
#include "report/kcidb_map.h"
#include "sample_results.h"
#include "util/child.h"
#include "util/io.h"
#include "util/strvec.h"

struct console {
	const char *bytes;
	size_t len;
};

static size_t read_console(void *arg, uint64_t offset, char *buf, size_t cap)
{
	const struct console *c = arg;

	if (offset >= c->len)
		return 0;
	size_t n = c->len - offset < cap ? c->len - offset : cap;
	memcpy(buf, c->bytes + offset, n);
	return n;
}

static json_t *convert_with(const json_t *result, const struct kcidb_opts *opts)
{
	struct err err = ERR_INIT;
	json_t *k;

	if (kcidb_from_result(result, opts, &k, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return k;
}

static json_t *convert(const char *name)
{
	_cleanup_json_ json_t *result = sample_result(name);

	return convert_with(result, &(struct kcidb_opts){ .origin = "bootrig" });
}

static const json_t *member(const json_t *k, const char *list, size_t i)
{
	return json_array_get(json_object_get(k, list), i);
}

static const json_t *test_at(const json_t *k, const char *path)
{
	const json_t *t;
	size_t i;

	json_array_foreach(json_object_get(k, "tests"), i,
			   t) if (strcmp(json_get_str(t, "path", ""), path) ==
				  0) return t;
	tap_fail(__FILE__, __LINE__, "no test with path %s", path);
}

static void check_boot(const char *sample, const char *status)
{
	_cleanup_json_ json_t *k = convert(sample);
	const char *got = json_get_str(test_at(k, "boot"), "status", "");

	if (strcmp(got, status) != 0)
		tap_fail(__FILE__, __LINE__, "%s gives %s, want %s", sample, got, status);
}

TEST(every_way_to_end_has_its_kcidb_status)
{
	check_boot("pass", "PASS");
	check_boot("panic", "FAIL");
	check_boot("wedge", "FAIL");
	check_boot("test", "PASS"); /* the boot was fine, its case says FAIL */
	check_boot("lab-before", "MISS");
	check_boot("lab-after", "ERROR");
	check_boot("canceled", "ERROR");
	check_boot("job", "MISS");
}

TEST(test_cases_keep_their_own_status)
{
	_cleanup_json_ json_t *k = convert("test");
	_cleanup_json_ json_t *p = convert("pass");

	CHECK_STR(json_get_str(test_at(k, "smoke.uname"), "status", ""), "FAIL");
	CHECK_STR(json_get_str(test_at(k, "smoke.half"), "status", ""), "ERROR");
	CHECK_STR(json_get_str(test_at(p, "smoke.uname"), "status", ""), "PASS");
	CHECK_STR(json_get_str(test_at(p, "smoke.no_device_x_y"), "status", ""), "SKIP");
	const json_t *n = json_object_get(test_at(p, "dd.rate"), "number");
	CHECK(json_real_value(json_object_get(n, "value")) == 12.5);
	CHECK_STR(json_get_str(n, "unit", ""), "MB/s");
	CHECK_STR(json_get_str(test_at(p, "dd.rate"), "start_time", ""),
		  "2026-11-23T19:15:11.123Z");
}

TEST(each_attempt_is_a_boot_and_the_last_carries_the_verdict)
{
	_cleanup_json_ json_t *k = convert("retried");
	const json_t *first = member(k, "tests", 0), *second = member(k, "tests", 1);

	CHECK_STR(json_get_str(first, "status", ""), "FAIL");
	CHECK_STR(json_get_str(second, "status", ""), "PASS");
	CHECK_STR(json_get_str(first, "id", ""),
		  "bootrig:20261123T191500Z-virt-boot-1a2b3c-boot");
	CHECK_STR(json_get_str(second, "id", ""),
		  "bootrig:20261123T191500Z-virt-boot-1a2b3c-boot-2");
	CHECK_STR(json_get_str(member(k, "incidents", 0), "test_id", ""),
		  json_get_str(first, "id", "?"));
	CHECK(strcmp(json_get_str(member(k, "tests", 2), "id", ""),
		     json_get_str(member(k, "tests", 3), "id", "")) != 0);
}

TEST(the_same_result_gives_the_same_document)
{
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		_cleanup_json_ json_t *a = convert(samples[i].name);
		_cleanup_json_ json_t *b = convert(samples[i].name);

		CHECK(json_equal(a, b));
	}
}

TEST(the_same_bug_in_another_run_is_the_same_issue)
{
	_cleanup_json_ json_t *one = sample_result("panic");
	_cleanup_json_ json_t *two = sample_result("panic");
	struct kcidb_opts opts = { .origin = "bootrig" };

	json_put(two, "id", json_string("another-run"));
	json_put(json_array_get(json_object_get(two, "incidents"), 0), "pid",
		 json_integer(99));
	_cleanup_json_ json_t *a = convert_with(one, &opts);
	_cleanup_json_ json_t *b = convert_with(two, &opts);
	CHECK(json_equal(member(a, "issues", 0), member(b, "issues", 0)));
	CHECK(!json_equal(member(a, "incidents", 0), member(b, "incidents", 0)));
	CHECK_STR(json_get_str(member(a, "builds", 0), "id", ""),
		  json_get_str(member(b, "builds", 0), "id", "?"));
}

TEST(the_excerpt_is_the_incidents_place_in_the_console)
{
	static const char text[] =
		"boot line one\r\nboot line two\r\n"
		"\033[31m[  8.0] sysrq\033[0m: Trigger a crash\0\r\n"
		"[  8.1] Kernel panic - not syncing: \xff\xc3 sysrq triggered crash\r\n"
		"after the end\r\n";
	struct console c = { text, sizeof(text) - 1 };
	struct kcidb_opts opts = { .read_console = read_console, .arg = &c };
	_cleanup_json_ json_t *result = sample_result("panic");
	_cleanup_json_ json_t *k = convert_with(result, &opts);
	const char *excerpt = json_get_str(test_at(k, "boot"), "log_excerpt", "");

	CHECK_CONTAINS(excerpt, "boot line two\n[  8.0] sysrq: Trigger a crash\n");
	CHECK_CONTAINS(excerpt, "not syncing: \xef\xbf\xbd\xef\xbf\xbd sy");
	CHECK(!strstr(excerpt, "after the end"));
	CHECK(!strchr(excerpt, '\033'));
}

TEST(a_huge_report_is_cut_at_the_limit_of_kcidb)
{
	enum { LEN = 200000 };
	char *text = malloc(LEN);
	struct console c = { text, LEN };
	struct kcidb_opts opts = { .read_console = read_console, .arg = &c };
	_cleanup_json_ json_t *result = sample_result("panic");
	json_t *in = json_array_get(json_object_get(result, "incidents"), 0);

	for (size_t i = 0; i < LEN; i++)
		text[i] = (char)0xff; /* three bytes each once it is text */
	json_put(in, "offset", json_integer(50000));
	json_put(in, "last_offset", json_integer(199000));
	_cleanup_json_ json_t *k = convert_with(result, &opts);
	size_t n = strlen(json_get_str(test_at(k, "boot"), "log_excerpt", ""));
	CHECK(n <= KCIDB_EXCERPT_MAX && n > KCIDB_EXCERPT_MAX - 4);
	free(text);
}

TEST(a_kernel_failure_without_incident_shows_how_the_console_ended)
{
	static const char text[] = "first\nsecond\nlast words\n";
	struct console c = { text, sizeof(text) - 1 };
	struct kcidb_opts opts = { .read_console = read_console, .arg = &c };
	_cleanup_json_ json_t *result = sample_result("wedge");

	json_put(result, "incidents", json_array());
	json_put(json_object_get(result, "statistics"), "console_bytes",
		 json_integer(sizeof(text) - 1));
	_cleanup_json_ json_t *k = convert_with(result, &opts);
	CHECK_CONTAINS(json_get_str(test_at(k, "boot"), "log_excerpt", ""), "last words");
}

TEST(metadata_of_kernelci_jobs_names_the_checkout)
{
	_cleanup_json_ json_t *k = convert("metadata");
	const json_t *c = member(k, "checkouts", 0), *b = member(k, "builds", 0);

	CHECK_STR(json_get_str(c, "git_commit_hash", ""),
		  "0123456789abcdef0123456789abcdef01234567");
	CHECK_STR(json_get_str(c, "tree_name", ""), "mainline");
	CHECK_STR(json_get_str(c, "git_repository_url", ""),
		  "https://git.example.org/linux.git");
	CHECK_STR(json_get_str(b, "architecture", ""), "arm64");
	CHECK_STR(json_get_str(b, "compiler", ""), "gcc-12 (Debian 12.2.0-14) 12.2.0");
}

TEST(a_build_that_kcidb_knows_is_referred_to_not_sent_again)
{
	_cleanup_json_ json_t *result = sample_result("metadata");
	json_t *meta = json_object_get(json_object_get(result, "job"), "metadata");

	json_put(meta, "kcidb_build_id", json_string("maestro:6745abcdef"));
	_cleanup_json_ json_t *k =
		convert_with(result, &(struct kcidb_opts){ .origin = "rklab" });
	CHECK(!json_object_get(k, "builds") && !json_object_get(k, "checkouts"));
	CHECK_STR(json_get_str(test_at(k, "boot"), "build_id", ""), "maestro:6745abcdef");
	CHECK_STR(json_get_str(test_at(k, "boot"), "origin", ""), "rklab");
}

TEST(a_lab_fault_that_looks_like_a_reset_does_not_blame_the_kernel)
{
	_cleanup_json_ json_t *result = sample_result("lab-after");
	json_t *in = json_pack("{s:i,s:i,s:s,s:s,s:b}", "id", 0, "attempt", 1, "kind",
			       "reset", "title", "supply fault", "fatal", 1);
	json_t *last = json_array_get(json_object_get(result, "attempts"), 0);

	json_push(json_object_get(result, "incidents"), in);
	json_put(last, "incident", json_integer(0));
	_cleanup_json_ json_t *k =
		convert_with(result, &(struct kcidb_opts){ .origin = "bootrig" });
	const json_t *culprit = json_object_get(member(k, "issues", 0), "culprit");
	CHECK(!json_get_bool(culprit, "code", true));
	CHECK(json_get_bool(culprit, "harness", false));
}

TEST(a_bad_origin_is_the_users_mistake)
{
	_cleanup_json_ json_t *result = sample_result("pass");
	struct err err = ERR_INIT;
	json_t *k;

	CHECK_EQ(kcidb_from_result(result, &(struct kcidb_opts){ .origin = "Rk Lab" }, &k,
				   &err),
		 -EINVAL);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "Rk Lab");
	setenv("BOOTRIG_ORIGIN", "otherlab", 1);
	CHECK_EQ(kcidb_from_result(result, &(struct kcidb_opts){ 0 }, &k, &err), 0);
	CHECK_STR(json_get_str(member(k, "tests", 0), "origin", ""), "otherlab");
	json_decref(k);
}

TEST(paths_keep_to_the_alphabet_of_kcidb)
{
	static const struct {
		const char *suite, *name, *want;
	} cases[] = {
		{ "smoke", "uname", "smoke.uname" },
		{ "a.b", "c..d.", "a.b.c.d" },
		{ "net", "ping 10.0.0.1 -> ok", "net.ping_10.0.0.1_-_ok" },
		{ "", "", "unnamed" },
		{ "...", "x", "x" },
		{ "\xc3\xa4", "\xff\xff", "_._" },
		{ "", "only", "only" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *got = kcidb_path(cases[i].suite, cases[i].name);

		CHECK_STR(got, cases[i].want);
	}
}

TEST(only_public_urls_are_published)
{
	CHECK(kcidb_url_is_public("https://example.org/a/Image?x=1"));
	CHECK(!kcidb_url_is_public("https://user:secret@example.org/Image"));
	CHECK(!kcidb_url_is_public("file:///home/me/Image"));
	CHECK(!kcidb_url_is_public("https://example.org/a b"));
	CHECK(!kcidb_url_is_public("https:///x"));
}

TEST(a_boots_proof_is_published_without_where_it_came_from)
{
	_cleanup_json_ json_t *result = sample_result("pass");
	json_t *attempt = json_array_get(json_object_get(result, "attempts"), 0);

	json_put(attempt, "provenance",
		 json_pack("{s:b, s:[{s:s}], s:{s:s}, s:{s:s, s:[{s:s}]}}", "proven", 1,
			   "files", "url", "file:///home/me/Image", "build", "base",
			   "/home/me/linux", "rootfs", "sha256", "abc", "files", "path",
			   "/etc/machine-id"));
	_cleanup_json_ json_t *k =
		convert_with(result, &(struct kcidb_opts){ .origin = "o" });
	_cleanup_free_ char *text =
		json_dumps(json_object_get(test_at(k, "boot"), "misc"), JSON_COMPACT);

	CHECK(strstr(text,
		     "\"provenance\":{\"proven\":true,\"rootfs\":{\"sha256\":\"abc\"}}"));
	CHECK(!strstr(text, "/home/me"));
	CHECK(!strstr(text, "machine-id"));
}

TEST(null_and_nul_never_reach_kcidb)
{
	_cleanup_json_ json_t *in =
		json_loads("{\"a\":null,\"b\":[null,1,{\"c\":null,\"d\":\"x\\u0000y\"}]}",
			   JSON_ALLOW_NUL, NULL);
	_cleanup_json_ json_t *out = kcidb_clean(in);
	_cleanup_free_ char *text = json_dumps(out, JSON_COMPACT);

	CHECK_STR(text, "{\"b\":[1,{\"d\":\"xy\"}]}");
}

/* The judge is not ours: python3-jsonschema with the schema of kcidb-io. */
TEST(every_sample_is_valid_kcidb_5_3)
{
	static const char judge[] =
		"import json, sys\n"
		"try:\n"
		"    import jsonschema\n"
		"except ImportError:\n"
		"    sys.exit(42)\n"
		"schema = json.load(open(sys.argv[1]))\n"
		"v = jsonschema.Draft7Validator(schema,"
		" format_checker=jsonschema.FormatChecker())\n"
		"bad = 0\n"
		"for f in sys.argv[2:]:\n"
		"    doc = json.load(open(f))\n"
		"    for e in v.iter_errors(doc):\n"
		"        print(f, list(e.path), e.message[:200], file=sys.stderr)\n"
		"        bad = 1\n"
		"    doc['tests'][0]['status'] = 'NOPE'\n"
		"    if v.is_valid(doc):\n"
		"        print('the judge is asleep', file=sys.stderr)\n"
		"        bad = 1\n"
		"sys.exit(bad)\n";
	static const char text[] = "one\ntwo \xff\n\033[1mthree\n";
	struct console c = { text, sizeof(text) - 1 };
	struct kcidb_opts opts = { .read_console = read_console, .arg = &c };
	_cleanup_free_ char *schema = source_path("tests/data/kcidb-v05_03.schema.json");
	_cleanup_strvec_ struct strvec argv = STRVEC_INIT;
	struct child child = CHILD_INIT;
	struct err err = ERR_INIT;
	int status;

	strvec_add(&argv, "python3");
	strvec_add(&argv, "-c");
	strvec_add(&argv, judge);
	strvec_add(&argv, schema);
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		_cleanup_json_ json_t *result = sample_result(samples[i].name);
		_cleanup_json_ json_t *k = convert_with(result, &opts);
		size_t n;
		_cleanup_free_ char *line = json_line(k, &n);
		strvec_addf(&argv, "%s/%s.json", tap_tmpdir(), samples[i].name);
		int fd = open(argv.v[argv.n - 1], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		CHECK(fd >= 0 && !io_write_all(fd, line, n));
		close(fd);
	}
	if (child_spawn(&child, (const char *const *)argv.v, NULL, &err))
		SKIP("python3 is not installed");
	CHECK_EQ(child_wait(&child, deadline_in_ms(25000), -1, &status, &err), 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 42)
		SKIP("python3-jsonschema is not installed");
	CHECK_EQ(status, 0);
}

TESTS(T(every_way_to_end_has_its_kcidb_status), T(test_cases_keep_their_own_status),
      T(each_attempt_is_a_boot_and_the_last_carries_the_verdict),
      T(the_same_result_gives_the_same_document),
      T(the_same_bug_in_another_run_is_the_same_issue),
      T(the_excerpt_is_the_incidents_place_in_the_console),
      T(a_huge_report_is_cut_at_the_limit_of_kcidb),
      T(a_kernel_failure_without_incident_shows_how_the_console_ended),
      T(metadata_of_kernelci_jobs_names_the_checkout),
      T(a_build_that_kcidb_knows_is_referred_to_not_sent_again),
      T(a_lab_fault_that_looks_like_a_reset_does_not_blame_the_kernel),
      T(a_bad_origin_is_the_users_mistake), T(paths_keep_to_the_alphabet_of_kcidb),
      T(only_public_urls_are_published),
      T(a_boots_proof_is_published_without_where_it_came_from),
      T(null_and_nul_never_reach_kcidb), T(every_sample_is_valid_kcidb_5_3))
