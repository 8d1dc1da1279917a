// SPDX-License-Identifier: GPL-2.0-or-later
/* The two files that keep a console (their format: console/console.h). Appends; it knows
 * no stream and no clock. */
#pragma once

#include <stdint.h>

#include "util/err.h"

struct record {
	int raw_fd, idx_fd;
	uint64_t offset;  /* bytes in console.raw */
	int64_t idx_t_ns; /* run time of the last index line; -1 = none */
};

#define RECORD_INIT                                                                      \
	{                                                                                \
		.raw_fd = -1, .idx_fd = -1, .idx_t_ns = -1                               \
	}

/* Creates both; -EEXIST when they are there. Close it after a failure, too. */
MUST_CHECK int record_open(struct record *r, int dirfd, struct err *err);
void record_close(struct record *r); /* syncs */
MUST_CHECK int record_sync(const struct record *r, struct err *err);
/* Before record_write(): *t_ns is the time that its bytes carry, that of the last index
 * line while it is fresh and not before told_ns (what an observer knows already). So a
 * UART that gives bytes one by one does not make an index larger than its record. */
MUST_CHECK int record_stamp(struct record *r, int64_t now_ns, int64_t told_ns,
			    int64_t *t_ns, struct err *err);
MUST_CHECK int record_write(struct record *r, const char *data, size_t len,
			    struct err *err);
