// SPDX-License-Identifier: GPL-2.0-or-later
/* A source tree out of a tarball: read as a kernel's archive is, with the same bounds but
 * for how much it holds, and written by libarchive. Times are the archive's, so that all
 * of it is older than what is built from it. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kernel/source_kinds.h"
#include "kernel/unpack_reader.h"
#include "util/io.h"
#include "util/mem.h"

enum {
	MAX_ENTRIES = 1000000,
	EXTRACT = ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
		  ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS
};
#define MAX_BYTES (UINT64_C(16) << 30)

struct unpacking {
	const struct source *s;
	const struct task *task;
	struct unpack_reader from;
	struct archive *to;
	uint64_t in_bytes; /* of the tarball */
	struct err *err;
};

/* Writing fails for the lab's reasons, but for names that lead out of the tree. */
static int cannot_write(const struct unpacking *u)
{
	int e = archive_errno(u->to);
	const char *why = archive_error_string(u->to);

	if (e == ENOSPC || e == EDQUOT || e == EIO || e == EROFS || e == EACCES)
		return err_set(u->err, ERR_LAB, -e, "unpacking %s: %s", u->s->given,
			       why ?: strerror(e));
	return err_set(u->err, ERR_JOB, -EINVAL, "base %s: %s", u->s->given,
		       why ?: "cannot be unpacked");
}

/* The tree's files without the directory that all of a kernel's tarball is in. */
static const char *strip(const char *path)
{
	while (path[0] == '.' && path[1] == '/')
		path += 2 + strspn(path + 2, "/");
	path = strchr(path, '/');
	return path ? path + strspn(path, "/") : "";
}

static int copy_data(struct unpacking *u)
{
	const void *data;
	la_int64_t at;
	size_t n;
	int a;

	while ((a = archive_read_data_block(u->from.a, &data, &n, &at)) == ARCHIVE_OK) {
		int r = unpack_reader_check_ratio(&u->from, (uint64_t)at + n);

		if (r)
			return r;
		if (archive_write_data_block(u->to, data, n, at) < ARCHIVE_OK)
			return cannot_write(u);
	}
	return a == ARCHIVE_EOF ? 0 : unpack_reader_failed(&u->from);
}

static int write_entry(struct unpacking *u, struct archive_entry *e)
{
	_cleanup_free_ char *path = xstrdup(strip(archive_entry_pathname(e) ?: ""));
	const char *link = archive_entry_hardlink(e);

	if (!path[0])
		return 0;
	archive_entry_set_pathname(e, path);
	if (link) {
		_cleanup_free_ char *target = xstrdup(strip(link));

		archive_entry_set_hardlink(e, target);
	}
	archive_entry_set_perm(e, archive_entry_perm(e) & S_IXUSR ? 0755 : 0644);
	switch (archive_entry_filetype(e)) {
	case AE_IFREG:
	case AE_IFDIR:
	case AE_IFLNK:
		break;
	default: /* libarchive's, not ours: devices, sockets */
		if (!link)
			return 0;
	}
	if (archive_write_header(u->to, e) < ARCHIVE_WARN)
		return cannot_write(u);
	return link ? 0 : copy_data(u);
}

/* The reader takes more than tarballs. */
static bool is_tarball(const struct unpack_reader *rd)
{
	return !rd->inner &&
	       (archive_format(rd->a) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
}

static int write_all(struct unpacking *u)
{
	struct archive_entry *e;
	const char *name;
	int r;

	while ((r = unpack_reader_next(&u->from, &e, &name)) > 0) {
		if (!is_tarball(&u->from))
			return unpack_reader_err(&u->from, -EINVAL, "not a tarball");
		if (u->from.n_entries % 256 == 0)
			task_progress(u->task, u->s->given, u->from.src.given,
				      u->in_bytes);
		r = write_entry(u, e);
		if (r)
			return r;
	}
	if (!r && archive_write_close(u->to) != ARCHIVE_OK)
		r = cannot_write(u);
	return r;
}

static int unpack_here(struct unpacking *u, int fd)
{
	_cleanup_free_ char *name = xasprintf("base %s", u->s->given);
	const struct unpack from = { .fd = fd, .name = name };
	int r = unpack_reader_open(&u->from, &from, u->task, u->err);

	u->from.max_entries = MAX_ENTRIES;
	u->from.max_skipped = MAX_BYTES;
	u->to = archive_write_disk_new();
	if (!u->to)
		BUG("libarchive: out of memory");
	archive_write_disk_set_options(u->to, EXTRACT);
	if (!r)
		r = write_all(u);
	archive_write_free(u->to);
	unpack_reader_release(&u->from);
	return r;
}

/* libarchive's checks of links and of ".." look at paths below the working directory. */
static int unpack_to(struct unpacking *u, const char *dir)
{
	_cleanup_close_ int cwd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = open(u->s->path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return err_set(u->err, ERR_JOB, -errno, "base %s: %s", u->s->given,
			       strerror(errno));
	u->in_bytes = (uint64_t)st.st_size;
	int r = io_mkdir_p(dir);
	if (r || cwd < 0 || chdir(dir))
		return err_set(u->err, ERR_LAB, r ? r : -errno, "%s: %s", dir,
			       strerror(r ? -r : errno));
	r = unpack_here(u, fd);
	if (fchdir(cwd) && !r)
		r = err_set(u->err, ERR_LAB, -errno, "working directory: %s",
			    strerror(errno));
	return r;
}

static int check_tree(const struct source *s, const char *dir, struct err *err)
{
	_cleanup_free_ char *makefile = xasprintf("%s/Makefile", dir);

	if (access(makefile, R_OK) == 0)
		return 0;
	return err_set(err, ERR_JOB, -EINVAL,
		       "base %s: no kernel's source (no Makefile in its first directory)",
		       s->given);
}

int source_prepare_tarball(const struct source *s, const struct task *task,
			   const struct source_tree *t, struct err *err)
{
	struct unpacking u = { .s = s, .task = task, .err = err };
	_cleanup_free_ char *fresh = xasprintf("%s.new", t->dir);
	int r;

	if (source_has_stamp(t, s->id.str))
		return 0;
	r = source_start_over(t, err);
	if (!r)
		r = source_remove(fresh, err);
	if (!r)
		r = unpack_to(&u, fresh);
	if (!r)
		r = source_check_tarball(s, err);
	if (!r)
		r = check_tree(s, fresh, err);
	if (!r && rename(fresh, t->dir))
		r = err_set(err, ERR_LAB, -errno, "%s: %s", t->dir, strerror(errno));
	if (!r)
		return source_write_stamp(t, s->id.str, err);
	/* A disk that is full should not stay so. */
	struct err ignored = ERR_INIT;
	if (source_remove(fresh, &ignored))
		return err_prefix(err, "%s; ", ignored.msg);
	return r;
}
