// SPDX-License-Identifier: GPL-2.0-or-later
/* What every long operation on files is given: how long it may take, how to stop it, whom
 * to tell how far it is. */
#pragma once

#include "util/clock.h"
#include "util/err.h"

/* total_bytes is 0 when nobody knows. Called about once for each MiB; must not block. */
typedef void (*task_progress_fn)(void *arg, const char *what, uint64_t done_bytes,
				 uint64_t total_bytes);

struct task {
	struct deadline deadline;
	int cancel_fd; /* stop as soon as it is readable; -1 = none; borrowed */
	task_progress_fn progress; /* NULL = nobody wants to know */
	void *progress_arg;
};

#define TASK_INIT                                                                        \
	{                                                                                \
		.deadline = DEADLINE_NEVER, .cancel_fd = -1, .progress = NULL,           \
		.progress_arg = NULL                                                     \
	}

/* 0, ERR_CANCELED -ECANCELED, or ERR_LAB -ETIMEDOUT; never blocks. `what` is for the
 * message: "unpacking kernel". */
MUST_CHECK int task_check(const struct task *t, const char *what, struct err *err);
void task_progress(const struct task *t, const char *what, uint64_t done_bytes,
		   uint64_t total_bytes);
