// SPDX-License-Identifier: GPL-2.0-or-later
/* Which root file system a board runs: a line for its shell (POSIX; dash, bash and
 * busybox), and what that printed. Pure. Values come from proc_mounts(5),
 * os-release(5), /sys/fs/btrfs (fs/btrfs/sysfs.c) and the kernel's log. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ROOTFS_MAX_FILES = 8, ROOTFS_MAX_TEXT = 64 << 10 };

/* Texts are printable, "" = the board did not say; numbers -1. */
struct rootfs {
	char source[256], fstype[32], flags[512];
	char os_id[64], os_version[64];
	char uuid[64]; /* of a BTRFS */
	int64_t generation;
	/* How often this kernel's log says that a file system was mounted dirty: a
	 * journal or log tree had to be replayed. */
	int64_t replays;
	struct {
		char path[160], sha256[65];
	} files[ROOTFS_MAX_FILES]; /* package database, machine-id, modules.dep */
	size_t n_files;
	bool is_initramfs; /* / is what the kernel unpacked, no file system of its own */
};

/* The line to run; it changes nothing, also not in the shell that runs it. */
const char *rootfs_command(void);
/* Lines that something else broke into are left out. false: nothing of ours was there. */
bool rootfs_parse(const char *text, size_t len, struct rootfs *out);
