// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of one boot, fetched, unpacked and put into the run's directory of the TFTP
 * root, and the pxelinux configuration beside it. Decides nothing about labels or
 * arguments: the session gives the configuration. */
#include "boot/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kernel/fetch.h"
#include "kernel/transfer.h"
#include "kernel/unpack.h"
#include "kernel/unpack_cache.h"
#include "util/io.h"
#include "util/mem.h"

enum { COPY_STEP = 1 << 18, MAX_LAYERS = 3, FDT_HEADER = 40, CONFIG_MAX = 1 << 20 };
#define DTB_MAX_BYTES (UINT64_C(16) << 20)
#define RAMDISK_MAX_BYTES (UINT64_C(2) << 30)

static int disk_failed(struct err *err, const char *name, int code)
{
	return err_set(err, ERR_LAB, code, "TFTP root: %s: %s", name, strerror(-code));
}

/* A new file in the run's directory, readable for the TFTP server, or a negative errno.
 */
static int create_file(const struct staged *s, const char *name, struct err *err)
{
	int fd = openat(s->dir.fd, name,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	return fd < 0 ? disk_failed(err, name, -errno) : fd;
}

/* Flush it, make it read-only for everybody, and give it its name. */
static int finish_file(const struct staged *s, int fd, const char *tmp, const char *name,
		       struct err *err)
{
	if (fchmod(fd, 0444) || fsync(fd) || renameat(s->dir.fd, tmp, s->dir.fd, name))
		return disk_failed(err, name, -errno);
	return 0;
}

static void record(const struct staged *s, struct staged_file *f, const char *name,
		   const char *url, const struct sha256_hex *source)
{
	f->name = xstrdup(name);
	f->boot_path = xasprintf("%s/%s", s->dir.name, name);
	f->tftp_path =
		xasprintf("%s%s%s", s->subdir, s->subdir[0] ? "/" : "", f->boot_path);
	f->url = url_masked(url);
	f->source_sha256 = *source;
}

/* `len` bytes from `at`, appended to to_fd and to the hash. */
static int copy_part(int from_fd, uint64_t at, uint64_t len, int to_fd,
		     struct sha256 *hash, const struct task *task, const char *url,
		     struct err *err)
{
	_cleanup_free_ char *buf = xmalloc(COPY_STEP);
	int r = 0;

	while (!r && len) {
		ssize_t n = pread(from_fd, buf, len < COPY_STEP ? (size_t)len : COPY_STEP,
				  (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_LAB, -errno, "%s: %s", url,
				       strerror(errno));
		if (n == 0)
			return err_set(err, ERR_JOB, -ESTALE,
				       "%s: became shorter while it was read", url);
		sha256_update(hash, buf, (size_t)n);
		r = io_write_all(to_fd, buf, (size_t)n);
		if (r)
			return disk_failed(err, url, r);
		at += (uint64_t)n;
		len -= (uint64_t)n;
		r = task_check(task, url, err);
	}
	return r;
}

static int fetch_it(const struct stage_request *req, const struct staged *s,
		    const struct job_file *file, uint64_t max_bytes, struct fetched *out,
		    struct err *err)
{
	struct fetch f = { .url = file->url,
			   .sha256sum = file->sha256sum,
			   .max_bytes = max_bytes,
			   .tmp_dirfd = s->dir.fd };

	return fetch_open(&f, &req->task, out, err);
}

static int read_head(int fd, uint8_t *head, size_t size, size_t *n, const char *url,
		     struct err *err)
{
	ssize_t got = pread(fd, head, size, 0);

	*n = got < 0 ? 0 : (size_t)got;
	return got < 0 ? err_set(err, ERR_LAB, -errno, "%s: %s", url, strerror(errno))
		       : 0;
}

/* ---- kernel ---- */

struct kernel_job {
	const struct stage_request *req;
	const struct job_file *file;
	char *url; /* masked, for messages */
	struct staged *s;
	struct fetched src;
	struct unpacked un;
	struct err *err;
};

static int job_says(const struct kernel_job *k, const char *what)
{
	return err_set(k->err, ERR_JOB, -EINVAL, "%s: %s", k->url, what);
}

/* As it lies, or out of its archive or from the cache of what was unpacked before. */
static int first_layer(struct kernel_job *k, int out_fd)
{
	struct unpack u = { .fd = k->src.fd,
			    .want = UNPACK_KERNEL,
			    .name = k->url,
			    .compression = k->file->compression,
			    .archive = k->file->archive };
	uint8_t head[512];
	size_t n;
	int r = read_head(k->src.fd, head, sizeof(head), &n, k->url, k->err);

	if (r)
		return r;
	if (!unpack_is_packed(head, n) && !u.compression && !u.archive) {
		struct sha256 *hash = sha256_new();

		k->un = (struct unpacked){ .size = k->src.size };
		r = copy_part(k->src.fd, 0, k->src.size, out_fd, hash, &k->req->task,
			      k->url, k->err);
		k->un.sha256 = sha256_finish(hash);
		return r;
	}
	_cleanup_close_ int cache = unpack_cache_open(k->req->cache_dir);
	struct sha256_hex key = unpack_cache_key(&k->src.sha256, &u);
	if (unpack_cache_get(cache, &key, out_fd, &k->req->task, &k->un)) {
		k->s->kernel_from_cache = true;
		return 0;
	}
	r = unpack_file(&u, out_fd, &k->req->task, &k->un, k->err);
	if (!r)
		r = fetched_recheck(&k->src, k->url, k->err);
	if (!r)
		unpack_cache_put(cache, &key, out_fd, &k->un, UNPACK_CACHE_MAX_BYTES);
	return r;
}

/* A vmlinuz may itself be compressed, or an EFI zboot image: U-Boot boots neither
 * without kernel_comp_addr_r, and falls through to the next label without a word. */
static bool has_another_layer(const struct image_info *info)
{
	return info->kind == IMAGE_COMPRESSED ||
	       (info->kind == IMAGE_EFI_ZBOOT && info->payload_size &&
		info->compression[0]);
}

static int next_layer(struct kernel_job *k, int from_fd, const struct image_info *info,
		      int out_fd)
{
	struct unpack u = { .fd = from_fd,
			    .offset = info->payload_offset,
			    .len = info->payload_size,
			    .want = UNPACK_ONLY,
			    .name = k->url };
	struct unpacked un;
	int r = unpack_file(&u, out_fd, &k->req->task, &un, k->err);

	if (r)
		return r;
	size_t n = strlen(k->un.how);
	snprintf(k->un.how + n, sizeof(k->un.how) - n, "%s%s", n ? ", " : "",
		 info->kind == IMAGE_EFI_ZBOOT ? "EFI zboot" : info->compression);
	k->un.size = un.size;
	k->un.sha256 = un.sha256;
	return 0;
}

/* Peel until an image lies in *fd, a file called tmp. */
static int peel(struct kernel_job *k, int *fd, const char *tmp)
{
	uint8_t head[IMAGE_HEAD_BYTES];
	struct image_info info;
	size_t n;
	int r = first_layer(k, *fd);

	for (int i = 0; !r && i <= MAX_LAYERS; i++) {
		r = read_head(*fd, head, sizeof(head), &n, k->url, k->err);
		if (r)
			return r;
		image_probe_head(head, n, k->un.size, &info);
		if (!has_another_layer(&info))
			return 0;
		if (i == MAX_LAYERS)
			return job_says(k, "compressed too many times over");
		_cleanup_close_ int packed = TAKE_FD(*fd);
		if (unlinkat(k->s->dir.fd, tmp, 0))
			return disk_failed(k->err, tmp, -errno);
		*fd = create_file(k->s, tmp, k->err);
		if (*fd < 0)
			return *fd;
		r = next_layer(k, packed, &info, *fd);
	}
	return r;
}

static const char *staged_name(const struct kernel_job *k)
{
	switch (k->s->image.kind) {
	case IMAGE_ARM64:
		return "Image";
	case IMAGE_ZIMAGE:
		return "zImage";
	case IMAGE_UIMAGE:
		return "uImage";
	case IMAGE_FIT:
		return "fitImage";
	case IMAGE_UNKNOWN:
	case IMAGE_ELF:
	case IMAGE_EFI_ZBOOT:
	case IMAGE_COMPRESSED:
		return NULL;
	}
	BUG("image kind %d", (int)k->s->image.kind);
}

static int check_kind(const struct kernel_job *k)
{
	static const struct {
		const char *word;
		enum image_kind kind;
	} types[] = { { "image", IMAGE_ARM64 },
		      { "zimage", IMAGE_ZIMAGE },
		      { "uimage", IMAGE_UIMAGE } };
	const struct image_info *info = &k->s->image;

	if (info->kind == IMAGE_ELF)
		return job_says(k, "an ELF file (vmlinux), which U-Boot does not boot: "
				   "give arch/arm64/boot/Image");
	if (info->kind == IMAGE_EFI_ZBOOT)
		return job_says(k, "an EFI zboot image that is cut off or compressed in "
				   "a way not known here");
	if (!staged_name(k))
		return job_says(k, "no kernel image that U-Boot boots (Image, zImage, "
				   "uImage, FIT)");
	for (size_t i = 0; k->file->image_type && i < ARRAY_SIZE(types); i++)
		if (strcmp(k->file->image_type, types[i].word) == 0 &&
		    info->kind != types[i].kind)
			return err_set(k->err, ERR_JOB, -EINVAL,
				       "%s: the job says type: %s, but it is a %s",
				       k->url, k->file->image_type,
				       image_kind_to_str(info->kind));
	return 0;
}

static int stage_kernel_with(struct kernel_job *k)
{
	static const char tmp[] = ".kernel";
	_cleanup_close_ int fd = -1;
	int r = fetch_it(k->req, k->s, k->file, 0, &k->src, k->err);

	if (r)
		return r;
	fd = create_file(k->s, tmp, k->err);
	r = fd < 0 ? fd : peel(k, &fd, tmp);
	if (!r)
		r = fetched_recheck(&k->src, k->url, k->err);
	if (!r)
		r = image_probe(fd, &k->s->image, k->err);
	if (!r)
		r = check_kind(k);
	if (!r)
		r = finish_file(k->s, fd, tmp, staged_name(k), k->err);
	if (r)
		return r;
	record(k->s, &k->s->kernel, staged_name(k), k->file->url, &k->src.sha256);
	k->s->kernel.size = k->un.size;
	k->s->kernel.sha256 = k->un.sha256;
	k->s->kernel_member = k->un.member[0] ? xstrdup(k->un.member) : NULL;
	k->s->kernel_how = xstrdup(k->un.how);
	return 0;
}

static int stage_kernel(const struct stage_request *req, struct staged *s,
			struct err *err)
{
	struct kernel_job k = { .req = req,
				.file = req->kernel,
				.url = url_masked(req->kernel->url),
				.s = s,
				.src = FETCHED_INIT,
				.err = err };
	int r = stage_kernel_with(&k);

	fetched_release(&k.src);
	free(k.url);
	return r;
}

/* ---- device tree ---- */

static int check_dtb(int fd, uint64_t size, const char *url, struct err *err)
{
	uint8_t h[FDT_HEADER];
	size_t n;
	int r = read_head(fd, h, sizeof(h), &n, url, err);

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
	static const char tmp[] = ".dtb", name[] = "board.dtb";
	_cleanup_free_ char *url = url_masked(req->dtb->url);
	_cleanup_close_ int fd = -1;
	struct fetched src = FETCHED_INIT;
	struct unpacked un;
	int r = fetch_it(req, s, req->dtb, DTB_MAX_BYTES, &src, err);

	if (r)
		return r;
	fd = create_file(s, tmp, err);
	/* A bare file passes through as well, and the job's words are checked. */
	r = fd < 0 ? fd : unpack_dtb(req, &src, url, fd, &un, err);
	if (!r)
		r = fetched_recheck(&src, url, err);
	if (!r)
		r = check_dtb(fd, un.size, url, err);
	if (!r)
		r = finish_file(s, fd, tmp, name, err);
	if (!r) {
		record(s, &s->dtb, name, req->dtb->url, &src.sha256);
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
	_cleanup_free_ char *buf = xmalloc(COPY_STEP);

	for (uint64_t at = 0; at < size;) {
		ssize_t n = pread(fd, buf, COPY_STEP, (off_t)at);

		if (n <= 0)
			return disk_failed(err, "ramdisk", n < 0 ? -errno : -EIO);
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
		r = copy_part(src->fd, s->ramdisk_is.header_bytes,
			      s->ramdisk_is.payload_bytes, fd, hash, &req->task, url,
			      err);
	s->ramdisk.sha256 = sha256_finish(hash);
	s->ramdisk.size = overlay + s->ramdisk_is.payload_bytes;
	return r ?: fetched_recheck(src, url, err);
}

static int stage_ramdisk(const struct stage_request *req, struct staged *s,
			 struct err *err)
{
	static const char tmp[] = ".ramdisk", name[] = "ramdisk";
	_cleanup_free_ char *url = url_masked(req->ramdisk->url);
	_cleanup_close_ int fd = -1;
	struct fetched src = FETCHED_INIT;
	int r;

	if (req->ramdisk->archive)
		return err_set(err, ERR_JOB, -EOPNOTSUPP,
			       "%s: a ramdisk inside an archive (%s) is not supported",
			       url, req->ramdisk->archive);
	r = fetch_it(req, s, req->ramdisk, RAMDISK_MAX_BYTES, &src, err);
	if (r)
		return r;
	r = ramdisk_probe(src.fd, url, req->ramdisk->compression, &s->ramdisk_is, err);
	if (!r) {
		fd = create_file(s, tmp, err);
		r = fd < 0 ? fd : fill_ramdisk(req, s, &src, url, fd, err);
	}
	if (!r)
		r = finish_file(s, fd, tmp, name, err);
	if (!r)
		record(s, &s->ramdisk, name, req->ramdisk->url, &src.sha256);
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

static void file_release(struct staged_file *f)
{
	free(f->name);
	free(f->boot_path);
	free(f->tftp_path);
	free(f->url);
	*f = (struct staged_file){ .name = NULL };
}

void staged_release(struct staged *s)
{
	file_release(&s->kernel);
	file_release(&s->ramdisk);
	file_release(&s->dtb);
	file_release(&s->config);
	free(s->root);
	free(s->subdir);
	free(s->kernel_member);
	free(s->kernel_how);
	stage_dir_release(&s->dir);
	*s = (struct staged)STAGED_INIT;
}

/* ---- configuration ---- */

static const char config_dir[] = "pxelinux.cfg";

static int open_config_dir(const struct staged *s, struct err *err)
{
	bool is_new = mkdirat(s->dir.base_fd, config_dir, 0755) == 0;

	if (!is_new && errno != EEXIST)
		return disk_failed(err, config_dir, -errno);
	if (is_new && fchmodat(s->dir.base_fd, config_dir, 0755, 0))
		return disk_failed(err, config_dir, -errno);
	int fd = openat(s->dir.base_fd, config_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? disk_failed(err, config_dir, -errno) : fd;
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
		return disk_failed(err, name, -errno);
	return 0;
}

int stage_config(struct staged *s, const char *mac, const struct extlinux *x,
		 struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_close_ int dirfd = -1;
	struct pxe_name name;
	int r = pxe_name_from_mac(mac, &name, err);

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
		return disk_failed(err, name.str, r);
	file_release(&s->config);
	s->config.name = xstrdup(name.str);
	s->config.boot_path = xasprintf("%s/%s", config_dir, name.str);
	s->config.tftp_path = xasprintf("%s%s%s", s->subdir, s->subdir[0] ? "/" : "",
					s->config.boot_path);
	s->config.size = text.len;
	s->config.sha256 = s->config.source_sha256 = sha256_of(text.buf, text.len);
	return 0;
}

static int remove_config(const struct staged *s, struct err *err)
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
		return disk_failed(err, s->config.name, r);
	struct sha256_hex now = sha256_of(strbuf_str(&text), text.len);
	if (strcmp(now.str, s->config.sha256.str) != 0)
		return 0; /* a later run's, or somebody edited it */
	if (renameat(dirfd, saved, dirfd, s->config.name) == 0)
		return 0;
	if (errno != ENOENT || unlinkat(dirfd, s->config.name, 0))
		return disk_failed(err, s->config.name, -errno);
	return 0;
}

int stage_remove(struct staged *s, struct err *err)
{
	struct err later = ERR_INIT;
	int r = 0, r2 = 0;

	if (s->dir.base_fd < 0)
		return 0;
	if (s->config.name)
		r = remove_config(s, err);
	r2 = stage_dir_remove(&s->dir, r ? &later : err);
	return r ?: r2;
}
