// SPDX-License-Identifier: GPL-2.0-or-later
/* One cell of a job (kernel and configuration) as the files that its deploy actions
 * stage: built if it has to be, found in its directory or archive. Downloads and unpacks
 * nothing; that is staging's. */
#pragma once

#include "kernel/build.h"
#include "parse/job_cells.h"
#include "parse/job_spec.h"

struct kernel_select {
	const struct job_cell *cell;
	struct task task; /* its progress is not used */
	void (*progress)(void *arg,
			 const struct kernel_build_progress *p); /* of a build; or NULL */
	void *progress_arg;
};

/* Completes job: each deploy gets kernel, device tree, overlays, modules and label of the
 * cell; kernel_args and, where the build has one and the job names none, vmlinux follow.
 * Once for a job. Blocks as long as the build takes. Errors as kernel_build(); ERR_JOB
 * also for a directory without a kernel, or with several. */
MUST_CHECK int kernel_select(struct job_spec *job, const struct kernel_select *k,
			     struct err *err);
