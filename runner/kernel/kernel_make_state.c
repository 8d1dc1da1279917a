// SPDX-License-Identifier: GPL-2.0-or-later
/* What an object tree holds: objects that are out of date, and files that a killed make
 * may have left half written. Kbuild writes `.x.o.cmd` when x.o is whole, so a file that
 * is newer than its .cmd was not finished. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <sys/stat.h>

#include "kernel/kernel_make.h"
#include "parse/make_output.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { CMD_MAX = 1 << 20, MAX_DEPTH = 64, N_TIMES = 1 << 17 };

typedef int (*cmd_fn)(void *arg, int dirfd, const char *cmd, const char *target,
		      struct err *err);

/* Calls fn for each .X.cmd below. */
static int each_cmd(int dirfd, int depth, cmd_fn fn, void *arg, struct err *err)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d)
		return err_set(err, ERR_LAB, -errno, "object tree: %s", strerror(errno));
	while (!r && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (e->d_type == DT_DIR && e->d_name[0] != '.' && depth < MAX_DEPTH) {
			_cleanup_close_ int sub =
				openat(fd, e->d_name,
				       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (sub >= 0)
				r = each_cmd(sub, depth + 1, fn, arg, err);
		} else if (e->d_name[0] == '.' && n > 5 &&
			   strcmp(e->d_name + n - 4, ".cmd") == 0) {
			_cleanup_free_ char *target = xstrndup(e->d_name + 1, n - 5);

			r = fn(arg, fd, e->d_name, target, err);
		}
	}
	closedir(d);
	return r;
}

static int open_objects(const struct kernel_make *m, int *fd, struct err *err)
{
	*fd = open(m->objects, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? err_set(err, ERR_LAB, -errno, "%s: %s", m->objects,
				 strerror(errno))
		       : 0;
}

static bool is_newer(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec
		       ? a->st_mtim.tv_sec > b->st_mtim.tv_sec
		       : a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

static int remove_unfinished(void *arg, int dirfd, const char *cmd, const char *target,
			     struct err *err)
{
	struct stat of_cmd, of_target;
	size_t n = strlen(target);
	bool is_object = n > 2 && strcmp(target + n - 2, ".o") == 0;

	if (fstatat(dirfd, target, &of_target, AT_SYMLINK_NOFOLLOW) ||
	    fstatat(dirfd, cmd, &of_cmd, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(of_target.st_mode) ||
	    (!is_newer(&of_target, &of_cmd) && !(is_object && of_target.st_size == 0)))
		return 0;
	return unlinkat(dirfd, target, 0) && errno != ENOENT
		       ? err_set(err, ERR_LAB, -errno, "%s: %s", target, strerror(errno))
		       : 0;
}

int kernel_make_heal(const struct kernel_make *m, struct err *err)
{
	_cleanup_free_ char *mark = xasprintf("%s/.bootrig-running", m->objects);
	_cleanup_close_ int fd = -1;
	int r;

	if (access(mark, F_OK))
		return 0;
	r = open_objects(m, &fd, err);
	return r ? r : each_cmd(fd, 0, remove_unfinished, NULL, err);
}

/* ---- what is out of date ------------------------------------------------------------
 */

/* Times of files, each asked for once: a few thousand headers stand in each of a few
 * thousand lists. */
struct ages {
	struct hsearch_data times; /* path to struct timespec */
	const struct kernel_make *m;
	int fd; /* of the object tree */
	struct stat object;
	bool is_first; /* the object's source is asked for next */
	bool is_stale, is_foreign;
	uint64_t n_stale, n_have;
	struct strvec names; /* the table's keys */
	struct timespec *values;
	size_t n_values;
};

static const struct timespec *time_of(struct ages *a, const char *path)
{
	static const struct timespec missing = { .tv_sec = INT64_MAX };
	ENTRY want = { .key = (char *)(uintptr_t)path, .data = NULL }, *found;
	struct stat st;

	if (hsearch_r(want, FIND, &found, &a->times))
		return found->data;
	if (a->n_values == N_TIMES / 2)
		return &a->object.st_mtim; /* too many to remember: taken for old */
	struct timespec *t = &a->values[a->n_values++];
	/* A prerequisite that is gone makes its object stale. */
	*t = fstatat(a->fd, path, &st, 0) ? missing : st.st_mtim;
	strvec_add(&a->names, path);
	want.key = a->names.v[a->names.n - 1];
	want.data = t;
	if (!hsearch_r(want, ENTER, &found, &a->times))
		BUG("table of times: full with %zu of %d", a->n_values, N_TIMES);
	return t;
}

static bool check_age(void *arg, const char *path)
{
	struct ages *a = arg;
	const struct timespec *t = time_of(a, path), *o = &a->object.st_mtim;

	/* Of a program that make rules of its own build (tools/), in its own directory.
	 */
	if (a->is_first && t->tv_sec == INT64_MAX) {
		a->is_foreign = true;
		return false;
	}
	a->is_first = false;
	a->is_stale =
		t->tv_sec != o->tv_sec ? t->tv_sec > o->tv_sec : t->tv_nsec > o->tv_nsec;
	return !a->is_stale;
}

static int count_object(void *arg, int dirfd, const char *cmd, const char *target,
			struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	size_t n = strlen(target);
	struct ages *a = arg;

	if (n < 3 || strcmp(target + n - 2, ".o") != 0 ||
	    io_read_file_at(dirfd, cmd, CMD_MAX, &text) ||
	    !memmem(text.buf, text.len, "\ndeps_", 6))
		return 0; /* put together out of others, or not for the target */
	if (fstatat(dirfd, target, &a->object, 0)) {
		a->n_stale++;
		return 0;
	}
	a->is_first = true;
	a->is_stale = a->is_foreign = false;
	make_dependencies(strbuf_str(&text), text.len, check_age, a);
	a->n_have += !a->is_foreign;
	a->n_stale += a->is_stale;
	return task_check(a->m->task, "looking for what is out of date", err);
}

int kernel_make_expect(const struct kernel_make *m, uint64_t *stale, uint64_t *have,
		       struct err *err)
{
	struct ages a = { .m = m, .fd = -1 };
	int r = open_objects(m, &a.fd, err);

	if (r)
		return r;
	if (!hcreate_r(N_TIMES, &a.times))
		BUG("hcreate: out of memory");
	a.values = xcalloc(N_TIMES / 2, sizeof(*a.values));
	r = each_cmd(a.fd, 0, count_object, &a, err);
	*stale = a.n_stale;
	*have = a.n_have;
	hdestroy_r(&a.times);
	strvec_release(&a.names);
	free(a.values);
	close(a.fd);
	return r;
}
