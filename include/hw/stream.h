// SPDX-License-Identifier: GPL-2.0-or-later
/* The board's UART as a non-blocking file descriptor, whatever carries it. Open and
 * configure only: who reads it is console/. */
#pragma once

#include "parse/board_spec.h"
#include "util/clock.h"
#include "util/err.h"

/* Open a console that exists apart from the machine (pty, unix, tcp). 0 and *fd
 * (close-on-exec, non-blocking, raw mode when it is a tty), or ERR_LAB: -ENOENT, -EBUSY,
 * -ECONNREFUSED …; -EOPNOTSUPP for a transport that this build does not have. TCP blocks
 * up to d. */
MUST_CHECK int stream_open(const struct board_console *c, struct deadline d, int *fd,
			   struct err *err);
