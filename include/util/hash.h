// SPDX-License-Identifier: GPL-2.0-or-later
/* SHA-256 by libcrypto, as lower-case hex. */
#pragma once

#include "util/compiler.h"

struct sha256_hex {
	char str[65];
};

struct sha256;
struct sha256 *sha256_new(void);
void sha256_update(struct sha256 *h, const void *data, size_t len);
struct sha256_hex sha256_finish(struct sha256 *take_h);
struct sha256_hex sha256_of(const void *data, size_t len);
/* 0 or a negative errno; reads from the current offset to the end. size may be NULL. */
MUST_CHECK int sha256_of_fd(int fd, struct sha256_hex *out, uint64_t *size_bytes);
