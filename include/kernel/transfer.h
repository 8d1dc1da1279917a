// SPDX-License-Identifier: GPL-2.0-or-later
/* One download by libcurl, http(s) or tftp, with a deadline, a cancel fd and a bound.
 * Knows nothing of what the bytes are. */
#pragma once

#include <stdbool.h>

#include "kernel/task.h"

struct transfer {
	const char *url;       /* borrowed */
	uint64_t max_bytes;    /* more is -EFBIG */
	long tftp_block_bytes; /* 0: what fits an Ethernet frame */
	int64_t idle_ms; /* no byte for this long is -ETIMEDOUT; 0 = only the deadline */
	/* Called for each piece; 0 or a negative errno, which ends the transfer. */
	int (*sink)(void *arg, const void *data, size_t len);
	void *sink_arg;
};

struct transferred {
	uint64_t bytes;
	int64_t ns;
};

/* ERR_JOB: -ENOENT (404, 410, TFTP file not found), -EACCES (401, 403), -EFBIG,
 * -EPROTONOSUPPORT. ERR_LAB: name, connection, server and time trouble. Messages name the
 * URL (without a password). */
MUST_CHECK int transfer_get(const struct transfer *t, const struct task *task,
			    struct transferred *out, struct err *err);
/* The URL for messages and results: user and password replaced by "***". The caller owns
 * it. */
char *url_masked(const char *url);
