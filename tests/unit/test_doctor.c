// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>

#include "session/doctor_int.h"

#include "tap.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

static struct doctor_report report = DOCTOR_REPORT_INIT;
static struct run_dir dir = RUN_DIR_INIT;
static struct err err = ERR_INIT;

static void examine(const char *runs_dir)
{
	const struct doctor_opts o = { .runs_dir = runs_dir, .cancel_fd = -1 };

	CHECK_EQ(doctor_run(&o, &report, &dir, &err), 0);
}

static const struct doctor_check *find(const char *name)
{
	for (size_t i = 0; i < report.n; i++)
		if (strcmp(report.v[i].name, name) == 0)
			return &report.v[i];
	tap_fail(__FILE__, __LINE__, "no check \"%s\"", name);
}

TEST(every_finding_is_a_sentence_and_what_is_broken_has_a_fix)
{
	examine(tap_tmpdir());
	CHECK(report.n >= 7);
	for (size_t i = 0; i < report.n; i++) {
		const struct doctor_check *c = &report.v[i];

		CHECK(c->finding[0]);
		if (c->status == DOCTOR_FAIL || c->status == DOCTOR_WARN)
			CHECK(c->fix && c->fix[0]);
		else
			CHECK(!c->fix);
	}
	CHECK(!dir.path); /* without a board nothing is recorded */
	doctor_report_release(&report);
}

TEST(a_runs_directory_that_is_not_there_yet_is_judged_by_its_parent)
{
	_cleanup_free_ char *path = xasprintf("%s/a/b", tap_tmpdir());

	examine(path);
	CHECK_EQ(find("runs directory")->status, DOCTOR_PASS);
	CHECK_CONTAINS(find("runs directory")->finding, tap_tmpdir());
	doctor_report_release(&report);
}

TEST(a_directory_below_the_root_is_judged_by_the_root)
{
	bool may = access("/", W_OK | X_OK) == 0;

	examine("/no-such-directory-of-bootrig");
	CHECK_CONTAINS(find("runs directory")->finding,
		       may ? "/ can be written" : "/ cannot be written");
	doctor_report_release(&report);
}

TEST(a_file_in_the_place_of_the_runs_directory_is_called_so)
{
	_cleanup_free_ char *path = xasprintf("%s/file/runs", tap_tmpdir());

	*strrchr(path, '/') = '\0';
	CHECK_EQ(io_atomic_write(path, "x", 1), 0);
	examine(path);
	CHECK_EQ(find("runs directory")->status, DOCTOR_FAIL);
	CHECK_CONTAINS(find("runs directory")->finding, "file is not a directory");
	doctor_report_release(&report);
	/* And what would be below it. */
	path[strlen(path)] = '/';
	examine(path);
	CHECK_EQ(find("runs directory")->status, DOCTOR_FAIL);
	CHECK_CONTAINS(find("runs directory")->finding, "file is not a directory");
	doctor_report_release(&report);
}

TEST(a_runs_directory_without_room_is_broken)
{
	examine("/proc/self"); /* never has any */
	CHECK_EQ(find("runs directory")->status, DOCTOR_FAIL);
	CHECK_EQ(doctor_count(&report, DOCTOR_FAIL), 1);
	doctor_report_release(&report);
}

TEST(json_says_ok_until_something_is_broken)
{
	_cleanup_json_ json_t *good = NULL;
	_cleanup_json_ json_t *bad = NULL;

	examine(tap_tmpdir());
	good = doctor_to_json(&report, NULL, NULL);
	CHECK_STR(json_get_str(good, "schema", ""), "bootrig.doctor/1");
	CHECK(json_get_bool(good, "ok", false));
	CHECK(json_is_null(json_object_get(good, "board")));
	CHECK_EQ(json_array_size(json_object_get(good, "checks")), report.n);
	doctor_report_release(&report);

	examine("/proc/self");
	bad = doctor_to_json(&report, NULL, NULL);
	CHECK(!json_get_bool(bad, "ok", true));
	doctor_report_release(&report);
}

static int n_in(const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, NULL);

	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return n - 2;
}

TEST(of_the_doctors_records_the_newest_stay_and_nothing_else_is_touched)
{
	static const char *const others[] = { "20200101T000000Z-b-doctor-xxxxxxxx",
					      "20200101T000000Z-b-smoke-0123abcd",
					      "notes", ".hidden" };
	_cleanup_free_ char *records = xasprintf("%s/.doctor", tap_tmpdir());
	int n = DOCTOR_RECORDS + 5;

	doctor_sweep_records(records); /* not there yet */
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *one =
			xasprintf("%s/202601%02dT000000Z-b-doctor-0123abcd/artifacts",
				  records, i + 1);

		CHECK_EQ(io_mkdir_p(one), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		_cleanup_free_ char *one = xasprintf("%s/%s", records, others[i]);

		CHECK_EQ(io_mkdir_p(one), 0);
	}
	doctor_sweep_records(records);
	CHECK_EQ(n_in(records), DOCTOR_RECORDS + (int)ARRAY_SIZE(others));
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *one = xasprintf(
			"%s/202601%02dT000000Z-b-doctor-0123abcd", records, i + 1);

		CHECK_EQ(access(one, F_OK) == 0, i >= 5);
	}
}

TESTS(T(every_finding_is_a_sentence_and_what_is_broken_has_a_fix),
      T(a_runs_directory_that_is_not_there_yet_is_judged_by_its_parent),
      T(a_directory_below_the_root_is_judged_by_the_root),
      T(a_file_in_the_place_of_the_runs_directory_is_called_so),
      T(a_runs_directory_without_room_is_broken),
      T(json_says_ok_until_something_is_broken),
      T(of_the_doctors_records_the_newest_stay_and_nothing_else_is_touched))
