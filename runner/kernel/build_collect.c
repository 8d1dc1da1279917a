// SPDX-License-Identifier: GPL-2.0-or-later
/* What a build leaves: image, vmlinux, System.map, configuration, device trees, modules,
 * log; copied out of the object tree, where the next point of the series overwrites them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kernel/build_work.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/path.h"

const struct build_image *build_image_of(const char *arch)
{
	static const struct build_image table[] = {
		{ "arm64", "Image", "arch/arm64/boot/Image" },
		{ "arm", "zImage", "arch/arm/boot/zImage" },
		{ "riscv", "Image", "arch/riscv/boot/Image" },
		{ "x86_64", "bzImage", "arch/x86/boot/bzImage" },
		{ "x86", "bzImage", "arch/x86/boot/bzImage" },
		{ "um", "linux", "linux" },
		{ NULL, "vmlinux", "vmlinux" },
	};
	const struct build_image *i = table;

	while (i->arch && strcmp(i->arch, arch) != 0)
		i++;
	return i;
}

/* Copied, with the disk asked to share where it can; on the disk before the build counts
 * as complete. */
int build_copy_file(const char *from, const char *to)
{
	_cleanup_close_ int in = open(from, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int out = -1;
	struct stat st;
	ssize_t n;

	if (in < 0 || fstat(in, &st))
		return -errno;
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		   st.st_mode & S_IXUSR ? 0755 : 0644);
	if (out < 0)
		return -errno;
	do
		n = copy_file_range(in, NULL, out, NULL, (size_t)1 << 30, 0);
	while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0) {
		if (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP &&
		    errno != ENOSYS)
			return -errno;
		int r = io_copy_fd(in, out);

		if (r)
			return r;
	}
	return fsync(out) ? -errno : 0;
}

static int take(struct build_work *w, const char *path, const char *as, bool is_must)
{
	_cleanup_free_ char *from = xasprintf("%s/%s", w->objects, path);
	_cleanup_free_ char *to = xasprintf("%s/%s", w->fresh, as);
	int r = build_copy_file(from, to);

	if (r == -ENOENT && !is_must)
		return 0;
	build_tell(w, KERNEL_BUILD_COLLECT, 0, 0, as);
	return r ? err_set(w->err, ERR_LAB, r, "%s: %s", to, strerror(-r)) : 0;
}

static int take_module(struct build_work *w)
{
	_cleanup_free_ char *path = xasprintf("%s/.bootrig-module", w->objects);
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;
	int r = io_list_at(AT_FDCWD, path, &names), n = 0;

	if (r && r != -ENOENT)
		return err_set(w->err, ERR_LAB, r, "%s: %s", path, strerror(-r));
	r = 0;
	for (size_t i = 0; !r && i < names.n; i++) {
		size_t len = strlen(names.v[i]);
		_cleanup_free_ char *from = xasprintf(".bootrig-module/%s", names.v[i]);

		if (len < 4 || strcmp(names.v[i] + len - 3, ".ko") != 0)
			continue;
		r = take(w, from, names.v[i], true);
		n++;
	}
	return r || n ? r
		      : err_set(w->err, ERR_JOB, -ENOENT,
				"module %s: it makes no .ko file", w->b->module);
}

static int install(struct build_work *w, const char *target, const char *variable,
		   const char *dir)
{
	_cleanup_free_ char *to =
		xasprintf("%s=%s%s%s", variable, w->fresh, dir[0] ? "/" : "", dir);
	const char *targets[] = { target, to, NULL };

	build_tell(w, KERNEL_BUILD_COLLECT, 0, 0, target);
	return kernel_make(&w->make, targets, target, w->err);
}

/* `build` and `source` lead into the pool. */
static int drop_links(struct build_work *w)
{
	static const char *const names[] = { "build", "source" };
	_cleanup_free_ char *path = xasprintf("%s/lib/modules", w->fresh);
	_cleanup_strvec_ struct strvec releases = STRVEC_INIT;
	int r = io_list_at(AT_FDCWD, path, &releases);

	if (r && r != -ENOENT)
		return err_set(w->err, ERR_LAB, r, "%s: %s", path, strerror(-r));
	for (size_t k = 0; k < releases.n; k++)
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			_cleanup_free_ char *link =
				xasprintf("%s/%s/%s", path, releases.v[k], names[i]);

			if (unlink(link) && errno != ENOENT)
				return err_set(w->err, ERR_LAB, -errno, "%s: %s", link,
					       strerror(errno));
		}
	return 0;
}

static int take_trees(struct build_work *w, const char *config)
{
	_cleanup_free_ char *dts =
		xasprintf("%s/arch/%s/boot/dts/Makefile", w->tree.dir, w->b->point->arch);
	_cleanup_free_ char *of = kconfig_get(config, "OF");
	int r = 0;

	if (strcmp(of, "y") == 0 && access(dts, F_OK) == 0)
		r = install(w, "dtbs_install", "INSTALL_DTBS_PATH", "dtbs");
	if (!r && kconfig_has_modules(config))
		r = install(w, "modules_install", "INSTALL_MOD_PATH", "");
	return r ? r : drop_links(w);
}

int build_collect(struct build_work *w)
{
	const struct build_image *image = build_image_of(w->b->point->arch);
	const char *name = path_last(image->path);
	_cleanup_free_ char *path = xasprintf("%s/.config", w->objects);
	_cleanup_strbuf_ struct strbuf config = STRBUF_INIT;
	int r = io_read_file_at(AT_FDCWD, path, KCONFIG_MAX_BYTES, &config);

	if (r)
		return err_set(w->err, ERR_LAB, r, "%s: %s", path, strerror(-r));
	r = take(w, image->path, name, true);
	if (!r && strcmp(name, "vmlinux") != 0)
		r = take(w, "vmlinux", "vmlinux", false);
	if (!r)
		r = take(w, "System.map", "System.map", false);
	if (!r)
		r = take(w, ".config", "config", true);
	if (!r && w->b->module)
		r = take_module(w);
	return r ? r : take_trees(w, strbuf_str(&config));
}
