// SPDX-License-Identifier: GPL-2.0-or-later
/* A directory of sources that somebody works in: the pool has a copy, brought up to date
 * by what changed. A list of hashes, with size, times and inode, saves reading it all
 * each time; it is also what the copy is compared with. He may save a file at any moment:
 * what is copied is what was hashed, or nothing is built. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kernel/source_file.h"
#include "kernel/source_kinds.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { MAX_FILES = 1000000, MAX_DEPTH = 64, LIST_MAX = 512 << 20 };

/* One line of a list: "SHA STAMP PATH"; the stamp has no blanks. A symbolic link's hash
 * is that of its target, its stamp begins with l. One that ends with ":recent" is of a
 * file that could change without another stamp, and fits none. */
struct scan {
	struct timespec begin;
	const struct source *s;
	const struct task *task;
	struct strvec known; /* lines of the last scan, sorted by path */
	struct strvec lines;
	struct err *err;
};

static const char *path_of(const char *line)
{
	const char *blank = strchr(line, ' ');

	blank = blank ? strchr(blank + 1, ' ') : NULL;
	return blank ? blank + 1 : "";
}

static int by_path(const void *a, const void *b)
{
	return strcmp(path_of(*(char *const *)a), path_of(*(char *const *)b));
}

static char **find_line(const struct strvec *lines, const char *path)
{
	_cleanup_free_ char *key = xasprintf("- - %s", path);

	return lines->n ? bsearch(&key, lines->v, lines->n, sizeof(key), by_path) : NULL;
}

static void read_list(const char *path, struct strvec *out)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	/* None, or none that can be read: everything is read anew. */
	if (io_read_file_at(AT_FDCWD, path, LIST_MAX, &text))
		return;
	for (char *p = text.buf, *nl; p && (nl = strchr(p, '\n')); p = nl + 1) {
		*nl = '\0';
		if (strlen(p) > 65 && p[64] == ' ')
			strvec_add(out, p);
	}
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_path);
}

static void join(const struct strvec *lines, struct strbuf *out)
{
	for (size_t i = 0; i < lines->n; i++)
		strbuf_addf(out, "%s\n", lines->v[i]);
}

static int write_list(const char *path, const struct strvec *lines, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	join(lines, &text);
	int r = io_atomic_write(path, strbuf_str(&text), text.len);
	return r ? err_set(err, ERR_LAB, r, "%s: %s", path, strerror(-r)) : 0;
}

static int hash_link(int dirfd, const char *name, struct sha256_hex *out)
{
	char target[4096];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target));

	if (n < 0)
		return -errno;
	*out = sha256_of(target, (size_t)n);
	return 0;
}

static int hash_file(int dirfd, const char *name, struct sha256_hex *out)
{
	_cleanup_close_ int fd =
		openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : sha256_of_fd(fd, out, NULL);
}

static int scan_file(struct scan *c, int dirfd, const char *name, const char *path,
		     const struct stat *st)
{
	_cleanup_free_ char *stamp =
		xasprintf("%c%d:%lld:%lld.%09ld:%lld.%09ld:%llu",
			  S_ISLNK(st->st_mode) ? 'l' : 'f', st->st_mode & S_IXUSR ? 1 : 0,
			  (long long)st->st_size, (long long)st->st_mtim.tv_sec,
			  st->st_mtim.tv_nsec, (long long)st->st_ctim.tv_sec,
			  st->st_ctim.tv_nsec, (unsigned long long)st->st_ino);
	char **known = find_line(&c->known, path);
	struct sha256_hex sha;
	int r;

	if (known && strncmp(*known + 65, stamp, strlen(stamp)) == 0 &&
	    (*known)[65 + strlen(stamp)] == ' ') {
		strvec_add(&c->lines, *known);
		return 0;
	}
	r = S_ISLNK(st->st_mode) ? hash_link(dirfd, name, &sha)
				 : hash_file(dirfd, name, &sha);
	if (r == -ENOENT)
		return source_is_stale(c->s, path, c->err);
	if (r)
		return err_set(c->err, ERR_LAB, r, "%s/%s: %s", c->s->path, path,
			       strerror(-r));
	strvec_addf(&c->lines, "%s %s%s %s", sha.str, stamp,
		    source_is_recent(&st->st_ctim, &c->begin) ? ":recent" : "", path);
	return 0;
}

static bool is_ignored(const char *name)
{
	return strcmp(name, ".git") == 0 || strchr(name, '\n');
}

