// SPDX-License-Identifier: GPL-2.0-or-later
/* Build ids of modules while these are packed into a cpio archive, or out of it. The
 * archive is our own, so its names and lengths are trusted; the modules in it are not. */
#include "kernel/module_ids.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "diagnose/build_id.h"
#include "kernel/unpack.h"
#include "parse/module_name.h"
#include "util/io.h"
#include "util/mem.h"

enum { READ_STEP = 1 << 17 };
#define MODULE_MAX_BYTES (UINT64_C(256) << 20)

static bool is_module_file(const char *path)
{
	const char *ext = strstr(path, ".ko");

	return ext && (!ext[3] || ext[3] == '.');
}

/* As the module lies in the archive, or what is in it where it is packed; NULL = it
 * cannot be told. */
static char *id_of(int fd, const char *name, const struct task *task)
{
	_cleanup_close_ int out_fd = -1;
	struct err ignored = ERR_INIT;
	struct unpacked un;
	uint8_t head[512];
	ssize_t n = pread(fd, head, sizeof(head), 0);
	const struct unpack u = {
		.fd = fd, .want = UNPACK_ONLY, .name = name, .max_bytes = MODULE_MAX_BYTES
	};

	if (n <= 0 || !unpack_is_packed(head, (size_t)n))
		return build_id_of_fd(fd);
	out_fd = memfd_create("module", MFD_CLOEXEC);
	if (out_fd < 0 || unpack_file(&u, out_fd, task, &un, &ignored))
		return NULL;
	return build_id_of_fd(out_fd);
}

static void take_id(int fd, const char *name, const struct task *task,
		    struct module_ids *out)
{
	_cleanup_free_ char *id = id_of(fd, name, task);

	if (!id)
		return;
	struct module_id *m = &out->v[out->n++];
	snprintf(m->name, sizeof(m->name), "%s", name);
	snprintf(m->hex, sizeof(m->hex), "%s", id);
}

/* Is it one of names, and the first of that name? *name: what the kernel calls it. */
static bool is_wanted(const char *path, const struct strvec *names,
		      const struct module_ids *out, char name[MODULE_NAME_MAX])
{
	if (!is_module_file(path) || out->n == MODULE_IDS_MAX)
		return false;
	_cleanup_free_ char *whole = module_name_of_path(path);
	snprintf(name, MODULE_NAME_MAX, "%s", whole);
	return strvec_has(names, name) && !module_ids_find(out, name);
}

/* ---- while they pass by ---- */

void module_watch_init(struct module_watch *w, const struct strvec *names,
		       const struct task *task, struct module_ids *out)
{
	*w = (struct module_watch){ .names = names, .task = task, .out = out, .fd = -1 };
	out->n = 0;
}

void module_watch_next(struct module_watch *w, const char *path)
{
	if (w->fd >= 0)
		take_id(w->fd, w->name, w->task, w->out);
	cleanup_close(&w->fd);
	if (path && is_wanted(path, w->names, w->out, w->name))
		w->fd = memfd_create("module", MFD_CLOEXEC);
}

void module_watch_data(struct module_watch *w, const void *data, size_t len)
{
	/* No memory: then its id is not known. */
	if (w->fd >= 0 && io_write_all(w->fd, data, len))
		cleanup_close(&w->fd);
}

/* ---- out of the archive ---- */

static int read_module(struct archive *a, const char *name, const struct task *task,
		       struct module_ids *out, struct err *err)
{
	_cleanup_close_ int fd = memfd_create("module", MFD_CLOEXEC);

	if (fd < 0)
		return err_set(err, ERR_LAB, -errno, "module %s: %s", name,
			       strerror(errno));
	if (archive_read_data_into_fd(a, fd) != ARCHIVE_OK)
		return err_set(err, ERR_LAB, -EIO, "module %s: %s", name,
			       archive_error_string(a) ?: "cannot be read");
	take_id(fd, name, task, out);
	return 0;
}

static int read_all(struct archive *a, const struct strvec *names,
		    const struct task *task, struct module_ids *out, struct err *err)
{
	struct archive_entry *e;
	char name[MODULE_NAME_MAX];
	int r = 0, got;

	while (!r && (got = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
		const char *path = archive_entry_pathname(e) ?: "";

		r = task_check(task, "reading the modules", err);
		if (!r && archive_entry_filetype(e) == AE_IFREG &&
		    is_wanted(path, names, out, name))
			r = read_module(a, name, task, out, err);
		if (out->n == MODULE_IDS_MAX || out->n == names->n)
			return r;
	}
	if (!r && got != ARCHIVE_EOF)
		return err_set(err, ERR_LAB, -EIO, "the modules' archive: %s",
			       archive_error_string(a) ?: "cannot be read");
	return r;
}

int module_ids_read(int cpio_fd, const struct strvec *names, const struct task *task,
		    struct module_ids *out, struct err *err)
{
	struct archive *a;
	int r;

	out->n = 0;
	if (!names->n)
		return 0;
	a = archive_read_new();
	if (!a)
		BUG("libarchive: out of memory");
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_format_cpio(a);
	if (lseek(cpio_fd, 0, SEEK_SET) ||
	    archive_read_open_fd(a, cpio_fd, READ_STEP) != ARCHIVE_OK)
		r = err_set(err, ERR_LAB, -EIO, "the modules' archive: %s",
			    archive_error_string(a) ?: "cannot be read");
	else
		r = read_all(a, names, task, out, err);
	archive_read_free(a);
	return r;
}

const char *module_ids_find(const struct module_ids *ids, const char *name)
{
	for (size_t i = 0; i < ids->n; i++)
		if (strcmp(ids->v[i].name, name) == 0)
			return ids->v[i].hex;
	return NULL;
}
