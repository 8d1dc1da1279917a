// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of a plan: what would be fetched, unpacked or built, and the label that names
 * them. Looks at local files and at what is built, opens no connection. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>

#include "boot/stage_file.h"
#include "kernel/build_outlook.h"
#include "kernel/dtbs.h"
#include "session/label.h"
#include "session/plan_int.h"
#include "util/mem.h"

/* The path behind file:, or NULL. */
static const char *local_path(const char *url)
{
	return strncmp(url, "file:", 5) == 0 ? url + 5 : NULL;
}

static void put_state(json_t *o, const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		plan_text(o, "state", "missing");
		return;
	}
	plan_text(o, "state", "exists");
	if (S_ISREG(st.st_mode))
		json_put(o, "size", json_integer(st.st_size));
}

static void put_source(json_t *o, const struct job_file *f)
{
	_cleanup_free_ char *url = spec_masked_url(f->url);
	const char *path = local_path(f->url);

	plan_text(o, "url", url);
	if (path)
		put_state(o, path);
	else
		plan_text(o, "state", "to be fetched");
	if (f->compression)
		plan_text(o, "compression", f->compression);
	if (f->sha256sum)
		plan_text(o, "sha256", f->sha256sum);
}

/* A kernel that lies unpacked has its kind; what is inside of a package is known once it
 * is open, and is an Image more often than not. */
static enum image_kind kernel_kind(const struct job_file *f)
{
	uint8_t head[IMAGE_HEAD_BYTES];
	struct image_info info = { .kind = IMAGE_UNKNOWN };
	const char *path = f->url ? local_path(f->url) : NULL;
	_cleanup_close_ int fd =
		path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);
	struct stat st;

	if (n > 0 && !fstat(fd, &st))
		image_probe_head(head, (size_t)n, (uint64_t)st.st_size, &info);
	return stage_kernel_name(info.kind) ? info.kind : IMAGE_ARM64;
}

static void stage_one(struct plan *p, struct staged *st, const char *role,
		      const struct job_file *f, struct staged_file *to, const char *name)
{
	static const struct sha256_hex not_known;
	json_t *o;

	if (!f->url)
		return;
	o = plan_step(p, "file");
	plan_text(o, "role", role);
	put_source(o, f);
	stage_file_record(st, to, name, f->url, &not_known);
	plan_text(o, "to", to->tftp_path);
}

static void stage_kernel_file(struct plan *p, struct staged *st, const struct job_file *f)
{
	st->image.kind = kernel_kind(f);
	stage_one(p, st, "kernel", f, &st->kernel, stage_kernel_name(st->image.kind));
}

static void put_build(json_t *o, const struct plan *p, const struct job_build *b)
{
	_cleanup_strvec_ struct strvec configs = STRVEC_INIT;

	for (size_t i = 0; i < b->configs.n; i++)
		strvec_add(&configs, b->configs.v[i]);
	for (size_t i = 0; p->cell->config && i < p->cell->config->configs.n; i++)
		strvec_add(&configs, p->cell->config->configs.v[i]);
	plan_text(o, "base", b->base);
	plan_text(o, "series", b->series);
	plan_text(o, "upto", b->upto);
	plan_text(o, "arch", b->arch);
	plan_text(o, "config_base", b->config_base);
	json_put(o, "configs", json_lossy_strs(&configs));
	if (b->command)
		plan_text(o, "command", b->command);
}

/* Whether it is built, without building it. */
static void put_outlook(json_t *o, const struct plan *p, const struct job_build *point)
{
	const struct kernel_build b = { .point = point,
					.config = p->cell->config,
					.task = TASK_INIT };
	struct kernel_outlook outlook;
	struct err err = ERR_INIT;

	if (kernel_build_outlook(&b, &outlook, &err)) {
		plan_text(o, "state", "cannot be built here");
		plan_text(o, "why", err.msg);
		return;
	}
	switch (outlook.state) {
	case KERNEL_OUTLOOK_BUILT:
		plan_text(o, "state", "built before");
		break;
	case KERNEL_OUTLOOK_MORE:
		plan_text(o, "state", "to be built: what differs from the last one");
		break;
	case KERNEL_OUTLOOK_NEW:
		plan_text(o, "state", "to be built: all of it");
		break;
	}
	if (outlook.last_s > 0)
		json_put(o, "last_time_s", json_real(round(outlook.last_s * 10) / 10));
}

static void build(struct plan *p, const struct job_kernel *k)
{
	json_t *o = plan_step(p, "build");

	put_build(o, p, &k->build);
	put_outlook(o, p, &k->build);
}

