// SPDX-License-Identifier: GPL-2.0-or-later
/* LAVA's helper programs and test directories for the board: as a cpio archive in front
 * of the ramdisk, or as lines to type at a shell. The kernel unpacks concatenated
 * archives in order; an uncompressed one in front works with every compression of the
 * ramdisk behind it (that is how microcode travels too). */
#pragma once

#include <stdbool.h>

#include "kernel/task.h"
#include "util/strvec.h"

#define OVERLAY_MAX_BYTES (UINT64_C(512) << 20)
#define OVERLAY_MAX_ENTRIES 100000
#define OVERLAY_BIN "/lava/bin"           /* in a ramdisk */
#define OVERLAY_TYPED_BIN "/tmp/lava/bin" /* when typed at a shell */

struct overlay_tree {
	const char
		*host_path; /* a directory on the lab host; .git is left out; borrowed */
	const char *name;   /* becomes /lava/tests/<name>; [A-Za-z0-9._-]+; borrowed */
};

/* The cpio archive (newc, a multiple of 512 bytes) with the helpers in OVERLAY_BIN and
 * the trees. Symbolic links are kept when they stay inside their tree, else ERR_JOB;
 * sockets, devices and the like are ERR_JOB. Deterministic: owner root, time 0, sorted.
 */
MUST_CHECK int overlay_write(const struct overlay_tree *trees, size_t n_trees, int out_fd,
			     const struct task *task, uint64_t *size, struct err *err);

struct ramdisk_info {
	char compression[8];    /* "gz" "xz" …; "" = none */
	bool is_cpio;           /* newc inside: an overlay can be put in front */
	uint64_t header_bytes;  /* of a U-Boot (uImage) wrapper that must be cut off; 0 */
	uint64_t payload_bytes; /* what follows the wrapper */
};
/* Looks at the first bytes, through the compression. ERR_JOB when compression is given
 * and wrong, or a wrapper is damaged. */
MUST_CHECK int ramdisk_probe(int fd, const char *name, const char *compression,
			     struct ramdisk_info *out, struct err *err);

/* The same helpers for a board without our ramdisk: POSIX shell lines, each at most
 * OVERLAY_LINE_MAX bytes, that create them in OVERLAY_TYPED_BIN and put that in PATH.
 * Type them one for each prompt. */
#define OVERLAY_LINE_MAX 200
void overlay_shell_lines(struct strvec *out);

/* The helper programs: NULL-terminated by name == NULL. */
struct overlay_script {
	const char *name, *text;
};
extern const struct overlay_script overlay_scripts[];
