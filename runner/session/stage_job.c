// SPDX-License-Identifier: GPL-2.0-or-later
/* A deploy action and the boot action behind it become files in the TFTP root, one label
 * with a nonce, and proof that TFTP gives exactly these bytes. */
#include <errno.h>

#include "boot/tftp.h"
#include "kernel/build_brief.h"
#include "session/label.h"
#include "session/state.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/random.h"

static void progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct session *s = arg;

	if (s->opts->on_progress)
		s->opts->on_progress(s->opts->arg, what, done, total);
}

static struct task make_task(struct session *s, struct deadline d)
{
	struct task t = TASK_INIT;

	t.deadline = d;
	t.cancel_fd = s->opts->cancel_fd;
	t.progress = progress;
	t.progress_arg = s;
	return t;
}

static json_t *file_json(const char *role, const struct staged_file *f)
{
	_cleanup_free_ char *url = spec_masked_url(f->url);
	json_t *j = json_object();

	json_put(j, "role", json_string(role));
	json_put(j, "name", json_lossy_str(f->name));
	json_put(j, "path", json_lossy_str(f->tftp_path));
	json_put(j, "url", json_lossy_str(url));
	json_put(j, "sha256", json_string(f->sha256.str));
	json_put(j, "size", json_integer((json_int_t)f->size));
	return j;
}

static json_t *modules_json(const struct staged *st)
{
	json_t *j = json_object();

	json_put(j, "release", json_lossy_str(st->modules_release));
	json_put(j, "bytes", json_integer((json_int_t)st->modules_bytes));
	json_put(j, "in", json_lossy_str(st->ramdisk.name));
	json_put(j, "modules_dep", json_boolean(st->has_modules_dep));
	return j;
}

/* build.json lies beside the kernel that `bootrig build` made. */
static json_t *build_of(const struct session *s)
{
	const char *url = s->deploy->kernel.url ?: "";
	const char *slash = strrchr(url, '/');

	if (strncmp(url, "file:", 5) != 0 || !slash)
		return NULL;
	_cleanup_free_ char *dir = xstrndup(url + 5, (size_t)(slash - url) - 5);
	return build_brief(dir, &s->staged.image);
}

/* Of all device trees; the one that U-Boot takes is the action "taken". */
static json_t *tree_json(const struct staged_tree *tree)
{
	_cleanup_free_ char *url = spec_masked_url(tree->dir.url);
	json_t *j = json_object();

	json_put(j, "path", json_lossy_str(tree->dir.tftp_path));
	json_put(j, "url", json_lossy_str(url));
	json_put(j, "files", json_integer((json_int_t)tree->n));
	json_put(j, "bytes", json_integer((json_int_t)tree->dir.size));
	json_put(j, "sha256", json_string(tree->dir.sha256.str));
	return j;
}

static json_t *files_json(const struct staged *st)
{
	json_t *files = json_array();

	if (st->kernel.name)
		json_push(files, file_json("kernel", &st->kernel));
	if (st->ramdisk.name)
		json_push(files, file_json("ramdisk", &st->ramdisk));
	if (st->dtb.name)
		json_push(files, file_json("dtb", &st->dtb));
	for (size_t i = 0; i < st->n_overlays; i++)
		json_push(files, file_json("overlay", &st->overlays[i]));
	if (st->config.name)
		json_push(files, file_json("config", &st->config));
	return files;
}

/* A label that the board was not told to boot. */
static json_t *beside_json(const struct staged *st, const struct session_label *l)
{
	json_t *o = json_object();

	json_put(o, "name", json_string(label_name(st)));
	json_put(o, "nonce", json_string(l->nonce));
	json_put(o, "append", json_lossy_str(l->append));
	json_put(o, "release",
		 json_lossy_str(st->image.release[0] ? st->image.release : NULL));
	json_put(o, "files", files_json(st));
	if (st->fdtdir.n)
		json_put(o, "fdtdir", tree_json(&st->fdtdir));
	return o;
}

static json_t *labels_json(const struct session *s)
{
	json_t *labels = json_array();

	for (size_t i = 0; i < s->n_beside; i++)
		json_push(labels, beside_json(&s->staged.beside[i], &s->beside[i]));
	return labels;
}

