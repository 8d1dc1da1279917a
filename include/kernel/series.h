// SPDX-License-Identifier: GPL-2.0-or-later
/* A patch series read into memory: from a directory with a file `series`, or an mbox. */
#pragma once

#include "kernel/task.h"
#include "util/hash.h"
#include "util/strvec.h"

#define SERIES_MAX_TOTAL_BYTES ((size_t)128 << 20)

struct series_patch {
	char *name;       /* for messages: its path, or "x.mbox: mail 3" */
	char *short_name; /* "0003-y.patch", or the mail's subject */
	char *text;       /* mail encodings undone */
	size_t len;
	uint32_t strip;
	struct sha256_hex sha256;
	struct strvec files; /* that it touches */
};

struct series {
	struct series_patch *v;
	size_t n;     /* those to apply */
	size_t n_all; /* of the series, upto not heeded */
};

#define _cleanup_series_ _cleanup_(series_release)
void series_release(struct series *s);

/* path: the directory or the mbox; NULL = none. upto: how many, from the front; or the
 * name of the last one (its path in the series file, its file name, with or without
 * .patch); or, in an mbox, of its subject; NULL = all. ERR_JOB: not there, not readable
 * as patches, upto names none or several. */
MUST_CHECK int series_load(const char *path, const char *upto, const struct task *task,
			   struct series *out, struct err *err);
