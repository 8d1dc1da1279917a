// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the console of a board's running job is: a link by the board's name in the
 * runtime directory, to the socket in the run directory (console/share.h). */
#pragma once

#include "session/run_dir.h"

/* The last run that announces a name has it. */
MUST_CHECK int live_console_announce(const char *board, const struct run_dir *dir,
				     struct err *err);
/* Only our own link is removed. */
void live_console_withdraw(const char *board, const struct run_dir *dir);
/* 0, a connected *fd and the run's directory (the caller's); -ENOENT (ERR_NONE) when no
 * run of that board is alive. */
MUST_CHECK int live_console_connect(const char *board, int *fd, char **run_path,
				    struct err *err);
