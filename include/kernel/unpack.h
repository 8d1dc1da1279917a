// SPDX-License-Identifier: GPL-2.0-or-later
/* One file taken out of whatever it came in: .deb, tar, zip, each compressed or not, a
 * single compressed file, or the bare file. The content decides; what the job says is
 * checked against it. Nothing is ever written under a name from the archive: the caller
 * gives the fd. */
#pragma once

#include <stdbool.h>

#include "kernel/task.h"
#include "util/hash.h"

#define UNPACK_MAX_BYTES (UINT64_C(1) << 30)   /* of the file taken out */
#define UNPACK_MAX_SKIPPED (UINT64_C(8) << 30) /* of everything else in the archive */
#define UNPACK_MAX_ENTRIES 200000
#define UNPACK_MAX_RATIO 200 /* output to input, once the output is large */
#define UNPACK_RATIO_FROM (UINT64_C(64) << 20)

enum unpack_want {
	UNPACK_KERNEL, /* of several files the one called vmlinuz-*, Image, zImage … */
	UNPACK_ONLY,   /* the archive's only file */
};

struct unpack {
	int fd;               /* borrowed; must allow pread */
	uint64_t offset, len; /* the part that counts; len 0 = to the end */
	enum unpack_want want;
	const char *name;        /* for messages: the URL; borrowed */
	const char *compression; /* what the job says, LAVA's words; NULL = nothing */
	const char *archive;     /* "tar" "deb" "zip"; NULL = nothing */
	uint64_t max_bytes;      /* 0 = UNPACK_MAX_BYTES */
};

struct unpacked {
	char member[512]; /* its path in the archive; "" = there was none */
	char how[64];     /* "deb, tar.xz", "gz", or "" when it was a bare file */
	uint64_t size;
	struct sha256_hex sha256;
	bool has_modules_dep; /* of modules: what modprobe needs is among them */
};

/* Appends to out_fd. ERR_JOB with -EINVAL (damaged, not what the job says, no kernel in
 * it or several; the message lists them) or -EFBIG (too big, a bomb); ERR_LAB for the
 * disk and the deadline. */
MUST_CHECK int unpack_file(const struct unpack *u, int out_fd, const struct task *task,
			   struct unpacked *out, struct err *err);
/* By its first bytes: is there anything to unpack? False for a bare file. */
bool unpack_is_packed(const uint8_t *head, size_t len);
/* LAVA's word for a compressed stream by its first bytes: "gz" "xz" "bz2" "zst" "lz4"
 * "lzma" "lzo"; NULL = none of these. */
const char *compression_of(const uint8_t *head, size_t len);
