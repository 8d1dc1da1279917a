// SPDX-License-Identifier: GPL-2.0-or-later
/* The live console of a run on a terminal or in a log: stage marks, dimmed firmware,
 * highlighted incidents, progress of long steps, the verdict. Only shows; knows nothing
 * the events do not say. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "util/compiler.h"

struct live;

/* Shows on fd (borrowed), never blocking on it. quiet: only the verdict. */
struct live *live_new(int fd, bool quiet);
void live_free(struct live *l);
/* Callbacks of struct session_opts. */
void live_console(void *live, const char *data, size_t len);
void live_flush(void *live);
void live_event(void *live, const json_t *event);
void live_progress(void *live, const char *what, uint64_t done, uint64_t total);
void live_verdict(struct live *l, const json_t *result, const char *run_dir);
