// SPDX-License-Identifier: GPL-2.0-or-later
/* A newc cpio archive as the kernel reads it, by libarchive: deterministic (owner root,
 * time 0, sorted), bounded, and without links out of its directories. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "kernel/task.h"
#include "util/hash.h"
#include "util/strvec.h"

struct archive;
struct module_watch;

struct cpio_writer { /* set task, out_fd, err; max_bytes 0 = OVERLAY_MAX_BYTES */
	struct archive *a;
	const struct task *task;
	int out_fd;
	bool is_modules; /* "build" and "source" at the top of a tree stay out */
	bool (*wants)(const char *name); /* what of a directory goes in, but for
					    directories; NULL = all */
	bool failed;                     /* nothing more is to be written */
	struct sha256 *hash;        /* fed with the archive; NULL = nobody wants it */
	struct module_watch *watch; /* sees the files; NULL = nobody does; borrowed */
	char *last_dir;             /* modules.c's; NULL = none yet */
	uint64_t written;           /* of the archive */
	uint64_t bytes;             /* content so far */
	uint64_t max_bytes;
	uint32_t n_entries;
	struct strvec links; /* symbolic ones, where somebody notes them */
	struct err *err;
};

/* compression: "gz", "zst" or "". cpio_close() follows in any case, also without the
 * other (r is an error then): it takes what became of the writing and gives it back, or
 * its own error. */
MUST_CHECK int cpio_open(struct cpio_writer *w, const char *compression);
MUST_CHECK int cpio_close(struct cpio_writer *w, int r);
/* size bytes of cpio_put_data() follow. */
MUST_CHECK int cpio_put_header(struct cpio_writer *w, const char *path, mode_t mode,
			       uint64_t size, const char *link);
MUST_CHECK int cpio_put_data(struct cpio_writer *w, const void *data, size_t len);
/* A directory of this host and what is in it, as `path`; depth 0 = the top of its tree.
 * ERR_JOB: links that lead out, devices and the like. */
MUST_CHECK int cpio_put_dir(struct cpio_writer *w, int fd, const char *path, int depth);
/* depth: how many directories below the tree's top the link lies. */
bool cpio_link_stays_inside(const char *link, int depth);
/* Where a link that lies at path leads: "a/b" and "../c" is "c". The caller owns it; NULL
 * = not to a name below, or with dots in its middle. */
char *cpio_link_target(const char *path, const char *link);