/* What a built or packed kernel brings; its files are known by their usual names. */
static void stage_member(struct plan *p, struct staged *st, const char *role,
			 const char *member, struct staged_file *to, const char *name)
{
	static const struct sha256_hex not_known;
	json_t *o = plan_step(p, "file");

	plan_text(o, "role", role);
	plan_text(o, "member", member);
	plan_text(o, "state", "out of it");
	stage_file_record(st, to, name, "file:/", &not_known);
	plan_text(o, "to", to->tftp_path);
}

static bool has_modules(const struct job_kernel *k, const struct job_file *ramdisk)
{
	return ramdisk->url && ramdisk->install_modules && !k->no_modules &&
	       (k->from != JOB_KERNEL_FILES || k->modules.url);
}

static void stage_modules(struct plan *p, const struct job_kernel *k,
			  const struct job_file *ramdisk)
{
	json_t *o;

	if (!has_modules(k, ramdisk))
		return;
	o = plan_step(p, "file");
	plan_text(o, "role", "modules");
	if (k->modules.url)
		put_source(o, &k->modules);
	else
		plan_text(o, "state", "out of it");
	plan_text(o, "to", "behind the ramdisk");
}

static void stage_overlays(struct plan *p, struct staged *st, const struct job_kernel *k)
{
	for (size_t i = 0; i < k->overlays.n && i < STAGE_MAX_OVERLAYS; i++) {
		_cleanup_free_ char *name = stage_overlay_name(i);
		const char *from = k->overlays.v[i];
		struct job_file f = { .url = k->overlays.v[i] };
		struct staged_file *to = &st->overlays[i];

		if (strchr(from, ':'))
			stage_one(p, st, "overlay", &f, to, name);
		else
			stage_member(p, st, "overlay", from, to, name);
		st->overlay_paths[i] = to->boot_path;
		st->n_overlays++;
	}
}

static void stage_selected(struct plan *p, struct staged *st, const struct job_kernel *k)
{
	json_t *o;

	switch (k->from) {
	case JOB_KERNEL_FILES:
		stage_kernel_file(p, st, &k->kernel);
		break;
	case JOB_KERNEL_BUNDLE:
		o = plan_step(p, "file");
		plan_text(o, "role", "bundle");
		put_source(o, &k->bundle);
		stage_member(p, st, "kernel", "Image", &st->kernel, "Image");
		break;
	case JOB_KERNEL_BUILD:
		build(p, k);
		stage_member(p, st, "kernel", "Image", &st->kernel, "Image");
		break;
	}
	if (k->fdtdir)
		stage_member(p, st, "device trees", "all", &st->fdtdir.dir, DTBS_TOP);
	else if (k->dtb.url)
		stage_one(p, st, "dtb", &k->dtb, &st->dtb, STAGE_DTB_NAME);
	else if (k->dtb_path)
		stage_member(p, st, "dtb", k->dtb_path, &st->dtb, STAGE_DTB_NAME);
	stage_overlays(p, st, k);
}

/* The ramdisk is the same file as long as no modules are put behind it. */
static void stage_one_beside(struct plan *p, const struct job_kernel *k,
			     const struct job_file *ramdisk)
{
	struct staged *st = &p->staged.beside[p->staged.n_beside++];

	*st = (struct staged)STAGED_INIT;
	st->label = xstrdup(k->name);
	st->root = xstrdup(p->staged.root);
	st->subdir = xstrdup(p->staged.subdir);
	st->dir.name = xasprintf("%s/label-%s", p->staged.dir.name, k->name);
	stage_selected(p, st, k);
	if (has_modules(k, ramdisk) || has_modules(p->cell->kernel, ramdisk))
		stage_one(p, st, "ramdisk", ramdisk, &st->ramdisk, STAGE_RAMDISK_NAME);
	else if (p->staged.ramdisk.name)
		st->ramdisk.boot_path = xstrdup(p->staged.ramdisk.boot_path);
	stage_modules(p, k, ramdisk);
}

static void stage_all_beside(struct plan *p, const struct job_deploy *d)
{
	const struct job_kernels *ks = &p->job->kernels;

	p->staged.beside = xcalloc(ks->n, sizeof(*p->staged.beside));
	for (size_t i = 0; i < ks->n; i++)
		if (&ks->v[i] != p->cell->kernel && ks->v[i].from != JOB_KERNEL_BUILD)
			stage_one_beside(p, &ks->v[i], &d->ramdisk);
}

static void stage_deploy(struct plan *p, const struct job_deploy *d)
{
	const struct job_kernel *k = p->cell && !p->label ? p->cell->kernel : NULL;

	if (k)
		stage_selected(p, &p->staged, k);
	else
		stage_kernel_file(p, &p->staged, &d->kernel);
	if (!p->staged.dtb.name && !p->staged.fdtdir.dir.name)
		stage_one(p, &p->staged, "dtb", &d->dtb, &p->staged.dtb, STAGE_DTB_NAME);
	stage_one(p, &p->staged, "ramdisk", &d->ramdisk, &p->staged.ramdisk,
		  STAGE_RAMDISK_NAME);
	if (!k)
		return;
	p->staged.label = job_cell_label(p->cell);
	stage_modules(p, k, &d->ramdisk);
	if (p->job->kernels.stage_all)
		stage_all_beside(p, d);
}

