// SPDX-License-Identifier: GPL-2.0-or-later
/* The one file that the board's loader looks for, pxelinux.cfg/01-<mac> or a boot script,
 * for the time of one run. What the lab keeper wrote there by hand comes back afterwards;
 * files of other boards are not looked at. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "boot/boot_script.h"
#include "boot/stage_file.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/path.h"

enum { CONFIG_MAX = 1 << 20 };

static const char config_dir[] = "pxelinux.cfg";

/* dir "" is the base itself. */
static int open_config_dir(const struct staged *s, const char *dir, struct err *err)
{
	bool is_new = dir[0] && mkdirat(s->dir.base_fd, dir, 0755) == 0;

	if (dir[0] && !is_new && errno != EEXIST)
		return stage_disk_failed(err, dir, -errno);
	if (is_new && fchmodat(s->dir.base_fd, dir, 0755, 0))
		return stage_disk_failed(err, dir, -errno);
	int fd = openat(s->dir.base_fd, dir[0] ? dir : ".",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? stage_disk_failed(err, dir, -errno) : fd;
}

static char *saved_name(const char *name)
{
	return xasprintf("%s.before-bootrig", name);
}

static bool is_ours(const struct strbuf *text)
{
	return strncmp(strbuf_str(text), EXTLINUX_MARK, strlen(EXTLINUX_MARK)) == 0 ||
	       boot_script_is_ours(strbuf_str(text), text->len);
}

/* What the lab keeper wrote by hand for this board comes back after the run. */
static int save_foreign(int dirfd, const char *name, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_free_ char *saved = saved_name(name);
	int r = io_read_file_at(dirfd, name, CONFIG_MAX, &text);

	if (r == -ENOENT || (!r && is_ours(&text)))
		return 0;
	if (renameat(dirfd, name, dirfd, saved))
		return stage_disk_failed(err, name, -errno);
	return 0;
}

static int put(struct staged *s, const char *dir, const char *name,
	       const struct strbuf *text, struct err *err)
{
	_cleanup_close_ int dirfd = open_config_dir(s, dir, err);
	int r;

	if (dirfd < 0)
		return dirfd;
	r = save_foreign(dirfd, name, err);
	if (r)
		return r;
	r = io_atomic_write_at(dirfd, name, text->buf, text->len);
	if (!r && fchmodat(dirfd, name, 0444, 0))
		r = -errno;
	if (r)
		return stage_disk_failed(err, name, r);
	stage_file_release(&s->config);
	s->config.name = xstrdup(name);
	s->config.boot_path = xasprintf("%s%s%s", dir, dir[0] ? "/" : "", name);
	s->config.tftp_path = xasprintf("%s%s%s", s->subdir, s->subdir[0] ? "/" : "",
					s->config.boot_path);
	s->config.size = text->len;
	s->config.sha256 = s->config.source_sha256 = sha256_of(text->buf, text->len);
	return 0;
}

int stage_config_text(const char *mac, const struct extlinux *x, struct strbuf *text,
		      char **path, struct err *err)
{
	struct pxe_name name = { "default" };
	int r = 0;

	if (mac)
		r = pxe_name_from_mac(mac, &name, err);
	if (!r)
		r = extlinux_format(x, text, err);
	if (!r)
		*path = xasprintf("%s/%s", config_dir, name.str);
	return r;
}

static char *dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup("");
}

int stage_config(struct staged *s, const char *mac, const struct extlinux *x,
		 struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_free_ char *path = NULL;
	int r = stage_config_text(mac, x, &text, &path, err);

	return r ? r : put(s, config_dir, path_last(path), &text, err);
}

int stage_script_text(const struct staged *s, const struct board_boot *board,
		      const char *append, struct strbuf *text, struct err *err)
{
	const struct boot_script b = { .kernel_addr = board->kernel_addr,
				       .ramdisk_addr = board->ramdisk_addr,
				       .dtb_addr = board->dtb_addr,
				       .kernel = s->kernel.tftp_path,
				       .ramdisk = s->ramdisk.tftp_path,
				       .dtb = s->dtb.tftp_path,
				       .kind = s->image.kind,
				       .append = append };

	return boot_script_text(&b, text, err);
}

int stage_script(struct staged *s, const struct board_boot *board, const char *append,
		 struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT, image = STRBUF_INIT;
	_cleanup_free_ char *dir = dir_of(board->script);
	int r = stage_script_text(s, board, append, &text, err);

	if (r)
		return r;
	boot_script_wrap(text.buf, text.len, 0, &image);
	return put(s, dir, path_last(board->script), &image, err);
}

int stage_config_remove(const struct staged *s, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_free_ char *saved = saved_name(s->config.name);
	_cleanup_free_ char *dir = dir_of(s->config.boot_path);
	_cleanup_close_ int dirfd = open_config_dir(s, dir, err);
	int r;

	if (dirfd < 0)
		return dirfd;
	r = io_read_file_at(dirfd, s->config.name, CONFIG_MAX, &text);
	if (r == -ENOENT)
		return 0;
	if (r)
		return stage_disk_failed(err, s->config.name, r);
	struct sha256_hex now = sha256_of(strbuf_str(&text), text.len);
	if (strcmp(now.str, s->config.sha256.str) != 0)
		return 0; /* a later run's, or somebody edited it */
	if (renameat(dirfd, saved, dirfd, s->config.name) == 0)
		return 0;
	if (errno != ENOENT || unlinkat(dirfd, s->config.name, 0))
		return stage_disk_failed(err, s->config.name, -errno);
	return 0;
}
