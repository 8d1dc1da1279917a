// SPDX-License-Identifier: GPL-2.0-or-later
/* newc archives by libarchive. Reads the lab host's directories without following a
 * symbolic link. */
#include "kernel/cpio.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "kernel/module_ids.h"
#include "kernel/overlay.h"
#include "kernel/unpack_reader.h"
#include "util/io.h"
#include "util/mem.h"

enum { COPY_STEP = 1 << 17, MAX_DEPTH = 40 };

static int write_failed(const struct cpio_writer *w)
{
	int e = archive_errno(w->a);

	return err_set(w->err, ERR_LAB, e > 0 ? -e : -EIO, "overlay: %s",
		       archive_error_string(w->a) ?: "cannot write");
}

int cpio_put_header(struct cpio_writer *w, const char *path, mode_t mode, uint64_t size,
		    const char *link)
{
	struct archive_entry *e = archive_entry_new();

	if (++w->n_entries > OVERLAY_MAX_ENTRIES || size > w->max_bytes - w->bytes) {
		archive_entry_free(e);
		return err_set(w->err, ERR_JOB, -EFBIG,
			       "overlay: more than %d files or %llu bytes",
			       OVERLAY_MAX_ENTRIES, (unsigned long long)w->max_bytes);
	}
	w->bytes += size;
	if (w->watch)
		module_watch_next(w->watch, S_ISREG(mode) ? path : NULL);
	archive_entry_set_pathname(e, path);
	archive_entry_set_mode(e, mode);
	archive_entry_set_size(e, (la_int64_t)size);
	archive_entry_set_ino64(e, w->n_entries);
	archive_entry_set_nlink(e, S_ISDIR(mode) ? 2 : 1);
	archive_entry_set_mtime(e, 0, 0);
	if (link)
		archive_entry_set_symlink(e, link);
	int r = archive_write_header(w->a, e);
	archive_entry_free(e);
	return r == ARCHIVE_OK ? 0 : write_failed(w);
}

int cpio_put_data(struct cpio_writer *w, const void *data, size_t len)
{
	if (w->watch)
		module_watch_data(w->watch, data, len);
	return archive_write_data(w->a, data, len) == (la_ssize_t)len ? 0
								      : write_failed(w);
}

/* Exactly `size` bytes: the header is written already. */
static int put_file(struct cpio_writer *w, const char *path, int fd,
		    const struct stat *st)
{
	_cleanup_free_ char *buf = xmalloc(COPY_STEP);
	uint64_t left = (uint64_t)st->st_size;
	int r = cpio_put_header(w, path, S_IFREG | (st->st_mode & 0111 ? 0755 : 0644),
				left, NULL);

	while (!r && left) {
		ssize_t n = io_read(fd, buf, left < COPY_STEP ? (size_t)left : COPY_STEP);

		if (n <= 0)
			return err_set(w->err, n < 0 ? ERR_LAB : ERR_JOB,
				       n < 0 ? (int)n : -ESTALE, "overlay: %s: %s", path,
				       n < 0 ? strerror((int)-n)
					     : "became shorter while it was read");
		r = cpio_put_data(w, buf, (size_t)n);
		left -= (uint64_t)n;
		if (!r)
			r = task_check(w->task, "overlay", w->err);
	}
	return r;
}

/* depth: how many directories below the tree's top the link lies. */
bool cpio_link_stays_inside(const char *link, int depth)
{
	if (link[0] == '/' || !link[0])
		return false;
	for (const char *p = link; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			depth--;
		else if (n && !(n == 1 && p[0] == '.'))
			depth++;
		if (depth < 0)
			return false;
		p += n + strspn(p + n, "/");
	}
	return true;
}

char *cpio_link_target(const char *path, const char *link)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;

	for (;; link += strspn(link, "/")) {
		if (strncmp(link, "./", 2) == 0) {
			link += 2;
		} else if (strncmp(link, "../", 3) == 0) {
			link += 3;
			while (n && path[--n] != '/')
				;
		} else {
			break;
		}
	}
	return unpack_is_name_safe(link)
		       ? xasprintf("%.*s%s%s", (int)n, path, n ? "/" : "", link)
		       : NULL;
}

