// SPDX-License-Identifier: GPL-2.0-or-later
/* What is typed at U-Boot's prompt for one boot: the board's setup and network, then the
 * board's or the job's way to boot. A run types it, a dry run shows it.
 *
 * boot.verify_ram puts looks into RAM between these lines. A file that a line of its own
 * loads (`tftpboot ADDRESS {KERNEL}`) is summed where it lies, and boots from there. What
 * U-Boot loads and boots in one command (`pxe boot`, a script) is loaded once before, to
 * where it will lie, and summed there; in a job's own list only when no line loads a file
 * by itself, since that would change ${filesize} under its feet.
 *
 * Of a directory of device trees U-Boot takes one by its environment: it is asked for
 * that first (boot/uboot_fdtfile.c), and the lines about that tree are made with the
 * answer. */
#pragma once

#include "boot/loader_words.h"

/* How these lines name a device tree that is not known yet. */
#define LOADER_TREE_WORD "FDTFILE"

struct loader_step {
	char *line; /* typed at a prompt; NULL = nothing to do, after the choice */
	/* The line is U-Boot's crc32 of this file; NULL = any other line. */
	const struct staged_file *sum_of; /* borrowed */
	char *address;                    /* as in the line; with sum_of */
	bool as_booted; /* what is summed is what boots, else it is loaded again */
	bool asks_tree; /* U-Boot says which one it takes: loader_steps_choose() */
	bool of_tree;   /* about that one, and to be typed only once it is known */
};

/* Do not move: steps point to tree. */
struct loader_steps {
	struct loader_step *v;
	size_t n;
	struct staged_file tree; /* the one that was chosen; name NULL = none yet */
};

#define LOADER_STEPS_INIT                                                                \
	{                                                                                \
		.v = NULL, .n = 0                                                        \
	}

/* All steps in order; the last one boots. Adds to *out, once. */
void loader_steps(const struct board_boot *board, const struct job_boot *boot,
		  const struct loader_words *words, const struct staged *staged,
		  bool verify_ram, struct loader_steps *out);
/* The answer to the step asks_tree: the steps of_tree are of path below the tree's
 * directory; "" or none of its files: they have nothing to do. */
void loader_steps_choose(struct loader_steps *steps, const struct staged_tree *tree,
			 const char *path);
void loader_steps_release(struct loader_steps *steps);
#define _cleanup_loader_steps_ _cleanup_(loader_steps_release)
