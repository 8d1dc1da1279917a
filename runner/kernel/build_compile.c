// SPDX-License-Identifier: GPL-2.0-or-later
/* From a patched source to objects: configuration, then make; or another builder's shell
 * line. */
#include <errno.h>
#include <fcntl.h>

#include "kernel/build_work.h"
#include "kernel/source_file.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/num.h"
#include "util/path.h"

enum { CONFIG_MAX = 4 << 20, NUMBER_MAX = 32 };

static uint64_t read_number(const char *path)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	uint64_t n = 0;

	if (io_read_file_at(AT_FDCWD, path, NUMBER_MAX, &text) ||
	    parse_u64n(strbuf_str(&text), strcspn(strbuf_str(&text), "\n"), 10,
		       UINT32_MAX, &n))
		return 0;
	return n;
}

/* Only what the bar shows depends on it. */
static void remember_number(const char *path, uint64_t n)
{
	_cleanup_free_ char *text = xasprintf("%llu\n", (unsigned long long)n);

	if (io_atomic_write(path, text, strlen(text)))
		return;
}

/* Objects of a whole build of this configuration, whatever the base: the file in the
 * object tree says that this tree was complete once. */
static char *done_path(const struct build_work *w)
{
	return xasprintf("%s/.bootrig-complete", w->objects);
}

static char *memory_path(const struct build_work *w)
{
	struct sha256_hex id = sha256_of(strbuf_str(&w->config.text), w->config.text.len);

	return xasprintf("%s/ids/objects-%s-%.16s", w->pool, w->b->point->arch, id.str);
}

/* Options of a .config that build something; measured on 6.12: 1.8 objects for each. */
static uint64_t estimate(const char *config)
{
	uint64_t n = 0;

	for (const char *p = config; (p = strpbrk(p, "\n")); p++) {
		const char *nl = strchr(p + 1, '\n');

		if (nl && nl - p > 3 && nl[-2] == '=' && (nl[-1] == 'y' || nl[-1] == 'm'))
			n++;
	}
	return n * 9 / 5;
}

static int expect(struct build_work *w, const char *config)
{
	_cleanup_free_ char *done = done_path(w);
	_cleanup_free_ char *memory = memory_path(w);
	uint64_t stale, have, total = read_number(memory);
	int r = kernel_make_expect(&w->make, &stale, &have, w->err);

	if (r)
		return r;
	w->is_estimate = access(done, F_OK) != 0;
	w->expected = stale;
	if (!w->is_estimate)
		return 0;
	if (!total)
		total = estimate(config);
	if (total > have + stale)
		w->expected = total - have;
	return 0;
}

static void on_object(void *arg, const char *path, uint64_t made)
{
	struct build_work *w = arg;

	if (made > w->expected)
		w->expected = made;
	build_tell(w, KERNEL_BUILD_MAKE, made, w->expected, path);
}

static bool has_device_trees(const struct build_work *w, const char *config)
{
	_cleanup_free_ char *dts =
		xasprintf("%s/arch/%s/boot/dts/Makefile", w->tree.dir, w->b->point->arch);
	_cleanup_free_ char *of = kconfig_get(config, "OF");

	return strcmp(of, "y") == 0 && access(dts, F_OK) == 0;
}

/* A copy, for Kbuild writes into a module's directory. */
static int copy_module(struct build_work *w, char **path)
{
	_cleanup_free_ char *to = xasprintf("%s/.bootrig-module", w->objects);
	_cleanup_strvec_ struct strvec files = STRVEC_INIT;
	_cleanup_close_ int from_fd = -1;
	_cleanup_close_ int to_fd = -1;
	struct sha256_hex copied;
	int r = io_remove_tree_at(AT_FDCWD, to);

	if (!r)
		r = io_mkdir_p(to);
	from_fd = open(w->b->module, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to_fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!r && (from_fd < 0 || to_fd < 0))
		r = -errno;
	if (!r)
		r = source_file_list(from_fd, &files);
	for (size_t i = 0; !r && i < files.n; i++)
		r = source_file_copy(from_fd, files.v[i], to_fd, files.v[i]);
	if (!r)
		r = build_hash_module(to, &copied);
	if (r)
		return err_set(w->err, ERR_LAB, r, "copying module %s: %s", w->b->module,
			       strerror(-r));
	if (strcmp(copied.str, w->module_id) != 0)
		return err_set(w->err, ERR_JOB, -ESTALE,
			       "module %s: changed while it was read; start again",
			       w->b->module);
	*path = TAKE_PTR(to);
	return 0;
}

static int make_module(struct build_work *w)
{
	_cleanup_free_ char *dir = NULL;
	int r = copy_module(w, &dir);

	if (r)
		return r;
	_cleanup_free_ char *m = xasprintf("M=%s", dir);
	const char *targets[] = { m, "modules", NULL };

	return kernel_make(&w->make, targets, "the module", w->err);
}

