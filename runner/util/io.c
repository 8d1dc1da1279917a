// SPDX-License-Identifier: GPL-2.0-or-later
/* Files: whole reads with a bound, write-fsync-rename, directories by fd. */
#include "util/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/mem.h"
#include "util/path.h"

int io_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t io_read(int fd, void *buf, size_t len)
{
	ssize_t n;

	do
		n = read(fd, buf, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int io_read_fd(int fd, size_t max, struct strbuf *out)
{
	char buf[16384];
	size_t total = 0;
	ssize_t n;

	while ((n = io_read(fd, buf, sizeof(buf))) > 0) {
		total += (size_t)n;
		if (total > max)
			return -EFBIG;
		strbuf_add(out, buf, (size_t)n);
	}
	return (int)n;
}

int io_read_file_at(int dirfd, const char *path, size_t max, struct strbuf *out)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return io_read_fd(fd, max, out);
}

int io_atomic_write_at(int dirfd, const char *name, const void *data, size_t len)
{
	_cleanup_free_ char *tmp = xasprintf(".%s.tmp.%d", name, (int)getpid());
	_cleanup_close_ int fd = openat(
		dirfd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	int r;

	if (fd < 0)
		return -errno;
	r = io_write_all(fd, data, len);
	if (!r && fsync(fd))
		r = -errno;
	if (!r && renameat(dirfd, tmp, dirfd, name))
		r = -errno;
	if (!r && dirfd != AT_FDCWD && fsync(dirfd))
		r = -errno;
	if (r)
		unlinkat(dirfd, tmp, 0);
	return r;
}

int io_atomic_write(const char *path, const void *data, size_t len)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir =
		slash ? xstrndup(path, slash == path ? 1 : (size_t)(slash - path))
		      : xstrdup(".");
	_cleanup_close_ int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dirfd < 0 ? -errno : io_atomic_write_at(dirfd, path_last(path), data, len);
}

int io_mkdir_p(const char *path)
{
	_cleanup_free_ char *copy = xstrdup(path);

	for (char *p = copy + 1; copy[0]; p++) {
		if (*p && *p != '/')
			continue;
		char c = *p;
		*p = '\0';
		if (mkdir(copy, 0755) && errno != EEXIST)
			return -errno;
		*p = c;
		if (!c)
			break;
	}
	return 0;
}

/* take_fd: -1 with errno when it could not be opened. */
static int list(int take_fd, struct strvec *out)
{
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;
	_cleanup_close_ int fd = take_fd;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d)
		return -errno;
	fd = -1;
	while ((errno = 0, e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			strvec_add(&names, e->d_name);
	int r = -errno;
	closedir(d);
	strvec_sort(&names);
	for (size_t i = 0; !r && i < names.n; i++)
		strvec_add_take(out, TAKE_PTR(names.v[i]));
	return r;
}

int io_list_at(int dirfd, const char *path, struct strvec *out)
{
	return list(openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), out);
}

int io_remove_tree_at(int dirfd, const char *name)
{
	_cleanup_close_ int fd =
		openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;

	if (fd < 0) {
		if (errno == ENOENT)
			return 0;
		if (errno != ENOTDIR && errno != ELOOP)
			return -errno;
		return unlinkat(dirfd, name, 0) ? -errno : 0;
	}
	int r = list(fcntl(fd, F_DUPFD_CLOEXEC, 0), &names);
	for (size_t i = 0; !r && i < names.n; i++)
		r = io_remove_tree_at(fd, names.v[i]);
	if (!r && unlinkat(dirfd, name, AT_REMOVEDIR))
		r = -errno;
	return r;
}

int io_copy_fd(int from_fd, int to_fd)
{
	char buf[65536];
	ssize_t n;
	int r = 0;

	while (!r && (n = io_read(from_fd, buf, sizeof(buf))) != 0)
		r = n < 0 ? (int)n : io_write_all(to_fd, buf, (size_t)n);
	return r;
}

int io_set_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags) ? -errno : 0;
}
