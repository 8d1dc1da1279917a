// SPDX-License-Identifier: GPL-2.0-or-later
/* What is known of a board between runs: that no rung of its ladder brought it back. One
 * small file for each board, ${BOOTRIG_STATE:-${XDG_STATE_HOME:-~/.local/state}/bootrig}/
 * boards/NAME.json; a board without one is well. */
#pragma once

#include <stdbool.h>

#include "util/err.h"

struct board_state {
	bool is_wedged;
	char since[40]; /* wall clock */
	char run[200];  /* the run's id */
	char reason[512];
};

/* 0 also when there is no file; a file that cannot be read is a wedged board (ERR_LAB
 * only when the disk fails). */
MUST_CHECK int board_state_load(const char *board, struct board_state *out,
				struct err *err);
MUST_CHECK int board_state_mark_wedged(const char *board, const char *run,
				       const char *reason, struct err *err);
/* Somebody put it right. 0 also when it was well. */
MUST_CHECK int board_state_clear(const char *board, struct err *err);
