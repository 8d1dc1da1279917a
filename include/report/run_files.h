// SPDX-License-Identifier: GPL-2.0-or-later
/* The reports inside a run directory: kcidb.json and junit.xml beside the result.json
 * that they come from. */
#pragma once

#include <jansson.h>

#include "session/run_dir.h"
#include "util/compiler.h"
#include "util/err.h"
#include "util/strbuf.h"

/* KCIDB with excerpts from the directory's console.raw (none when it is missing).
 * run_dirfd -1: no console. origin as in struct kcidb_opts. */
MUST_CHECK int run_files_kcidb(int run_dirfd, const json_t *result, const char *origin,
			       json_t **out, struct err *err);
/* Write kcidb.json and junit.xml; *kcidb (may be NULL) is the document, the caller's, for
 * post_enqueue(). ERR_LAB when the disk refuses. */
MUST_CHECK int run_files_write(int run_dirfd, const json_t *result, const char *origin,
			       json_t **kcidb, struct err *err);

/* A run that was killed left no result, and perhaps no events: write what is missing,
 * replace nothing. events NULL: they are there. */
MUST_CHECK int run_files_add_missing(const struct run_dir *dir,
				     const struct strbuf *events, const json_t *result,
				     struct err *err);
/* Replay such a run and write all that it misses, the reports too; *result is the
 * caller's. -EINVAL and friends when there is nothing to replay. */
MUST_CHECK int run_files_complete(const struct run_dir *dir, json_t **result,
				  struct err *err);
