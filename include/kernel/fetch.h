// SPDX-License-Identifier: GPL-2.0-or-later
/* A URL of a job file as an open local file. file: is opened where it lies (no copy),
 * http: and https: are downloaded into an unnamed file. Knows nothing of what the bytes
 * are. */
#pragma once

#include <stdbool.h>

#include "kernel/task.h"
#include "util/hash.h"

#define FETCH_MAX_BYTES (UINT64_C(4) << 30)

struct fetch {
	const char *url;       /* borrowed */
	const char *sha256sum; /* expected, 64 hex digits in either case; NULL = any */
	uint64_t max_bytes;    /* 0 = FETCH_MAX_BYTES */
	int tmp_dirfd;         /* where a download is kept, on a real disk; borrowed */
};

struct fetched {
	int fd; /* at offset 0 */
	uint64_t size;
	struct sha256_hex sha256;
	bool in_place;    /* the user's own file, not a copy */
	int64_t mtime_ns; /* of an in-place file, for fetched_recheck */
};

#define FETCHED_INIT                                                                     \
	{                                                                                \
		.fd = -1                                                                 \
	}

/* ERR_JOB: no such file, 404, checksum, too big, not a regular file, scheme. ERR_LAB:
 * network, disk, time. */
MUST_CHECK int fetch_open(const struct fetch *f, const struct task *task,
			  struct fetched *out, struct err *err);
/* The path behind a file: URL that is a directory, inside url; NULL when it is none. */
const char *fetch_local_dir(const char *url);
void fetched_release(struct fetched *f);
/* -ESTALE (ERR_JOB) when an in-place file is not the one any more that was hashed: call
 * it after the last read. */
MUST_CHECK int fetched_recheck(const struct fetched *f, const char *url, struct err *err);
