// SPDX-License-Identifier: GPL-2.0-or-later
/* The blocks of an .xz file (what xz -T and dpkg-deb write), each of which can be
 * decompressed without the others. Positions are relative to the file's part that counts.
 * Format: tukaani.org/xz/xz-file-format.txt. */
#pragma once

#include <stdbool.h>

#include "util/err.h"

#define XZ_MAX_BLOCKS 4096
#define XZ_MAX_BLOCK_BYTES (UINT64_C(64) << 20) /* decompressed */
#define XZ_MAX_MEMORY (UINT64_C(80) << 20)      /* xz -9 takes 65 MiB */

struct xz_block {
	uint64_t offset;   /* of its header */
	uint64_t unpadded; /* header, data and check */
	uint64_t size;     /* decompressed */
	int check;         /* lzma_check */
};

struct xz_blocks {
	struct xz_block *v;
	size_t n;
	uint64_t max_size; /* of a block */
};

/* By the index at the end of fd's part. False: there is none that makes sense, or more
 * or larger blocks than the bounds above; whoever decompresses from the front finds out
 * what is the matter. fd must allow pread. */
bool xz_blocks_read(int fd, uint64_t at, uint64_t len, struct xz_blocks *out);
void xz_blocks_release(struct xz_blocks *b);
/* Exactly b->size bytes to out_fd at out_at. -EBADMSG: damaged, or not as the index says;
 * -ENOMEM: takes more than XZ_MAX_MEMORY; else what reading and writing say. */
MUST_CHECK int xz_block_decode(int fd, uint64_t at, const struct xz_block *b, int out_fd,
			       uint64_t out_at);
