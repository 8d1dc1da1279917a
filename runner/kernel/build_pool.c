// SPDX-License-Identifier: GPL-2.0-or-later
/* The pool: POOL/src (source trees), POOL/obj (object trees), POOL/built (finished builds
 * by key), POOL/ids (hashes of bases), POOL/lock. One build at a time. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "kernel/build_work.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/path.h"

enum { KEEP_OBJECT_TREES = 12, KEEP_SOURCE_TREES = 6, LOCK_TRY_MS = 200 };
#define KEEP_BUILT_BYTES (INT64_C(24) << 30)

static char *default_pool(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg && xdg[0] == '/')
		return xasprintf("%s/bootrig/kernels", xdg);
	if (home && home[0] == '/')
		return xasprintf("%s/.cache/bootrig/kernels", home);
	return NULL;
}

int build_pool_path(struct build_work *w)
{
	static const char *const parts[] = { "src", "obj", "built", "ids" };
	_cleanup_free_ char *asked = w->b->pool ? xstrdup(w->b->pool) : default_pool();
	bool may_make = !w->b->only_cached;
	int r = !asked ? -ENOENT : may_make ? io_mkdir_p(asked) : 0;

	if (r)
		return err_set(w->err, ERR_LAB, r, "pool %s: %s",
			       asked ?: "($HOME is not set)", strerror(-r));
	w->pool = realpath(asked, NULL);
	/* None yet: nothing is found in it. */
	if (!w->pool && !may_make)
		w->pool = xstrdup(asked);
	for (size_t i = 0; w->pool && may_make && i < ARRAY_SIZE(parts); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", w->pool, parts[i]);

		r = io_mkdir_p(path);
		if (r)
			return err_set(w->err, ERR_LAB, r, "%s: %s", path, strerror(-r));
	}
	/* make and the shells that it runs would read them. */
	if (!w->pool || strpbrk(w->pool, " \t\n:#$%&'\"\\*?;<>()|`[]{}!~"))
		return err_set(
			w->err, ERR_JOB, -EINVAL,
			"pool %s: a path with blanks, colons or other signs that make cannot use",
			asked);
	return 0;
}

void build_tell(const struct build_work *w, enum kernel_build_phase phase, uint64_t done,
		uint64_t expected, const char *what)
{
	const struct kernel_build_progress p = {
		.phase = phase,
		.done = done,
		.expected = expected,
		.is_estimate = phase == KERNEL_BUILD_MAKE && w->is_estimate,
		.what = what
	};

	if (w->b->progress)
		w->b->progress(w->b->progress_arg, &p);
}

/* flock(2) cannot wait for a lock and for a cancel at once. */
int build_pool_lock(struct build_work *w)
{
	_cleanup_free_ char *path = xasprintf("%s/lock", w->pool);
	const struct task *t = &w->b->task;

	w->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (w->lock_fd < 0)
		return err_set(w->err, ERR_LAB, -errno, "%s: %s", path, strerror(errno));
	while (flock(w->lock_fd, LOCK_EX | LOCK_NB)) {
		struct pollfd p = { .fd = t->cancel_fd, .events = POLLIN };

		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set(w->err, ERR_LAB, -errno, "%s: %s", path,
				       strerror(errno));
		int r = task_check(t, "waiting for another build", w->err);
		if (r)
			return r;
		build_tell(w, KERNEL_BUILD_WAIT, 0, 0, path);
		if (poll(&p, 1, LOCK_TRY_MS) < 0 && errno != EINTR)
			return err_set(w->err, ERR_LAB, -errno, "poll: %s",
				       strerror(errno));
	}
	return 0;
}

/* ---- housekeeping -------------------------------------------------------------------
 */

struct entry {
	const char *name; /* borrowed */
	int64_t used_ns, bytes;
};

static int newest_first(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->used_ns < y->used_ns ? 1 : x->used_ns > y->used_ns ? -1 : 0;
}

static int64_t bytes_of(int dirfd, const char *name)
{
	_cleanup_json_ json_t *j = build_load_manifest(dirfd, name, NULL);

	return json_get_int(j, "bytes", 0);
}

