// SPDX-License-Identifier: GPL-2.0-or-later
/* A kernel that comes with its device trees and modules: all of them in one pass over the
 * archive, or from the cache; and modules that come by themselves. */
#include <errno.h>
#include <fcntl.h>

#include "boot/stage_file.h"
#include "kernel/bundle.h"
#include "kernel/modules.h"
#include "kernel/transfer.h"
#include "kernel/unpack_cache.h"
#include "util/mem.h"

enum { MAX_PIECES = STAGE_MAX_OVERLAYS + 4 };

/* What is taken out of one archive, and where each goes. */
struct work {
	const struct stage_request *req;
	struct staged *s;
	const char *url; /* masked */
	struct bundle_piece v[MAX_PIECES];
	struct stage_piece *to[MAX_PIECES]; /* NULL = the kernel */
	size_t n;
	struct module_watch watch;
	struct err *err;
};

/* The kernel reads what is behind a compressed archive with the same means, and lz4's
 * old format has no end. */
static const char *modules_compression(const struct staged *s)
{
	const char *c = s->ramdisk_is.compression;

	return strcmp(c, "gz") == 0 || strcmp(c, "zst") == 0 ? c : "";
}

/* NULL: nobody asked for them. */
static struct module_watch *watch(struct work *w)
{
	if (!w->req->module_names)
		return NULL;
	module_watch_init(&w->watch, w->req->module_names, &w->req->task,
			  &w->s->module_ids);
	return &w->watch;
}

static int add(struct work *w, enum bundle_what what, const char *member,
	       struct stage_piece *to)
{
	to->fd = stage_file_unnamed(w->s, w->err);
	if (to->fd < 0)
		return to->fd;
	w->to[w->n] = to;
	w->v[w->n++] = (struct bundle_piece){
		.what = what,
		.member = member,
		.compression = what == BUNDLE_MODULES ? modules_compression(w->s)
			       : what == BUNDLE_DTBS  ? ""
						      : NULL,
		.watch = what == BUNDLE_MODULES ? watch(w) : NULL,
		.out_fd = to->fd,
	};
	return 0;
}

static int missing(const struct work *w, const struct bundle_piece *p)
{
	if (p->what == BUNDLE_MEMBER)
		return err_set(w->err, ERR_JOB, -ENOENT, "%s: no %s in it", w->url,
			       p->member);
	if (p->what == BUNDLE_KERNEL)
		return err_set(w->err, ERR_JOB, -ENOENT, "%s: no kernel in it", w->url);
	if (p->what == BUNDLE_DTBS)
		return err_set(w->err, ERR_JOB, -ENOENT,
			       "%s: no device trees in it; expected them below dtbs, "
			       "boot/dtbs, usr/lib/linux-image-*, lib/modules/*/dtb …",
			       w->url);
	return err_set(w->err, ERR_JOB, -ENOENT, "%s: no lib/modules/<release> in it",
		       w->url);
}

/* Those that are in the cache need not be looked for. */
static void ask_cache(struct work *w, int cache, const struct sha256_hex *source,
		      struct bundle_piece *rest, size_t *from, size_t *n_rest)
{
	*n_rest = 0;
	for (size_t i = 0; i < w->n; i++) {
		struct sha256_hex key = unpack_cache_piece_key(source, &w->v[i]);

		w->v[i].is_found = unpack_cache_get(cache, &key, w->v[i].out_fd,
						    &w->req->task, &w->v[i].out);
		if (w->v[i].is_found)
			continue;
		from[*n_rest] = i;
		rest[(*n_rest)++] = w->v[i];
	}
}

