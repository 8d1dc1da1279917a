// SPDX-License-Identifier: GPL-2.0-or-later
/* Child processes: argv in, exit status out, always with a deadline and a way to cancel.
 * No shell in between unless the caller's argv says so. A child dies with us
 * (PR_SET_PDEATHSIG), also when that is by SIGKILL. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "util/clock.h"
#include "util/err.h"
#include "util/strbuf.h"

struct child {
	pid_t pid; /* 0 when none */
	int pidfd; /* readable once it exited; -1 when none */
};

#define CHILD_INIT                                                                       \
	{                                                                                \
		.pid = 0, .pidfd = -1                                                    \
	}

struct child_opts {
	int stdin_fd;               /* -1: /dev/null; borrowed */
	int stdout_fd;              /* -1: /dev/null; borrowed */
	int stderr_fd;              /* -1: inherit ours; borrowed */
	const char *dir;            /* working directory or NULL; borrowed */
	const char *const *env_add; /* "NAME=value" strings, or "NAME" to take it away;
				       NULL-terminated, or NULL; borrowed */
	bool own_group;   /* a process group of its own, killed as one by child_kill */
	int keep_fd;      /* it has this one too, under the same number; -1: none */
	int death_signal; /* what it gets when we die; 0: SIGKILL */
};

#define CHILD_OPTS_INIT                                                                  \
	{                                                                                \
		.stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1, .keep_fd = -1          \
	}

/* Errors: ERR_LAB with -ENOENT when the program is missing, else the system's. The exec
 * failure of the child is reported here, not as an exit status. */
MUST_CHECK int child_spawn(struct child *c, const char *const argv[],
			   const struct child_opts *opts, struct err *err);
/* Blocks until exit or the deadline (-ETIMEDOUT, child still running) or until cancel_fd
 * (-1: none) is readable (-ECANCELED). *status as from waitpid. */
MUST_CHECK int child_wait(struct child *c, struct deadline d, int cancel_fd, int *status,
			  struct err *err);
/* Signal it (its whole group when own_group was set), reap it, never blocks longer than
 * the kernel takes to kill. Fine on a child that is gone. */
void child_kill(struct child *c, int sig);
/* Run argv to its end and collect stdout (at most max bytes; more is an error). Exit
 * status other than 0 is -EREMOTEIO with the last line of stderr. */
MUST_CHECK int child_capture(const char *const argv[], const struct child_opts *opts,
			     struct deadline d, int cancel_fd, size_t max,
			     struct strbuf *out, struct err *err);
