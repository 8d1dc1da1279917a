// SPDX-License-Identifier: GPL-2.0-or-later
/* One kernel_build() in progress: what goes in, where it happens, and its steps. */
#pragma once

#include <jansson.h>

#include "kernel/build.h"
#include "kernel/kconfig.h"
#include "kernel/kernel_make.h"
#include "kernel/series.h"
#include "kernel/source.h"

#define BUILD_SCHEMA "bootrig.build/1"

struct build_work {
	const struct kernel_build *b; /* borrowed */
	struct source source;
	struct series series;
	struct kconfig config;
	char *cross, *compiler, *module_id;
	struct sha256_hex key;
	char *pool;
	char *dir;   /* POOL/built/KEY: complete when it is there */
	char *fresh; /* what becomes it */
	char *objects;
	char *log_path;
	struct source_tree tree;
	struct kernel_make make;
	int lock_fd, log_fd;
	uint64_t expected;
	bool is_estimate;
	int64_t begin_ns;
	struct err *err;
};

/* build.c */
bool build_look_up(struct build_work *w, struct kernel_built *out);
void build_work_release(struct build_work *w);

/* build_inputs.c: reads everything that makes the kernel what it is, and its key. */
MUST_CHECK int build_read_inputs(struct build_work *w);
/* Of the files below a module's directory. */
MUST_CHECK int build_hash_module(const char *dir, struct sha256_hex *out);

/* build_pool.c */
MUST_CHECK int build_pool_path(struct build_work *w); /* pool, absolute */
MUST_CHECK int build_pool_lock(struct build_work *w);
/* With the lock, before anything is made: after a clock that was set back nothing may be
 * judged by its time. */
MUST_CHECK int build_pool_check_clock(struct build_work *w);
/* What has not been used for longest goes when there is too much. Never fails: it is
 * housekeeping. */
void build_pool_prune(const struct build_work *w);
/* What was used last is kept longest. path may be NULL. */
void build_mark_used(const char *path);
void build_tell(const struct build_work *w, enum kernel_build_phase phase, uint64_t done,
		uint64_t expected, const char *what);

/* build_compile.c: configuration and make; the objects stay in w->objects. */
MUST_CHECK int build_compile(struct build_work *w);
MUST_CHECK int build_run_command(struct build_work *w);

/* build_collect.c: takes the products out of the object tree into w->fresh. */
MUST_CHECK int build_collect(struct build_work *w);
MUST_CHECK int build_copy_file(const char *from, const char *to);
/* What the architecture's bootable file is called as a make target; its path below the
 * object tree. */
struct build_image {
	const char *arch, *target, *path;
};
const struct build_image *build_image_of(const char *arch);

/* build_manifest.c: build.json, the last file of w->fresh; and the same read back. */
MUST_CHECK int build_write_manifest(struct build_work *w);
/* The caller owns it; NULL: none, or no JSON. dir is below dirfd. len_bytes may be NULL.
 */
json_t *build_load_manifest(int dirfd, const char *dir, size_t *len_bytes);
/* False: no such complete build. Fills in *out but for dir and the times. */
bool build_read_manifest(const char *dir, const struct sha256_hex *key,
			 struct kernel_built *out);

/* build_outlook.c: how long the build of these objects took. */
void build_remember_time(const struct build_work *w);
