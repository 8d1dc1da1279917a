// SPDX-License-Identifier: GPL-2.0-or-later
/* From what a job says of a kernel to the files of its deploy actions. A directory is
 * what `bootrig build --out` left, the output of a kernel's make, or an unpacked package.
 */
#include "kernel/select.h"

#include <errno.h>
#include <glob.h>

#include "kernel/dtbs.h"
#include "kernel/fetch.h"
#include "util/mem.h"
#include "util/strbuf.h"

/* In a bootrig build, a kernel's output, a package; the first that fits counts. */
static const char *const kernel_places[] = { "Image",
					     "arch/arm64/boot/Image",
					     "boot/Image",
					     "fitImage",
					     "zImage",
					     "arch/arm/boot/zImage",
					     "arch/arm64/boot/Image.gz",
					     "Image.gz",
					     "boot/vmlinuz",
					     "boot/vmlinuz-*",
					     "vmlinuz",
					     "vmlinuz-*" };

static void add_literal(struct strbuf *sb, const char *s)
{
	for (; *s; s++) {
		if (strchr("*?[]\\", *s))
			strbuf_addch(sb, '\\');
		strbuf_addch(sb, *s);
	}
}

/* dir/place[/below], the one file by that pattern. -ENOENT without a message. */
static int find_at(const char *dir, const char *place, const char *below, char **out,
		   struct err *err)
{
	_cleanup_strbuf_ struct strbuf pattern = STRBUF_INIT;
	glob_t g;
	int r;

	add_literal(&pattern, dir);
	strbuf_addf(&pattern, "/%s", place);
	if (below) {
		strbuf_addch(&pattern, '/');
		add_literal(&pattern, below);
	}
	r = glob(strbuf_str(&pattern), 0, NULL, &g);
	if (r)
		return r == GLOB_NOMATCH ? -ENOENT
					 : err_set(err, ERR_LAB, -EIO,
						   "%s: cannot be searched", dir);
	if (g.gl_pathc == 1)
		*out = xstrdup(g.gl_pathv[0]);
	else
		r = err_set(err, ERR_JOB, -EINVAL,
			    "more than one file fits: %.150s and %.150s", g.gl_pathv[0],
			    g.gl_pathv[1]);
	globfree(&g);
	return r;
}

/* what: for the message. */
static int find_in(const char *dir, const char *const *places, size_t n,
		   const char *below, const char *what, char **out, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		int r = find_at(dir, places[i], below, out, err);

		if (r != -ENOENT || err->class != ERR_NONE)
			return r;
	}
	return err_set(err, ERR_JOB, -ENOENT, "%s: no %s in it; looked for %s%s%s, %s …",
		       dir, what, places[0], below ? "/" : "", below ?: "", places[1]);
}

static void set_file(struct job_file *to, const struct job_file *from)
{
	free(to->url);
	free(to->compression);
	free(to->archive);
	free(to->image_type);
	free(to->sha256sum);
	free(to->member);
	*to = *from;
	to->url = xstrdup_or_null(from->url);
	to->compression = xstrdup_or_null(from->compression);
	to->archive = xstrdup_or_null(from->archive);
	to->image_type = xstrdup_or_null(from->image_type);
	to->sha256sum = xstrdup_or_null(from->sha256sum);
	to->member = xstrdup_or_null(from->member);
}

static void set_url(struct job_file *to, const char *path, struct spec_mark mark)
{
	_cleanup_free_ char *url = xasprintf("file:%s", path);
	const struct job_file f = { .url = url, .mark = mark };

	set_file(to, &f);
}

/* Where the files of a kernel that brings several come from. */
struct origin {
	const struct job_kernel *k;
	const char *dir;                /* a directory; NULL = archive */
	const struct job_file *archive; /* NULL = neither */
};

static int set_inner(const struct origin *o, const char *path, struct job_file *to,
		     struct err *err)
{
	_cleanup_free_ char *found = NULL, *member = NULL;
	int r;

	if (!o->dir) {
		struct job_file f = *o->archive;

		f.member = member = xstrdup(path);
		set_file(to, &f);
		return 0;
	}
	r = find_in(o->dir, dtb_places, n_dtb_places, path, path, &found, err);
	if (!r)
		set_url(to, found, o->k->mark);
	return r;
}

static int set_overlays(const struct origin *o, struct job_deploy *d, struct err *err)
{
	const struct strvec *names = &o->k->overlays;

	d->overlays = xcalloc(names->n + 1, sizeof(*d->overlays));
	for (; d->n_overlays < names->n; d->n_overlays++) {
		struct job_file *to = &d->overlays[d->n_overlays];
		const char *name = names->v[d->n_overlays];
		_cleanup_free_ char *url = xstrdup(name);
		const struct job_file f = { .url = url, .mark = o->k->mark };
		int r = 0;

		if (job_file_is_url(name))
			set_file(to, &f);
		else
			r = set_inner(o, name, to, err);
		if (r)
			return r;
	}
	return 0;
}

static int set_fdtdir(const struct origin *o, struct job_deploy *d, struct err *err)
{
	static const struct job_file none;
	_cleanup_free_ char *found = NULL;
	int r;

	set_file(&d->dtb, &none);
	if (!o->dir) {
		set_file(&d->fdtdir, o->archive);
		return 0;
	}
	r = find_in(o->dir, dtb_places, n_dtb_places, NULL, "device trees", &found, err);
	if (!r)
		set_url(&d->fdtdir, found, o->k->mark);
	return r;
}

