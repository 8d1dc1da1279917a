// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig check`, and what `bootrig run` refuses before it touches anything. */
#include <fcntl.h>
#include <sys/stat.h>

#include "run_program.h"
#include "util/jsonx.h"
#include "util/mem.h"

#define JOB(type)                                                                        \
	type "job_name: a job\ntimeouts: {job: {minutes: 5}}\nactions:\n"                \
	     "- boot: {method: minimal, prompts: ['# ']}\n"
#define BOARD(name, type)                                                                \
	"board: " name "\n" type "console: {transport: unix, device: none}\n"            \
	"power: {backend: none}\n"

static struct strbuf out;

static void make_boards_dir(void)
{
	_cleanup_free_ char *dir = xasprintf("%s/boards", tap_tmpdir());

	unsetenv("BOOTRIG_BOARD");
	CHECK_EQ(mkdir(dir, 0700), 0);
}

static void put_board(const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("boards/%s", name);

	free(put_file(path, text));
}

TEST(a_sound_job_and_board_are_ok)
{
	_cleanup_free_ char *job = put_file("j.yaml", JOB("device_type: d\n"));
	_cleanup_free_ char *board = put_file("b.yaml", BOARD("b", "device_type: d\n"));

	CHECK_EQ(run_program(&out, "check", job, board, NULL), 0);
	CHECK_CONTAINS(out.buf, "job \"a job\", 1 action: ok");
	CHECK_CONTAINS(out.buf, "board \"b\", for method: minimal: ok");
	CHECK_EQ(run_program(&out, "check", "--board", board, job, NULL), 0);
}

TEST(a_file_of_hypotheses_is_checked_alone)
{
	_cleanup_free_ char *good = put_file("h.yaml", "name: a slot\nbase: null\n");
	_cleanup_free_ char *bad =
		put_file("i.yaml", "hypotheses:\n- {name: b, bas: null}\n");

	CHECK_EQ(run_program(&out, "check", good, NULL), 0);
	CHECK_CONTAINS(out.buf, "h.yaml: hypothesis \"a slot\": ok");
	CHECK_EQ(run_program(&out, "check", "--json", good, NULL), 0);
	CHECK_CONTAINS(out.buf, "\"kind\":\"hypotheses\"");
	CHECK_EQ(run_program(&out, "check", bad, NULL), 129);
	CHECK_CONTAINS(out.buf, "i.yaml:2:13: unknown key \"bas\"");
}

TEST(every_mistake_has_its_place_and_the_status_is_129)
{
	_cleanup_free_ char *job = put_file("j.yaml", "job_name: x\nactoins: []\n");
	_cleanup_free_ char *good = put_file("g.yaml", JOB(""));

	CHECK_EQ(run_program(&out, "check", job, good, NULL), 129);
	CHECK_CONTAINS(out.buf,
		       "j.yaml:1:1: the file has no \"actions\"; expected one\n");
	CHECK_CONTAINS(out.buf, "j.yaml:2:1: unknown key \"actoins\"");
	CHECK_CONTAINS(out.buf, "g.yaml: job \"a job\", 1 action: ok");
	CHECK_EQ(run_program(&out, "check", "/nonexistent.yaml", NULL), 129);
	CHECK_CONTAINS(out.buf, "/nonexistent.yaml:1:1: cannot be read: No such file");
	CHECK_EQ(run_program(&out, "check", NULL), 129);
	CHECK_EQ(run_program(&out, "check", "--no-such-option", NULL), 129);
	CHECK_EQ(run_program(&out, "check", "--help", NULL), 0);
}

TEST(a_job_that_does_not_fit_its_board_is_told_at_its_line)
{
	_cleanup_free_ char *job = put_file("j.yaml", JOB("device_type: other\n"));
	_cleanup_free_ char *board = put_file("b.yaml", BOARD("b", "device_type: d\n"));

	CHECK_EQ(run_program(&out, "check", "--board", board, job, NULL), 129);
	CHECK_CONTAINS(out.buf, "j.yaml:1:14: the job is for device_type other");
}

