// SPDX-License-Identifier: GPL-2.0-or-later
/* What was unpacked once, kept by the hash of what it came from: a 57 MB package need not
 * be decompressed again for each run. Nothing depends on it: a hit is hashed while it is
 * copied, and whatever is wrong with the cache is a miss. */
#pragma once

#include "kernel/bundle.h"
#include "kernel/task.h"
#include "kernel/unpack.h"

#define UNPACK_CACHE_MAX_BYTES (UINT64_C(2) << 30)

/* A directory fd, or -1 when there can be no cache. dir NULL =
 * ${XDG_CACHE_HOME:-~/.cache}/bootrig/unpack, "" = none. */
int unpack_cache_open(const char *dir);
/* source and the request's words make the key. */
struct sha256_hex unpack_cache_key(const struct sha256_hex *source,
				   const struct unpack *u);
/* The same for a piece of a bundle; compression of MODULES is part of it. */
struct sha256_hex unpack_cache_piece_key(const struct sha256_hex *source,
					 const struct bundle_piece *piece);
/* True: the file was appended to out_fd and *out describes it. False: a miss, out_fd is
 * as it was. */
bool unpack_cache_get(int cache_dirfd, const struct sha256_hex *key, int out_fd,
		      const struct task *task, struct unpacked *out);
/* Keep fd's content; failures are silent. Drops the oldest entries beyond max_bytes. */
void unpack_cache_put(int cache_dirfd, const struct sha256_hex *key, int fd,
		      const struct unpacked *u, uint64_t max_bytes);
