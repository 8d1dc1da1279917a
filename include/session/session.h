// SPDX-License-Identifier: GPL-2.0-or-later
/* One job on one board, top to bottom: claim, stage, verify, power on, boot, watch, test,
 * recover, power off. What comes out is the run directory; the verdict is computed from
 * it (report/result.h). */
#pragma once

#include "console/console.h"
#include "parse/board_spec.h"
#include "parse/job_spec.h"
#include "session/run_dir.h"
#include "session/stretch.h"

struct session_opts {
	struct job_spec
		*job; /* borrowed; definitions from git and files are completed in it */
	const struct board_spec *board; /* borrowed */
	const char *runs_dir;
	const struct session_stretch *stretch; /* NULL = as the job says */
	bool clear_wedged; /* the board was put right: forget that it was wedged */
	int cancel_fd;     /* readable = stop, power off and say canceled; -1 = none */
	int64_t begin_ns;  /* when the program began (clock_now_ns), for the start-up time
			    */
	/* The live view. All may be NULL; borrowed arguments. */
	void (*on_console)(void *arg, const char *data, size_t len);
	void (*on_shown)(void *arg); /* no more for now: show it */
	void (*on_event)(void *arg, const json_t *event);
	void (*on_progress)(void *arg, const char *what, uint64_t done, uint64_t total);
	void *arg;
};

/* 0 when the run directory tells the whole story, whatever the story is: kernel, lab and
 * job faults are in it. An error (with the class) only when there is no run directory to
 * tell it, or it cannot be written; *dir may be open even then. The caller releases *dir.
 */
MUST_CHECK int session_run(const struct session_opts *opts, struct run_dir *dir,
			   struct err *err);