static int take_all(struct work *w, const struct fetched *src,
		    const struct job_file *file)
{
	const struct unpack u = { .fd = src->fd,
				  .want = UNPACK_KERNEL,
				  .name = w->url,
				  .compression = file->compression,
				  .archive = file->archive };
	_cleanup_close_ int cache = unpack_cache_open(w->req->cache_dir);
	struct bundle_piece rest[MAX_PIECES];
	size_t from[MAX_PIECES], n_rest;
	int r = 0;

	ask_cache(w, cache, &src->sha256, rest, from, &n_rest);
	w->s->kernel_from_cache = !n_rest;
	if (n_rest)
		r = bundle_read(&u, rest, n_rest, &w->req->task, w->err);
	if (!r)
		r = fetched_recheck(src, w->url, w->err);
	for (size_t i = 0; !r && i < n_rest; i++) {
		struct sha256_hex key = unpack_cache_piece_key(&src->sha256, &rest[i]);

		w->v[from[i]] = rest[i];
		if (rest[i].watch)
			w->to[from[i]]->has_ids = true;
		if (rest[i].is_found)
			unpack_cache_put(cache, &key, rest[i].out_fd, &rest[i].out,
					 UNPACK_CACHE_MAX_BYTES);
	}
	return r;
}

static int hand_out(struct work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct bundle_piece *p = &w->v[i];
		bool may_miss = p->what == BUNDLE_MODULES && w->req->modules_optional;

		if (!p->is_found && !may_miss)
			return missing(w, p);
		if (w->to[i] && !p->is_found)
			close(TAKE_FD(w->to[i]->fd));
		if (w->to[i])
			w->to[i]->un = p->out;
	}
	return 0;
}

static bool is_from(const struct job_file *f, const struct job_file *archive)
{
	return f && f->url && strcmp(f->url, archive->url) == 0;
}

/* A ramdisk is needed to carry them. */
static bool wants_modules(const struct stage_request *req, const struct staged *s)
{
	return req->modules && req->modules->url && req->ramdisk && req->ramdisk->url &&
	       req->ramdisk->install_modules &&
	       (s->ramdisk_is.is_cpio || !req->modules_optional);
}

static struct stage_pieces *new_pieces(void)
{
	struct stage_pieces *p = xcalloc(1, sizeof(*p));

	p->dtb.fd = p->modules.fd = p->dtbs.fd = -1;
	for (size_t i = 0; i < STAGE_MAX_OVERLAYS; i++)
		p->overlays[i].fd = -1;
	return p;
}

void stage_pieces_free(struct stage_pieces *p)
{
	if (!p)
		return;
	cleanup_close(&p->dtb.fd);
	cleanup_close(&p->modules.fd);
	cleanup_close(&p->dtbs.fd);
	for (size_t i = 0; i < STAGE_MAX_OVERLAYS; i++)
		cleanup_close(&p->overlays[i].fd);
	free(p);
}

int stage_bundle(const struct stage_request *req, struct staged *s,
		 const struct fetched *src, const char *url, int kernel_fd,
		 struct unpacked *kernel, struct err *err)
{
	struct work w = { .req = req, .s = s, .url = url, .n = 1, .err = err };
	struct stage_pieces *p = s->pieces = new_pieces();
	int r = 0;

	w.v[0] = (struct bundle_piece){ .what = BUNDLE_KERNEL, .out_fd = kernel_fd };
	if (is_from(req->dtb, req->kernel) && req->dtb->member)
		r = add(&w, BUNDLE_MEMBER, req->dtb->member, &p->dtb);
	for (size_t i = 0; !r && i < req->n_overlays && i < STAGE_MAX_OVERLAYS; i++)
		if (is_from(&req->overlays[i], req->kernel) && req->overlays[i].member)
			r = add(&w, BUNDLE_MEMBER, req->overlays[i].member,
				&p->overlays[i]);
	if (!r && is_from(req->fdtdir, req->kernel))
		r = add(&w, BUNDLE_DTBS, NULL, &p->dtbs);
	if (!r && is_from(req->modules, req->kernel) && wants_modules(req, s))
		r = add(&w, BUNDLE_MODULES, NULL, &p->modules);
	p->source = src->sha256;
	if (!r)
		r = take_all(&w, src, req->kernel);
	if (!r)
		r = hand_out(&w);
	*kernel = w.v[0].out;
	return r;
}

/* ---- modules ---- */

static int modules_of_archive(struct work *w, struct stage_piece *to)
{
	struct fetched src = FETCHED_INIT;
	int r = stage_file_fetch(w->req, w->s, w->req->modules, 0, &src, w->err);

	if (!r)
		r = add(w, BUNDLE_MODULES, NULL, to);
	if (!r)
		r = take_all(w, &src, w->req->modules);
	if (!r)
		r = hand_out(w);
	fetched_release(&src);
	return r;
}

