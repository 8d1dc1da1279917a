// SPDX-License-Identifier: GPL-2.0-or-later
/* A newc cpio archive with LAVA's helpers and test directories, by libarchive, and a look
 * at the ramdisk that it is put in front of. Reads the lab host's directories without
 * following a symbolic link. */
#include "kernel/overlay.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "kernel/unpack.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { COPY_STEP = 1 << 17, MAX_DEPTH = 40 };

struct writer {
	struct archive *a;
	const struct task *task;
	int out_fd;
	bool failed;      /* nothing more is to be written */
	uint64_t written; /* of the archive */
	uint64_t bytes;   /* content so far */
	uint32_t n_entries;
	struct err *err;
};

static int write_failed(const struct writer *w)
{
	int e = archive_errno(w->a);

	return err_set(w->err, ERR_LAB, e > 0 ? -e : -EIO, "overlay: %s",
		       archive_error_string(w->a) ?: "cannot write");
}

static int put_header(struct writer *w, const char *path, mode_t mode, uint64_t size,
		      const char *link)
{
	struct archive_entry *e = archive_entry_new();

	if (++w->n_entries > OVERLAY_MAX_ENTRIES || size > OVERLAY_MAX_BYTES - w->bytes) {
		archive_entry_free(e);
		return err_set(w->err, ERR_JOB, -EFBIG,
			       "overlay: more than %d files or %llu bytes",
			       OVERLAY_MAX_ENTRIES,
			       (unsigned long long)OVERLAY_MAX_BYTES);
	}
	w->bytes += size;
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

static int put_data(struct writer *w, const void *data, size_t len)
{
	return archive_write_data(w->a, data, len) == (la_ssize_t)len ? 0
								      : write_failed(w);
}

static int put_helpers(struct writer *w)
{
	int r = put_header(w, "lava", S_IFDIR | 0755, 0, NULL);

	if (!r)
		r = put_header(w, "lava/bin", S_IFDIR | 0755, 0, NULL);
	for (const struct overlay_script *s = overlay_scripts; !r && s->name; s++) {
		_cleanup_free_ char *path = xasprintf("lava/bin/%s", s->name);

		r = put_header(w, path, S_IFREG | 0755, strlen(s->text), NULL);
		if (!r)
			r = put_data(w, s->text, strlen(s->text));
	}
	return r;
}

/* Exactly `size` bytes: the header is written already. */
static int put_file(struct writer *w, const char *path, int fd, const struct stat *st)
{
	_cleanup_free_ char *buf = xmalloc(COPY_STEP);
	uint64_t left = (uint64_t)st->st_size;
	int r = put_header(w, path, S_IFREG | (st->st_mode & 0111 ? 0755 : 0644), left,
			   NULL);

	while (!r && left) {
		ssize_t n = read(fd, buf, left < COPY_STEP ? (size_t)left : COPY_STEP);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(w->err, n < 0 ? ERR_LAB : ERR_JOB,
				       n < 0 ? -errno : -ESTALE, "overlay: %s: %s", path,
				       n < 0 ? strerror(errno)
					     : "became shorter while it was read");
		r = put_data(w, buf, (size_t)n);
		left -= (uint64_t)n;
		if (!r)
			r = task_check(w->task, "overlay", w->err);
	}
	return r;
}

/* depth: how many directories below the tree's top the link lies. */
static bool stays_inside(const char *link, int depth)
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

static int put_link(struct writer *w, int dirfd, const char *name, const char *path,
		    int depth)
{
	char link[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, link, sizeof(link) - 1);

	if (n < 0)
		return err_set(w->err, ERR_LAB, -errno, "overlay: %s: %s", path,
			       strerror(errno));
	link[n] = '\0';
	if (!stays_inside(link, depth))
		return err_set(w->err, ERR_JOB, -EINVAL,
			       "overlay: %.200s: a symbolic link out of its directory "
			       "(%.200s)",
			       path, link);
	return put_header(w, path, S_IFLNK | 0777, 0, link);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_listed(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
	       strcmp(e->d_name, ".git") != 0;
}

static int put_dir(struct writer *w, int fd, const char *path, int depth);

static int put_entry(struct writer *w, int dirfd, const char *name, const char *path,
		     int depth)
{
	struct stat st;
	_cleanup_close_ int fd = -1;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return err_set(w->err, ERR_LAB, -errno, "overlay: %s: %s", path,
			       strerror(errno));
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
		return put_dir(w, fd, path, depth + 1);
	return put_file(w, path, fd, &st);
}

static int put_dir(struct writer *w, int fd, const char *path, int depth)
{
	struct dirent **list = NULL;
	int r = put_header(w, path, S_IFDIR | 0755, 0, NULL);

	if (!r)
		r = task_check(w->task, "overlay", w->err);
	if (!r && depth > MAX_DEPTH)
		r = err_set(w->err, ERR_JOB, -ELOOP, "overlay: %s: nested too deep",
			    path);
	if (r)
		return r;
	int n = scandirat(fd, ".", &list, is_listed, by_name);
	if (n < 0)
		return err_set(w->err, ERR_LAB, -errno, "overlay: %s: %s", path,
			       strerror(errno));
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *below = xasprintf("%s/%s", path, list[i]->d_name);

		if (!r)
			r = put_entry(w, fd, list[i]->d_name, below, depth);
		free(list[i]);
	}
	free(list);
	return r;
}

static bool is_tree_name(const char *s)
{
	return s[0] && s[0] != '.' && strlen(s) <= 128 &&
	       !s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789._-")];
}

static int put_tree(struct writer *w, const struct overlay_tree *t)
{
	_cleanup_free_ char *path = xasprintf("lava/tests/%s", t->name);
	_cleanup_close_ int fd = -1;

	if (!is_tree_name(t->name))
		return err_set(w->err, ERR_JOB, -EINVAL,
			       "overlay: \"%.100s\" is no name for a test directory",
			       t->name);
	fd = open(t->host_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(w->err, ERR_JOB, -errno, "%s: %s", t->host_path,
			       strerror(errno));
	return put_dir(w, fd, path, 0);
}

static la_ssize_t write_out(struct archive *a, void *arg, const void *data, size_t len)
{
	struct writer *w = arg;
	int r = w->failed ? -ECANCELED : io_write_all(w->out_fd, data, len);

	if (r) {
		archive_set_error(a, -r, "%s", strerror(-r));
		return -1;
	}
	w->written += len;
	return (la_ssize_t)len;
}

int overlay_write(const struct overlay_tree *trees, size_t n_trees, int out_fd,
		  const struct task *task, uint64_t *size, struct err *err)
{
	struct writer w = {
		.a = archive_write_new(), .task = task, .out_fd = out_fd, .err = err
	};
	int r;

	if (!w.a)
		BUG("libarchive: out of memory");
	*size = 0;
	archive_write_set_format_cpio_newc(w.a);
	archive_write_set_bytes_per_block(w.a, 512);
	archive_write_set_bytes_in_last_block(w.a, 512);
	r = archive_write_open(w.a, &w, NULL, write_out, NULL) == ARCHIVE_OK
		    ? 0
		    : write_failed(&w);
	if (!r)
		r = put_helpers(&w);
	if (!r && n_trees)
		r = put_header(&w, "lava/tests", S_IFDIR | 0755, 0, NULL);
	for (size_t i = 0; !r && i < n_trees; i++)
		r = put_tree(&w, &trees[i]);
	if (!r && archive_write_close(w.a) != ARCHIVE_OK)
		r = write_failed(&w);
	*size = w.written;
	w.failed = r != 0; /* or libarchive would still pad what is unfinished */
	archive_write_free(w.a);
	return r;
}

static void add_printf(struct strvec *out, struct strbuf *args, const char *name,
		       bool is_first)
{
	strvec_addf(out, "printf '%%s\\n'%s >%s" OVERLAY_TYPED_BIN "/%s",
		    strbuf_str(args), is_first ? "" : ">", name);
	if (strlen(out->v[out->n - 1]) > OVERLAY_LINE_MAX)
		BUG("a line of %s does not fit", name);
	strbuf_reset(args);
}

static void add_script(struct strvec *out, const struct overlay_script *s)
{
	size_t room = OVERLAY_LINE_MAX - sizeof("printf '%s\\n' >>/") -
		      sizeof(OVERLAY_TYPED_BIN) - strlen(s->name);
	_cleanup_strbuf_ struct strbuf args = STRBUF_INIT;
	bool is_first = true;

	for (const char *p = s->text; *p;) {
		_cleanup_strbuf_ struct strbuf one = STRBUF_INIT;
		size_t n = strcspn(p, "\n");

		strbuf_addch(&one, ' ');
		strbuf_add_quoted(&one, p, n);
		if (args.len && args.len + one.len > room) {
			add_printf(out, &args, s->name, is_first);
			is_first = false;
		}
		strbuf_add(&args, one.buf, one.len);
		p += n + (p[n] == '\n');
	}
	add_printf(out, &args, s->name, is_first);
}

void overlay_shell_lines(struct strvec *out)
{
	strvec_add(out, "mkdir -p " OVERLAY_TYPED_BIN);
	for (const struct overlay_script *s = overlay_scripts; s->name; s++)
		add_script(out, s);
	strvec_add(out, "chmod 755 " OVERLAY_TYPED_BIN "/lava-*");
	strvec_add(out, "PATH=" OVERLAY_TYPED_BIN ":$PATH; export PATH");
}
