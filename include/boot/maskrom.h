// SPDX-License-Identifier: GPL-2.0-or-later
/* A Rockchip SoC that stands in its boot ROM, reached by USB: which port it is on is
 * proven by sysfs, what is sent to it goes through rkdeveloptool. That tool takes the
 * first device that it finds, so one board of a host is in this state at a time. Getting
 * there (relays) is the caller's business. */
#pragma once

#include "hw/host_tool.h"
#include "parse/board_recovery.h"

struct maskrom {
	const struct board_maskrom *spec; /* borrowed */
	struct host_tool_env env;
	/* Before a command of the tool, and what it did; borrowed. */
	void (*did)(void *arg, const char *command, const char *says);
	void *arg;
	int lock_fd; /* MASKROM_INIT: -1 */
};

/* All ERR_LAB. */

/* The lock of this host, and nobody else's board in the way: before the contact closes.
 * -EBUSY, -ETIMEDOUT. */
MUST_CHECK int maskrom_claim(struct maskrom *m, struct deadline d, struct err *err);
/* The board came up on its port (2207:350b), and it is the only one. */
MUST_CHECK int maskrom_wait(struct maskrom *m, struct deadline d, struct err *err);
/* `db`: DDR is set up, the loader runs from RAM. Nothing is written. */
MUST_CHECK int maskrom_load(struct maskrom *m, struct deadline d, struct err *err);
/* What the board file allows, each file checked by its sha256 first; then the board is
 * reset. Nothing to do without writes. */
MUST_CHECK int maskrom_flash(struct maskrom *m, struct deadline d, struct err *err);
void maskrom_release(struct maskrom *m); /* gives the lock back */
