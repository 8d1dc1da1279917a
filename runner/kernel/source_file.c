// SPDX-License-Identifier: GPL-2.0-or-later
/* Files below a directory, opened step by step with openat2(2) RESOLVE_NO_SYMLINKS. */
#include "kernel/source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "util/io.h"
#include "util/mem.h"

static const char tmp_name[] = ".bootrig.tmp";

static int open_beneath(int dirfd, const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int open_file(int dirfd, const char *path)
{
	struct stat st;
	int fd = open_beneath(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EISDIR;
	}
	return fd;
}

bool source_file_exists(int dirfd, const char *path)
{
	_cleanup_close_ int fd = open_file(dirfd, path);

	return fd >= 0;
}

bool source_file_same(int a_dirfd, const char *a, int b_dirfd, const char *b)
{
	_cleanup_close_ int a_fd = open_file(a_dirfd, a);
	_cleanup_close_ int b_fd = open_file(b_dirfd, b);
	char x[16384], y[sizeof(x)];
	struct stat sa, sb;
	ssize_t n;

	if (a_fd < 0 || b_fd < 0 || fstat(a_fd, &sa) || fstat(b_fd, &sb) ||
	    sa.st_size != sb.st_size || ((sa.st_mode ^ sb.st_mode) & S_IXUSR))
		return false;
	for (off_t at = 0; (n = pread(a_fd, x, sizeof(x), at)) > 0; at += n)
		if (pread(b_fd, y, (size_t)n, at) != n || memcmp(x, y, (size_t)n) != 0)
			return false;
	return n == 0;
}

/* The directory of a path, made where it is missing; *base is its last part. */
static int open_parent(int dirfd, const char *path, const char **base, int *out)
{
	_cleanup_close_ int fd = open_beneath(dirfd, ".", O_RDONLY | O_DIRECTORY);
	const char *slash;

	while (fd >= 0 && (slash = strchr(path, '/'))) {
		_cleanup_free_ char *part = xstrndup(path, (size_t)(slash - path));
		int next = open_beneath(fd, part, O_RDONLY | O_DIRECTORY);

		if (next == -ENOENT) {
			if (mkdirat(fd, part, 0755) && errno != EEXIST)
				return -errno;
			next = open_beneath(fd, part, O_RDONLY | O_DIRECTORY);
		}
		if (next < 0)
			return next;
		close(fd);
		fd = next;
		path = slash + 1;
	}
	*base = path;
	*out = TAKE_FD(fd);
	return *out < 0 ? *out : 0;
}

static int write_new(int to_parent, const char *base, int from_fd, mode_t mode)
{
	_cleanup_close_ int fd = -1;
	int r;

	if (unlinkat(to_parent, tmp_name, 0) && errno != ENOENT)
		return -errno;
	fd = openat(to_parent, tmp_name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    mode & S_IXUSR ? 0755 : 0644);
	if (fd < 0)
		return -errno;
	r = from_fd < 0 ? 0 : io_copy_fd(from_fd, fd);
	if (!r && renameat(to_parent, tmp_name, to_parent, base))
		r = -errno;
	if (r && unlinkat(to_parent, tmp_name, 0))
		return r;
	return r;
}

int source_file_copy(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
	_cleanup_close_ int from_fd = open_file(from_dirfd, from);
	_cleanup_close_ int parent = -1;
	const char *base;
	struct stat st;

	if (from_fd < 0)
		return from_fd;
	if (fstat(from_fd, &st))
		return -errno;
	int r = open_parent(to_dirfd, to, &base, &parent);
	return r ? r : write_new(parent, base, from_fd, st.st_mode);
}

int source_file_sync(int dirfd, const char *path)
{
	_cleanup_close_ int fd = open_file(dirfd, path);

	if (fd < 0)
		return fd;
	return fsync(fd) ? -errno : 0;
}

int source_file_touch(int dirfd, const char *path)
{
	_cleanup_close_ int parent = -1;
	const char *base;
	int r = open_parent(dirfd, path, &base, &parent);

	return r ? r : write_new(parent, base, -1, 0644);
}

int source_file_remove(int dirfd, const char *path)
{
	_cleanup_free_ char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');
	_cleanup_close_ int parent = -1;

	if (slash)
		*slash = '\0';
	parent = open_beneath(dirfd, slash ? dir : ".", O_RDONLY | O_DIRECTORY);
	if (parent == -ENOENT)
		return 0;
	if (parent < 0)
		return parent;
	if (unlinkat(parent, slash ? slash + 1 : path, 0) && errno != ENOENT)
		return -errno;
	return 0;
}

static int list_below(int dirfd, const char *prefix, int depth, struct strvec *out)
{
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;
	int r = depth > 64 ? -ELOOP : io_list_at(dirfd, ".", &names);

	for (size_t i = 0; !r && i < names.n; i++) {
		const char *name = names.v[i];
		_cleanup_free_ char *path = xasprintf("%s%s", prefix, name);

		if (strcmp(name, tmp_name) == 0)
			continue;
		_cleanup_close_ int sub =
			open_beneath(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
		if (sub >= 0) {
			_cleanup_free_ char *below = xasprintf("%s/", path);

			r = list_below(sub, below, depth + 1, out);
		} else if (source_file_exists(dirfd, name)) {
			strvec_add(out, path);
		}
	}
	return r;
}

int source_file_list(int dirfd, struct strvec *out)
{
	int r = list_below(dirfd, "", 0, out);

	source_file_sort(out);
	return r;
}

void source_file_sort(struct strvec *paths)
{
	size_t n = 0;

	if (!paths->n)
		return;
	strvec_sort(paths);
	for (size_t i = 0; i < paths->n; i++) {
		if (n && strcmp(paths->v[n - 1], paths->v[i]) == 0)
			free(paths->v[i]);
		else
			paths->v[n++] = paths->v[i];
	}
	paths->n = n;
	paths->v[n] = NULL;
}
