// SPDX-License-Identifier: GPL-2.0-or-later
/* The file `series` of a directory of patches, as quilt(1) has it: one patch a line,
 * relative to the directory, with an optional -pN behind it; # begins a comment. */
#pragma once

#include "util/err.h"

enum {
	SERIES_MAX_BYTES = 1 << 20,
	SERIES_MAX_PATCHES = 2000,
};

struct series_entry {
	char *path; /* "0001-x.patch", "../sibling/0001-x.patch" */
	uint32_t strip;
	uint32_t line; /* from 1 */
};

struct series_file {
	struct series_entry *v;
	size_t n;
};

#define _cleanup_series_file_ _cleanup_(series_file_release)
void series_file_release(struct series_file *s);

/* name is for the messages, which say FILE:LINE:COL. ERR_JOB -EINVAL: an absolute path,
 * an option that is not -pN, control characters, too many patches. An empty series is
 * fine: a kernel without patches. */
MUST_CHECK int series_file_parse(const char *text, size_t len, const char *name,
				 struct series_file *out, struct err *err);
