// SPDX-License-Identifier: GPL-2.0-or-later
/* --dry-run of the commands that run jobs. */
#pragma once

#include "cmd/run_load.h"
#include "parse/job_cells.h"

struct dry_run {
	const struct run_loaded *loaded;
	const struct job_cells *cells; /* those of the job; n 0 = it names no kernels */
	const struct job_cell *only;   /* NULL = all of them, or … */
	const struct strvec *chosen;   /* … those of these names; NULL = all */
	const char *json_path;         /* NULL = a page for people; "-" = standard output
					*/
	bool is_soak;                  /* repeated: say how often and with which levels */
};

/* Exit status; what is wrong is told on stderr as `bootrig COMMAND: …`. */
int dry_run(const char *command, const struct dry_run *d);
