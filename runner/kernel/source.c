// SPDX-License-Identifier: GPL-2.0-or-later
/* What a base is, and what it holds, as a hash. */
#include "kernel/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kernel/source_kinds.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/path.h"

void source_release(struct source *s)
{
	free(s->given);
	free(s->path);
	free(s->slug);
	free(s->commit);
	free(s->from);
	free(s->stamp);
	strvec_release(&s->commits);
	strvec_release(&s->files);
	*s = (struct source){ .given = NULL };
}

void source_tree_release(struct source_tree *t)
{
	free(t->dir);
	free(t->state);
	*t = (struct source_tree){ .dir = NULL };
}

static bool exists(const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);

	return access(path, F_OK) == 0;
}

static bool is_repository(const char *dir)
{
	return exists(dir, ".git") || (exists(dir, "HEAD") && exists(dir, "objects"));
}

/* "linux-7.0" of "/a/linux-7.0.tar.xz", and what tells it from another's of that name. */
static char *slug_of(const char *path)
{
	_cleanup_free_ char *base = xstrdup(path_last(path));
	char *tar = strstr(base, ".tar");

	if (tar && tar > base)
		*tar = '\0';
	for (char *p = base; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_",
			    *p))
			*p = '_';
	return xasprintf("%.100s-%.8s", base[0] == '.' ? "_" : base,
			 sha256_of(path, strlen(path)).str);
}

static int open_package(const char *base, struct source *s, struct err *err)
{
	static const char *const endings[] = { "xz", "zst", "bz2", "gz" };

	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		_cleanup_free_ char *path =
			xasprintf("/usr/src/%s.tar.%s", base, endings[i]);

		if (access(path, R_OK))
			continue;
		s->kind = SOURCE_TARBALL;
		s->path = TAKE_PTR(path);
		s->slug = xstrdup(base);
		return 0;
	}
	if (strncmp(base, "linux-source-", 13) != 0)
		return err_set(
			err, ERR_JOB, -ENOENT,
			"base %s: no such file, and no Debian package linux-source-…",
			base);
	return err_set(err, ERR_LAB, -ENOPKG,
		       "%s is not installed (no /usr/src/%s.tar.xz): apt install %s",
		       base, base, base);
}

static int open_directory(const char *rev, struct source *s, struct err *err)
{
	s->slug = slug_of(s->path);
	if (is_repository(s->path)) {
		s->kind = SOURCE_GIT;
		s->commit = xstrdup(rev ?: "HEAD");
		return 0;
	}
	s->kind = SOURCE_TREE;
	if (!exists(s->path, "Makefile"))
		return err_set(
			err, ERR_JOB, -EINVAL,
			"base %s: neither a kernel tree (no Makefile) nor a git repository",
			s->given);
	/* Kbuild refuses these for a build out of tree. */
	if (exists(s->path, ".config") || exists(s->path, "include/config"))
		return err_set(
			err, ERR_JOB, -EINVAL,
			"base %s: something was built in it; `make mrproper` there first",
			s->given);
	return 0;
}

int source_open(const char *base, struct source *out, struct err *err)
{
	const char *hash = strrchr(base, '#');
	_cleanup_free_ char *path =
		xstrndup(base, hash ? (size_t)(hash - base) : strlen(base));
	struct stat st;

	*out = (struct source){ .given = xstrdup(base) };
	out->path = realpath(path, NULL);
	if (out->path && !stat(out->path, &st) && S_ISDIR(st.st_mode))
		return open_directory(hash ? hash + 1 : NULL, out, err);
	free(out->path);
	out->path = realpath(base, NULL);
	if (out->path) {
		out->kind = SOURCE_TARBALL;
		out->slug = slug_of(out->path);
		return 0;
	}
	if (!strchr(base, '/'))
		return open_package(base, out, err);
	return err_set(err, ERR_JOB, -ENOENT, "base %s: %s", base, strerror(ENOENT));
}

/* ---- the hash of a tarball, remembered ----------------------------------------------
 */

enum { RECENT_S = 2 };

bool source_is_recent(const struct timespec *changed, const struct timespec *now)
{
	return changed->tv_sec > now->tv_sec - RECENT_S;
}

int source_is_stale(const struct source *s, const char *path, struct err *err)
{
	return err_set(err, ERR_JOB, -ESTALE,
		       "base %s: %s%schanged while it was read; start again", s->given,
		       path, path[0] ? " " : "");
}

int source_remember(const char *pool, const char *name, const char *text, size_t len,
		    struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/ids/%s", pool, name);
	int r = io_atomic_write(path, text, len);

	if (r == -EACCES || r == -EROFS || r == -EPERM || r == -ENOENT)
		return 0;
	return r ? err_set(err, ERR_LAB, r, "%s: %s", path, strerror(-r)) : 0;
}

