// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of one boot, fetched and put into the run's directory of the TFTP root.
 * Decides nothing about labels or arguments: the session gives the configuration. */
#include "boot/stage_file.h"

#include <errno.h>

#include "kernel/transfer.h"
#include "kernel/unpack.h"
#include "util/mem.h"

enum { READ_STEP = 1 << 18, FDT_HEADER = 40 };
#define DTB_MAX_BYTES (UINT64_C(16) << 20)
#define RAMDISK_MAX_BYTES (UINT64_C(2) << 30)

/* ---- device tree ---- */

static int check_dtb(int fd, uint64_t size, const char *url, struct err *err)
{
	uint8_t h[FDT_HEADER];
	size_t n;
	int r = stage_file_head(fd, h, sizeof(h), &n, url, err);

	if (r)
		return r;
	if (n < FDT_HEADER || memcmp(h, "\xd0\x0d\xfe\xed", 4) != 0)
		return err_set(err, ERR_JOB, -EINVAL, "%s: no device tree blob", url);
	uint64_t total =
		(uint64_t)h[4] << 24 | (uint64_t)h[5] << 16 | (uint64_t)h[6] << 8 | h[7];
	if (total > size)
		return err_set(err, ERR_JOB, -EINVAL,
			       "%s: the device tree says %llu bytes, the file has %llu",
			       url, (unsigned long long)total, (unsigned long long)size);
	return 0;
}

static int unpack_dtb(const struct stage_request *req, const struct fetched *src,
		      const char *url, int out_fd, struct unpacked *un, struct err *err)
{
	struct unpack u = { .fd = src->fd,
			    .want = UNPACK_ONLY,
			    .name = url,
			    .compression = req->dtb->compression,
			    .archive = req->dtb->archive,
			    .max_bytes = DTB_MAX_BYTES };

	return unpack_file(&u, out_fd, &req->task, un, err);
}

static int stage_dtb(const struct stage_request *req, struct staged *s, struct err *err)
{
	static const char tmp[] = ".dtb", name[] = STAGE_DTB_NAME;
	_cleanup_free_ char *url = url_masked(req->dtb->url);
	_cleanup_close_ int fd = -1;
	struct fetched src = FETCHED_INIT;
	struct unpacked un;
	int r = stage_file_fetch(req, s, req->dtb, DTB_MAX_BYTES, &src, err);

	if (r)
		return r;
	fd = stage_file_create(s, tmp, err);
	/* A bare file passes through as well, and the job's words are checked. */
	r = fd < 0 ? fd : unpack_dtb(req, &src, url, fd, &un, err);
	if (!r)
		r = fetched_recheck(&src, url, err);
	if (!r)
		r = check_dtb(fd, un.size, url, err);
	if (!r)
		r = stage_file_finish(s, fd, tmp, name, err);
	if (!r) {
		stage_file_record(s, &s->dtb, name, req->dtb->url, &src.sha256);
		s->dtb.size = un.size;
		s->dtb.sha256 = un.sha256;
	}
	fetched_release(&src);
	return r;
}

/* ---- ramdisk ---- */

/* The overlay goes in front, see kernel/overlay.h. Without a cpio archive behind it the
 * helpers can still be typed, but directories cannot. */
static int put_overlay(const struct stage_request *req, struct staged *s, const char *url,
		       int fd, uint64_t *size, struct err *err)
{
	*size = 0;
	if (!req->overlay)
		return 0;
	if (!s->ramdisk_is.is_cpio) {
		if (!req->n_trees)
			return 0;
		return err_set(err, ERR_JOB, -EINVAL,
			       "%s: no cpio archive, so test directories cannot be put "
			       "into it",
			       url);
	}
	s->has_overlay = true;
	return overlay_write(req->trees, req->n_trees, fd, &req->task, size, err);
}

static int hash_start(int fd, uint64_t size, struct sha256 *hash, struct err *err)
{
	_cleanup_free_ char *buf = xmalloc(READ_STEP);

	for (uint64_t at = 0; at < size;) {
		ssize_t n = pread(fd, buf, READ_STEP, (off_t)at);

		if (n <= 0)
			return stage_disk_failed(err, "ramdisk", n < 0 ? -errno : -EIO);
		sha256_update(hash, buf, (size_t)n);
		at += (uint64_t)n;
	}
	return 0;
}

