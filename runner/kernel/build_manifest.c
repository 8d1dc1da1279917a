// SPDX-License-Identifier: GPL-2.0-or-later
/* build.json: what a finished build was made from. It is written last, so a directory
 * that has one is complete. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>

#include "diagnose/build_id.h"
#include "kernel/build_work.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/path.h"

enum { MANIFEST_MAX = 4 << 20 };

static char *release_of(const struct build_work *w)
{
	_cleanup_free_ char *path =
		xasprintf("%s/include/config/kernel.release", w->objects);
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	if (io_read_file_at(AT_FDCWD, path, 4096, &text))
		return xstrdup("");
	return xstrndup(strbuf_str(&text), strcspn(strbuf_str(&text), "\n"));
}

static json_t *named_hash(const char *name, const char *sha256)
{
	json_t *j = json_object();

	json_put(j, "name", json_lossy_str(name));
	json_put(j, "sha256", json_lossy_str(sha256));
	return j;
}

static json_t *patches_of(const struct build_work *w)
{
	json_t *list = json_array();

	for (size_t i = 0; i < w->series.n; i++)
		json_push(list, named_hash(w->series.v[i].short_name,
					   w->series.v[i].sha256.str));
	for (size_t i = 0; i < w->source.commits.n; i++) {
		const char *line = w->source.commits.v[i];
		size_t n = strcspn(line, " ");
		json_t *j = json_object();

		json_put(j, "name", json_lossy_str(line[n] ? line + n + 1 : line));
		json_put(j, "commit", json_lossy(line, n));
		json_push(list, j);
	}
	return list;
}

static json_t *configs_of(const struct build_work *w)
{
	json_t *list = json_array();

	for (size_t i = 0; i < w->config.names.n; i++)
		json_push(list,
			  named_hash(w->config.names.v[i], w->config.sha256[i].str));
	return list;
}

/* nftw(3) has no argument for its callback. */
static int64_t sum_bytes;

static int add_size(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	if (kind == FTW_F)
		sum_bytes += st->st_size;
	return 0;
}

static int64_t size_of(const char *dir)
{
	sum_bytes = 0;
	return nftw(dir, add_size, 16, FTW_PHYS) ? 0 : sum_bytes;
}

static json_t *describe(const struct build_work *w)
{
	const struct job_build *p = w->b->point;
	const struct build_image *image = build_image_of(p->arch);
	_cleanup_free_ char *vmlinux = xasprintf("%s/vmlinux", w->fresh);
	_cleanup_free_ char *linux_elf = xasprintf("%s/linux", w->fresh);
	_cleanup_free_ char *release = release_of(w);
	_cleanup_free_ char *id =
		build_id_of_file(access(vmlinux, F_OK) ? linux_elf : vmlinux);
	json_t *j = json_object();

	json_put(j, "schema", json_string(BUILD_SCHEMA));
	json_put(j, "key", json_string(w->key.str));
	json_put(j, "release", json_lossy_str(release));
	json_put(j, "build_id", json_lossy_str(id));
	json_put(j, "image", json_string(path_last(image->path)));
	json_put(j, "arch", json_lossy_str(p->arch));
	json_put(j, "base", json_lossy_str(w->source.given));
	json_put(j, "base_id", json_string(w->source.id.str));
	json_put(j, "base_commit", json_lossy_str(w->source.commit));
	json_put(j, "series", json_lossy_str(p->series));
	json_put(j, "upto", json_lossy_str(p->upto));
	json_put(j, "patches", patches_of(w));
	json_put(j, "config_base", json_lossy_str(w->config.base));
	json_put(j, "configs", configs_of(w));
	json_put(j, "cross", json_lossy_str(w->cross));
	json_put(j, "compiler", json_lossy_str(w->compiler));
	json_put(j, "command", json_lossy_str(p->command));
	json_put(j, "module", json_lossy_str(w->b->module));
	json_put(j, "objects", json_integer((json_int_t)w->make.objects_made));
	json_put(j, "seconds", json_real((double)(clock_now_ns() - w->begin_ns) / 1e9));
	json_put(j, "bytes", json_integer(size_of(w->fresh)));
	return j;
}

int build_write_manifest(struct build_work *w)
{
	_cleanup_free_ char *path = xasprintf("%s/build.json", w->fresh);
	_cleanup_json_ json_t *j = describe(w);
	size_t len;
	_cleanup_free_ char *text = json_pretty(j, &len);
	int r = io_atomic_write(path, text, len);

	return r ? err_set(w->err, ERR_LAB, r, "%s: %s", path, strerror(-r)) : 0;
}

json_t *build_load_manifest(int dirfd, const char *dir, size_t *len_bytes)
{
	_cleanup_free_ char *path = xasprintf("%s/build.json", dir);
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	if (io_read_file_at(dirfd, path, MANIFEST_MAX, &text))
		return NULL;
	if (len_bytes)
		*len_bytes = text.len;
	return json_loadb(strbuf_str(&text), text.len, 0, NULL);
}

bool build_read_manifest(const char *dir, const struct sha256_hex *key,
			 struct kernel_built *out)
{
	size_t len = 0;
	_cleanup_json_ json_t *j = build_load_manifest(AT_FDCWD, dir, &len);

	/* Whoever cleaned up here may have begun with another file. */
	if (strcmp(json_get_str(j, "key", ""), key->str) != 0 ||
	    size_of(dir) < json_get_int(j, "bytes", 0) + (int64_t)len)
		return false;
	out->release = xstrdup(json_get_str(j, "release", ""));
	out->key = *key;
	return true;
}
