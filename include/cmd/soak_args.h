// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line of `bootrig soak`, held against the job that it names. */
#pragma once

#include "campaign/soak.h"
#include "cmd/run_load.h"
#include "parse/job_cells.h"

/* A whole command line, and what it names. */
struct soak_cmd {
	const char *job_path, *board_path, *runs, *json_path, *resume, *against_dir;
	bool is_new, is_dry, quiet, clear_wedged;
	struct soak_goal given;
	struct strvec kernels;
	struct run_loaded loaded;
	struct job_cells cells; /* all of the job's */
	struct soak_plan plan;
	struct soak_against against;
	int cancel_fd;
};

#define SOAK_CMD_INIT                                                                    \
	{                                                                                \
		.runs = "runs", .loaded = RUN_LOADED_INIT, .cells = JOB_CELLS_INIT       \
	}

/* Parse, load the job and the board, choose kernels and goal. -1 and all of *s; else the
 * exit status, and everything was told. The caller releases *s either way. */
MUST_CHECK int soak_args(struct soak_cmd *s, int argc, char **argv);
void soak_args_release(struct soak_cmd *s);
