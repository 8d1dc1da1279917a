// SPDX-License-Identifier: GPL-2.0-or-later
/* pxelinux.cfg/01-<mac> of the board under test, for the time of one run. What the lab
 * keeper wrote there by hand comes back afterwards; files of other boards are not looked
 * at. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "boot/stage_file.h"
#include "util/io.h"
#include "util/mem.h"

enum { CONFIG_MAX = 1 << 20 };

static const char config_dir[] = "pxelinux.cfg";

static int open_config_dir(const struct staged *s, struct err *err)
{
	bool is_new = mkdirat(s->dir.base_fd, config_dir, 0755) == 0;

	if (!is_new && errno != EEXIST)
		return stage_disk_failed(err, config_dir, -errno);
	if (is_new && fchmodat(s->dir.base_fd, config_dir, 0755, 0))
		return stage_disk_failed(err, config_dir, -errno);
	int fd = openat(s->dir.base_fd, config_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? stage_disk_failed(err, config_dir, -errno) : fd;
}

static char *saved_name(const char *name)
{
	return xasprintf("%s.before-bootrig", name);
}

/* What the lab keeper wrote by hand for this board comes back after the run. */
static int save_foreign(int dirfd, const char *name, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_free_ char *saved = saved_name(name);
	int r = io_read_file_at(dirfd, name, CONFIG_MAX, &text);

	if (r == -ENOENT ||
	    (!r && strncmp(strbuf_str(&text), EXTLINUX_MARK, strlen(EXTLINUX_MARK)) == 0))
		return 0;
	if (renameat(dirfd, name, dirfd, saved))
		return stage_disk_failed(err, name, -errno);
	return 0;
}

int stage_config(struct staged *s, const char *mac, const struct extlinux *x,
		 struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_close_ int dirfd = -1;
	struct pxe_name name;
	int r = 0;

	if (mac)
		r = pxe_name_from_mac(mac, &name, err);
	else
		name = (struct pxe_name){ "default" };
	if (!r)
		r = extlinux_format(x, &text, err);
	if (r)
		return r;
	dirfd = open_config_dir(s, err);
	if (dirfd < 0)
		return dirfd;
	r = save_foreign(dirfd, name.str, err);
	if (r)
		return r;
	r = io_atomic_write_at(dirfd, name.str, text.buf, text.len);
	if (!r && fchmodat(dirfd, name.str, 0444, 0))
		r = -errno;
	if (r)
		return stage_disk_failed(err, name.str, r);
	stage_file_release(&s->config);
	s->config.name = xstrdup(name.str);
	s->config.boot_path = xasprintf("%s/%s", config_dir, name.str);
	s->config.tftp_path = xasprintf("%s%s%s", s->subdir, s->subdir[0] ? "/" : "",
					s->config.boot_path);
	s->config.size = text.len;
	s->config.sha256 = s->config.source_sha256 = sha256_of(text.buf, text.len);
	return 0;
}

int stage_config_remove(const struct staged *s, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_free_ char *saved = saved_name(s->config.name);
	_cleanup_close_ int dirfd = open_config_dir(s, err);
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
