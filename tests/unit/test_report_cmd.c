// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig report` and `bootrig post` as a user meets them: the program itself, its
 * output and its exit status. */
#include <fcntl.h>
#include <sys/stat.h>

#include "run_program.h"
#include "sample_results.h"
#include "util/io.h"
#include "util/mem.h"

/* A run directory with that sample's result; the caller owns the path. */
static char *make_run(const char *sample)
{
	_cleanup_json_ json_t *result = sample_result(sample);
	char *dir = xasprintf("%s/runs/%s", tap_tmpdir(), sample);
	_cleanup_free_ char *path = xasprintf("%s/result.json", dir);

	json_put(result, "id", json_string(sample));
	CHECK_EQ(io_mkdir_p(dir), 0);
	CHECK_EQ(json_dump_file(result, path, 0), 0);
	return dir;
}

static struct strbuf out;

__attribute__((constructor)) static void forget_environment(void)
{
	unsetenv("BOOTRIG_POST_URL");
	unsetenv("BOOTRIG_SPOOL");
	unsetenv("BOOTRIG_ORIGIN");
	setenv("HOME", "/nonexistent", 1);
}

TEST(the_table_has_a_line_for_each_run)
{
	_cleanup_free_ char *a = make_run("pass");
	_cleanup_free_ char *b = make_run("panic");

	CHECK_EQ(run_program(&out, "report", "--table", a, b, NULL), 0);
	CHECK_CONTAINS(out.buf, "VERDICT");
	CHECK_CONTAINS(out.buf, "fail     panic");
	CHECK_CONTAINS(out.buf, b);
	CHECK_EQ(run_program(&out, "report", "--table", "--json", a, b, NULL), 0);
	_cleanup_json_ json_t *rows = json_loads(out.buf, 0, NULL);
	CHECK_EQ(json_array_size(rows), 2);
}

TEST(a_run_that_cannot_be_read_is_129_and_the_others_are_shown)
{
	_cleanup_free_ char *a = make_run("pass");

	CHECK_EQ(run_program(&out, "report", "--table", "/nonexistent/run", a, NULL),
		 129);
	CHECK_CONTAINS(out.buf, "all passed");
	CHECK_CONTAINS(out.buf, "No such file");
	CHECK_EQ(run_program(&out, "report", NULL), 129);
	CHECK_EQ(run_program(&out, "report", "--junit", "/nonexistent/run", NULL), 129);
}

TEST(one_run_is_printed_as_junit_or_kcidb)
{
	_cleanup_free_ char *a = make_run("panic");

	CHECK_EQ(run_program(&out, "report", "--junit", a, NULL), 0);
	CHECK_CONTAINS(out.buf, "<testsuites");
	CHECK_EQ(run_program(&out, "report", "--kcidb", "--origin", "mylab", a, NULL), 0);
	CHECK_CONTAINS(out.buf, "\"mylab:panic-boot\"");
	CHECK_EQ(run_program(&out, "report", "--kcidb", "--origin", "My Lab", a, NULL),
		 129);
}

TEST(an_empty_outbox_is_0_and_a_receiver_that_is_down_131)
{
	_cleanup_free_ char *spool = xasprintf("%s/spool", tap_tmpdir());
	_cleanup_free_ char *a = make_run("pass");

	CHECK_EQ(run_program(&out, "post", "--spool", spool, NULL), 0);
	CHECK_EQ(run_program(&out, "post", "--spool", spool, a, NULL), 129);
	CHECK_CONTAINS(out.buf, "BOOTRIG_POST_URL");
	CHECK_EQ(run_program(&out, "post", "--spool", spool, "--to",
			     "http://127.0.0.1:1/r", a, NULL),
		 131);
	CHECK_CONTAINS(out.buf, "retry     pass  result  http://127.0.0.1:1/r: ");
	CHECK_CONTAINS(out.buf, "1 pending");
	CHECK_EQ(run_program(&out, "post", "--spool", spool, "--json", NULL), 131);
	_cleanup_json_ json_t *j = json_loads(out.buf, 0, NULL);
	CHECK_EQ(json_get_int(j, "pending", 0), 1);
	CHECK_EQ(json_array_size(json_object_get(j, "entries")), 1);
}

TEST(a_bad_destination_is_129_and_queues_nothing)
{
	_cleanup_free_ char *spool = xasprintf("%s/spool", tap_tmpdir());
	_cleanup_free_ char *a = make_run("pass");

	CHECK_EQ(run_program(&out, "post", "--spool", spool, "--to",
			     "https://u:secret@h/", a, NULL),
		 129);
	CHECK(!strstr(out.buf, "secret"));
	CHECK_EQ(run_program(&out, "post", "--spool", spool, NULL), 0);
	CHECK_EQ(run_program(&out, "post", "--no-such-option", NULL), 129);
}

TESTS(T(the_table_has_a_line_for_each_run),
      T(a_run_that_cannot_be_read_is_129_and_the_others_are_shown),
      T(one_run_is_printed_as_junit_or_kcidb),
      T(an_empty_outbox_is_0_and_a_receiver_that_is_down_131),
      T(a_bad_destination_is_129_and_queues_nothing))
