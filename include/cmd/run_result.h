// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes of a result: files of the run directory, the file that --json names, the
 * outbox. */
#pragma once

#include <jansson.h>

#include "report/spool.h"
#include "session/run_dir.h"

/* result.json, write-fsync-rename. */
MUST_CHECK int run_result_write(const struct run_dir *dir, const json_t *result,
				struct err *err);
/* Where --json says; "-" is standard output. */
/* Will that be possible? Asked before anything is done, so that what took hours is not
 * lost on a path that is wrong. NULL and "-" are fine. ERR_JOB. */
MUST_CHECK int run_result_can_write_to(const char *path, struct err *err);
MUST_CHECK int run_result_write_to(const json_t *result, const char *path,
				   struct err *err);
/* Into the outbox, and one short try; what stays there is the next flush's. Trouble is
 * told on stderr as `bootrig COMMAND: …`: it changes no verdict. kcidb as for
 * post_enqueue(). */
void run_result_post(const char *command, const json_t *result, const json_t *kcidb,
		     const struct destinations *to);
