// SPDX-License-Identifier: GPL-2.0-or-later
/* What a kernel prints when SysRq asks it: blocked tasks (w), what each CPU does (l),
 * locks held (d), memory (m), all tasks (t). Lines in, one JSON object out. Knows nothing
 * of how the question gets to the kernel. Everything is bounded. */
#pragma once

#include <jansson.h>

#include "parse/incident.h"
#include "parse/line.h"

enum {
	SYSRQ_MAX_TASKS = 64,
	SYSRQ_MAX_CPUS = 64,
	SYSRQ_MAX_HOLDERS = 64,
	SYSRQ_MAX_LOCKS = 16, /* of one holder */
	SYSRQ_MAX_FRAMES = 32,
	SYSRQ_MAX_KEYS = 16
};

/* How the kernel answered to a key. */
#define SYSRQ_ANSWERS(X)                                                                 \
	X(NONE, "none") /* not a word: SysRq is off, or nothing lives there */           \
	X(OK, "ok")                                                                      \
	X(DISABLED, "disabled") /* kernel.sysrq forbids this key */                      \
	X(UNKNOWN, "unknown")   /* this kernel was built without it */

enum sysrq_answer {
#define X(name, str) SYSRQ_##name,
	SYSRQ_ANSWERS(X)
#undef X
};
const char *sysrq_answer_to_str(enum sysrq_answer a);

struct sysrq_reader;

struct sysrq_reader *sysrq_new(void);
void sysrq_free(struct sysrq_reader *r); /* NULL is fine */
/* What follows answers to this key, a lower-case letter. */
void sysrq_ask(struct sysrq_reader *r, char key);
/* A line of the console, as it came. */
void sysrq_feed(struct sysrq_reader *r, const struct line *l);
/* The answer to the last key so far. */
enum sysrq_answer sysrq_answer(const struct sysrq_reader *r);
/* "task sh in mutex_hold": the first blocked task; false when none is. */
bool sysrq_blocked(const struct sysrq_reader *r, char *out, size_t cap);
/* "task vb2churn in dma_resv_iter_walk_unlocked": the first process that a CPU was
 * executing inside a system call; false when none was. One look: it may have been about
 * to return. */
bool sysrq_running(const struct sysrq_reader *r, char *out, size_t cap);
/* {answers, blocked_tasks, cpus, locks, memory, n_tasks}; docs/result.md. The caller owns
 * it. */
json_t *sysrq_to_json(const struct sysrq_reader *r);
