// SPDX-License-Identifier: GPL-2.0-or-later
/* lib/modules/<release> out of an archive or a directory, into a cpio archive. */
#include "kernel/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>

#include "kernel/repack.h"
#include "kernel/unpack_reader.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { MAX_RELEASE = 64, MAX_LINKS = 1000 };

static bool is_release(const char *s, size_t n)
{
	return n && n <= MAX_RELEASE && s[0] != '.' &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			 "0123456789._+~-") >= n;
}

/* The part behind lib/modules/<release>, "" for the directory itself; NULL = no module.
 */
static const char *split(const char *name, const char **release, size_t *n_release)
{
	if (strncmp(name, "usr/", 4) == 0)
		name += 4;
	if (strncmp(name, "lib/modules/", 12) != 0)
		return NULL;
	*release = name + 12;
	*n_release = strcspn(*release, "/");
	if (!is_release(*release, *n_release))
		return NULL;
	name = *release + *n_release;
	return name + strspn(name, "/");
}

static bool is_left_out(const char *rest)
{
	static const char *const globs[] = { "build",  "source", "vmlinuz*", "vmlinux*",
					     "Image*", "zImage", "dtb",      "dtb/*",
					     "dtbs",   "dtbs/*" };

	for (size_t i = 0; i < ARRAY_SIZE(globs); i++)
		if (fnmatch(globs[i], rest, 0) == 0)
			return true;
	return false;
}

static int check_release(const struct unpack_reader *rd, struct bundle_piece *piece,
			 const char *release, size_t n)
{
	char *known = piece->out.member;

	if (!piece->is_found) {
		piece->is_found = true;
		snprintf(known, sizeof(piece->out.member), "%.*s", (int)n, release);
	}
	if (strlen(known) == n && strncmp(known, release, n) == 0)
		return 0;
	return err_set(rd->err, ERR_JOB, -EINVAL,
		       "%s: modules of two kernels in it: %s and %.*s", rd->src.u->name,
		       known, (int)n, release);
}

static int put_dir(struct cpio_writer *w, const char *path)
{
	free(w->last_dir);
	w->last_dir = xstrdup(path);
	return cpio_put_header(w, path, S_IFDIR | 0755, 0, NULL);
}

/* The kernel makes no directory that the archive does not have, and zip or tar need not
 * have any. One that is there twice does no harm. */
static int put_dirs_above(struct cpio_writer *w, const char *path)
{
	int r = 0;

	for (const char *p = path; !r && (p = strchr(p, '/')); p++) {
		const size_t n = (size_t)(p - path);
		const char *last = w->last_dir ?: "";

		if (strncmp(last, path, n) == 0 && (last[n] == '/' || !last[n]))
			continue;
		_cleanup_free_ char *dir = xstrndup(path, n);
		r = put_dir(w, dir);
	}
	return r;
}

static int put_parents(struct cpio_writer *w, const char *release, size_t n)
{
	_cleanup_free_ char *top = xasprintf("lib/modules/%.*s", (int)n, release);
	int r = cpio_put_header(w, "lib", S_IFDIR | 0755, 0, NULL);

	if (!r)
		r = cpio_put_header(w, "lib/modules", S_IFDIR | 0755, 0, NULL);
	return r ?: put_dir(w, top);
}

static int put_file(struct unpack_reader *rd, struct cpio_writer *w, const char *path,
		    struct archive_entry *e)
{
	const uint64_t size = (uint64_t)archive_entry_size(e);

	if (archive_entry_hardlink(e) || !archive_entry_size_is_set(e))
		return err_set(rd->err, ERR_JOB, -EINVAL,
			       "%s: %.200s is a hard link, or its size is not said; "
			       "expected plain files",
			       rd->src.u->name, path);
	return repack_file(rd, w, path, size, "damaged: a module is cut short");
}

/* Whoever unpacks it would follow the link, and `..` behind it leads elsewhere. */
static int check_above(const struct unpack_reader *rd, const struct cpio_writer *w,
		       const char *path)
{
	for (size_t i = 0; i < w->links.n; i++) {
		const size_t n = strlen(w->links.v[i]);

		if (strncmp(path, w->links.v[i], n) == 0 && path[n] == '/')
			return err_set(rd->err, ERR_JOB, -EINVAL,
				       "%s: %.200s is below a symbolic link",
				       rd->src.u->name, path);
	}
	return 0;
}