static int fill_ramdisk(const struct stage_request *req, struct staged *s,
			const struct fetched *src, const char *url, int fd,
			struct err *err)
{
	struct sha256 *hash = sha256_new();
	uint64_t overlay;
	int r = put_overlay(req, s, url, fd, &overlay, err);

	if (!r)
		r = hash_start(fd, overlay, hash, err);
	if (!r)
		r = stage_file_copy(src->fd, s->ramdisk_is.header_bytes,
				    s->ramdisk_is.payload_bytes, fd, hash, &req->task,
				    url, err);
	s->ramdisk.sha256 = sha256_finish(hash);
	s->ramdisk.size = overlay + s->ramdisk_is.payload_bytes;
	return r ?: fetched_recheck(src, url, err);
}

static int stage_ramdisk(const struct stage_request *req, struct staged *s,
			 struct err *err)
{
	static const char tmp[] = ".ramdisk", name[] = STAGE_RAMDISK_NAME;
	_cleanup_free_ char *url = url_masked(req->ramdisk->url);
	_cleanup_close_ int fd = -1;
	struct fetched src = FETCHED_INIT;
	int r;

	if (req->ramdisk->archive)
		return err_set(err, ERR_JOB, -EOPNOTSUPP,
			       "%s: a ramdisk inside an archive (%s) is not supported",
			       url, req->ramdisk->archive);
	r = stage_file_fetch(req, s, req->ramdisk, RAMDISK_MAX_BYTES, &src, err);
	if (r)
		return r;
	r = ramdisk_probe(src.fd, url, req->ramdisk->compression, &s->ramdisk_is, err);
	if (!r) {
		fd = stage_file_create(s, tmp, err);
		r = fd < 0 ? fd : fill_ramdisk(req, s, &src, url, fd, err);
	}
	if (!r)
		r = stage_file_finish(s, fd, tmp, name, err);
	if (!r)
		stage_file_record(s, &s->ramdisk, name, req->ramdisk->url, &src.sha256);
	fetched_release(&src);
	return r;
}

/* ---- all of it ---- */

static bool is_given(const struct job_file *f)
{
	return f && f->url;
}

static int stage_all(const struct stage_request *req, struct staged *s, struct err *err)
{
	int r = stage_dir_create(s->root, s->subdir, req->run, &s->dir, &s->n_swept, err);

	if (!r && is_given(req->kernel))
		r = stage_kernel(req, s, err);
	if (!r && is_given(req->dtb))
		r = stage_dtb(req, s, err);
	if (!r && is_given(req->ramdisk))
		r = stage_ramdisk(req, s, err);
	return r ?: stage_dir_complete(&s->dir, err);
}

int stage_files(const struct stage_request *req, struct staged *out, struct err *err)
{
	struct err ignored = ERR_INIT;

	*out = (struct staged)STAGED_INIT;
	out->root = xstrdup(req->tftp_root);
	out->subdir = xstrdup(req->tftp_subdir ?: "");
	int r = stage_all(req, out, err);
	if (!r)
		return 0;
	if (out->dir.fd >= 0)
		(void)!stage_dir_remove(&out->dir, &ignored);
	staged_release(out);
	return r;
}

void staged_release(struct staged *s)
{
	stage_file_release(&s->kernel);
	stage_file_release(&s->ramdisk);
	stage_file_release(&s->dtb);
	stage_file_release(&s->config);
	free(s->root);
	free(s->subdir);
	free(s->kernel_member);
	free(s->kernel_how);
	stage_dir_release(&s->dir);
	*s = (struct staged)STAGED_INIT;
}

int stage_remove(struct staged *s, struct err *err)
{
	struct err later = ERR_INIT;
	int r = 0, r2 = 0;

	if (s->dir.base_fd < 0)
		return 0;
	if (s->config.name)
		r = stage_config_remove(s, err);
	r2 = stage_dir_remove(&s->dir, r ? &later : err);
	return r ?: r2;
}