static void set_modules(const struct origin *o, struct job_deploy *d)
{
	const struct job_kernel *k = o->k;

	if (k->modules.url) {
		set_file(&d->modules, &k->modules);
	} else if (!k->no_modules && o->dir) {
		set_url(&d->modules, o->dir, k->mark);
		d->modules_optional = true;
	} else if (!k->no_modules && o->archive) {
		set_file(&d->modules, o->archive);
		d->modules_optional = true;
	}
}

static int set_kernel(const struct origin *o, struct job_deploy *d, struct err *err)
{
	_cleanup_free_ char *path = NULL;
	int r = 0;

	if (o->archive) {
		set_file(&d->kernel, o->archive);
		d->is_bundle = true;
	} else if (o->dir) {
		r = find_in(o->dir, kernel_places, ARRAY_SIZE(kernel_places), NULL,
			    "kernel", &path, err);
		if (!r)
			set_url(&d->kernel, path, o->k->mark);
	} else {
		set_file(&d->kernel, &o->k->kernel);
	}
	return r;
}

static int fill_deploy(const struct origin *o, const struct job_cell *cell,
		       struct job_deploy *d, struct err *err)
{
	int r = set_kernel(o, d, err);

	if (!r && o->k->fdtdir)
		r = set_fdtdir(o, d, err);
	else if (!r && o->k->dtb.url)
		set_file(&d->dtb, &o->k->dtb);
	else if (!r && o->k->dtb_path)
		r = set_inner(o, o->k->dtb_path, &d->dtb, err);
	if (!r)
		r = set_overlays(o, d, err);
	if (r)
		return r;
	set_modules(o, d);
	d->label = job_cell_label(cell);
	return 0;
}

static void set_vmlinux(struct job_spec *job, const struct origin *o)
{
	_cleanup_free_ char *own = o->dir ? xasprintf("%s/vmlinux", o->dir) : NULL;

	if (o->k->vmlinux) {
		free(job->vmlinux);
		job->vmlinux = xstrdup(o->k->vmlinux);
	} else if (!job->vmlinux && own && access(own, R_OK) == 0) {
		job->vmlinux = TAKE_PTR(own);
	}
}

/* Of a kernel that needs no build. */
static struct origin origin_of(const struct job_kernel *k)
{
	struct origin o = { .k = k };

	if (k->from == JOB_KERNEL_BUNDLE) {
		o.dir = fetch_local_dir(k->bundle.url);
		o.archive = o.dir ? NULL : &k->bundle;
	}
	return o;
}

static void copy_args(struct strvec *to, const struct strvec *from)
{
	for (size_t i = 0; i < from->n; i++)
		strvec_add(to, from->v[i]);
}

/* `stage: all`: what else the board could boot. */
static int fill_beside(const struct job_spec *job, const struct job_cell *cell,
		       struct job_deploy *d, struct err *err)
{
	const struct job_kernels *ks = &job->kernels;
	int r = 0;

	if (ks->stage_all)
		d->beside = xcalloc(ks->n, sizeof(*d->beside));
	for (size_t i = 0; ks->stage_all && i < ks->n && !r; i++) {
		const struct job_cell other = { .name = ks->v[i].name,
						.kernel = &ks->v[i] };
		const struct origin o = origin_of(&ks->v[i]);
		struct job_deploy *one = &d->beside[d->n_beside];

		if (&ks->v[i] == cell->kernel || ks->v[i].from == JOB_KERNEL_BUILD)
			continue;
		d->n_beside++;
		copy_args(&one->kernel_args, &job->kernel_args);
		copy_args(&one->kernel_args, &ks->v[i].kernel_args);
		r = fill_deploy(&o, &other, one, err);
		if (r)
			return err_prefix(err, "kernel %s: ", other.name);
	}
	return r;
}

/* Before the cell's arguments become the job's. */
static int fill_deploys(struct job_spec *job, const struct origin *o,
			const struct job_cell *cell, struct err *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < job->n_actions; i++) {
		struct job_deploy *d = &job->actions[i].deploy;

		if (job->actions[i].kind != JOB_DEPLOY)
			continue;
		r = fill_deploy(o, cell, d, err);
		if (r)
			return err_prefix(err, "kernel %s: ", cell->name);
		r = fill_beside(job, cell, d, err);
	}
	return r;
}

static int fill_job(struct job_spec *job, const struct origin *o,
		    const struct job_cell *cell, struct err *err)
{
	int r = fill_deploys(job, o, cell, err);

	if (r)
		return r;
	copy_args(&job->kernel_args, &o->k->kernel_args);
	if (cell->config)
		copy_args(&job->kernel_args, &cell->config->kernel_args);
	set_vmlinux(job, o);
	return 0;
}

static int select_built(struct job_spec *job, const struct kernel_select *k,
			struct err *err)
{
	const struct kernel_build b = { .point = &k->cell->kernel->build,
					.config = k->cell->config,
					.task = k->task,
					.progress = k->progress,
					.progress_arg = k->progress_arg };
	struct kernel_built built;
	int r = kernel_build(&b, &built, err);

	if (r)
		return r;
	const struct origin o = { .k = k->cell->kernel, .dir = built.dir };
	r = fill_job(job, &o, k->cell, err);
	kernel_built_release(&built);
	return r;
}

int kernel_select(struct job_spec *job, const struct kernel_select *k, struct err *err)
{
	const struct origin o = origin_of(k->cell->kernel);

	if (k->cell->kernel->from == JOB_KERNEL_BUILD)
		return select_built(job, k, err);
	return fill_job(job, &o, k->cell, err);
}