static int make_all(struct build_work *w, const char *config)
{
	const struct build_image *image = build_image_of(w->b->point->arch);
	_cleanup_free_ char *done = done_path(w);
	_cleanup_free_ char *memory = memory_path(w);
	_cleanup_free_ char *modules = kconfig_get(config, "MODULES");
	const char *targets[4] = { image->target, NULL };
	size_t n = 1;
	uint64_t stale, have;
	int r;

	if (modules[0])
		targets[n++] = "modules";
	if (has_device_trees(w, config))
		targets[n++] = "dtbs";
	if (!modules[0] && w->b->module)
		return err_set(w->err, ERR_JOB, -EINVAL,
			       "module %s: the configuration has no CONFIG_MODULES=y",
			       w->b->module);
	build_tell(w, KERNEL_BUILD_MAKE, 0, w->expected, NULL);
	w->make.on_object = on_object;
	w->make.arg = w;
	r = kernel_make(&w->make, targets, "the kernel", w->err);
	w->make.on_object = NULL;
	if (!r && w->b->module)
		r = make_module(w);
	if (!r)
		r = kernel_make_expect(&w->make, &stale, &have, w->err);
	if (!r) {
		remember_number(memory, have);
		remember_number(done, have);
	}
	return r;
}

int build_compile(struct build_work *w)
{
	_cleanup_free_ char *path = xasprintf("%s/.config", w->objects);
	_cleanup_strbuf_ struct strbuf config = STRBUF_INIT;
	int r = kernel_check_tools(w->tree.dir, w->b->point->arch, w->cross,
				   strbuf_str(&w->config.text), w->err);

	if (r)
		return r;
	build_tell(w, KERNEL_BUILD_CONFIGURE, 0, 0, NULL);
	r = kernel_make_heal(&w->make, w->err);
	if (!r)
		r = kconfig_apply(&w->config, &w->make, w->err);
	if (r)
		return r;
	r = io_read_file_at(AT_FDCWD, path, CONFIG_MAX, &config);
	if (r)
		return err_set(w->err, ERR_LAB, r, "%s: %s", path, strerror(-r));
	w->make.objects_made = 0;
	r = expect(w, strbuf_str(&config));
	return r ? r : make_all(w, strbuf_str(&config));
}

/* ---- another builder ----------------------------------------------------------------
 */

static void join(struct strbuf *out, const struct strvec *v)
{
	for (size_t i = 0; v && i < v->n; i++) {
		_cleanup_free_ char *path = realpath(v->v[i], NULL);

		strbuf_addf(out, "%s%s", out->len ? " " : "", path ?: v->v[i]);
	}
}

int build_run_command(struct build_work *w)
{
	const struct job_build *p = w->b->point;
	_cleanup_strbuf_ struct strbuf configs = STRBUF_INIT;
	_cleanup_strvec_ struct strvec env = STRVEC_INIT;
	const char *image = build_image_of(p->arch)->path;
	_cleanup_free_ char *series = p->series ? realpath(p->series, NULL) : NULL;
	_cleanup_free_ char *product = NULL;
	int r;

	join(&configs, &p->configs);
	join(&configs, w->b->config ? &w->b->config->configs : NULL);
	strvec_addf(&env, "BOOTRIG_SOURCE=%s", w->tree.dir);
	strvec_addf(&env, "BOOTRIG_OUT=%s", w->fresh);
	strvec_addf(&env, "BOOTRIG_OBJECTS=%s", w->objects);
	strvec_addf(&env, "BOOTRIG_BASE=%s", w->source.path);
	strvec_addf(&env, "BOOTRIG_SERIES=%s", series ?: p->series ?: "");
	strvec_addf(&env, "BOOTRIG_UPTO=%s", p->upto ?: "");
	strvec_addf(&env, "BOOTRIG_CONFIGS=%s", strbuf_str(&configs));
	strvec_addf(&env, "BOOTRIG_ARCH=%s", p->arch);
	strvec_addf(&env, "BOOTRIG_CROSS=%s", w->cross);
	strvec_addf(&env, "BOOTRIG_JOBS=%u", w->make.jobs);
	build_tell(w, KERNEL_BUILD_MAKE, 0, 0, NULL);
	w->make.on_object = on_object;
	w->make.arg = w;
	r = kernel_make_command(&w->make, p->command, w->tree.dir, &env, w->err);
	w->make.on_object = NULL;
	if (r)
		return r;
	product = xasprintf("%s/%s", w->fresh, path_last(image));
	return access(product, R_OK) ? err_set(w->err, ERR_JOB, -ENOENT,
					       "the command left no %s in $BOOTRIG_OUT",
					       path_last(image))
				     : 0;
}
