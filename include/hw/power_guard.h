// SPDX-License-Identifier: GPL-2.0-or-later
/* A process that outlives the worker by one act: when the worker dies while the board is
 * on, also by SIGKILL, it runs the board's power-off command. */
#pragma once

#include <sys/types.h>

#include "util/err.h"

enum { POWER_HOLD_FDS = 2 };

struct power_guard {
	pid_t pid; /* 0 = none */
	int fd;    /* the guard waits for its other end to close */
};

#define POWER_GUARD_INIT                                                                 \
	{                                                                                \
		.pid = 0, .fd = -1                                                       \
	}

/* Before the board is switched on. hold_fds (-1: none) stay open in the guard until the
 * board is off: the board's locks, so that the next run does not start under it. Fine
 * when one runs already. */
MUST_CHECK int power_guard_start(struct power_guard *g, const char *off_command,
				 const int hold_fds[POWER_HOLD_FDS], struct err *err);
/* The board is off, or not ours any more. */
void power_guard_dismiss(struct power_guard *g);