static void record_staged(struct session *s, int64_t stage_ns)
{
	const struct staged *st = &s->staged;
	json_t *m = json_object(), *ids = json_array();
	json_t *build = build_of(s);

	json_put(m, "files", files_json(st));
	if (st->fdtdir.n)
		json_put(m, "fdtdir", tree_json(&st->fdtdir));
	json_put(m, "label", json_string(label_name(st)));
	json_put(m, "append", json_lossy_str(s->append));
	json_put(m, "nonce", json_string(s->nonce));
	if (s->n_beside)
		json_put(m, "labels", labels_json(s));
	json_put(m, "kernel_kind", json_string(image_kind_to_str(st->image.kind)));
	json_put(m, "kernel_member", json_lossy_str(st->kernel_member));
	json_put(m, "banner",
		 json_lossy_str(st->image.banner[0] ? st->image.banner : NULL));
	json_put(m, "release",
		 json_lossy_str(st->image.release[0] ? st->image.release : NULL));
	for (size_t i = 0; i < st->image.n_build_ids; i++)
		json_push(ids, json_string(st->image.build_ids[i]));
	json_put(m, "build_ids", ids);
	if (session_verifies_ram(s))
		json_put(m, "verify_ram", json_true());
	if (st->modules_release[0])
		json_put(m, "module_tree", modules_json(st));
	if (build)
		json_put(m, "build", build);
	json_put(m, "ms", json_real((double)(stage_ns / 1000) / 1e3));
	journal_action_json(s->journal, "staged", m);
}

/* What somebody who looks for a module on the board would wonder about. */
static void warn_of_modules(struct session *s)
{
	const struct staged *st = &s->staged;
	const char *text = NULL;

	if (st->modules_release[0] && !st->has_modules_dep)
		text = "the kernel's modules come without modules.dep: insmod works, "
		       "modprobe finds none of them until depmod has run on the board";
	else if (!st->modules_release[0] && s->deploy->modules_optional &&
		 !(s->deploy->ramdisk.url && st->ramdisk_is.is_cpio))
		text = "modules that come with the kernel are left out: there is no "
		       "ramdisk with a cpio archive that could carry them";
	if (text)
		journal_action(s->journal, "warning", "{s:s}", "text", text);
}

static void record_verified(struct session *s, const struct tftp_report *rep)
{
	json_t *m = json_object(), *files = json_array();

	for (size_t i = 0; i < rep->n_checks; i++)
		json_push(files, json_lossy_str(rep->checks[i].name));
	json_put(m, "server", json_lossy_str(rep->server));
	json_put(m, "files", files);
	json_put(m, "bytes", json_integer((json_int_t)rep->bytes));
	json_put(m, "ms", json_real((double)(rep->ns / 1000) / 1e3));
	json_put(m, "miss_ms", json_real((double)(rep->miss_ns / 1000) / 1e3));
	journal_action_json(s->journal, "verified", m);
}

static void keep_crc(struct staged_file *f, const struct tftp_report *rep)
{
	for (size_t i = 0; f->name && i < rep->n_checks; i++)
		if (strcmp(rep->checks[i].tftp_path, f->tftp_path) == 0)
			f->crc32 = rep->checks[i].crc32;
}

/* U-Boot's sums are held against those of what was fetched back and found right. */
static void keep_crcs(struct staged *st, const struct tftp_report *rep)
{
	keep_crc(&st->kernel, rep);
	keep_crc(&st->ramdisk, rep);
	keep_crc(&st->dtb, rep);
	for (size_t i = 0; i < st->n_overlays; i++)
		keep_crc(&st->overlays[i], rep);
}

static void ask_kernel(struct stage_request *req, const struct job_deploy *dp)
{
	req->kernel = &dp->kernel;
	req->dtb = &dp->dtb;
	req->modules = &dp->modules;
	req->modules_optional = dp->modules_optional;
	req->overlays = dp->overlays;
	req->n_overlays = dp->n_overlays;
	req->fdtdir = &dp->fdtdir;
	req->is_bundle = dp->is_bundle;
	req->label = dp->label;
}

static int stage(struct session *s, const struct job_deploy *dp, const struct task *task,
		 struct err *err)
{
	struct overlay_tree trees[32];
	struct strvec names = { .n = 0 };
	size_t n = 0;

