// SPDX-License-Identifier: GPL-2.0-or-later
/* One user of a board at a time, be it a run, the doctor or a hand at the relays. The
 * board file itself is the lock (flock), so whoever reads the same file meets it. */
#pragma once

#include "parse/board_spec.h"
#include "util/err.h"

/* 0 and *fd, which the caller closes to let go; never blocks. ERR_LAB -EBUSY: somebody
 * else has it. *fd is -1 after an error. */
MUST_CHECK int board_lock(const struct board_spec *board, int *fd, struct err *err);
