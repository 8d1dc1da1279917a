// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel command line and label of one boot. Writes nothing. */
#include "session/label.h"

#include "boot/append.h"
#include "util/strbuf.h"

/* Board first, job after it: for most options the last one counts. */
char *label_append(const struct board_spec *board, const struct strvec *job_args,
		   const struct job_boot *boot, const struct board_label *known_good,
		   const char *nonce)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	if (known_good && known_good->kernel_args)
		strbuf_addf(&sb, "%s ", known_good->kernel_args);
	else if (board->boot.kernel_args)
		strbuf_addf(&sb, "%s ", board->boot.kernel_args);
	if (boot->extra_kernel_args)
		strbuf_addf(&sb, "%s ", boot->extra_kernel_args);
	for (size_t i = 0; i < job_args->n && !known_good; i++)
		strbuf_addf(&sb, "%s ", job_args->v[i]);
	strbuf_addf(&sb, "bootrig.nonce=%s", nonce);
	return append_compose(&board->boot.kernel_defaults, sb.buf);
}

const char *label_name(const struct staged *staged)
{
	return staged->label ?: SESSION_LABEL;
}

struct extlinux_label label_of(const struct staged *staged, const char *append)
{
	return (struct extlinux_label){ .name = label_name(staged),
					.kernel = staged->kernel.boot_path,
					.initrd = staged->ramdisk.boot_path,
					.fdt = staged->dtb.boot_path,
					.fdtdir = staged->fdtdir.dir.boot_path,
					.overlays = staged->overlay_paths,
					.n_overlays = staged->n_overlays,
					.append = append };
}
