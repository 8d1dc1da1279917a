// SPDX-License-Identifier: GPL-2.0-or-later
/* What a ramdisk is: wrapped for U-Boot or not, compressed how, a cpio archive inside or
 * a file system image. Decompresses the first bytes only. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include "kernel/image.h"
#include "kernel/overlay.h"
#include "kernel/unpack_reader.h"
#include "util/mem.h"

enum { HEAD = 512, SLICE = 1 << 20 };

static bool is_newc(const uint8_t *p, size_t len)
{
	return len >= 6 && (memcmp(p, "070701", 6) == 0 || memcmp(p, "070702", 6) == 0);
}

/* The first bytes of what is compressed; false when they cannot be had. */
static bool peek_inside(const uint8_t *data, size_t len, uint8_t *head, size_t head_size)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	bool ok;

	unpack_add_filters(a);
	archive_read_support_format_raw(a);
	ok = archive_read_open_memory(a, data, len) == ARCHIVE_OK &&
	     archive_read_next_header(a, &e) == ARCHIVE_OK &&
	     archive_read_data(a, head, head_size) == (la_ssize_t)head_size;
	archive_read_free(a);
	return ok;
}

static int read_at(int fd, uint64_t at, uint8_t *buf, size_t size, size_t *n,
		   const char *name, struct err *err)
{
	ssize_t got;

	do
		got = pread(fd, buf, size, (off_t)at);
	while (got < 0 && errno == EINTR);
	*n = got < 0 ? 0 : (size_t)got;
	return got < 0 ? err_set(err, ERR_LAB, -errno, "%s: %s", name, strerror(errno))
		       : 0;
}

static int look_at_wrapper(const char *name, const uint8_t *head, size_t n, uint64_t size,
			   struct ramdisk_info *out, struct err *err)
{
	struct image_info info;

	out->payload_bytes = size;
	image_probe_head(head, n, size, &info);
	if (info.kind == IMAGE_FIT)
		return err_set(err, ERR_JOB, -EINVAL,
			       "%s: a FIT image, want a cpio archive", name);
	if (info.kind != IMAGE_UIMAGE)
		return 0;
	if (!info.payload_size)
		return err_set(err, ERR_JOB, -EINVAL,
			       "%s: has a U-Boot header for more bytes than there are",
			       name);
	out->header_bytes = info.payload_offset;
	out->payload_bytes = info.payload_size;
	return 0;
}

static int look_inside(int fd, const char *name, struct ramdisk_info *out,
		       struct err *err)
{
	static const size_t newc = 6;
	_cleanup_free_ uint8_t *data = xmalloc(SLICE);
	uint8_t inside[6];
	size_t n;
	int r;

	r = read_at(fd, out->header_bytes, data, SLICE, &n, name, err);
	if (r)
		return r;
	if (n > out->payload_bytes)
		n = (size_t)out->payload_bytes;
	const char *packed = compression_of(data, n);
	if (packed)
		snprintf(out->compression, sizeof(out->compression), "%s", packed);
	if (packed)
		out->is_cpio =
			peek_inside(data, n, inside, newc) && is_newc(inside, newc);
	else
		out->is_cpio = is_newc(data, n);
	return 0;
}

int ramdisk_probe(int fd, const char *name, const char *compression,
		  struct ramdisk_info *out, struct err *err)
{
	off_t size = lseek(fd, 0, SEEK_END);
	uint8_t head[HEAD];
	size_t n;
	int r;

	*out = (struct ramdisk_info){ .is_cpio = false };
	if (size < 0)
		return err_set(err, ERR_LAB, -errno, "%s: %s", name, strerror(errno));
	if (size == 0)
		return err_set(err, ERR_JOB, -EINVAL, "%s: empty", name);
	r = read_at(fd, 0, head, sizeof(head), &n, name, err);
	if (!r)
		r = look_at_wrapper(name, head, n, (uint64_t)size, out, err);
	if (!r)
		r = look_inside(fd, name, out, err);
	if (r)
		return r;
	if (compression && strcmp(compression, "zstd") == 0)
		compression = "zst";
	if (compression && strcmp(compression, out->compression) != 0)
		return err_set(err, ERR_JOB, -EINVAL,
			       "%s: the job says compression: %s, but it is %s", name,
			       compression,
			       out->compression[0] ? out->compression : "not compressed");
	return 0;
}
