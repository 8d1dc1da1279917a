// SPDX-License-Identifier: GPL-2.0-or-later
/* What makes a kernel what it is, read and hashed: contents, never paths or times. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kernel/build_work.h"
#include "kernel/source_file.h"
#include "util/mem.h"

/* Changes when this program builds otherwise from the same inputs. */
static const char recipe[] = "bootrig kernel build 1";

static int read_source(struct build_work *w)
{
	const struct job_build *p = w->b->point;
	int r;

	if (!p->base)
		return err_set(
			w->err, ERR_JOB, -EINVAL,
			"nothing to build: expected a base (package, tarball, tree or git repository)");
	r = source_open(p->base, &w->source, w->err);
	if (r)
		return r;
	if (source_has_range(&w->source, p->series))
		r = source_choose(&w->source, p->series, p->upto, &w->b->task, w->err);
	else
		r = series_load(p->series, p->upto, &w->b->task, &w->series, w->err);
	return r ? r : source_identify(&w->source, w->pool, &w->b->task, w->err);
}

int build_hash_module(const char *dir, struct sha256_hex *out)
{
	_cleanup_close_ int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_strvec_ struct strvec files = STRVEC_INIT;
	int r = dirfd < 0 ? -errno : source_file_list(dirfd, &files);
	struct sha256 *h = sha256_new();

	for (size_t i = 0; !r && i < files.n; i++) {
		_cleanup_close_ int fd =
			openat(dirfd, files.v[i], O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		struct sha256_hex sha;

		r = fd < 0 ? -errno : sha256_of_fd(fd, &sha, NULL);
		sha256_update(h, files.v[i], strlen(files.v[i]) + 1);
		if (!r)
			sha256_update(h, sha.str, sizeof(sha.str));
	}
	*out = sha256_finish(h);
	return r;
}

static int read_module(struct build_work *w)
{
	struct sha256_hex id;
	int r = w->b->module ? build_hash_module(w->b->module, &id) : 0;

	if (r)
		return err_set(w->err, ERR_JOB, r, "module %s: %s", w->b->module,
			       strerror(-r));
	w->module_id = w->b->module ? xstrdup(id.str) : NULL;
	return 0;
}

static int read_toolchain(struct build_work *w)
{
	const struct job_build *p = w->b->point;
	const char *cross = p->cross ?: kernel_cross_of(p->arch);

	if (!cross)
		return err_set(
			w->err, ERR_JOB, -EINVAL,
			"architecture %s: its compiler is not known; expected `cross`",
			p->arch);
	w->cross = xstrdup(cross);
	/* Another builder brings its own. */
	if (p->command) {
		w->compiler = xstrdup("");
		return 0;
	}
	return kernel_compiler_version(w->cross, &w->b->task, &w->compiler, w->err);
}

static void add(struct sha256 *h, const char *name, const char *value)
{
	value = value ?: "";
	sha256_update(h, name, strlen(name) + 1);
	sha256_update(h, value, strlen(value) + 1);
}

/* What the configuration and each object depend on but for the source. */
static void add_settings(struct sha256 *h, const struct build_work *w)
{
	add(h, "config", w->config.base);
	for (size_t i = 0; i < w->config.names.n; i++)
		add(h, "fragment", w->config.sha256[i].str);
	add(h, "arch", w->b->point->arch);
	add(h, "cross", w->cross);
	add(h, "compiler", w->compiler);
}

static struct sha256_hex make_key(const struct build_work *w)
{
	struct sha256 *h = sha256_new();

	add(h, "recipe", recipe);
	add(h, "base", w->source.id.str);
	for (size_t i = 0; i < w->series.n; i++) {
		_cleanup_free_ char *strip =
			xasprintf("patch -p%u", w->series.v[i].strip);

		add(h, strip, w->series.v[i].sha256.str);
	}
	add_settings(h, w);
	add(h, "module", w->module_id);
	add(h, "command", w->b->point->command);
	return sha256_finish(h);
}

/* One object tree for each source and configuration. A tarball's tree is made anew with
 * times of its own when it changes, so its objects are too. */
static char *objects_path(const struct build_work *w)
{
	struct sha256 *h = sha256_new();

	if (w->source.kind == SOURCE_TARBALL)
		add(h, "base", w->source.id.str);
	add_settings(h, w);
	add(h, "command", w->b->point->command);
	return xasprintf("%s/obj/%s-%.12s", w->pool, w->source.slug,
			 sha256_finish(h).str);
}

int build_read_inputs(struct build_work *w)
{
	const struct job_build *p = w->b->point;
	int r = read_source(w);

	if (!r)
		r = kconfig_load(p->config_base, &p->configs,
				 w->b->config ? &w->b->config->configs : NULL, &w->config,
				 w->err);
	if (!r)
		r = read_toolchain(w);
	if (!r)
		r = read_module(w);
	if (r)
		return r;
	w->key = make_key(w);
	w->dir = xasprintf("%s/built/%.16s", w->pool, w->key.str);
	w->fresh = xasprintf("%s/built/.new", w->pool);
	w->objects = objects_path(w);
	return 0;
}
