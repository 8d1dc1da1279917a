// SPDX-License-Identifier: GPL-2.0-or-later
/* One run's directory in the TFTP root: locked while its owner lives, under another name
 * until it is complete, swept by whoever comes later when the owner is dead. */
#pragma once

#include <stdbool.h>

#include "util/err.h"

#define STAGE_DIR_PREFIX "bootrig-"
#define STAGE_DIR_OWNER ".owner" /* the file that says a directory is one of ours */

struct stage_dir {
	int base_fd; /* <root>/<subdir> */
	int fd;      /* the directory itself; holds the lock */
	char *name;  /* "bootrig-r1" */
	bool is_complete;
};

#define STAGE_DIR_INIT                                                                   \
	{                                                                                \
		.base_fd = -1, .fd = -1, .name = NULL                                    \
	}

/* Creates root and subdir when they are missing. -EEXIST (ERR_LAB): a run of that name
 * lives. *n_swept: directories of dead runs that were removed. */
MUST_CHECK int stage_dir_create(const char *root, const char *subdir, const char *run,
				struct stage_dir *out, uint32_t *n_swept,
				struct err *err);
/* All files are there: flush them and give the directory its name. */
MUST_CHECK int stage_dir_complete(struct stage_dir *d, struct err *err);
MUST_CHECK int stage_dir_remove(struct stage_dir *d, struct err *err);
void stage_dir_release(struct stage_dir *d);

bool stage_is_run_name(const char *run);  /* [A-Za-z0-9._-]{1,100}, no dot in front */
bool stage_is_subdir(const char *subdir); /* relative, no "." or ".." */
