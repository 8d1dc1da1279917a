// SPDX-License-Identifier: GPL-2.0-or-later
/* LAVA test definitions from git and from files, fetched before anything is staged, so
 * that the job fails before a relay moves when one is missing or wrong. */
#pragma once

#include "kernel/overlay.h"
#include "kernel/task.h"
#include "parse/job_spec.h"

struct definition {
	const struct job_definition *spec; /* borrowed from the job: whose tree this is */
	char *tree; /* host directory with the repository; NULL = inline or a single file
		     */
	char *tree_name; /* below /lava/tests on the board, "0_smoke" */
	char *revision;  /* git commit that was used, NULL otherwise */
};

struct definition_set {
	struct definition *v;
	size_t n;
	char *dir; /* temporary, holds the clones; removed with the set */
};

/* Completes the job's definitions in place (steps, params) by job_definition_parse. git
 * runs as a child (clone --depth 1 of the branch or the revision), within the task's
 * deadline. ERR_JOB with the job file's FILE:LINE:COL when a repository, revision or path
 * is not there or the definition is wrong; ERR_LAB for a network or disk fault;
 * ERR_CANCELED. */
MUST_CHECK int definition_fetch_all(struct job_spec *job, const struct task *task,
				    struct definition_set *out, struct err *err);
void definition_set_release(struct definition_set *set);
/* The one for that part of the job. */
const struct definition *definition_find(const struct definition_set *set,
					 const struct job_definition *spec);
