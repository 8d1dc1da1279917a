// SPDX-License-Identifier: GPL-2.0-or-later
/* What a command that runs a job needs before a relay clicks: the job, the board that it
 * runs on, and where its results go, all of it checked. */
#pragma once

#include "parse/board_spec.h"
#include "parse/job_spec.h"
#include "report/spool.h"

struct run_loaded {
	struct job_spec *job;
	struct board_spec *board;
	char *board_path; /* where it came from */
	struct destinations to;
};

#define RUN_LOADED_INIT                                                                  \
	{                                                                                \
		.job = NULL, .board = NULL, .board_path = NULL, .to = DESTINATIONS_INIT  \
	}

/* board_path NULL: $BOOTRIG_BOARD, or the one board beside the job that has its
 * device_type. What is wrong with the files is told on stderr, as `bootrig COMMAND: …`
 * where it is no place in a file. 0 or -errno; the caller releases *out either way. */
MUST_CHECK int run_load(const char *command, const char *job_path, const char *board_path,
			struct run_loaded *out);
void run_loaded_release(struct run_loaded *l);