static int scan_dir(struct scan *c, int dirfd, const char *prefix, int depth)
{
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;
	int r = io_list_at(dirfd, ".", &names);
	struct stat st;

	if (r)
		return err_set(c->err, ERR_LAB, r, "%s/%s: %s", c->s->path, prefix,
			       strerror(-r));
	for (size_t i = 0; !r && i < names.n; i++) {
		const char *name = names.v[i];

		if (is_ignored(name))
			continue;
		if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
			continue; /* gone since */
		_cleanup_free_ char *path = xasprintf("%s%s", prefix, name);
		if (c->lines.n >= MAX_FILES || depth > MAX_DEPTH) {
			r = err_set(c->err, ERR_JOB, -EFBIG,
				    "base %s: more than a kernel's source", c->s->given);
		} else if (S_ISDIR(st.st_mode)) {
			_cleanup_close_ int sub =
				openat(dirfd, name,
				       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			_cleanup_free_ char *below = xasprintf("%s/", path);

			r = task_check(c->task, "reading the source tree", c->err);
			if (!r && sub >= 0)
				r = scan_dir(c, sub, below, depth + 1);
		} else if (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)) {
			r = scan_file(c, dirfd, name, path, &st);
		}
	}
	return r;
}

static struct sha256_hex hash_lines(const struct strvec *lines)
{
	struct sha256 *h = sha256_new();

	for (size_t i = 0; i < lines->n; i++) {
		const char *line = lines->v[i], *path = path_of(line);

		sha256_update(h, line, 67); /* hash, kind and execute bit */
		sha256_update(h, path, strlen(path) + 1);
	}
	return sha256_finish(h);
}

int source_identify_tree(struct source *s, const char *pool, const struct task *task,
			 struct err *err)
{
	_cleanup_free_ char *list = xasprintf("%s/ids/%s", pool, s->slug);
	_cleanup_close_ int fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct scan c = { .s = s, .task = task, .err = err };
	int r;

	if (fd < 0 || clock_gettime(CLOCK_REALTIME, &c.begin))
		return err_set(err, ERR_LAB, -errno, "%s: %s", s->path, strerror(errno));
	read_list(list, &c.known);
	r = scan_dir(&c, fd, "", 0);
	if (!r && c.lines.n)
		qsort(c.lines.v, c.lines.n, sizeof(*c.lines.v), by_path);
	strvec_release(&c.known);
	s->files = c.lines;
	if (r)
		return r;
	s->id = hash_lines(&s->files);
	join(&s->files, &text);
	return source_remember(pool, s->slug, strbuf_str(&text), text.len, err);
}

/* ---- the copy -----------------------------------------------------------------------
 */

struct sync {
	const struct source *s;
	const struct source_tree *t;
	int from_fd, tree_fd, pristine_fd, absent_fd;
	struct err *err;
};

