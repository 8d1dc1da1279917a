// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of one boot, fetched and put into the run's directory of the TFTP root.
 * Decides nothing about labels or arguments: the session gives the configuration. */
#include "boot/stage_file.h"

#include <errno.h>

#include "kernel/dtbs.h"
#include "kernel/transfer.h"
#include "kernel/unpack.h"
#include "util/io.h"
#include "util/mem.h"

enum { READ_STEP = 1 << 18, FDT_HEADER = 40 };
#define RAMDISK_MAX_BYTES (UINT64_C(2) << 30)

/* ---- device tree ---- */

int stage_check_dtb(int fd, uint64_t size, const char *url, struct err *err)
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

/* A bare file passes through as well, and the job's words are checked. */
static int unpack_dtb(const struct stage_request *req, const struct staged *s,
		      const struct job_file *file, const char *url, int out_fd,
		      struct unpacked *un, struct sha256_hex *source, struct err *err)
{
	struct fetched src = FETCHED_INIT;
	int r = stage_file_fetch(req, s, file, DTB_MAX_BYTES, &src, err);
	struct unpack u = { .fd = src.fd,
			    .want = UNPACK_ONLY,
			    .name = url,
			    .compression = file->compression,
			    .archive = file->archive,
			    .max_bytes = DTB_MAX_BYTES };

	if (!r)
		r = unpack_file(&u, out_fd, &req->task, un, err);
	if (!r)
		r = fetched_recheck(&src, url, err);
	*source = src.sha256;
	fetched_release(&src);
	return r;
}

/* What came out of the kernel's archive. */
static int copy_piece(const struct stage_request *req, const struct stage_piece *piece,
		      const char *url, int out_fd, struct unpacked *un, struct err *err)
{
	struct sha256 *hash = sha256_new();
	int r = stage_file_copy(piece->fd, 0, piece->un.size, out_fd, hash, &req->task,
				url, err);

	*un = piece->un;
	un->sha256 = sha256_finish(hash);
	return r;
}

/* A device tree or an overlay of one. */
static int stage_dtb(const struct stage_request *req, struct staged *s,
		     const struct job_file *file, const struct stage_piece *piece,
		     const char *name, struct staged_file *out, struct err *err)
{
	static const char tmp[] = ".dtb";
	_cleanup_free_ char *url = url_masked(file->url);
	_cleanup_close_ int fd = stage_file_create(s, tmp, err);
	struct sha256_hex source;
	struct unpacked un;
	int r;

	if (fd < 0)
		return fd;
	if (piece && piece->fd >= 0) {
		source = s->pieces->source;
		r = copy_piece(req, piece, url, fd, &un, err);
	} else {
		r = unpack_dtb(req, s, file, url, fd, &un, &source, err);
	}
	if (!r)
		r = stage_check_dtb(fd, un.size, url, err);
	if (!r)
		r = stage_file_finish(s, fd, tmp, name, err);
	if (r)
		return r;
	stage_file_record(s, out, name, file->url, &source);
	out->size = un.size;
	out->sha256 = un.sha256;
	return 0;
}

char *stage_overlay_name(size_t i)
{
	return xasprintf("overlay%zu.dtbo", i);
}

static int stage_overlays(const struct stage_request *req, struct staged *s,
			  struct err *err)
{
	if (req->n_overlays > STAGE_MAX_OVERLAYS)
		return err_set(err, ERR_JOB, -E2BIG, "%zu overlays; expected at most %d",
			       req->n_overlays, STAGE_MAX_OVERLAYS);
	for (; s->n_overlays < req->n_overlays; s->n_overlays++) {
		const size_t i = s->n_overlays;
		_cleanup_free_ char *name = stage_overlay_name(i);
		int r = stage_dtb(req, s, &req->overlays[i],
				  s->pieces ? &s->pieces->overlays[i] : NULL, name,
				  &s->overlays[i], err);

		if (r)
			return r;
		s->overlay_paths[i] = s->overlays[i].boot_path;
	}
	return 0;
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

/* The ramdisk while it grows: helpers, what the job gives, modules. */
struct ramdisk {
	char *url; /* masked */
	int fd;
	struct sha256 *hash; /* NULL = not begun */
	struct sha256_hex source;
};

static const char ramdisk_tmp[] = ".ramdisk";

static int fill_ramdisk(const struct stage_request *req, struct staged *s,
			struct ramdisk *rd, const struct fetched *src, struct err *err)
{
	uint64_t overlay;
	int r = put_overlay(req, s, rd->url, rd->fd, &overlay, err);

	rd->hash = sha256_new();
	rd->source = src->sha256;
	if (!r)
		r = hash_start(rd->fd, overlay, rd->hash, err);
	if (!r)
		r = stage_file_copy(src->fd, s->ramdisk_is.header_bytes,
				    s->ramdisk_is.payload_bytes, rd->fd, rd->hash,
				    &req->task, rd->url, err);
	s->ramdisk.size = overlay + s->ramdisk_is.payload_bytes;
	return r ?: fetched_recheck(src, rd->url, err);
}

static int begin_ramdisk(const struct stage_request *req, struct staged *s,
			 struct ramdisk *rd, struct err *err)
{
	struct fetched src = FETCHED_INIT;
	int r;

