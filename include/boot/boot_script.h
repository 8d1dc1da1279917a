// SPDX-License-Identifier: GPL-2.0-or-later
/* A U-Boot script as `source` takes it: text behind the legacy image header, which
 * mkimage -T script writes. For loaders that nobody can stop but that run boot.scr. */
#pragma once

#include "kernel/image.h"
#include "util/err.h"
#include "util/strbuf.h"

#define BOOT_SCRIPT_NAME "bootrig" /* in the header: a file without it is not ours */

struct boot_script {                        /* everything borrowed */
	const char *kernel, *ramdisk, *dtb; /* from the TFTP root; NULL = none */
	/* Where to, in hex; NULL = what U-Boot's environment says (kernel_addr_r …). */
	const char *kernel_addr, *ramdisk_addr, *dtb_addr;
	enum image_kind kind;
	const char *append;
};

/* Appends the text of the script. ERR_JOB when the command line cannot be quoted. */
MUST_CHECK int boot_script_text(const struct boot_script *b, struct strbuf *out,
				struct err *err);
/* Appends header and text. time_s goes into the header. */
void boot_script_wrap(const char *text, size_t len, uint32_t time_s, struct strbuf *out);
/* Was this file made by boot_script_wrap()? */
bool boot_script_is_ours(const char *data, size_t len);