static int modules_of_dir(struct work *w, const char *dir, struct stage_piece *to)
{
	int r = add(w, BUNDLE_MODULES, NULL, to);
	struct cpio_writer cpio = { .task = &w->req->task,
				    .out_fd = to->fd,
				    .max_bytes = MODULES_MAX_BYTES,
				    .watch = r ? NULL : w->v[0].watch,
				    .err = w->err };

	if (r)
		return r;
	r = cpio_open(&cpio, modules_compression(w->s));
	const int put = r
				?: modules_put_dir(&cpio, dir, w->s->image.release,
						   &w->v[0].out.has_modules_dep, w->err);
	r = cpio_close(&cpio, put < 0 ? put : 0);
	to->has_ids = w->v[0].watch;
	w->v[0].is_found = put == 0;
	w->v[0].out.size = cpio.written;
	snprintf(w->v[0].out.member, sizeof(w->v[0].out.member), "%s",
		 w->s->image.release);
	return r ?: hand_out(w);
}

static int check_modules(const struct stage_request *req, const struct staged *s,
			 const char *url, const char *release, struct err *err)
{
	if (!s->ramdisk_is.is_cpio)
		return err_set(err, ERR_JOB, -EINVAL,
			       "%s: the ramdisk is no cpio archive, so modules cannot be "
			       "put behind it",
			       url);
	if (strcmp(s->ramdisk_is.compression, "lz4") == 0)
		return err_set(err, ERR_JOB, -EINVAL,
			       "%s: behind a ramdisk that is packed with lz4 the kernel "
			       "finds no modules; expected another compression",
			       url);
	if (s->image.release[0] && strcmp(release, s->image.release) != 0)
		return err_set(err, ERR_JOB, -EINVAL,
			       "%s: the kernel is %s, the modules are of %s", url,
			       s->image.release, release);
	return 0;
}

/* Those of modules that were packed long ago. */
static int read_ids(struct work *w, const struct stage_piece *one)
{
	if (!w->req->module_names || one->has_ids)
		return 0;
	return module_ids_read(one->fd, w->req->module_names, &w->req->task,
			       &w->s->module_ids, w->err);
}

static int find_modules(struct work *w, struct stage_piece *to)
{
	const char *dir = fetch_local_dir(w->req->modules->url);

	if (dir)
		return modules_of_dir(w, dir, to);
	if (!w->req->is_bundle || !is_from(w->req->modules, w->req->kernel))
		return modules_of_archive(w, to);
	*to = w->s->pieces->modules;
	w->s->pieces->modules.fd = -1;
	return 0;
}

int stage_modules_open(const struct stage_request *req, struct staged *s, int *fd,
		       struct err *err)
{
	struct stage_piece one = { .fd = -1 };

	*fd = -1;
	if (!wants_modules(req, s))
		return 0;
	_cleanup_free_ char *url = url_masked(req->modules->url);
	struct work w = { .req = req, .s = s, .url = url, .err = err };
	int r = find_modules(&w, &one);
	if (!r && one.fd >= 0)
		r = check_modules(req, s, url, one.un.member, err);
	if (!r && one.fd >= 0)
		r = read_ids(&w, &one);
	if (r || one.fd < 0) {
		cleanup_close(&one.fd);
		return r;
	}
	s->modules_bytes = one.un.size;
	s->has_modules_dep = one.un.has_modules_dep;
	snprintf(s->modules_release, sizeof(s->modules_release), "%.64s", one.un.member);
	*fd = one.fd;
	return 0;
}

int stage_modules_beside(const struct stage_request *req, struct staged *s,
			 struct err *err)
{
	struct stage_piece one = { .fd = -1 };
	struct work w = { .req = req, .s = s, .err = err };
	const char *dir = req->modules && req->modules->url
				  ? fetch_local_dir(req->modules->url)
				  : NULL;

	if (s->modules_release[0] || !dir || !req->module_names)
		return 0;
	int r = modules_of_dir(&w, dir, &one);
	if (!r && one.fd >= 0)
		r = read_ids(&w, &one);
	cleanup_close(&one.fd);
	if (!r || err->class != ERR_JOB)
		return r;
	*err = (struct err)ERR_INIT;
	return 0;
}
