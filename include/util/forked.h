// SPDX-License-Identifier: GPL-2.0-or-later
/* A function of ours in a process of its own: what it allocates is gone with it, and a
 * crash in it is an error here. Dies with us. */
#pragma once

#include "util/child.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/strbuf.h"

struct forked_limits {
	struct deadline deadline;
	uint64_t memory_bytes; /* private and writable */
	size_t output_bytes;
};

/* fn writes to fd; its exit is the return. Appends what it wrote to *out, also when it
 * did not end well: -ETIMEDOUT, -EFBIG (more output than allowed), -EREMOTEIO (died),
 * all ERR_LAB. */
MUST_CHECK int forked_call(void (*fn)(void *arg, int fd), void *arg,
			   const struct forked_limits *limits, struct strbuf *out,
			   struct err *err);
/* fn goes on beside us, with fd, which stays ours too: child_wait() or child_kill() ends
 * it. ERR_LAB: no process. */
MUST_CHECK int forked_start(struct child *c, void (*fn)(void *arg, int fd), void *arg,
			    int fd, uint64_t memory_bytes, struct err *err);
