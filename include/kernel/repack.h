// SPDX-License-Identifier: GPL-2.0-or-later
/* A file of an archive that is read becomes a file of a cpio archive that is written. */
#pragma once

#include "kernel/cpio.h"
#include "kernel/unpack_reader.h"

/* The entry that rd stands at, size bytes by its header, as a plain file called path.
 * cut_short: what is told where it has fewer, "damaged: a module is cut short". */
MUST_CHECK int repack_file(struct unpack_reader *rd, struct cpio_writer *w,
			   const char *path, uint64_t size, const char *cut_short);
