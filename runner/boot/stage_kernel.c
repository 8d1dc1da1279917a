// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel of a boot: out of its package, peeled of every compression, and recognised.
 * Refuses what U-Boot would not boot, because a label that fails there fails silently. */
#include <errno.h>

#include "boot/stage_file.h"
#include "kernel/transfer.h"
#include "kernel/unpack.h"
#include "kernel/unpack_cache.h"
#include "util/mem.h"

enum { MAX_LAYERS = 3 };

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
	int r = stage_file_head(k->src.fd, head, sizeof(head), &n, k->url, k->err);

	if (r)
		return r;
	if (k->req->is_bundle)
		return stage_bundle(k->req, k->s, &k->src, k->url, out_fd, &k->un,
				    k->err);
	if (!unpack_is_packed(head, n) && !u.compression && !u.archive) {
		struct sha256 *hash = sha256_new();

		k->un = (struct unpacked){ .size = k->src.size };
		r = stage_file_copy(k->src.fd, 0, k->src.size, out_fd, hash,
				    &k->req->task, k->url, k->err);
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
		r = stage_file_head(*fd, head, sizeof(head), &n, k->url, k->err);
		if (r)
			return r;
		image_probe_head(head, n, k->un.size, &info);
		if (!has_another_layer(&info))
			return 0;
		if (i == MAX_LAYERS)
			return job_says(k, "compressed too many times over");
		_cleanup_close_ int packed = TAKE_FD(*fd);
		if (unlinkat(k->s->dir.fd, tmp, 0))
			return stage_disk_failed(k->err, tmp, -errno);
		*fd = stage_file_create(k->s, tmp, k->err);
		if (*fd < 0)
			return *fd;
		r = next_layer(k, packed, &info, *fd);
	}
	return r;
}

const char *stage_kernel_name(enum image_kind kind)
{
	switch (kind) {
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
	BUG("image kind %d", (int)kind);
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
	if (!stage_kernel_name(k->s->image.kind))
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
	int r = stage_file_fetch(k->req, k->s, k->file, 0, &k->src, k->err);

	if (r)
		return r;
	fd = stage_file_create(k->s, tmp, k->err);
	r = fd < 0 ? fd : peel(k, &fd, tmp);
	if (!r)
		r = fetched_recheck(&k->src, k->url, k->err);
	if (!r)
		r = image_probe(fd, &k->s->image, k->err);
	if (!r)
		r = check_kind(k);
	if (!r)
		r = stage_file_finish(k->s, fd, tmp, stage_kernel_name(k->s->image.kind),
				      k->err);
	if (r)
		return r;
	stage_file_record(k->s, &k->s->kernel, stage_kernel_name(k->s->image.kind),
			  k->file->url, &k->src.sha256);
	k->s->kernel.size = k->un.size;
	k->s->kernel.sha256 = k->un.sha256;
	k->s->kernel_member = k->un.member[0] ? xstrdup(k->un.member) : NULL;
	k->s->kernel_how = xstrdup(k->un.how);
	return 0;
}

int stage_kernel(const struct stage_request *req, struct staged *s, struct err *err)
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