/* By rename first: nothing is ever half there under its name. */
static int throw_away(int dirfd, const char *name)
{
	static const char trash[] = ".old";
	int r = io_remove_tree_at(dirfd, trash);

	if (!r && renameat(dirfd, name, dirfd, trash))
		r = errno == ENOENT ? 0 : -errno;
	return r ? r : io_remove_tree_at(dirfd, trash);
}

/* Beyond `keep` entries, or beyond `bytes` of finished builds; 0 = no such limit. A
 * source tree NAME has its NAME.state with it. */
static void prune(const struct build_work *w, const char *part, size_t keep,
		  int64_t bytes, const char *spare)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", w->pool, part);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;
	_cleanup_free_ struct entry *v = NULL;
	size_t n = 0;
	int64_t sum = 0;
	struct stat st;

	if (fd < 0 || io_list_at(fd, ".", &names) || !names.n)
		return;
	v = xcalloc(names.n, sizeof(*v));
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i], *dot = strrchr(name, '.');

		if (name[0] == '.' || (dot && strcmp(dot, ".state") == 0) ||
		    fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		v[n++] = (struct entry){ name,
					 st.st_mtim.tv_sec * INT64_C(1000000000) +
						 st.st_mtim.tv_nsec,
					 bytes ? bytes_of(fd, name) : 0 };
	}
	qsort(v, n, sizeof(*v), newest_first);
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *state = xasprintf("%s.state", v[i].name);

		sum += v[i].bytes;
		if (((keep && i >= keep) || (bytes && sum > bytes)) &&
		    strcmp(v[i].name, spare) != 0 &&
		    (throw_away(fd, v[i].name) || throw_away(fd, state)))
			break; /* the next build tries again */
	}
}

void build_mark_used(const char *path)
{
	/* Not there, or not ours: it is pruned a little earlier. */
	if (path && utimensat(AT_FDCWD, path, NULL, 0))
		return;
}

/* ---- the clock ----------------------------------------------------------------------
 */

static bool is_later(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec
		       ? a->st_mtim.tv_sec > b->st_mtim.tv_sec
		       : a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

/* Did make last say something at a time that is still to come? */
static bool is_ahead(int dirfd, const char *name, const struct stat *now)
{
	_cleanup_free_ char *log = xasprintf("%s/.bootrig-log", name);
	struct stat st;

	return !fstatat(dirfd, log, &st, AT_SYMLINK_NOFOLLOW) && is_later(&st, now);
}

/* make goes by times: an object of a later hour hides that its source was changed since.
 * The lock's time is when the last build began, by the clock of the disk's machine.
 * ccache makes what is thrown away here quickly again. */
int build_pool_check_clock(struct build_work *w)
{
	_cleanup_free_ char *path = xasprintf("%s/obj", w->pool);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;
	struct stat before, now;
	int r = 0;

	if (fd < 0 || fstat(w->lock_fd, &before) || futimens(w->lock_fd, NULL) ||
	    fstat(w->lock_fd, &now))
		r = -errno;
	if (!r)
		r = io_list_at(fd, ".", &names);
	bool is_back = !r && is_later(&before, &now);
	for (size_t i = 0; !is_back && i < names.n; i++)
		is_back = is_ahead(fd, names.v[i], &now);
	for (size_t i = 0; !r && is_back && i < names.n; i++)
		if (names.v[i][0] != '.')
			r = throw_away(fd, names.v[i]);
	return r ? err_set(w->err, ERR_LAB, r, "%s: %s", path, strerror(-r)) : 0;
}

void build_pool_prune(const struct build_work *w)
{
	build_mark_used(w->objects);
	build_mark_used(w->tree.dir);
	prune(w, "obj", KEEP_OBJECT_TREES, 0, w->objects ? path_last(w->objects) : "");
	prune(w, "src", KEEP_SOURCE_TREES, 0, w->tree.dir ? path_last(w->tree.dir) : "");
	prune(w, "built", 0, KEEP_BUILT_BYTES, path_last(w->dir));
}
