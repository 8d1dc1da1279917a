// SPDX-License-Identifier: GPL-2.0-or-later
/* All device trees of a kernel below one directory of the run, of which U-Boot takes the
 * one that its fdtfile names. The only place that writes under names from a package: each
 * is checked, and no link is followed. The files are not flushed one by one: a host that
 * loses its power loses the run as well. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "boot/stage_file.h"
#include "kernel/dtbs.h"
#include "kernel/transfer.h"
#include "util/crc32.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/strbuf.h"
#include "util/strvec.h"

enum { MAX_FILES = 10000, MAX_PATH_LEN = 200, MAX_LINKS = 3, READ_STEP = 1 << 17 };

/* The tree while it is written. */
struct tree {
	const struct stage_request *req;
	const char *url; /* masked */
	struct archive *a;
	int fd; /* its directory */
	struct staged_tree *out;
	struct strvec links; /* a name and where it leads, by turns */
	struct err *err;
};

static int bad_name(const struct tree *t, const char *path)
{
	return err_set(t->err, ERR_JOB, -EINVAL,
		       "%s: the device tree \"%.100s\" has a name that U-Boot cannot ask "
		       "for; expected letters, digits and . _ + , @ - between slashes",
		       t->url, path);
}

static bool is_path(const char *path)
{
	for (const char *p = path; *p; p++) {
		const size_t n = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
					   "qrstuvwxyz0123456789._+,@-");

		if (!n || *p == '.' || (p[n] && (p[n] != '/' || !p[n + 1])))
			return false;
		p += n - !p[n];
	}
	return path[0] && strlen(path) <= MAX_PATH_LEN;
}

/* The directory that the file is to lie in; *base is its name there. */
static int open_parent(const struct tree *t, const char *path, const char **base)
{
	int fd = openat(t->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *slash;

	for (; fd >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		_cleanup_free_ char *name = xstrndup(path, (size_t)(slash - path));
		_cleanup_close_ int above = fd;
		const bool is_new = mkdirat(above, name, 0755) == 0;

		fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && is_new && fchmod(fd, 0755))
			break;
	}
	*base = path;
	return fd < 0 ? stage_disk_failed(t->err, path, -errno) : fd;
}

static struct staged_tree_file *add(struct tree *t, const char *path)
{
	struct staged_tree *out = t->out;

	out->v = xreallocarray(out->v, out->n + 1, sizeof(*out->v));
	out->v[out->n] = (struct staged_tree_file){ .path = xstrdup(path) };
	return &out->v[out->n++];
}

static int copy_content(struct tree *t, int fd, struct staged_tree_file *f,
			struct sha256 *hash)
{
	_cleanup_free_ char *buf = xmalloc(READ_STEP);
	la_ssize_t n;
	int r;

	while ((n = archive_read_data(t->a, buf, READ_STEP)) > 0) {
		sha256_update(hash, buf, (size_t)n);
		f->crc32 = crc32_add(f->crc32, buf, (size_t)n);
		f->size += (uint64_t)n;
		r = io_write_all(fd, buf, (size_t)n);
		if (r)
			return stage_disk_failed(t->err, f->path, r);
	}
	return n < 0 ? err_set(t->err, ERR_LAB, -EIO, "%s: %s", t->url,
			       archive_error_string(t->a) ?: "cannot be read")
		     : 0;
}

static int put_file(struct tree *t, const char *path)
{
	const char *base;
	_cleanup_close_ int parent = open_parent(t, path, &base);
	_cleanup_close_ int fd = -1;

	if (parent < 0)
		return parent;
	fd = openat(parent, base, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0444);
	if (fd < 0 && errno == EEXIST)
		return err_set(t->err, ERR_JOB, -EEXIST, "%s: two device trees %.100s",
			       t->url, path);
	if (fd < 0 || fchmod(fd, 0444))
		return stage_disk_failed(t->err, path, -errno);
	struct sha256 *hash = sha256_new();
	struct staged_tree_file *f = add(t, path);
	int r = copy_content(t, fd, f, hash);

	f->sha256 = sha256_finish(hash);
	if (r)
		return r;
	r = stage_check_dtb(fd, f->size, t->url, t->err);
	return r ? err_prefix(t->err, "%s: ", path) : 0;
}

/* Before the target is there, so it waits. */
static void note_link(struct tree *t, const char *path, const char *link)
{
	char *target = cpio_link_target(path, link);

	if (!target)
		return;
	strvec_add(&t->links, path);
	strvec_add_take(&t->links, target);
}

static int put_entry(struct tree *t, struct archive_entry *e)
{
	const char *path = archive_entry_pathname(e) ?: "";
	const char *link = archive_entry_symlink(e);

	if (archive_entry_filetype(e) == AE_IFDIR)
		return 0;
	if (strncmp(path, DTBS_TOP "/", sizeof(DTBS_TOP)) != 0)
		return bad_name(t, path);
	path += sizeof(DTBS_TOP);
	if (!is_path(path))
		return bad_name(t, path);
	if (t->out->n + t->links.n / 2 >= MAX_FILES)
		return err_set(t->err, ERR_JOB, -EFBIG,
			       "%s: more than %d device trees; expected dtb with the one "
			       "of this board",
			       t->url, MAX_FILES);
	if (!link)
		return put_file(t, path);
	note_link(t, path, link);
	return 0;
}

static int put_all(struct tree *t)
{
	struct archive_entry *e;
	int r = 0, got;

	while (!r && (got = archive_read_next_header(t->a, &e)) == ARCHIVE_OK) {
		r = task_check(&t->req->task, t->url, t->err);
		if (!r)
			r = put_entry(t, e);
	}
	if (!r && got != ARCHIVE_EOF)
		return err_set(t->err, ERR_LAB, -EIO, "%s: %s", t->url,
			       archive_error_string(t->a) ?: "cannot be read");
	return r;
}

