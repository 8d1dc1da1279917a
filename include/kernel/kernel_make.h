// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's own make, out of tree. Its children die with us and hold the pool's lock
 * until they did; what they say goes into a log. */
#pragma once

#include <stdbool.h>

#include "kernel/build.h"
#include "kernel/task.h"
#include "util/strvec.h"

struct kernel_make {
	const char *source, *objects; /* absolute; borrowed */
	const char *arch, *cross;     /* "" = the host's tools; borrowed */
	uint32_t jobs;
	int log_fd;           /* borrowed */
	const char *log_path; /* for messages; borrowed */
	int lock_fd;          /* borrowed */
	const struct task *task;
	uint64_t objects_made; /* counted on */
	void (*on_object)(void *arg, const char *path, uint64_t made);
	void *arg;
};

/* argv: targets and VAR=value. what: for messages, "the kernel". ERR_JOB -EREMOTEIO: it
 * failed; the message has the first error and the log's path. ERR_LAB when that
 * was the disk's or the memory's. Marks the objects as unfinished, see
 * kernel_make_whole(). */
MUST_CHECK int kernel_make(struct kernel_make *m, const char *const targets[],
			   const char *what, struct err *err);
/* The same for a shell line with an environment ("NAME=value"). */
MUST_CHECK int kernel_make_command(struct kernel_make *m, const char *shell_line,
				   const char *dir, const struct strvec *env,
				   struct err *err);
/* All of it was made, and has reached the disk. */
MUST_CHECK int kernel_make_whole(const struct kernel_make *m, struct err *err);
/* After a make that was killed, failed, or was followed by a power cut: files that it may
 * have left half written are removed, so that they are made again. Call before the first
 * make of a build. */
MUST_CHECK int kernel_make_heal(const struct kernel_make *m, struct err *err);
/* How many objects make will compile: those whose prerequisites are newer, by what Kbuild
 * remembers of them. have: how many there are. */
MUST_CHECK int kernel_make_expect(const struct kernel_make *m, uint64_t *stale,
				  uint64_t *have, struct err *err);

/* CROSS_COMPILE for an architecture on this host; NULL = it has no name for it. */
const char *kernel_cross_of(const char *arch);
/* "aarch64-linux-gnu-gcc (Debian …) 12.2.0". The caller owns it. ERR_LAB -ENOPKG. */
MUST_CHECK int kernel_compiler_version(const char *cross, const struct task *task,
				       char **version, struct err *err);
/* What this source and configuration need and this host lacks: ERR_LAB -ENOPKG, "missing
 * packages: bc flex". config: text of the .config, or of what is asked. */
MUST_CHECK int kernel_check_tools(const char *source, const char *arch, const char *cross,
				  const char *config, struct err *err);
