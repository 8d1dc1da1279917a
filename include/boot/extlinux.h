// SPDX-License-Identifier: GPL-2.0-or-later
/* The text of an extlinux/pxelinux configuration as U-Boot reads it (boot/pxe_utils.c),
 * from a struct. Refuses what U-Boot would cut, expand or misread. */
#pragma once

#include <stdbool.h>

#include "util/err.h"
#include "util/strbuf.h"

/* U-Boot copies APPEND into CONFIG_SYS_CBSIZE bytes (512 unless a board raises it) and
 * skips the label when it does not fit. */
#define EXTLINUX_APPEND_MAX 511
#define EXTLINUX_PATH_MAX 511
/* The first line of what we write: a file without it is somebody else's. */
#define EXTLINUX_MARK "# Written by bootrig for one run, removed after it.\n"

struct extlinux_label {
	const char *name;   /* [A-Za-z0-9._-]+ */
	const char *kernel; /* relative to the directory of the boot file */
	const char *initrd; /* NULL = none */
	const char *fdt;    /* NULL = none; wins over fdtdir. U-Boot ignores both unless
			       fdt_addr_r is set */
	const char *fdtdir; /* NULL = none */
	const char *const *overlays; /* FDTOVERLAYS, applied to fdt or what U-Boot took
					from fdtdir */
	size_t n_overlays;
	const char *append; /* the whole command line, nonce included; NULL = none */
	bool expand;        /* APPEND means its ${variables}; else they are refused */
};

struct extlinux { /* everything borrowed */
	const char *default_label;
	const struct extlinux_label *labels;
	size_t n_labels;
	uint32_t append_max; /* 0 = EXTLINUX_APPEND_MAX */
};

/* Appends the text. ERR_JOB (-EINVAL, -E2BIG) names the label and the value. */
MUST_CHECK int extlinux_format(const struct extlinux *x, struct strbuf *out,
			       struct err *err);
/* "01-52-54-00-12-34-56" for "52:54:00:12:34:56" (":" or "-", either case). */
struct pxe_name {
	char str[21];
};
MUST_CHECK int pxe_name_from_mac(const char *mac, struct pxe_name *out, struct err *err);
