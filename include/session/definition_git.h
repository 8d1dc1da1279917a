// SPDX-License-Identifier: GPL-2.0-or-later
/* A git repository of test definitions, cloned for one run. For session/definition.c. */
#pragma once

#include "kernel/task.h"
#include "util/err.h"

struct git_source {
	const char *repository; /* URL, host:path, or a path as seen from from_dir */
	const char *branch, *revision; /* NULL = the default */
	const char *from_dir;          /* where relative paths start; NULL = here */
};

/* Clone into dir, which does not exist yet; *revision is the commit, the caller's. git
 * runs as child processes and never asks anybody anything. ERR_JOB: no such repository,
 * branch or revision, or no access to it; ERR_LAB: network, disk, time, no git;
 * ERR_CANCELED. Passwords in URLs do not get into messages. */
MUST_CHECK int git_fetch(const struct git_source *src, const char *dir,
			 const struct task *task, char **revision, struct err *err);
