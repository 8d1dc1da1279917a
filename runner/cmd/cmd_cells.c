// SPDX-License-Identifier: GPL-2.0-or-later
/* A kernel that was asked for by --kernel and is none of the job's: which there are. */
#include "cmd/cmd.h"

void cmd_no_such_cell(const char *command, const char *job_path,
		      const struct job_cells *cells, const char *unknown)
{
	fprintf(stderr, "bootrig %s: %s has no kernel \"%s\"; expected %s", command,
		job_path, unknown, cells->n ? "one of:" : "a job with bootrig: kernel:");
	for (size_t i = 0; i < cells->n; i++)
		fprintf(stderr, " %s", cells->v[i].name);
	fputc('\n', stderr);
}
