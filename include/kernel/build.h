// SPDX-License-Identifier: GPL-2.0-or-later
/* A kernel out of a source, a point of a patch series and a configuration: built out of
 * tree with make and ccache, incrementally in a pool of source and object trees, and kept
 * by content: base, patches, configuration, compiler. What was interrupted goes on where
 * it was. One build at a time for each pool (a lock file); the wait for it is part of the
 * deadline. */
#pragma once

#include <stdbool.h>

#include "kernel/task.h"
#include "parse/job_kernel.h"
#include "util/hash.h"

enum kernel_build_phase {
	KERNEL_BUILD_WAIT,   /* another build has the pool */
	KERNEL_BUILD_SOURCE, /* unpacking or checking out; done and expected are bytes or
				0 */
	KERNEL_BUILD_PATCH,
	KERNEL_BUILD_CONFIGURE,
	KERNEL_BUILD_MAKE, /* done and expected are objects */
	KERNEL_BUILD_COLLECT,
};

struct kernel_build_progress {
	enum kernel_build_phase phase;
	uint64_t done, expected;
	bool is_estimate; /* expected comes from an earlier build or a rule of thumb */
	const char *what; /* "drivers/media/common/videobuf2/videobuf2-core.o"; NULL */
};

struct kernel_build {
	const struct job_build *point;
	const struct job_config *config; /* on top; NULL = none */
	const char *pool;   /* NULL = ${XDG_CACHE_HOME:-~/.cache}/bootrig/kernels */
	uint32_t jobs;      /* make -j; 0 = one for each processor */
	const char *module; /* directory of an out-of-tree module built along (make M=),
			       whose .ko files lie beside Image; NULL = none */
	bool only_cached;   /* never build: -ENOENT */
	struct task task;   /* its progress is not used; see below */
	void (*progress)(void *arg, const struct kernel_build_progress *p); /* or NULL */
	void *progress_arg;
};

/* What a finished build's directory holds, and the members of its build.json:
 * docs/kernel-build.md, "What comes out". */
struct kernel_built {
	char *dir;     /* absolute, in the pool; complete, or the call failed */
	char *release; /* make kernelrelease */
	struct sha256_hex key;
	bool from_cache;
	uint64_t objects; /* compiled this time */
	int64_t ms;
};

/* ERR_JOB: no such base, series or patch; a patch that does not apply (-EBADMSG; patch,
 * file and hunk are named); a configuration that asks for what cannot be; sources that do
 * not compile (the first error is in the message, the log's path too); -ENOENT for
 * only_cached. ERR_LAB: disk, tools, time. ERR_CANCELED: what was built so far is kept.
 */
MUST_CHECK int kernel_build(const struct kernel_build *b, struct kernel_built *out,
			    struct err *err);
void kernel_built_release(struct kernel_built *b);
