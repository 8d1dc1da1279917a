// SPDX-License-Identifier: GPL-2.0-or-later
/* All that a boot needs of a kernel that comes in one archive (.deb, tar, zip): image,
 * device trees, modules; taken out in one pass. Nothing is written under a name from the
 * archive: the caller gives an fd for each piece. Entries that lead out of the archive
 * and bombs are refused, see kernel/unpack.h. */
#pragma once

#include "kernel/unpack.h"

struct module_watch;

enum bundle_what {
	BUNDLE_KERNEL, /* boot/vmlinuz-*, Image, zImage …; the least packed of several */
	BUNDLE_MEMBER,  /* the file called `member`, or whose path ends with "/member" */
	BUNDLE_MODULES, /* lib/modules/<release> as a newc cpio archive, see modules.h */
	BUNDLE_DTBS,    /* all device trees as a newc cpio archive, see dtbs.h */
};

struct bundle_piece {
	enum bundle_what what;
	const char *member;         /* MEMBER; borrowed */
	const char *compression;    /* MODULES: of the cpio archive: "gz" "zst" "" */
	struct module_watch *watch; /* MODULES: sees them; NULL = nobody; borrowed */
	int out_fd;                 /* empty, seekable; borrowed */
	bool is_found;
	struct unpacked out; /* member: its path; of MODULES the release, of DTBS
			       the directory with its slash */
};

/* Fills what is there; is_found says so. u's fd, name, archive and compression count.
 * ERR_JOB: damaged, two files that both fit (-EINVAL), a bomb (-EFBIG); ERR_LAB: disk,
 * time. */
MUST_CHECK int bundle_read(const struct unpack *u, struct bundle_piece *pieces,
			   size_t n_pieces, const struct task *task, struct err *err);
