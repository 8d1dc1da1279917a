// SPDX-License-Identifier: GPL-2.0-or-later
/* The GNU build id in ELF notes (include/uapi/linux/elf.h, elf(5)) as a board shows them:
 * bytes in hex, as od(1) and hexdump(1) print them. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { BUILD_NOTE_MAX_BYTES = 32, BUILD_NOTE_MAX_DUMP = 1 << 20 };

struct build_note {
	char hex[2 * BUILD_NOTE_MAX_BYTES + 1];
};

/* The first build id in a dump. Lines with anything but bytes in them (the kernel breaks
 * in) are left out. false: none. */
bool build_note_of_dump(const char *text, size_t len, struct build_note *out);
