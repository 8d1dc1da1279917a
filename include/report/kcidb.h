// SPDX-License-Identifier: GPL-2.0-or-later
/* result.json as KCIDB 5.3 (kernelci/kcidb-io): checkout, build, tests, issues and
 * incidents. Ids depend on the result alone, so that sending it again changes nothing. */
#pragma once

#include <jansson.h>

#include "util/compiler.h"
#include "util/err.h"

enum { KCIDB_EXCERPT_MAX = 16384 };

struct kcidb_opts {
	const char *origin; /* ^[a-z0-9_]+$; NULL: $BOOTRIG_ORIGIN or "bootrig"; borrowed
			     */
	/* Up to cap bytes of console.raw from offset into buf, and how many; NULL: no
	 * excerpts. */
	size_t (*read_console)(void *arg, uint64_t offset, char *buf, size_t cap);
	void *arg;
};

/* 0 and *out (the caller's), or -EINVAL: the origin is bad (ERR_JOB) or the result has no
 * id. */
MUST_CHECK int kcidb_from_result(const json_t *result, const struct kcidb_opts *opts,
				 json_t **out, struct err *err);