	rd->url = url_masked(req->ramdisk->url);
	if (req->ramdisk->archive)
		return err_set(err, ERR_JOB, -EOPNOTSUPP,
			       "%s: a ramdisk inside an archive (%s) is not supported",
			       rd->url, req->ramdisk->archive);
	r = stage_file_fetch(req, s, req->ramdisk, RAMDISK_MAX_BYTES, &src, err);
	if (r)
		return r;
	r = ramdisk_probe(src.fd, rd->url, req->ramdisk->compression, &s->ramdisk_is,
			  err);
	if (!r) {
		rd->fd = stage_file_create(s, ramdisk_tmp, err);
		r = rd->fd < 0 ? rd->fd : fill_ramdisk(req, s, rd, &src, err);
	}
	fetched_release(&src);
	return r;
}

/* init/initramfs.c, unpack_to_rootfs(): archives follow each other, with zeros between;
 * one that is not compressed starts at a multiple of 4 from the last one's start. 512
 * serves both. */
static int append_modules(const struct stage_request *req, struct staged *s,
			  struct ramdisk *rd, int fd, struct err *err)
{
	static const char zeros[512];
	size_t gap = (size_t)(-s->ramdisk.size % sizeof(zeros));
	int r = io_write_all(rd->fd, zeros, gap);

	if (r)
		return stage_disk_failed(err, STAGE_RAMDISK_NAME, r);
	sha256_update(rd->hash, zeros, gap);
	s->ramdisk.size += gap + s->modules_bytes;
	return stage_file_copy(fd, 0, s->modules_bytes, rd->fd, rd->hash, &req->task,
			       "modules", err);
}

static int finish_ramdisk(const struct stage_request *req, struct staged *s,
			  struct ramdisk *rd, struct err *err)
{
	_cleanup_close_ int modules_fd = -1;
	int r = stage_modules_open(req, s, &modules_fd, err);

	if (!r && modules_fd >= 0)
		r = append_modules(req, s, rd, modules_fd, err);
	if (!r)
		r = stage_file_finish(s, rd->fd, ramdisk_tmp, STAGE_RAMDISK_NAME, err);
	if (!r) {
		stage_file_record(s, &s->ramdisk, STAGE_RAMDISK_NAME, req->ramdisk->url,
				  &rd->source);
		s->ramdisk.sha256 = sha256_finish(rd->hash);
		rd->hash = NULL;
	}
	return r;
}

static void release_ramdisk(struct ramdisk *rd)
{
	if (rd->hash)
		(void)sha256_finish(rd->hash);
	cleanup_close(&rd->fd);
	free(rd->url);
}

/* ---- all of it ---- */

static bool is_given(const struct job_file *f)
{
	return f && f->url;
}

int stage_label(const struct stage_request *req, struct staged *s, struct err *err)
{
	struct ramdisk rd = { .fd = -1 };
	int r = 0;

	if (is_given(req->ramdisk))
		r = begin_ramdisk(req, s, &rd, err);
	if (!r && is_given(req->kernel))
		r = stage_kernel(req, s, err);
	if (!r && is_given(req->dtb))
		r = stage_dtb(req, s, req->dtb, s->pieces ? &s->pieces->dtb : NULL,
			      STAGE_DTB_NAME, &s->dtb, err);
	if (!r && is_given(req->fdtdir))
		r = stage_dtbs(req, s, err);
	if (!r)
		r = stage_overlays(req, s, err);
	if (!r && is_given(req->ramdisk))
		r = finish_ramdisk(req, s, &rd, err);
	if (!r)
		r = stage_modules_beside(req, s, err);
	release_ramdisk(&rd);
	stage_pieces_free(s->pieces);
	s->pieces = NULL;
	return r;
}

static int stage_all(const struct stage_request *req, struct staged *s, struct err *err)
{
	int r = stage_dir_create(s->root, s->subdir, req->run, &s->dir, &s->n_swept, err);

	if (!r)
		r = stage_label(req, s, err);
	if (!r)
		r = stage_beside(req, s, err);
	return r ?: stage_dir_complete(&s->dir, err);
}

int stage_files(const struct stage_request *req, struct staged *out, struct err *err)
{
	struct err ignored = ERR_INIT;

	*out = (struct staged)STAGED_INIT;
	out->root = xstrdup(req->tftp_root);
	out->subdir = xstrdup(req->tftp_subdir ?: "");
	out->label = xstrdup_or_null(req->label);
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
	for (size_t i = 0; i < STAGE_MAX_OVERLAYS; i++)
		stage_file_release(&s->overlays[i]);
	stage_tree_release(&s->fdtdir);
	for (size_t i = 0; i < s->n_beside; i++)
		staged_release(&s->beside[i]);
	free(s->beside);
	free(s->root);
	free(s->subdir);
	free(s->label);
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