static char *stamp_of(const struct stat *st)
{
	return xasprintf("%lld %lld.%09ld %lld.%09ld %llu ", (long long)st->st_size,
			 (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
			 (long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec,
			 (unsigned long long)st->st_ino);
}

/* What is behind the path now is what was hashed. */
int source_check_tarball(const struct source *s, struct err *err)
{
	struct stat st;

	if (stat(s->path, &st))
		return err_set(err, ERR_JOB, -errno, "base %s: %s", s->given,
			       strerror(errno));
	_cleanup_free_ char *now = stamp_of(&st);
	return strcmp(now, s->stamp) == 0 ? 0 : source_is_stale(s, "", err);
}

static int identify_tarball(struct source *s, const char *pool, struct err *err)
{
	_cleanup_close_ int fd = open(s->path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *memo = xasprintf("%s/ids/%s", pool, s->slug);
	_cleanup_strbuf_ struct strbuf known = STRBUF_INIT;
	struct timespec now;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || clock_gettime(CLOCK_REALTIME, &now))
		return err_set(err, ERR_JOB, -errno, "base %s: %s", s->given,
			       strerror(errno));
	s->stamp = stamp_of(&st);
	size_t n = strlen(s->stamp);
	if (!io_read_file_at(AT_FDCWD, memo, 1024, &known) && known.len == n + 65 &&
	    memcmp(known.buf, s->stamp, n) == 0) {
		snprintf(s->id.str, sizeof(s->id.str), "%.64s", known.buf + n);
		return 0;
	}
	int r = sha256_of_fd(fd, &s->id, NULL);
	if (r)
		return err_set(err, ERR_LAB, r, "base %s: %s", s->given, strerror(-r));
	r = source_check_tarball(s, err);
	if (r || source_is_recent(&st.st_ctim, &now))
		return r;
	_cleanup_free_ char *line = xasprintf("%s%s\n", s->stamp, s->id.str);
	return source_remember(pool, s->slug, line, strlen(line), err);
}

int source_identify(struct source *s, const char *pool, const struct task *task,
		    struct err *err)
{
	switch (s->kind) {
	case SOURCE_TARBALL:
		return identify_tarball(s, pool, err);
	case SOURCE_TREE:
		return source_identify_tree(s, pool, task, err);
	case SOURCE_GIT:
		return source_identify_git(s, task, err);
	}
	BUG("source kind %d", (int)s->kind);
}

/* ---- the pool's tree ----------------------------------------------------------------
 */

int source_remove(const char *path, struct err *err)
{
	int r = io_remove_tree_at(AT_FDCWD, path);

	return r ? err_set(err, ERR_LAB, r, "removing %s: %s", path, strerror(-r)) : 0;
}

int source_write_stamp(const struct source_tree *t, const char *text, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/base", t->state);
	_cleanup_close_ int dirfd = open(t->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = io_mkdir_p(t->state);

	/* What it vouches for outlives a power cut first. */
	if (!r && (dirfd < 0 || syncfs(dirfd)))
		r = -errno;
	if (!r)
		r = io_atomic_write(path, text, strlen(text));
	return r ? err_set(err, ERR_LAB, r, "%s: %s", path, strerror(-r)) : 0;
}

bool source_has_stamp(const struct source_tree *t, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/base", t->state);
	_cleanup_strbuf_ struct strbuf is = STRBUF_INIT;

	return access(t->dir, F_OK) == 0 && !io_read_file_at(AT_FDCWD, path, 1024, &is) &&
	       strcmp(strbuf_str(&is), text) == 0;
}

int source_start_over(const struct source_tree *t, struct err *err)
{
	_cleanup_free_ char *stamp = xasprintf("%s/base", t->state);
	int r = source_remove(stamp, err);

	if (!r)
		r = source_remove(t->dir, err);
	return r ? r : source_remove(t->state, err);
}

int source_prepare(const struct source *s, const char *pool, const struct task *task,
		   struct source_tree *out, struct err *err)
{
	_cleanup_free_ char *src = xasprintf("%s/src", pool);
	int r = io_mkdir_p(src);

	*out = (struct source_tree){ .dir = xasprintf("%s/%s", src, s->slug),
				     .state = xasprintf("%s/%s.state", src, s->slug) };
	if (r)
		return err_set(err, ERR_LAB, r, "%s: %s", src, strerror(-r));
	switch (s->kind) {
	case SOURCE_TARBALL:
		return source_prepare_tarball(s, task, out, err);
	case SOURCE_TREE:
		return source_prepare_tree(s, task, out, err);
	case SOURCE_GIT:
		return source_prepare_git(s, task, out, err);
	}
	BUG("source kind %d", (int)s->kind);
}
