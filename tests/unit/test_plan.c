// SPDX-License-Identifier: GPL-2.0-or-later
/* Plans of runs on boards that no bench has: relays, scripts, machines. tests/bench/
 * dry_run.t holds plans against what runs do. */
#include <string.h>

#include "board_text.h"
#include "job_text.h"
#include "session/plan.h"
#include "util/jsonx.h"

#define BOARD                                                                            \
	"board: b\nconsole: {transport: serial, device: /dev/null, baud: 1500000}\n"     \
	"power:\n  backend: gpio\n  lines:\n    power: {line: p}\n"                      \
	"    maskrom: {line: m, type: momentary, max_press: {seconds: 5}}\n"             \
	"    sense: {line: s, type: input}\n"                                            \
	"  sense: {line: sense}\n"                                                       \
	"  on: [{set: power}, {expect_power: on, timeout: {seconds: 2}}]\n"              \
	"  off: [{clear: power}, {wait: {seconds: 3}}]\n"                                \
	"  maskrom: [{press: maskrom, for: {seconds: 1}}]\n"
#define JOB                                                                              \
	"job_name: j\ntimeouts: {job: {minutes: 5}, action: {minutes: 1}, connection: "  \
	"{minutes: 1}}\nvisibility: public\npriority: medium\nactions:\n"                \
	"  - boot: {method: minimal, prompts: [\"# $\"]}\n"

static void load(const char *board_text, const char *job_text, struct board_spec **board,
		 struct job_spec **job)
{
	*board = board_of(board_text);
	*job = job_at("/lab/j.yaml", job_text);
}

static json_t *plan_text_of(const char *board_text, const char *job_text)
{
	_cleanup_board_spec_ struct board_spec *board = NULL;
	_cleanup_job_spec_ struct job_spec *job = NULL;
	struct err err = ERR_INIT;
	json_t *plan;

	load(board_text, job_text, &board, &job);
	if (plan_run(job, board, NULL, &plan, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return plan;
}

/* "set power 0; wait; …" of the steps that are moves of relays or waits. */
static char *moves(const json_t *steps)
{
	struct strbuf out = STRBUF_INIT;
	size_t i;
	json_t *s;

	json_array_foreach((json_t *)(uintptr_t)steps, i, s)
	{
		const char *what = json_get_str(s, "do", "");

		if (strcmp(what, "relay") == 0)
			strbuf_addf(&out, "%s %s %lld; ", json_get_str(s, "act", ""),
				    json_get_str(s, "line", ""),
				    (long long)json_get_int(s, "ms", 0));
		else if (strcmp(what, "wait") == 0)
			strbuf_addf(&out, "%s %g; ", json_get_str(s, "for", ""),
				    json_number_value(json_object_get(s, "limit_s")));
	}
	return strbuf_take(&out);
}

TEST(each_relay_of_the_boards_sequences_is_in_the_plan)
{
	_cleanup_json_ json_t *plan = plan_text_of(BOARD, JOB);
	_cleanup_free_ char *got = moves(json_object_get(plan, "steps"));

	CHECK_STR(got, "clear power 0; time 3; set power 0; sense line: power 2; "
		       "prompt 60; clear power 0; time 3; ");
}

TEST(a_maskrom_rung_cuts_the_power_and_presses)
{
	_cleanup_json_ json_t *plan = plan_text_of(
		BOARD
		"recovery:\n  - rung: maskrom\n    maskrom: {loader: /l.bin, usb: \"1-2\"}\n"
		"    prompts: [\"good# $\"]\n    timeout: {seconds: 90}\n",
		JOB);
	_cleanup_free_ char *got = moves(json_object_get(plan, "on_failure"));

	CHECK_STR(got, "clear power 0; time 3; set power 0; sense line: power 2; press "
		       "maskrom 1000; prompt 90; clear power 0; time 3; ");
}

TEST(no_recovery_in_the_board_or_the_job_means_no_ladder)
{
	_cleanup_json_ json_t *plan = plan_text_of(BOARD, JOB);

	CHECK_EQ(json_array_size(json_object_get(plan, "on_failure")), 0);
}

TEST(a_kernel_that_is_not_there_is_planned_and_said_to_be_missing)
{
	_cleanup_json_ json_t *plan = plan_text_of(
		BOARD
		"boot: {mac: \"52:54:00:12:34:56\", tftp: {root: /srv/tftp, verify: local}}\n",
		"job_name: j\ntimeouts: {job: {minutes: 5}, action: {minutes: 1}, "
		"connection: {minutes: 1}}\nvisibility: public\npriority: medium\nactions:\n"
		"  - deploy: {to: tftp, os: oe, kernel: {url: \"file:/nowhere/Image\", type: "
		"image}, dtb: {url: \"https://user:pw@example.org/b.dtb\"}}\n"
		"  - boot: {method: u-boot, commands: ramdisk, prompts: [\"# $\"]}\n");
	const json_t *steps = json_object_get(plan, "steps"), *kernel = NULL, *dtb = NULL;
	size_t i;
	json_t *s;

	json_array_foreach((json_t *)(uintptr_t)steps, i, s)
	{
		if (strcmp(json_get_str(s, "role", ""), "kernel") == 0)
			kernel = s;
		if (strcmp(json_get_str(s, "role", ""), "dtb") == 0)
			dtb = s;
	}
	CHECK_STR(json_get_str(kernel, "state", ""), "missing");
	CHECK_STR(json_get_str(kernel, "to", ""), "bootrig-RUN-1/Image");
	CHECK_STR(json_get_str(dtb, "state", ""), "to be fetched");
	CHECK(!strstr(json_get_str(dtb, "url", "pw"), "pw"));
}

TEST(a_command_line_that_u_boot_would_cut_is_refused_by_the_plan_too)
{
	_cleanup_board_spec_ struct board_spec *board = NULL;
	_cleanup_job_spec_ struct job_spec *job = NULL;
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct err err = ERR_INIT;
	json_t *plan = NULL;

	strbuf_addstr(&text,
		      BOARD "boot: {mac: \"52:54:00:12:34:56\", tftp: {root: /srv, "
			    "verify: local}, kernel_args: \"");
	for (int i = 0; i < 60; i++)
		strbuf_addf(&text, "argument%d ", i);
	strbuf_addstr(&text, "\"}\n");
	load(strbuf_str(&text),
	     "job_name: j\ntimeouts: {job: {minutes: 5}, action: {minutes: 1}, connection: "
	     "{minutes: 1}}\nvisibility: public\npriority: medium\nactions:\n"
	     "  - deploy: {to: tftp, os: oe, kernel: {url: \"file:/nowhere/Image\"}}\n"
	     "  - boot: {method: u-boot, commands: ramdisk, prompts: [\"# $\"]}\n",
	     &board, &job);
	CHECK(plan_run(job, board, NULL, &plan, &err) < 0);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK(!plan);
}

TESTS(T(each_relay_of_the_boards_sequences_is_in_the_plan),
      T(a_maskrom_rung_cuts_the_power_and_presses),
      T(no_recovery_in_the_board_or_the_job_means_no_ladder),
      T(a_kernel_that_is_not_there_is_planned_and_said_to_be_missing),
      T(a_command_line_that_u_boot_would_cut_is_refused_by_the_plan_too))