	for (size_t i = 0; i < s->definitions.n && n < ARRAY_SIZE(trees); i++)
		if (s->definitions.v[i].tree)
			trees[n++] =
				(struct overlay_tree){ s->definitions.v[i].tree,
						       s->definitions.v[i].tree_name };
	_cleanup_free_ char *run = xasprintf("%.80s-%u", s->dir->id, s->attempt + 1);
	struct stage_request req = {
		.tftp_root = s->board->boot.tftp_root,
		.tftp_subdir = s->board->boot.tftp_subdir,
		.run = run,
		.ramdisk = &dp->ramdisk,
		.overlay = dp->ramdisk.url && dp->ramdisk.install_overlay,
		.trees = trees,
		.n_trees = n,
		.n_beside = dp->n_beside,
		.task = *task,
	};
	_cleanup_free_ struct stage_request *beside =
		xcalloc(dp->n_beside + 1, sizeof(*beside));
	for (size_t i = 0; i < dp->n_beside; i++) {
		beside[i] = req;
		beside[i].n_beside = 0;
		ask_kernel(&beside[i], &dp->beside[i]);
	}
	req.beside = beside;
	req.module_names = &names;
	ask_kernel(&req, dp);
	session_module_names(s, &names);
	int r = stage_files(&req, &s->staged, err);
	strvec_release(&names);
	return r;
}

void session_forget_beside(struct session *s)
{
	for (size_t i = 0; i < s->n_beside; i++)
		free(s->beside[i].append);
	free(s->beside);
	s->beside = NULL;
	s->n_beside = 0;
}

static void compose_beside(struct session *s, const struct job_boot *boot)
{
	const struct job_deploy *d = s->deploy;

	session_forget_beside(s);
	s->beside = xcalloc(d->n_beside + 1, sizeof(*s->beside));
	for (; s->n_beside < d->n_beside; s->n_beside++) {
		struct session_label *l = &s->beside[s->n_beside];

		random_hex(l->nonce, sizeof(l->nonce) / 2);
		l->append = label_append(s->board, &d->beside[s->n_beside].kernel_args,
					 boot, NULL, l->nonce);
	}
}

static int write_config(struct session *s, struct err *err)
{
	_cleanup_free_ struct extlinux_label *labels =
		xcalloc(s->n_beside + 1, sizeof(*labels));
	const struct extlinux x = { .default_label = label_name(&s->staged),
				    .labels = labels,
				    .n_labels = s->n_beside + 1 };

	labels[0] = label_of(&s->staged, s->append);
	for (size_t i = 0; i < s->n_beside; i++)
		labels[i + 1] = label_of(&s->staged.beside[i], s->beside[i].append);
	if (s->board->boot.method == BOARD_BOOT_SCRIPT && s->staged.n_overlays)
		return err_set(err, ERR_JOB, -EINVAL,
			       "the board boots by a script, which applies no device "
			       "tree overlays");
	if (s->board->boot.method == BOARD_BOOT_SCRIPT && s->staged.fdtdir.n)
		return err_set(err, ERR_JOB, -EINVAL,
			       "the board boots by a script, which names one device "
			       "tree; expected dtb in place of fdtdir");
	if (s->board->boot.method == BOARD_BOOT_SCRIPT && s->n_beside)
		return err_set(err, ERR_JOB, -EINVAL,
			       "the board boots by a script, which holds one kernel; "
			       "expected stage: own");
	if (s->board->boot.method == BOARD_BOOT_SCRIPT)
		return stage_script(&s->staged, &s->board->boot, s->append, err);
	return stage_config(&s->staged, s->board->boot.mac, &x, err);
}

int session_stage(struct session *s, const struct job_action *deploy,
		  const struct job_boot *boot, struct deadline d, struct err *err)
{
	struct task task = make_task(s, d);
	struct tftp_report report;
	int64_t begin = clock_now_ns();
	int r = 0;

	session_unstage(s);
	session_phase(s, "deploy");
	random_hex(s->nonce, sizeof(s->nonce) / 2);
	free(s->append);
	s->append =
		label_append(s->board, &s->job->kernel_args, boot, s->label, s->nonce);
	s->deploy = &deploy->deploy;
	compose_beside(s, boot);
	r = stage(s, s->deploy, &task, err);
	s->is_staged = !r;
	if (!r)
		r = write_config(s, err);
	if (r)
		return r;
	record_staged(s, clock_now_ns() - begin);
	warn_of_modules(s);
	r = tftp_verify(&s->board->boot, &s->staged, &task, &report, err);
	if (r) {
		tftp_report_release(&report);
		s->self_check_ok = s->self_check_ok && err->class != ERR_LAB;
		return r;
	}
	record_verified(s, &report);
	keep_crcs(&s->staged, &report);
	tftp_report_release(&report);
	return 0;
}

void session_unstage(struct session *s)
{
	struct err err = ERR_INIT;

	session_forget_beside(s);
	if (!s->is_staged)
		return;
	if (stage_remove(&s->staged, &err))
		journal_action(s->journal, "warning", "{s:s}", "text", err.msg);
	staged_release(&s->staged);
	s->staged = (struct staged)STAGED_INIT;
	s->is_staged = false;
}