TEST(json_has_the_same_findings)
{
	_cleanup_free_ char *job = put_file("a:1:2.yaml", "job_name: x\nactions: 7\n");
	_cleanup_free_ char *board = put_file("b.yaml", BOARD("b", ""));

	CHECK_EQ(run_program(&out, "check", "--json", job, board, NULL), 129);
	_cleanup_json_ json_t *doc = json_loads(out.buf, 0, NULL);
	const json_t *files = json_object_get(doc, "files");
	const json_t *bad = json_array_get(files, 0), *good = json_array_get(files, 1);
	const json_t *messages = json_object_get(bad, "messages");

	CHECK_EQ(json_array_size(files), 2);
	CHECK(!json_get_bool(bad, "ok", true) && json_get_bool(good, "ok", false));
	CHECK_STR(json_get_str(bad, "kind", ""), "job");
	CHECK_STR(json_get_str(good, "board", ""), "b");
	CHECK_EQ(json_array_size(messages), 2);
	CHECK_EQ(json_get_int(json_array_get(messages, 1), "line", 0), 2);
	CHECK_EQ(json_get_int(json_array_get(messages, 1), "column", 0), 10);
	CHECK_STR(json_get_str(json_array_get(messages, 1), "message", ""),
		  "actions is a single value; expected a list");
}

TEST(run_without_a_board_says_how_to_give_one)
{
	_cleanup_free_ char *job = put_file("j.yaml", JOB("device_type: d\n"));

	unsetenv("BOOTRIG_BOARD");
	CHECK_EQ(run_program(&out, "run", job, NULL), 129);
	CHECK_CONTAINS(
		out.buf,
		"j.yaml:1:1: no board in boards/*.yaml beside this file is a d; expected --board or $BOOTRIG_BOARD\n");
	CHECK_EQ(run_program(&out, "run", "--board", "/nonexistent.yaml", job, NULL),
		 129);
	CHECK_CONTAINS(out.buf, "/nonexistent.yaml:1:1: cannot be read");
	CHECK_EQ(run_program(&out, "run", NULL), 129);
}

TEST(the_board_beside_the_job_is_the_one_of_its_device_type)
{
	_cleanup_free_ char *job = put_file("j.yaml", JOB("device_type: d\n"));
	_cleanup_free_ char *runs = xasprintf("%s/runs", tap_tmpdir());

	make_boards_dir();
	put_board("a.yaml", BOARD("a", "device_type: e\n"));
	put_board("b.yaml", BOARD("b", ""));
	put_board("c.yaml", "board: [\n");
	put_board(".d.yaml", BOARD("h", "device_type: d\n"));

	/* None fits, and one may have meant to. */
	CHECK_EQ(run_program(&out, "run", "--runs", runs, job, NULL), 129);
	CHECK_CONTAINS(out.buf, "boards/c.yaml:");
	CHECK_CONTAINS(out.buf, "is a d; expected --board");
	/* Its console cannot be opened: it was taken, and the lab is to blame. */
	put_board("d.yaml", BOARD("the-one", "device_type: d\n"));
	CHECK_EQ(run_program(&out, "run", "--runs", runs, job, NULL), 131);
	CHECK(!strstr(out.buf, "c.yaml"));
	CHECK_CONTAINS(out.buf, "console");
	put_board("e.yaml", BOARD("another", "device_type: d\n"));
	CHECK_EQ(run_program(&out, "run", "--runs", runs, job, NULL), 129);
	CHECK_CONTAINS(out.buf, "boards/d.yaml and ");
	CHECK_CONTAINS(out.buf, "both fit this job");
}

TEST(a_job_for_any_board_takes_the_only_one)
{
	_cleanup_free_ char *job = put_file("j.yaml", JOB(""));
	_cleanup_free_ char *runs = xasprintf("%s/runs", tap_tmpdir());

	make_boards_dir();
	put_board("b.yaml", BOARD("b", ""));
	CHECK_EQ(run_program(&out, "run", "--runs", runs, job, NULL), 131);
	CHECK_CONTAINS(out.buf, "console");
}

TESTS(T(a_sound_job_and_board_are_ok), T(a_file_of_hypotheses_is_checked_alone),
      T(every_mistake_has_its_place_and_the_status_is_129),
      T(a_job_that_does_not_fit_its_board_is_told_at_its_line),
      T(json_has_the_same_findings), T(run_without_a_board_says_how_to_give_one),
      T(the_board_beside_the_job_is_the_one_of_its_device_type),
      T(a_job_for_any_board_takes_the_only_one))
