// SPDX-License-Identifier: GPL-2.0-or-later
/* What is typed at U-Boot's prompt for one boot: the board's setup and network, then the
 * board's or the job's way to boot. A run types it, a dry run shows it.
 *
 * boot.verify_ram puts looks into RAM between these lines. A file that a line of its own
 * loads (`tftpboot ADDRESS {KERNEL}`) is summed where it lies, and boots from there. What
 * U-Boot loads and boots in one command (`pxe boot`, a script) is loaded once before, to
 * where it will lie, and summed there; in a job's own list only when no line loads a file
 * by itself, since that would change ${filesize} under its feet. */
#pragma once

#include "boot/loader_words.h"

struct loader_step {
	char *line; /* typed at a prompt */
	/* The line is U-Boot's crc32 of this file; NULL = any other line. */
	const struct staged_file *sum_of; /* borrowed */
	char *address;                    /* as in the line; with sum_of */
	bool as_booted; /* what is summed is what boots, else it is loaded again */
};

struct loader_steps {
	struct loader_step *v;
	size_t n;
};

#define LOADER_STEPS_INIT                                                                \
	{                                                                                \
		.v = NULL, .n = 0                                                        \
	}

/* All steps in order; the last one boots. Adds to *out. */
void loader_steps(const struct board_boot *board, const struct job_boot *boot,
		  const struct loader_words *words, const struct staged *staged,
		  bool verify_ram, struct loader_steps *out);
void loader_steps_release(struct loader_steps *steps);
#define _cleanup_loader_steps_ _cleanup_(loader_steps_release)