static int put_files(struct tree *t, int cpio_fd)
{
	int r;

	t->a = archive_read_new();
	if (!t->a)
		BUG("libarchive: out of memory");
	archive_read_support_format_cpio(t->a);
	if (lseek(cpio_fd, 0, SEEK_SET) ||
	    archive_read_open_fd(t->a, cpio_fd, READ_STEP) != ARCHIVE_OK)
		r = err_set(t->err, ERR_LAB, -EIO, "%s: %s", t->url,
			    archive_error_string(t->a) ?: "cannot be read");
	else
		r = put_all(t);
	archive_read_free(t->a);
	return r;
}

const struct staged_tree_file *staged_tree_find(const struct staged_tree *tree,
						const char *path)
{
	for (size_t i = 0; i < tree->n; i++)
		if (strcmp(tree->v[i].path, path) == 0)
			return &tree->v[i];
	return NULL;
}

/* A second name for a file that is there. What leads nowhere is left out: a board that
 * asks for it is told so by name. */
static int put_link(struct tree *t, const char *path, const char *target)
{
	const struct staged_tree_file *to = staged_tree_find(t->out, target);
	const char *base;

	if (!to || staged_tree_find(t->out, path))
		return 0;
	_cleanup_close_ int parent = open_parent(t, path, &base);
	if (parent < 0)
		return parent;
	if (linkat(t->fd, target, parent, base, 0))
		return stage_disk_failed(t->err, path, -errno);
	const struct staged_tree_file same = *to; /* add() moves it */
	struct staged_tree_file *f = add(t, path);
	f->size = same.size;
	f->sha256 = same.sha256;
	f->crc32 = same.crc32;
	return 0;
}

static int put_links(struct tree *t)
{
	int r = 0;

	/* A link may lead to a link. */
	for (int n = 0; n < MAX_LINKS; n++)
		for (size_t i = 0; !r && i + 1 < t->links.n; i += 2)
			r = put_link(t, t->links.v[i], t->links.v[i + 1]);
	return r;
}

static int by_path(const void *a, const void *b)
{
	const struct staged_tree_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* The hash of what `sha256sum` prints for all of them, sorted. */
static void sum_up(struct staged_tree *out)
{
	struct sha256 *hash = sha256_new();

	qsort(out->v, out->n, sizeof(*out->v), by_path);
	for (size_t i = 0; i < out->n; i++) {
		_cleanup_free_ char *line =
			xasprintf("%s  %s\n", out->v[i].sha256.str, out->v[i].path);

		sha256_update(hash, line, strlen(line));
		out->dir.size += out->v[i].size;
	}
	out->dir.sha256 = sha256_finish(hash);
}

static int pack_dir(struct tree *t, const char *dir, int fd)
{
	struct cpio_writer w = { .task = &t->req->task,
				 .out_fd = fd,
				 .max_bytes = DTBS_MAX_BYTES,
				 .err = t->err };
	int r = cpio_open(&w, "");

	return cpio_close(&w, r ?: dtbs_put_dir(&w, dir, t->err));
}

/* Their cpio archive: out of the kernel's package, or of a directory. */
static int open_dtbs(struct tree *t, struct staged *s)
{
	const char *dir = fetch_local_dir(t->req->fdtdir->url);

	if (!dir)
		return s->pieces && s->pieces->dtbs.fd >= 0
			       ? TAKE_FD(s->pieces->dtbs.fd)
			       : err_set(t->err, ERR_JOB, -EINVAL,
					 "%s: no directory, and not the kernel's package",
					 t->url);
	_cleanup_close_ int fd = stage_file_unnamed(s, t->err);
	int r = fd < 0 ? fd : pack_dir(t, dir, fd);

	return r ? r : TAKE_FD(fd);
}

static int fill_tree(struct tree *t, struct staged *s)
{
	_cleanup_close_ int cpio = open_dtbs(t, s);
	int r;

	if (cpio < 0)
		return cpio;
	if (mkdirat(s->dir.fd, DTBS_TOP, 0755))
		return stage_disk_failed(t->err, DTBS_TOP, -errno);
	t->fd = openat(s->dir.fd, DTBS_TOP,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (t->fd < 0 || fchmod(t->fd, 0755))
		return stage_disk_failed(t->err, DTBS_TOP, -errno);
	r = put_files(t, cpio);
	if (!r)
		r = put_links(t);
	if (!r && !t->out->n)
		r = err_set(t->err, ERR_JOB, -ENOENT, "%s: no device tree in it", t->url);
	return r;
}

int stage_dtbs(const struct stage_request *req, struct staged *s, struct err *err)
{
	_cleanup_free_ char *url = url_masked(req->fdtdir->url);
	struct tree t = {
		.req = req, .url = url, .fd = -1, .out = &s->fdtdir, .err = err
	};
	const struct sha256_hex source =
		s->pieces ? s->pieces->source : (struct sha256_hex){ "" };
	int r = fill_tree(&t, s);

	cleanup_close(&t.fd);
	strvec_release(&t.links);
	if (r)
		return r;
	stage_file_record(s, &s->fdtdir.dir, DTBS_TOP, req->fdtdir->url, &source);
	sum_up(&s->fdtdir);
	return 0;
}

void stage_tree_release(struct staged_tree *tree)
{
	stage_file_release(&tree->dir);
	for (size_t i = 0; i < tree->n; i++)
		free(tree->v[i].path);
	free(tree->v);
	*tree = (struct staged_tree){ .n = 0 };
}
