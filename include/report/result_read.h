// SPDX-License-Identifier: GPL-2.0-or-later
/* result.json (docs/result.md) from the reader's side: load it with bounds, and the few
 * facts that every report needs. The file may come from anywhere: any member may be
 * missing or of another type. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "util/compiler.h"
#include "util/err.h"

enum { RESULT_MAX_BYTES = 64 << 20, RUN_ID_MAX = 128 };

/* ^[A-Za-z0-9_-][A-Za-z0-9._-]*$, at most RUN_ID_MAX: safe as a file name. */
bool run_id_is_valid(const char *id);
/* Parse and check that it is an object of our schema with a valid id; -EINVAL with
 * ERR_JOB when not. The caller owns *out. */
MUST_CHECK int result_parse(const char *text, size_t len, json_t **out, struct err *err);
/* The result of a run directory (or of a path to the file itself); also -ENOENT and
 * friends, ERR_LAB. */
MUST_CHECK int result_load(const char *run_dir, json_t **out, struct err *err);

/* Did the kernel under test start, by its banner, its nonce or a stage (of the deciding
 * attempt, or of `attempt` when not NULL)? */
bool result_kernel_ran(const json_t *result, const json_t *attempt);
/* The last of attempts: the one that decided; NULL when there is none. */
const json_t *result_last_attempt(const json_t *result);
/* A number member, integer or real; dflt when missing. Never NaN. */
double result_number(const json_t *object, const char *key, double dflt);

/* "2026-11-23T19:15:00.123Z" (UTC only) to milliseconds since 1970;
 * wall_time_of() goes back. */
MUST_CHECK int rfc3339_parse(const char *s, int64_t *ms);
