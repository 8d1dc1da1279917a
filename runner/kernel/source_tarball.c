// SPDX-License-Identifier: GPL-2.0-or-later
/* A source tree out of a tarball, by libarchive. Times are the archive's, so that all of
 * it is older than what is built from it. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kernel/source_kinds.h"
#include "kernel/unpack_reader.h"
#include "util/io.h"
#include "util/mem.h"

enum {
	READ_STEP = 1 << 18,
	MAX_ENTRIES = 1000000,
	EXTRACT = ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
		  ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS
};
#define MAX_BYTES (INT64_C(16) << 30)

struct unpacking {
	const struct source *s;
	const struct task *task;
	struct archive *from, *to;
	uint64_t in_bytes; /* of the tarball */
	int64_t out_bytes;
	uint32_t n_entries;
	struct err *err;
};

static int bad(const struct unpacking *u, struct archive *a)
{
	const char *why = archive_error_string(a);

	return err_set(u->err, ERR_JOB, -EINVAL, "base %s: %s", u->s->given,
		       why ? why : "not a tarball");
}

/* Writing fails for the lab's reasons, but for names that lead out of the tree. */
static int cannot_write(const struct unpacking *u)
{
	int e = archive_errno(u->to);
	const char *why = archive_error_string(u->to);

	if (e == ENOSPC || e == EDQUOT || e == EIO || e == EROFS || e == EACCES)
		return err_set(u->err, ERR_LAB, -e, "unpacking %s: %s", u->s->given,
			       why ?: strerror(e));
	return bad(u, u->to);
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

	while ((a = archive_read_data_block(u->from, &data, &n, &at)) == ARCHIVE_OK) {
		u->out_bytes += (int64_t)n;
		if (u->out_bytes > MAX_BYTES)
			return err_set(u->err, ERR_JOB, -EFBIG, "base %s: too large",
				       u->s->given);
		if (archive_write_data_block(u->to, data, n, at) < ARCHIVE_OK)
			return cannot_write(u);
	}
	return a == ARCHIVE_EOF ? 0 : bad(u, u->from);
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

static int write_all(struct unpacking *u)
{
	struct archive_entry *e;
	int a, r = 0;

	while (!r && (a = archive_read_next_header(u->from, &e)) != ARCHIVE_EOF) {
		if (a != ARCHIVE_OK && a != ARCHIVE_WARN)
			return bad(u, u->from);
		if (++u->n_entries > MAX_ENTRIES)
			return err_set(u->err, ERR_JOB, -EFBIG,
				       "base %s: more than %d files", u->s->given,
				       MAX_ENTRIES);
		if (u->n_entries % 256 == 0)
			task_progress(u->task, u->s->given,
				      (uint64_t)archive_filter_bytes(u->from, -1),
				      u->in_bytes);
		r = task_check(u->task, "unpacking", u->err);
		if (!r)
			r = write_entry(u, e);
	}
	if (!r && archive_write_close(u->to) != ARCHIVE_OK)
		r = cannot_write(u);
	return r;
}

static int unpack_here(struct unpacking *u)
{
	int r;

	unpack_add_filters(u->from);
	archive_read_support_format_tar(u->from);
	archive_write_disk_set_options(u->to, EXTRACT);
	if (archive_read_open_filename(u->from, u->s->path, READ_STEP) != ARCHIVE_OK)
		r = bad(u, u->from);
	else
		r = write_all(u);
	return r;
}

/* libarchive's checks of links and of ".." look at paths below the working directory. */
static int unpack_to(struct unpacking *u, const char *dir)
{
	_cleanup_close_ int cwd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int r = io_mkdir_p(dir);

	if (r || cwd < 0 || chdir(dir))
		return err_set(u->err, ERR_LAB, r ? r : -errno, "%s: %s", dir,
			       strerror(r ? -r : errno));
	u->in_bytes = stat(u->s->path, &st) ? 0 : (uint64_t)st.st_size;
	u->from = archive_read_new();
	u->to = archive_write_disk_new();
	if (!u->from || !u->to)
		BUG("libarchive: out of memory");
	r = unpack_here(u);
	archive_write_free(u->to);
	archive_read_free(u->from);
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
