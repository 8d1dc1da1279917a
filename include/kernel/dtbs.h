// SPDX-License-Identifier: GPL-2.0-or-later
/* All device trees of a kernel, as an uncompressed newc cpio archive: below DTBS_TOP the
 * paths that U-Boot's fdtfile has, "dtbs/rockchip/rk3588-rock-5b.dtb", and links where
 * the package has links. */
#pragma once

#include "kernel/bundle.h"
#include "kernel/cpio.h"

#define DTBS_TOP "dtbs"
#define DTB_MAX_BYTES (UINT64_C(16) << 20)
#define DTBS_MAX_BYTES (UINT64_C(512) << 20)

/* Where packages, the kernel's make and `bootrig build` keep them: globs of directories,
 * the first that fits counts. */
extern const char *const dtb_places[];
extern const size_t n_dtb_places;

struct unpack_reader;
struct archive_entry;

/* How long the part of an archive's name is that leads to its device trees, with the
 * slash at its end: that of "usr/lib/linux-image-6.1/" in the name of one of them. 0 = it
 * lies in none of the places. */
size_t dtbs_root_len(const char *name);
/* Is the entry one of them? Then into w with it. piece collects: is_found, and in
 * out.member the directory. ERR_JOB: two directories, links that lead out. */
MUST_CHECK int dtbs_take_entry(struct unpack_reader *rd, struct cpio_writer *w,
			       struct bundle_piece *piece, const char *name,
			       struct archive_entry *e);
/* Those below a directory of this host; *w is open. ERR_JOB: links that lead out. */
MUST_CHECK int dtbs_put_dir(struct cpio_writer *w, const char *dir, struct err *err);
