// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands: each parses its own arguments and returns the exit status of the table in
 * docs/result.md. */
#pragma once

#include "parse/board_spec.h"
#include "parse/job_cells.h"
#include "util/clock.h"
#include "util/err.h"

int cmd_run(int argc, char **argv);
int cmd_soak(int argc, char **argv);
int cmd_oops(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_post(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_power(int argc, char **argv);
int cmd_keeper(int argc, char **argv);
int cmd_console(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_build(int argc, char **argv);

/* Until fd (-1: none) is readable or the deadline, which without an fd is success.
 * -ETIMEDOUT, -ECANCELED when cancel_fd (-1: none) is readable. */
MUST_CHECK int cmd_wait(int fd, int cancel_fd, struct deadline d, struct err *err);

/* SIGINT, SIGTERM, SIGHUP (not under nohup) and one more (0 = none) arrive through *fd
 * from now on. */
MUST_CHECK int cmd_take_signals(int one_more, int *fd, struct err *err);

/* What is wrong with the file is told on stderr. */
MUST_CHECK int cmd_load_board(const char *command, const char *path,
			      struct board_spec **out);

/* Tells on stderr what there is. */
void cmd_no_such_cell(const char *command, const char *job_path,
		      const struct job_cells *cells, const char *unknown);

/* Tells the error on stderr; the exit status that it means. */
int cmd_failed(const char *command, const struct err *err);

enum {
	EXIT_PASS = 0,
	EXIT_UNTESTABLE = 125, /* what `git bisect run` skips */
	EXIT_USAGE = 129,      /* usage, or a bad job or board file */
	EXIT_CANCELED = 130,
	EXIT_LAB = 131, /* the lab itself is broken */
	EXIT_OUR_BUG = 134,
};
