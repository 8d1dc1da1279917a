// SPDX-License-Identifier: GPL-2.0-or-later
/* One point of a series becomes a kernel: read what it is made of, look it up, else
 * source, patches, configuration, make, collect, publish by rename. */
#include "kernel/build.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include "kernel/build_work.h"
#include "kernel/source_patch.h"
#include "util/io.h"
#include "util/mem.h"

void kernel_built_release(struct kernel_built *b)
{
	free(b->dir);
	free(b->release);
	*b = (struct kernel_built){ .dir = NULL };
}

bool build_look_up(struct build_work *w, struct kernel_built *out)
{
	if (!build_read_manifest(w->dir, &w->key, out))
		return false;
	out->dir = xstrdup(w->dir);
	out->from_cache = true;
	build_mark_used(w->dir);
	return true;
}

static int not_built(struct build_work *w)
{
	const struct job_build *p = w->b->point;

	return err_set(w->err, ERR_JOB, -ENOENT, "%s%s%s is not built yet",
		       p->series ?: p->base, p->upto ? " up to " : "", p->upto ?: "");
}

static void tell_source(void *arg, const char *what, uint64_t done, uint64_t total)
{
	build_tell(arg, KERNEL_BUILD_SOURCE, done, total, what);
}

static int prepare_source(struct build_work *w)
{
	struct task task = w->b->task;
	int r;

	task.progress = tell_source;
	task.progress_arg = w;
	build_tell(w, KERNEL_BUILD_SOURCE, 0, 0, w->source.given);
	r = source_prepare(&w->source, w->pool, &task, &w->tree, w->err);
	if (r)
		return r;
	build_tell(w, KERNEL_BUILD_PATCH, 0, w->series.n, NULL);
	return source_patch(&w->tree, &w->series, &w->b->task, w->err);
}

static int begin_make(struct build_work *w)
{
	int n = get_nprocs(), r;

	w->log_path = xasprintf("%s/.bootrig-log", w->objects);
	r = io_mkdir_p(w->objects);
	if (!r)
		w->log_fd =
			open(w->log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (r || w->log_fd < 0)
		return err_set(w->err, ERR_LAB, r ? r : -errno, "%s: %s", w->log_path,
			       strerror(r ? -r : errno));
	w->make = (struct kernel_make){ .source = w->tree.dir,
					.objects = w->objects,
					.arch = w->b->point->arch,
					.cross = w->cross,
					.jobs = w->b->jobs ? w->b->jobs
						: n > 0    ? (uint32_t)n
							   : 1,
					.log_fd = w->log_fd,
					.log_path = w->log_path,
					.lock_fd = w->lock_fd,
					.task = &w->b->task };
	return 0;
}

static int empty_fresh(struct build_work *w)
{
	int r = io_remove_tree_at(AT_FDCWD, w->fresh);

	if (!r)
		r = io_mkdir_p(w->fresh);
	return r ? err_set(w->err, ERR_LAB, r, "%s: %s", w->fresh, strerror(-r)) : 0;
}

/* Before the manifest vouches for it and the object tree counts as whole. */
static int sync_all(const char *dir)
{
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || syncfs(fd) ? -errno : 0;
}

static int publish(struct build_work *w)
{
	_cleanup_free_ char *log = xasprintf("%s/build.log", w->fresh);
	int r = build_copy_file(w->log_path, log);

	if (!r)
		r = sync_all(w->fresh); /* what make installed, too */
	if (r)
		return err_set(w->err, ERR_LAB, r, "%s: %s", log, strerror(-r));
	r = build_write_manifest(w);
	if (r)
		return r;
	/* One that is not complete. */
	r = io_remove_tree_at(AT_FDCWD, w->dir);
	if (!r && rename(w->fresh, w->dir))
		r = -errno;
	return r ? err_set(w->err, ERR_LAB, r, "%s: %s", w->dir, strerror(-r)) : 0;
}

static int build(struct build_work *w)
{
	int r = prepare_source(w);

	if (!r)
		r = begin_make(w);
	if (!r)
		r = empty_fresh(w);
	if (!r && w->b->point->command) {
		r = build_run_command(w);
	} else if (!r) {
		r = build_compile(w);
		if (!r)
			r = build_collect(w);
	}
	if (!r)
		r = publish(w);
	if (!r)
		r = kernel_make_whole(&w->make, w->err);
	if (!r) {
		build_remember_time(w);
		build_pool_prune(w);
	}
	/* Nothing half of a disk's worth stays behind a failure. */
	else if (io_remove_tree_at(AT_FDCWD, w->fresh))
		err_prefix(w->err, "%s cannot be removed; ", w->fresh);
	return r;
}

static int find_or_build(struct build_work *w, struct kernel_built *out)
{
	int r = build_pool_path(w);

	if (!r)
		r = build_read_inputs(w);
	if (r || build_look_up(w, out))
		return r;
	if (w->b->only_cached)
		return not_built(w);
	r = build_pool_lock(w);
	/* The one that had the lock may have built this. */
	if (r || build_look_up(w, out))
		return r;
	r = build_pool_check_clock(w);
	if (!r)
		r = build(w);
	if (!r && !build_look_up(w, out))
		r = err_set(w->err, ERR_BUG, -EBADMSG, "%s: just built, and not complete",
			    w->dir);
	out->from_cache = false;
	out->objects = w->make.objects_made;
	return r;
}

void build_work_release(struct build_work *w)
{
	char *const strings[] = { w->cross, w->compiler, w->module_id, w->pool,
				  w->dir,   w->fresh,    w->objects,   w->log_path };

	source_release(&w->source);
	series_release(&w->series);
	kconfig_release(&w->config);
	source_tree_release(&w->tree);
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		free(strings[i]);
	if (w->log_fd >= 0)
		close(w->log_fd);
	if (w->lock_fd >= 0)
		close(w->lock_fd);
}

int kernel_build(const struct kernel_build *b, struct kernel_built *out, struct err *err)
{
	struct build_work w = { .b = b,
				.lock_fd = -1,
				.log_fd = -1,
				.begin_ns = clock_now_ns(),
				.err = err };
	int r;

	*out = (struct kernel_built){ .dir = NULL };
	r = find_or_build(&w, out);
	out->ms = (clock_now_ns() - w.begin_ns) / 1000000;
	if (r)
		kernel_built_release(out);
	build_work_release(&w);
	return r;
}
