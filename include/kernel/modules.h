// SPDX-License-Identifier: GPL-2.0-or-later
/* The modules of a kernel, lib/modules/<release>, as a newc cpio archive that goes behind
 * a ramdisk: the kernel unpacks archives in order, so these win over stale ones. What is
 * left out: the links "build" and "source" to where the kernel was built, and kernel
 * images and device trees that some distributions keep beside the modules. */
#pragma once

#include "kernel/bundle.h"
#include "kernel/cpio.h"

#define MODULES_MAX_BYTES (UINT64_C(1) << 30)

struct unpack_reader;
struct archive_entry;

/* Is the entry one of lib/modules/<release>, also below usr/? Then into w with it. piece
 * collects: is_found, and in out.member the release. ERR_JOB: modules of two releases,
 * links that lead out. */
MUST_CHECK int modules_take_entry(struct unpack_reader *rd, struct cpio_writer *w,
				  struct bundle_piece *piece, const char *name,
				  struct archive_entry *e);
/* Those of a directory that holds lib/modules/<release> or usr/lib/modules/<release>; *w
 * is open. -ENOENT (ERR_JOB) names the releases that there are; 1 when there are none at
 * all. *has_dep: modules.dep is among them. */
MUST_CHECK int modules_put_dir(struct cpio_writer *w, const char *dir,
			       const char *release, bool *has_dep, struct err *err);
