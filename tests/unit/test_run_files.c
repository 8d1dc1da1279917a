// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading result.json back, and the reports beside it. */
#include <errno.h>
#include <fcntl.h>

#include "report/result_read.h"
#include "report/run_files.h"
#include "sample_results.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/clock.h"

TEST(a_run_id_is_a_safe_file_name)
{
	char longest[RUN_ID_MAX + 2];

	memset(longest, 'a', sizeof(longest));
	longest[RUN_ID_MAX + 1] = '\0';
	CHECK(!run_id_is_valid(longest));
	longest[RUN_ID_MAX] = '\0';
	CHECK(run_id_is_valid(longest));
	CHECK(run_id_is_valid("20261123T191500Z-virt-boot-1a2b3c"));
	CHECK(!run_id_is_valid("") && !run_id_is_valid("..") && !run_id_is_valid("a/b"));
	CHECK(!run_id_is_valid("a~b") && !run_id_is_valid("a\n") &&
	      !run_id_is_valid("\xc3\xa4"));
}

TEST(times_go_through_milliseconds_and_back)
{
	static const char *const good[] = { "1970-01-01T00:00:00.000Z",
					    "2026-11-23T19:15:00.123Z",
					    "2028-02-29T23:59:59.999Z" };
	static const char *const bad[] = { "",
					   "2026-11-23",
					   "2026-11-23 19:15:00Z",
					   "2026-02-30T00:00:00Z",
					   "2026-13-01T00:00:00Z",
					   "2026-11-23T24:00:00Z",
					   "2026-11-23T19:15:00+01:00",
					   "2026-11-23T19:15:00.12Z",
					   "+026-11-23T19:15:00Z",
					   "1969-12-31T23:59:59Z" };
	int64_t ms;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CHECK_EQ(rfc3339_parse(good[i], &ms), 0);
		CHECK_STR(wall_time_of(ms).str, good[i]);
	}
	CHECK_EQ(rfc3339_parse("2026-11-23T19:15:00Z", &ms), 0);
	CHECK_STR(wall_time_of(ms).str, "2026-11-23T19:15:00.000Z");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(rfc3339_parse(bad[i], &ms), -EINVAL);
}

TEST(what_is_no_result_is_refused_with_a_reason)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{",
		"null",
		"{\"schema\":\"bootrig.result/2\",\"id\":\"a\"}",
		"{\"schema\":\"bootrig.result/1\"}",
		"{\"schema\":\"bootrig.result/1\",\"id\":\"../x\"}",
		"{\"schema\":\"bootrig.result/1\",\"id\":7}"
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct err err = ERR_INIT;
		json_t *j;

		CHECK_EQ(result_parse(texts[i], strlen(texts[i]), &j, &err), -EINVAL);
		CHECK_EQ(err.class, ERR_JOB);
		CHECK(err.msg[0] && !j);
	}
}

TEST(the_kernel_ran_when_anything_of_it_was_seen)
{
	static const struct {
		const char *sample;
		bool ran;
	} cases[] = { { "pass", true }, { "lab-before", false }, { "job", false } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ json_t *r = sample_result(cases[i].sample);

		CHECK_EQ(result_kernel_ran(r, NULL), cases[i].ran);
	}
	_cleanup_json_ json_t *stages = sample_result("lab-before");
	json_put(stages, "stages", json_pack("[{s:s}]", "stage", "starting-kernel"));
	CHECK(result_kernel_ran(stages, NULL));
	json_put(stages, "stages", json_pack("[{s:s}]", "stage", "u-boot"));
	CHECK(!result_kernel_ran(stages, NULL));
}

static int open_run(const char *sample, json_t **result)
{
	_cleanup_free_ char *path = xasprintf("%s/result.json", tap_tmpdir());
	struct err err = ERR_INIT;
	int fd = open(tap_tmpdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*result = sample_result(sample);
	CHECK(fd >= 0);
	CHECK_EQ(json_dump_file(*result, path, JSON_INDENT(1)), 0);
	json_decref(*result);
	CHECK_EQ(result_load(tap_tmpdir(), result, &err), 0);
	return fd;
}

TEST(the_reports_stand_beside_the_result)
{
	static const char console[] =
		"U-Boot 2023.01\nStarting kernel ...\nLinux version 6.1\n"
		"Kernel panic - not syncing: sysrq triggered crash\n---[ end ]---\n";
	_cleanup_strbuf_ struct strbuf xml = STRBUF_INIT, doc = STRBUF_INIT;
	_cleanup_json_ json_t *result = NULL;
	_cleanup_json_ json_t *kcidb = NULL;
	_cleanup_close_ int dirfd = open_run("panic", &result);
	struct err err = ERR_INIT;

	CHECK_EQ(io_atomic_write_at(dirfd, "console.raw", console, sizeof(console) - 1),
		 0);
	CHECK_EQ(run_files_write(dirfd, result, NULL, &kcidb, &err), 0);
	CHECK_EQ(io_read_file_at(dirfd, "junit.xml", 1 << 20, &xml), 0);
	CHECK_EQ(io_read_file_at(dirfd, "kcidb.json", 1 << 20, &doc), 0);
	CHECK_CONTAINS(xml.buf, "<failure type=\"panic\"");
	CHECK_CONTAINS(doc.buf, "not syncing: sysrq triggered crash\\n");
	_cleanup_json_ json_t *read = json_loads(doc.buf, 0, NULL);
	CHECK(json_equal(read, kcidb));
}

TEST(without_a_console_there_is_no_excerpt)
{
	_cleanup_json_ json_t *result = NULL;
	_cleanup_json_ json_t *kcidb = NULL;
	_cleanup_close_ int dirfd = open_run("panic", &result);
	struct err err = ERR_INIT;

	CHECK_EQ(run_files_kcidb(dirfd, result, NULL, &kcidb, &err), 0);
	const json_t *boot = json_array_get(json_object_get(kcidb, "tests"), 0);
	CHECK(!json_object_get(boot, "log_excerpt"));
}

TEST(a_directory_without_a_result_says_so)
{
	struct err err = ERR_INIT;
	json_t *j;

	CHECK_EQ(result_load(tap_tmpdir(), &j, &err), -ENOENT);
	CHECK_CONTAINS(err.msg, "result.json: No such file");
	CHECK_EQ(result_load("/dev/null", &j, &err), -EINVAL);
}

TESTS(T(a_run_id_is_a_safe_file_name), T(times_go_through_milliseconds_and_back),
      T(what_is_no_result_is_refused_with_a_reason),
      T(the_kernel_ran_when_anything_of_it_was_seen),
      T(the_reports_stand_beside_the_result), T(without_a_console_there_is_no_excerpt),
      T(a_directory_without_a_result_says_so))
