// SPDX-License-Identifier: GPL-2.0-or-later
/* One user of a board at a time, be it a run, the doctor or a hand at the relays. A
 * campaign has the board between its boots as well: then only its children get the lock.
 */
#pragma once

#include "parse/board_spec.h"
#include "util/err.h"

struct board_lock {
	int file_fd; /* the board file itself */
	int name_fd; /* board-NAME.lock in the runtime directory (util/runtime_dir.h) */
};

#define BOARD_LOCK_INIT                                                                  \
	{                                                                                \
		.file_fd = -1, .name_fd = -1                                             \
	}

/* Never blocks. ERR_LAB -EBUSY: somebody else has it; the message names the file whose
 * holder `fuser -v` shows. *lock is empty after an error. */
MUST_CHECK int board_lock(const struct board_spec *board, struct board_lock *lock,
			  struct err *err);
/* An empty one is fine. */
void board_unlock(struct board_lock *lock);

/* For the children of this process, until the caller closes *fd or dies; who has the
 * board at this moment keeps it. Not for one that calls board_lock() itself: that would
 * end it. ERR_LAB, -EBUSY: another campaign has it. *fd is -1 after an error. */
MUST_CHECK int board_reserve(const struct board_spec *board, int *fd, struct err *err);
