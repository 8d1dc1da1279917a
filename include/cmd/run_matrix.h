// SPDX-License-Identifier: GPL-2.0-or-later
/* A job of more than one kernel: `bootrig run` as a matrix. */
#pragma once

#include "cmd/run_load.h"
#include "parse/job_cells.h"

struct run_matrix {
	const char *job_path, *runs, *json_path;
	const char *resume; /* NULL = an unfinished one, else a new one */
	bool is_new, quiet, clear_wedged;
	const struct run_loaded *loaded;
	const struct job_cells *cells;
	int cancel_fd;
};

/* The exit status. */
int run_matrix(const struct run_matrix *m);