static int copy_link(const struct sync *y, const char *line)
{
	const char *path = path_of(line);
	_cleanup_free_ char *dir = xstrdup(path);
	char target[4096], *slash = strrchr(dir, '/');
	ssize_t n = readlinkat(y->from_fd, path, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (memcmp(sha256_of(target, (size_t)n).str, line, 64) != 0)
		return -ESTALE;
	if (slash) {
		*slash = '\0';
		_cleanup_free_ char *full = xasprintf("%s/%s", y->t->dir, dir);
		int r = io_mkdir_p(full);

		if (r)
			return r;
	}
	int r = source_file_remove(y->tree_fd, path);
	if (!r && symlinkat(target, y->tree_fd, path))
		r = -errno;
	return r;
}

/* A file is what its line says. */
static bool is_hashed(int dirfd, const char *path, const char *line)
{
	struct sha256_hex sha;

	return !hash_file(dirfd, path, &sha) && memcmp(sha.str, line, 64) == 0;
}

/* A file that patches touched is changed in the copy of what the base has. */
static int copy_file(const struct sync *y, const char *line)
{
	const char *path = path_of(line);
	bool is_kept = source_file_exists(y->pristine_fd, path) ||
		       source_file_exists(y->absent_fd, path);
	int to_fd = is_kept ? y->pristine_fd : y->tree_fd;
	int r;

	if (source_file_same(y->from_fd, path, to_fd, path))
		return is_hashed(to_fd, path, line) ? 0 : -ESTALE;
	r = source_file_copy(y->from_fd, path, to_fd, path);
	if (!r && is_kept)
		r = source_file_remove(y->absent_fd, path);
	return r || is_hashed(to_fd, path, line) ? r : -ESTALE;
}

static int remove_file(const struct sync *y, const char *path)
{
	int r;

	if (!source_file_exists(y->pristine_fd, path))
		return source_file_remove(y->tree_fd, path);
	r = source_file_touch(y->absent_fd, path);
	return r ? r : source_file_remove(y->pristine_fd, path);
}

/* Changed or new first, then what is gone. */
static int sync_lists(const struct sync *y, const struct strvec *want,
		      const struct strvec *have, const struct task *task)
{
	int r = 0;

	for (size_t i = 0; !r && i < want->n; i++) {
		const char *path = path_of(want->v[i]);
		char **old = find_line(have, path);

		if (old && strncmp(*old, want->v[i], 67) == 0)
			continue;
		if (i % 256 == 0)
			task_progress(task, y->s->given, i, want->n);
		r = want->v[i][65] == 'l' ? copy_link(y, want->v[i])
					  : copy_file(y, want->v[i]);
		/* Edited, replaced by something else, or gone. */
		if (r == -ESTALE || r == -ENOENT || r == -EISDIR || r == -EINVAL ||
		    r == -ELOOP || r == -ENOTDIR)
			return source_is_stale(y->s, path, y->err);
		if (r)
			return err_set(y->err, ERR_LAB, r, "copying %s/%s: %s",
				       y->s->path, path, strerror(-r));
		r = task_check(task, "copying the source tree", y->err);
	}
	for (size_t i = 0; !r && i < have->n; i++) {
		const char *path = path_of(have->v[i]);

		if (find_line(want, path))
			continue;
		r = remove_file(y, path);
		if (r)
			return err_set(y->err, ERR_LAB, r, "removing %s: %s", path,
				       strerror(-r));
	}
	return r;
}

/* Written before anything is copied, so that a copy that was killed knows of every file
 * that it may have. A hash of zeros is nobody's: such a file is compared. */
static int announce(const char *list, const struct strvec *want, struct strvec *have,
		    struct err *err)
{
	size_t n = have->n;

	for (size_t i = 0; i < want->n; i++) {
		const char *path = path_of(want->v[i]);
		const struct strvec before = { have->v, n };
		char **old = find_line(&before, path);

		if (!old)
			strvec_addf(have, "%064d %.2s %s", 0, want->v[i] + 65, path);
		else if (strncmp(*old, want->v[i], 67) != 0)
			memset(*old, '0', 64);
	}
	if (have->n)
		qsort(have->v, have->n, sizeof(*have->v), by_path);
	return write_list(list, have, err);
}

static int open_sub(const struct source_tree *t, const char *name, int *fd,
		    struct err *err)
{
	_cleanup_free_ char *path =
		name ? xasprintf("%s/%s", t->state, name) : xstrdup(t->dir);
	int r = io_mkdir_p(path);

	*fd = r ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? err_set(err, ERR_LAB, r ? r : -errno, "%s: %s", path,
				 strerror(r ? -r : errno))
		       : 0;
}

int source_prepare_tree(const struct source *s, const struct task *task,
			const struct source_tree *t, struct err *err)
{
	_cleanup_free_ char *have_path = xasprintf("%s/files", t->state);
	_cleanup_strvec_ struct strvec have = STRVEC_INIT;
	struct sync y = { .s = s,
			  .t = t,
			  .err = err,
			  .from_fd = -1,
			  .tree_fd = -1,
			  .pristine_fd = -1,
			  .absent_fd = -1 };
	int r;

	if (source_has_stamp(t, s->id.str))
		return 0;
	y.from_fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (y.from_fd < 0)
		return err_set(err, ERR_LAB, -errno, "%s: %s", s->path, strerror(errno));
	if (access(t->dir, F_OK) == 0)
		read_list(have_path, &have);
	r = open_sub(t, NULL, &y.tree_fd, err);
	if (!r)
		r = open_sub(t, "pristine", &y.pristine_fd, err);
	if (!r)
		r = open_sub(t, "absent", &y.absent_fd, err);
	if (!r)
		r = announce(have_path, &s->files, &have, err);
	if (!r)
		r = sync_lists(&y, &s->files, &have, task);
	if (!r)
		r = write_list(have_path, &s->files, err);
	if (!r)
		r = source_write_stamp(t, s->id.str, err);
	int fds[] = { y.from_fd, y.tree_fd, y.pristine_fd, y.absent_fd };
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return r;
}
