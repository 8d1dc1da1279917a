// SPDX-License-Identifier: GPL-2.0-or-later
/* An .xz file of several blocks, decompressed by two processes and read in order. What is
 * decompressed lies in unlinked temporary files (of $TMPDIR, else /var/tmp), at most four
 * blocks at a time: page cache, which the kernel may take back, and no private memory. */
#pragma once

#include <stdbool.h>

#include "kernel/task.h"

struct xz_pool;

/* 1 and a pool; 0: nothing to gain (one block, small, one processor) or not possible (no
 * index, large blocks, no room), so decompress from the front. `at`, `len`: the part of
 * fd (borrowed) that is the .xz file. */
MUST_CHECK int xz_pool_open(int fd, uint64_t at, uint64_t len, struct xz_pool **out);
/* The next bytes in order: 1, or 0 at the end. They stay until the next call. Waits for
 * the processes, the task's deadline and its cancel_fd. name is for the messages. */
MUST_CHECK int xz_pool_read(struct xz_pool *p, const struct task *task, const char *name,
			    const uint8_t **data, size_t *len, struct err *err);
/* Compressed bytes of the blocks so far. */
uint64_t xz_pool_given(const struct xz_pool *p);
/* Blocks that were not read to their end. */
size_t xz_pool_blocks_left(const struct xz_pool *p);
/* Go on with the last n_blocks of the file, which may have been read already; *at: where
 * they begin in what is decompressed. False: so many there are not, or no processes. */
MUST_CHECK bool xz_pool_skip_to_last(struct xz_pool *p, size_t n_blocks, uint64_t *at);
void xz_pool_free(struct xz_pool *p);
