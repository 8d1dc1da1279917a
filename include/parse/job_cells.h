// SPDX-License-Identifier: GPL-2.0-or-later
/* The cells of a job's matrix: each kernel of `bootrig: kernel: select:` with each
 * configuration that it is built with. A kernel that needs no build has one cell, without
 * a configuration. */
#pragma once

#include "parse/job_kernel.h"
#include "util/strvec.h"

struct job_cell {
	char *name;                      /* "v1a/lockdep"; "v1a" without configuration */
	const struct job_kernel *kernel; /* borrowed from the job */
	const struct job_config *config; /* the same; NULL = none */
	const struct job_outcome
		*outcome; /* what it should come to; ->given may be false */
};

struct job_cells {
	struct job_cell *v;
	size_t n;
};

#define JOB_CELLS_INIT                                                                   \
	{                                                                                \
		.v = NULL, .n = 0                                                        \
	}
#define _cleanup_job_cells_ _cleanup_(job_cells_release)
void job_cells_release(struct job_cells *cells);

/* In the order that they run in: one configuration after the other, each with all of its
 * kernels as they are written, so that the first answers of a long matrix come from the
 * first configuration and its one clean build. Valid while the job is. */
void job_cells_list(const struct job_kernels *kernels, struct job_cells *out);
/* NULL when there is no cell of that name. A kernel's name alone is its only cell. */
const struct job_cell *job_cells_find(const struct job_cells *cells, const char *name);
/* Keep those that one of the patterns means, in their order: a cell's name, a kernel's
 * for all of its cells, or a glob of either ("v1*"). NULL, or the first pattern that
 * means none; then nothing has changed. */
const char *job_cells_keep(struct job_cells *cells, const struct strvec *patterns);
/* In extlinux.conf, "v1a-lockdep". The caller owns it. */
char *job_cell_label(const struct job_cell *cell);