static const struct job_kernel *find_kernel(const struct plan *p, const char *name)
{
	const struct job_kernels *ks = &p->job->kernels;

	for (size_t i = 0; i < ks->n; i++)
		if (strcmp(ks->v[i].name, name) == 0)
			return &ks->v[i];
	BUG("a kernel %s", name);
}

/* The job's arguments, then the kernel's, then its configuration's, as kernel_select()
 * has it. */
static char *append_of(const struct plan *p, const struct job_kernel *k,
		       const struct job_config *c, const struct job_boot *boot,
		       const char *nonce)
{
	_cleanup_strvec_ struct strvec args = STRVEC_INIT;
	const struct strvec *lists[] = { &p->job->kernel_args, k ? &k->kernel_args : NULL,
					 c ? &c->kernel_args : NULL };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (size_t j = 0; lists[i] && j < lists[i]->n; j++)
			strvec_add(&args, lists[i]->v[j]);
	return label_append(p->board, &args, boot, p->label, nonce);
}

static int labels_text(struct plan *p, const struct job_boot *boot, struct strbuf *text,
		       char **path, struct err *err)
{
	const size_t n = p->staged.n_beside;
	_cleanup_free_ struct extlinux_label *labels = xcalloc(n + 1, sizeof(*labels));
	_cleanup_strvec_ struct strvec appends = STRVEC_INIT;
	const struct extlinux x = { .default_label = label_name(&p->staged),
				    .labels = labels,
				    .n_labels = n + 1 };

	for (size_t i = 0; i < n; i++) {
		const struct staged *st = &p->staged.beside[i];

		strvec_add_take(&appends, append_of(p, find_kernel(p, st->label), NULL,
						    boot, PLAN_OTHER_NONCE));
	}
	labels[0] = label_of(&p->staged, p->append);
	for (size_t i = 0; i < n; i++)
		labels[i + 1] = label_of(&p->staged.beside[i], appends.v[i]);
	return stage_config_text(p->board->boot.mac, &x, text, path, err);
}

static int config_text(struct plan *p, const struct job_boot *boot, struct strbuf *text,
		       char **path, struct err *err)
{
	if (p->board->boot.method == BOARD_BOOT_SCRIPT) {
		*path = xstrdup(p->board->boot.script);
		return stage_script_text(&p->staged, &p->board->boot, p->append, text,
					 err);
	}
	return labels_text(p, boot, text, path, err);
}

static int write_config(struct plan *p, const struct job_boot *boot, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_free_ char *path = NULL;
	int r = config_text(p, boot, &text, &path, err);
	json_t *o;

	if (r)
		return r;
	stage_file_release(&p->staged.config);
	p->staged.config.name = xstrdup(path);
	p->staged.config.boot_path = xstrdup(path);
	p->staged.config.tftp_path = xasprintf("%s%s%s", p->staged.subdir,
					       p->staged.subdir[0] ? "/" : "", path);
	o = plan_step(p, "write");
	plan_text(o, "to", p->staged.config.tftp_path);
	plan_text(o, "text", strbuf_str(&text));
	plan_text(o, "append", p->append);
	return 0;
}

void plan_unstage(struct plan *p)
{
	staged_release(&p->staged);
	p->staged = (struct staged)STAGED_INIT;
	p->is_staged = false;
}

static void set_append(struct plan *p, const struct job_boot *boot)
{
	const struct job_cell *c = p->cell;

	free(p->append);
	p->append = append_of(p, c ? c->kernel : NULL, c ? c->config : NULL, boot,
			      PLAN_NONCE);
}

int plan_stage(struct plan *p, const struct job_action *deploy,
	       const struct job_boot *boot, struct err *err)
{
	json_t *o;
	int r;

	plan_unstage(p);
	plan_phase(p, "deploy");
	o = plan_step(p, "stage");
	plan_text(o, "tftp_root", p->board->boot.tftp_root);
	plan_limit(o, deploy->timeout_ms);
	p->staged.root = xstrdup(p->board->boot.tftp_root);
	p->staged.subdir = xstrdup(p->board->boot.tftp_subdir ?: "");
	p->staged.dir.name = xasprintf(STAGE_DIR_PREFIX PLAN_RUN "-%u", ++p->n_staged);
	p->staged.image.kind = IMAGE_ARM64;
	p->is_staged = true;
	stage_deploy(p, &deploy->deploy);
	set_append(p, boot);
	r = write_config(p, boot, err);
	if (!r)
		plan_text(plan_step(p, "verify"), "server", p->board->boot.tftp_url);
	return r;
}