static int put_link(struct cpio_writer *w, int dirfd, const char *name, const char *path,
		    int depth)
{
	char link[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, link, sizeof(link) - 1);

	if (n < 0)
		return err_set(w->err, ERR_LAB, -errno, "overlay: %s: %s", path,
			       strerror(errno));
	link[n] = '\0';
	if (!cpio_link_stays_inside(link, depth))
		return err_set(w->err, ERR_JOB, -EINVAL,
			       "overlay: %.200s: a symbolic link out of its directory "
			       "(%.200s)",
			       path, link);
	return cpio_put_header(w, path, S_IFLNK | 0777, 0, link);
}

/* Of modules where the kernel was built: of no use on a board, and links out of the
 * directory. */
static bool is_left_out(const struct cpio_writer *w, const char *name, int depth)
{
	return strcmp(name, ".git") == 0 ||
	       (w->is_modules && depth == 0 &&
		(strcmp(name, "build") == 0 || strcmp(name, "source") == 0));
}

static int put_entry(struct cpio_writer *w, int dirfd, const char *name, const char *path,
		     int depth)
{
	struct stat st;
	_cleanup_close_ int fd = -1;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return err_set(w->err, ERR_LAB, -errno, "overlay: %s: %s", path,
			       strerror(errno));
	if (w->wants && !S_ISDIR(st.st_mode) && !w->wants(name))
		return 0;
	if (S_ISLNK(st.st_mode))
		return put_link(w, dirfd, name, path, depth);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return err_set(w->err, ERR_JOB, -EINVAL,
			       "overlay: %s: neither a file nor a directory", path);
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return err_set(w->err, ERR_JOB, -errno, "overlay: %s: %s", path,
			       strerror(errno));
	if (S_ISDIR(st.st_mode))
		return cpio_put_dir(w, fd, path, depth + 1);
	return put_file(w, path, fd, &st);
}

int cpio_put_dir(struct cpio_writer *w, int fd, const char *path, int depth)
{
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;
	int r = cpio_put_header(w, path, S_IFDIR | 0755, 0, NULL);

	if (!r)
		r = task_check(w->task, "overlay", w->err);
	if (!r && depth > MAX_DEPTH)
		r = err_set(w->err, ERR_JOB, -ELOOP, "overlay: %s: nested too deep",
			    path);
	if (r)
		return r;
	r = io_list_at(fd, ".", &names);
	if (r)
		return err_set(w->err, ERR_LAB, r, "overlay: %s: %s", path, strerror(-r));
	for (size_t i = 0; !r && i < names.n; i++) {
		_cleanup_free_ char *below = xasprintf("%s/%s", path, names.v[i]);

		if (!is_left_out(w, names.v[i], depth))
			r = put_entry(w, fd, names.v[i], below, depth);
	}
	return r;
}

static la_ssize_t write_out(struct archive *a, void *arg, const void *data, size_t len)
{
	struct cpio_writer *w = arg;
	int r = w->failed ? -ECANCELED : io_write_all(w->out_fd, data, len);

	if (r) {
		archive_set_error(a, -r, "%s", strerror(-r));
		return -1;
	}
	if (w->hash)
		sha256_update(w->hash, data, len);
	w->written += len;
	return (la_ssize_t)len;
}

int cpio_open(struct cpio_writer *w, const char *compression)
{
	w->a = archive_write_new();
	if (!w->a)
		BUG("libarchive: out of memory");
	if (!w->max_bytes)
		w->max_bytes = OVERLAY_MAX_BYTES;
	if (strcmp(compression, "gz") == 0) {
		archive_write_add_filter_gzip(w->a);
		archive_write_set_filter_option(w->a, "gzip", "compression-level", "1");
		archive_write_set_filter_option(w->a, "gzip", "timestamp", NULL);
	} else if (strcmp(compression, "zst") == 0) {
		archive_write_add_filter_zstd(w->a);
		archive_write_set_filter_option(w->a, "zstd", "compression-level", "1");
	}
	archive_write_set_format_cpio_newc(w->a);
	archive_write_set_bytes_per_block(w->a, 512);
	archive_write_set_bytes_in_last_block(w->a, 512);
	return archive_write_open(w->a, w, NULL, write_out, NULL) == ARCHIVE_OK
		       ? 0
		       : write_failed(w);
}

int cpio_close(struct cpio_writer *w, int r)
{
	if (w->watch)
		module_watch_next(w->watch, NULL);
	if (!r && archive_write_close(w->a) != ARCHIVE_OK)
		r = write_failed(w);
	w->failed = r != 0; /* or libarchive would still pad what is unfinished */
	strvec_release(&w->links);
	archive_write_free(w->a); /* NULL when it was not opened */
	free(w->last_dir);
	w->last_dir = NULL;
	return r;
}
