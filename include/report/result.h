// SPDX-License-Identifier: GPL-2.0-or-later
/* Events to result.json: a pure fold. The same events give the same result, live or by
 * replay (docs/result.md is the schema). */
#pragma once

#include <jansson.h>

#include "util/err.h"

struct fold;

struct fold *fold_new(void);
void fold_free(struct fold *f);
/* One event of events.jsonl, in order; borrowed. */
void fold_event(struct fold *f, const json_t *event);
/* The result; the caller owns it. Works on a record that ends anywhere: a run that was
 * killed is a lab error that says so. */
json_t *fold_result(struct fold *f);

/* Fold the file events.jsonl of a run directory. A torn last line is dropped: the writer
 * was killed. */
MUST_CHECK int result_from_events(int run_dirfd, json_t **out, struct err *err);
/* Replay: console.raw, console.idx and actions.jsonl through the watch. The events come
 * to on_event (borrowed) and, folded, to *out. */
MUST_CHECK int result_replay(int run_dirfd,
			     void (*on_event)(void *arg, const json_t *event), void *arg,
			     json_t **out, struct err *err);
