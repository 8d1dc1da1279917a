// SPDX-License-Identifier: GPL-2.0-or-later
/* Deadline, cancel and progress of long operations on files. */
#include "kernel/task.h"

#include <errno.h>
#include <poll.h>

int task_check(const struct task *t, const char *what, struct err *err)
{
	struct pollfd p = { .fd = t->cancel_fd, .events = POLLIN };

	if (t->cancel_fd >= 0 && poll(&p, 1, 0) > 0)
		return err_set(err, ERR_CANCELED, -ECANCELED, "%s: canceled", what);
	if (deadline_passed(t->deadline))
		return err_set(err, ERR_LAB, -ETIMEDOUT, "%s: time is up", what);
	return 0;
}

void task_progress(const struct task *t, const char *what, uint64_t done_bytes,
		   uint64_t total_bytes)
{
	if (t->progress)
		t->progress(t->progress_arg, what, done_bytes, total_bytes);
}
