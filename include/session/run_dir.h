// SPDX-License-Identifier: GPL-2.0-or-later
/* One run's directory: runs/<id>/. Its files are the truth about the run; everything else
 * is computed from them. */
#pragma once

#include "util/clock.h"
#include "util/err.h"

struct run_dir {
	char *path; /* absolute */
	char *id;   /* the last component: UTC time, board, job, four random bytes */
	int dirfd;
};

#define RUN_DIR_INIT                                                                     \
	{                                                                                \
		.path = NULL, .id = NULL, .dirfd = -1                                    \
	}

/* Make runs_dir (with parents) and in it a fresh directory with artifacts/. */
MUST_CHECK int run_dir_create(const char *runs_dir, const char *board, const char *job,
			      struct run_dir *out, struct err *err);
MUST_CHECK int run_dir_open(const char *path, struct run_dir *out, struct err *err);
void run_dir_release(struct run_dir *d);
/* A text file in the directory, write-fsync-rename. */
MUST_CHECK int run_dir_write(const struct run_dir *d, const char *name, const void *data,
			     size_t len, struct err *err);
