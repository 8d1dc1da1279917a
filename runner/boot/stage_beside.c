// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernels that get a label beside the one that is booted: each has a directory of its own
 * below the run's, and what is the same as another label's file lies there once. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "boot/stage_file.h"
#include "util/io.h"
#include "util/mem.h"

static bool is_given(const struct job_file *f)
{
	return f && f->url;
}

static void copy_file(struct staged_file *to, const struct staged_file *from)
{
	*to = *from;
	to->name = xstrdup(from->name);
	to->boot_path = xstrdup(from->boot_path);
	to->tftp_path = xstrdup(from->tftp_path);
	to->url = xstrdup_or_null(from->url);
	to->is_shared = true;
}

static size_t files_of(struct staged *s, struct staged_file **v)
{
	size_t n = 0;

	v[n++] = &s->kernel;
	v[n++] = &s->ramdisk;
	v[n++] = &s->dtb;
	for (size_t i = 0; i < s->n_overlays; i++)
		v[n++] = &s->overlays[i];
	return n;
}

static const struct staged_file *same_file(struct staged *s, const struct staged_file *f)
{
	struct staged_file *v[STAGE_MAX_OVERLAYS + 3];
	const size_t n = files_of(s, v);

	for (size_t i = 0; i < n; i++)
		if (v[i]->name && !v[i]->is_shared && v[i]->size == f->size &&
		    strcmp(v[i]->sha256.str, f->sha256.str) == 0)
			return v[i];
	return NULL;
}

/* Of `s` itself and of the labels that were staged before `end`. */
static const struct staged_file *find_same(struct staged *s, size_t end,
					   const struct staged_file *f)
{
	const struct staged_file *found = same_file(s, f);

	for (size_t i = 0; i < end && !found; i++)
		found = same_file(&s->beside[i], f);
	return found;
}

/* The file that was just staged goes, when its bytes are there already. */
static int share(struct staged *s, size_t end, struct staged *one, struct staged_file *f,
		 struct err *err)
{
	const struct staged_file *other = f->name ? find_same(s, end, f) : NULL;
	_cleanup_free_ char *url = NULL;
	struct sha256_hex source = f->source_sha256;

	if (!other)
		return 0;
	if (unlinkat(one->dir.fd, f->name, 0))
		return stage_disk_failed(err, f->name, -errno);
	url = TAKE_PTR(f->url);
	stage_file_release(f);
	copy_file(f, other);
	free(f->url);
	f->url = TAKE_PTR(url);
	f->source_sha256 = source;
	return 0;
}

/* All of them are the same, or they are another label's own. */
static const struct staged_file *find_same_tree(const struct staged *s, size_t end,
						const struct staged_tree *t)
{
	const struct staged_tree *all = &s->fdtdir;

	for (size_t i = 0;; all = &s->beside[i++].fdtdir) {
		if (all->n && !all->dir.is_shared &&
		    strcmp(all->dir.sha256.str, t->dir.sha256.str) == 0)
			return &all->dir;
		if (i == end)
			return NULL;
	}
}

static int share_tree(struct staged *s, size_t end, struct staged *one, struct err *err)
{
	struct staged_file *dir = &one->fdtdir.dir;
	const struct staged_file *other =
		one->fdtdir.n ? find_same_tree(s, end, &one->fdtdir) : NULL;
	_cleanup_free_ char *url = NULL;

	if (!other)
		return 0;
	int r = io_remove_tree_at(one->dir.fd, dir->name);
	if (r)
		return stage_disk_failed(err, dir->name, r);
	url = TAKE_PTR(dir->url);
	stage_file_release(dir);
	copy_file(dir, other);
	free(dir->url);
	dir->url = TAKE_PTR(url);
	return 0;
}

static int share_all(struct staged *s, size_t end, struct staged *one, struct err *err)
{
	struct staged_file *v[STAGE_MAX_OVERLAYS + 3];
	const size_t n = files_of(one, v);
	int r = share_tree(s, end, one, err);

	for (size_t i = 0; i < n && !r; i++)
		r = share(s, end, one, v[i], err);
	for (size_t i = 0; i < one->n_overlays; i++)
		one->overlay_paths[i] = one->overlays[i].boot_path;
	return r;
}

/* A name for the record that tells it from the other labels' files. */
static void name_files(struct staged *one, const char *subdir)
{
	struct staged_file *v[STAGE_MAX_OVERLAYS + 4];
	size_t n = files_of(one, v);

	v[n++] = &one->fdtdir.dir;
	for (size_t i = 0; i < n; i++) {
		if (!v[i]->name || v[i]->is_shared)
			continue;
		_cleanup_free_ char *name = TAKE_PTR(v[i]->name);
		v[i]->name = xasprintf("%s/%s", subdir, name);
	}
}

static int make_dir(struct staged *s, const char *subdir, struct staged *one,
		    struct err *err)
{
	if (mkdirat(s->dir.fd, subdir, 0755))
		return stage_disk_failed(err, subdir, -errno);
	one->dir.name = xasprintf("%s/%s", s->dir.name, subdir);
	one->dir.fd = openat(s->dir.fd, subdir,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (one->dir.fd < 0 || fchmod(one->dir.fd, 0755))
		return stage_disk_failed(err, subdir, -errno);
	return 0;
}

static int stage_into(struct staged *s, const struct stage_request *req,
		      struct staged *one, struct err *err)
{
	/* A ramdisk that neither kernel puts modules behind is one and the same. */
	const bool is_plain = !is_given(req->modules) && !s->modules_release[0];
	struct stage_request own = *req;
	int r;

	if (is_plain) {
		own.ramdisk = NULL;
		one->ramdisk_is = s->ramdisk_is;
		one->has_overlay = s->has_overlay;
	}
	r = stage_label(&own, one, err);
	if (!r)
		r = share_all(s, s->n_beside, one, err);
	if (!r && is_plain && s->ramdisk.name)
		copy_file(&one->ramdisk, &s->ramdisk);
	if (!r && fsync(one->dir.fd))
		r = stage_disk_failed(err, one->dir.name, -errno);
	return r;
}

static int stage_one(struct staged *s, const struct stage_request *req, struct err *err)
{
	struct staged *one = &s->beside[s->n_beside];
	_cleanup_free_ char *subdir = xasprintf("label-%s", req->label);
	int r;

	*one = (struct staged)STAGED_INIT;
	one->root = xstrdup(s->root);
	one->subdir = xstrdup(s->subdir);
	one->label = xstrdup(req->label);
	r = make_dir(s, subdir, one, err);
	if (!r)
		r = stage_into(s, req, one, err);
	name_files(one, subdir);
	cleanup_close(&one->dir.fd);
	s->n_beside++;
	return r ? err_prefix(err, "label %s: ", req->label) : 0;
}

int stage_beside(const struct stage_request *req, struct staged *s, struct err *err)
{
	int r = 0;

	if (req->n_beside)
		s->beside = xcalloc(req->n_beside, sizeof(*s->beside));
	for (size_t i = 0; i < req->n_beside && !r; i++)
		r = stage_one(s, &req->beside[i], err);
	return r;
}
