// SPDX-License-Identifier: GPL-2.0-or-later
/* What we did: actions.jsonl, one line each, on disk before it is done. Each carries the
 * run time and the offset in console.raw, so replay can put it between the right bytes.
 */
#pragma once

#include <jansson.h>

#include "console/console.h"
#include "session/run_dir.h"
#include "session/watch.h"

struct journal;

/* Creates actions.jsonl and events.jsonl. The watch is the journal's: it sees each
 * action, and its events go to events.jsonl and then to on_event (may be NULL). */
MUST_CHECK int journal_new(const struct run_dir *dir, int64_t start_ns,
			   struct journal **out, struct err *err);
void journal_free(struct journal *j); /* syncs */
/* The watch's event sink. */
void journal_event(struct journal *j, const json_t *event);
/* Connect after both exist; the console gives the offset (NULL before there is one:
 * offset 0). */
void journal_connect(struct journal *j, struct watch *w, struct console *c);
/* Record an action; members in json_pack's format, s:s s:i s:I s:f s:b only:
 * journal_action(j, "power", "{s:s}", "what", "off"). Strings may be any bytes. Failing
 * to write is remembered and given by journal_check. */
void journal_action(struct journal *j, const char *what, const char *fmt, ...);
void journal_action_json(struct journal *j, const char *what, json_t *take_members);
/* 0, or ERR_LAB when the journal could not be written. */
MUST_CHECK int journal_check(const struct journal *j, struct err *err);