static int put_link(struct unpack_reader *rd, struct cpio_writer *w, const char *path,
		    const char *link)
{
	if (!unpack_is_printable(link))
		return unpack_reader_err(rd, -EINVAL,
					 "a link in it has control characters");
	if (strlen(link) >= PATH_MAX)
		return unpack_reader_err(rd, -EINVAL, "a link in it is too long");
	if (w->links.n == MAX_LINKS)
		return err_set(rd->err, ERR_JOB, -EFBIG,
			       "%s: more than %d symbolic links among the modules",
			       rd->src.u->name, MAX_LINKS);
	strvec_add(&w->links, path);
	return cpio_put_header(w, path, S_IFLNK | 0777, 0, link);
}

static int put_entry(struct unpack_reader *rd, struct cpio_writer *w, const char *path,
		     struct archive_entry *e)
{
	const char *link = archive_entry_symlink(e);
	int depth = 0, r = check_above(rd, w, path);

	if (!r)
		r = put_dirs_above(w, path);
	if (r)
		return r;
	if (archive_entry_hardlink(e) || archive_entry_filetype(e) == AE_IFREG)
		return put_file(rd, w, path, e);
	if (archive_entry_filetype(e) == AE_IFDIR)
		return put_dir(w, path);
	for (const char *p = path; (p = strchr(p, '/')); p++)
		depth++;
	depth -= 3; /* lib/modules/<release> */
	if (!link || !cpio_link_stays_inside(link, depth))
		return err_set(rd->err, ERR_JOB, -EINVAL,
			       "%s: %.200s is no file, or a link that leads out of "
			       "lib/modules",
			       rd->src.u->name, path);
	return put_link(rd, w, path, link);
}

/* "a//b" and "a/./b" are a/b, and "a/" is a. */
static void tidy(char *path)
{
	char *to = path;

	for (const char *p = path; *p;) {
		const size_t n = strcspn(p, "/");

		if (n && !(n == 1 && p[0] == '.')) {
			if (to > path)
				*to++ = '/';
			memmove(to, p, n);
			to += n;
		}
		p += n + strspn(p + n, "/");
	}
	*to = '\0';
}

int modules_take_entry(struct unpack_reader *rd, struct cpio_writer *w,
		       struct bundle_piece *piece, const char *name,
		       struct archive_entry *e)
{
	const bool is_first = !piece->is_found;
	const char *release;
	size_t n;
	const char *rest = split(name, &release, &n);

	if (!rest)
		return 0;
	int r = unpack_reader_check_name(rd, name);
	if (!r)
		r = check_release(rd, piece, release, n);
	if (!r && is_first)
		r = put_parents(w, release, n);
	_cleanup_free_ char *path =
		xasprintf("lib/modules/%s/%s", piece->out.member, rest);
	tidy(path);
	if (r || !rest[0] || is_left_out(rest))
		return r;
	piece->out.has_modules_dep |= strcmp(rest, "modules.dep") == 0;
	return put_entry(rd, w, path, e);
}

/* ---- a directory ---- */

static void list_releases(int fd, struct strbuf *out)
{
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;
	int found = 0;

	if (io_list_at(fd, ".", &names))
		return;
	for (size_t i = 0; i < names.n && found < 8; i++)
		if (names.v[i][0] != '.') {
			strbuf_addf(out, "%s%.64s", out->len ? ", " : "", names.v[i]);
			found++;
		}
}

static int open_dir(int dirfd, const char *path)
{
	return openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int modules_put_dir(struct cpio_writer *w, const char *dir, const char *release,
		    bool *has_dep, struct err *err)
{
	static const char *const places[] = { "lib/modules", "usr/lib/modules" };
	_cleanup_strbuf_ struct strbuf there = STRBUF_INIT;
	_cleanup_close_ int top = open_dir(AT_FDCWD, dir);

	if (top < 0)
		return err_set(err, ERR_JOB, -errno, "%s: %s", dir, strerror(errno));
	if (!is_release(release, strlen(release)))
		return err_set(err, ERR_JOB, -EINVAL,
			       "%s: the kernel does not say its release, so its modules "
			       "are not known",
			       dir);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_close_ int fd = open_dir(top, places[i]);
		_cleanup_close_ int own = fd < 0 ? -1 : open_dir(fd, release);
		_cleanup_free_ char *path = xasprintf("lib/modules/%s", release);

		if (own < 0) {
			if (fd >= 0)
				list_releases(fd, &there);
			continue;
		}
		int r = cpio_put_header(w, "lib", S_IFDIR | 0755, 0, NULL);
		if (!r)
			r = cpio_put_header(w, "lib/modules", S_IFDIR | 0755, 0, NULL);
		w->is_modules = true;
		*has_dep = faccessat(own, "modules.dep", F_OK, 0) == 0;
		return r ?: cpio_put_dir(w, own, path, 0);
	}
	if (!there.len)
		return 1;
	return err_set(err, ERR_JOB, -ENOENT,
		       "%s: the kernel is %s, the modules are of %s", dir, release,
		       strbuf_str(&there));
}
