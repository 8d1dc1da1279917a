// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel image headers (Linux Documentation/arch/arm64/booting.rst; arch/arm zImage;
 * drivers/firmware/efi/libstub/zboot-header.S; U-Boot include/image.h) and the banner and
 * build ids inside. Reads only. */
#include "kernel/image.h"

#include <ctype.h>
#include <errno.h>

#include "kernel/unpack.h"
#include "util/mem.h"

enum {
	ARM64_MAGIC_AT = 56,
	ZIMAGE_MAGIC_AT = 36,
	UIMAGE_HEADER = 64,
	ZBOOT_COMPRESSION_AT = 24,
	SCAN_STEP = 1 << 18,
	NOTE_HEADER = 16, /* namesz, descsz, type, "GNU" */
	BUILD_ID_BYTES = 20,
	SCAN_KEEP = 600, /* longest thing searched for, kept between two pieces */
};

const char *image_kind_to_str(enum image_kind kind)
{
	switch (kind) {
	case IMAGE_UNKNOWN:
		return "unknown";
	case IMAGE_ARM64:
		return "arm64 Image";
	case IMAGE_ZIMAGE:
		return "arm zImage";
	case IMAGE_UIMAGE:
		return "uImage";
	case IMAGE_FIT:
		return "FIT";
	case IMAGE_ELF:
		return "ELF (vmlinux)";
	case IMAGE_EFI_ZBOOT:
		return "EFI zboot";
	case IMAGE_COMPRESSED:
		return "compressed";
	}
	BUG("image kind %d", (int)kind);
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static uint64_t le64(const uint8_t *p)
{
	return (uint64_t)le32(p) | (uint64_t)le32(p + 4) << 32;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[3] | (uint32_t)p[2] << 8 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[0] << 24;
}

static bool has(const uint8_t *head, size_t len, size_t at, const char *magic, size_t n)
{
	return len >= at + n && memcmp(head + at, magic, n) == 0;
}

static void probe_arm64(const uint8_t *head, struct image_info *out)
{
	static const uint32_t page_kib[4] = { 0, 4, 16, 64 };
	uint64_t flags = le64(head + 24);

	out->kind = IMAGE_ARM64;
	out->text_offset = le64(head + 8);
	out->memory_size = le64(head + 16);
	out->is_big_endian = flags & 1;
	out->page_kib = page_kib[flags >> 1 & 3];
	out->is_efi = head[0] == 'M' && head[1] == 'Z';
}

/* The kernel's words for its compressions, in LAVA's. */
static void set_zboot_compression(const uint8_t *head, struct image_info *out)
{
	static const char *const words[][2] = { { "gzip", "gz" },    { "xzkern", "xz" },
						{ "zstd22", "zst" }, { "zstd", "zst" },
						{ "bzip2", "bz2" },  { "lzma", "lzma" },
						{ "lz4", "lz4" },    { "lzo", "lzo" } };
	char word[sizeof(out->compression)];

	snprintf(word, sizeof(word), "%.*s", (int)sizeof(word) - 1,
		 (const char *)head + ZBOOT_COMPRESSION_AT);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(word, words[i][0]) == 0)
			snprintf(out->compression, sizeof(out->compression), "%s",
				 words[i][1]);
}

static void probe_zboot(const uint8_t *head, struct image_info *out)
{
	uint32_t at = le32(head + 8), size = le32(head + 12);

	out->kind = IMAGE_EFI_ZBOOT;
	if (at > out->size || size > out->size - at)
		return; /* cut off: no payload to offer */
	out->payload_offset = at;
	out->payload_size = size;
	set_zboot_compression(head, out);
}

static void probe_uimage(const uint8_t *head, struct image_info *out)
{
	uint64_t size = be32(head + 12);

	out->kind = IMAGE_UIMAGE;
	if (size > out->size - UIMAGE_HEADER)
		return;
	out->payload_offset = UIMAGE_HEADER;
	out->payload_size = size;
}

void image_probe_head(const uint8_t *head, size_t len, uint64_t file_size,
		      struct image_info *out)
{
	const char *packed;

	*out = (struct image_info){ .kind = IMAGE_UNKNOWN, .size = file_size };
	if (has(head, len, 0, "MZ\0\0zimg", 8) && len >= 64)
		probe_zboot(head, out);
	else if (has(head, len, ARM64_MAGIC_AT, "ARM\x64", 4) && len >= 64)
		probe_arm64(head, out);
	else if (has(head, len, ZIMAGE_MAGIC_AT, "\x18\x28\x6f\x01", 4))
		out->kind = IMAGE_ZIMAGE;
	else if (has(head, len, 0, "\x27\x05\x19\x56", 4) && len >= UIMAGE_HEADER &&
		 file_size >= UIMAGE_HEADER)
		probe_uimage(head, out);
	else if (has(head, len, 0, "\xd0\x0d\xfe\xed", 4))
		out->kind = IMAGE_FIT;
	else if (has(head, len, 0, "\x7f\x45LF", 4))
		out->kind = IMAGE_ELF;
	else if ((packed = compression_of(head, len))) {
		out->kind = IMAGE_COMPRESSED;
		snprintf(out->compression, sizeof(out->compression), "%s", packed);
	}
}

/* "Linux version 6.1.0 (…) …" up to its line feed. The image also holds the format string
 * ("Linux version %s") and, since 6.1, a copy of the banner without the build number
 * ("# SMP"): that one is taken only until a better one comes. */
static void take_banner(const uint8_t *p, size_t len, struct image_info *out)
{
	static const size_t prefix = sizeof("Linux version ") - 1;
	size_t n = 0;

	while (n < len && n < sizeof(out->banner) - 1 && p[n] >= ' ' && p[n] < 0x7f)
		n++;
	if (n == len || p[n] != '\n' || n <= prefix || !isdigit(p[prefix]))
		return;
	if (out->banner[0] && strstr(out->banner, " #") && !strstr(out->banner, " # "))
		return;
	memcpy(out->banner, p, n);
	out->banner[n] = '\0';
	snprintf(out->release, sizeof(out->release), "%.*s",
		 (int)strcspn(out->banner + prefix, " "), out->banner + prefix);
}

static void take_build_id(const uint8_t *p, size_t len, struct image_info *out)
{
	if (len < NOTE_HEADER + BUILD_ID_BYTES || out->n_build_ids == IMAGE_MAX_BUILD_IDS)
		return;
	char *hex = out->build_ids[out->n_build_ids++];
	for (size_t i = 0; i < BUILD_ID_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", p[NOTE_HEADER + i]);
}

/* Every hit that starts before `until`; what starts later is in the next piece again. */
static void search(const uint8_t *data, size_t len, size_t until, struct image_info *out)
{
	static const char banner[] = "Linux version ";
	static const char note[] = "\4\0\0\0\x14\0\0\0\3\0\0\0GNU";
	const uint8_t *p;

	for (size_t at = 0; (p = memmem(data + at, len - at, banner, sizeof(banner) - 1));
	     at = (size_t)(p - data) + 1) {
		if ((size_t)(p - data) >= until)
			break;
		take_banner(p, len - (size_t)(p - data), out);
	}
	for (size_t at = 0; (p = memmem(data + at, len - at, note, sizeof(note)));
	     at = (size_t)(p - data) + 1) {
		if ((size_t)(p - data) >= until)
			break;
		take_build_id(p, len - (size_t)(p - data), out);
	}
}

void image_scan_feed(struct image_scan *s, const uint8_t *data, size_t len)
{
	_cleanup_free_ uint8_t *all = xmalloc(s->n_carry + len + 1);

	memcpy(all, s->carry, s->n_carry);
	if (len)
		memcpy(all + s->n_carry, data, len);
	len += s->n_carry;
	size_t keep = len < SCAN_KEEP ? len : SCAN_KEEP;
	search(all, len, len - keep, s->info);
	memcpy(s->carry, all + len - keep, keep);
	s->n_carry = keep;
}

void image_scan_end(struct image_scan *s)
{
	search((const uint8_t *)s->carry, s->n_carry, s->n_carry, s->info);
	s->n_carry = 0;
}

int image_probe(int fd, struct image_info *out, struct err *err)
{
	_cleanup_free_ uint8_t *buf = xmalloc(SCAN_STEP);
	struct image_scan scan = { .info = out };
	off_t size = lseek(fd, 0, SEEK_END);
	off_t at = 0;

	*out = (struct image_info){ .kind = IMAGE_UNKNOWN };
	if (size < 0)
		return err_set(err, ERR_LAB, -errno, "image: %s", strerror(errno));
	while (at < size) {
		ssize_t n = pread(fd, buf, SCAN_STEP, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(err, ERR_LAB, n < 0 ? -errno : -EIO,
				       "image: cannot read it");
		if (at == 0)
			image_probe_head(buf, (size_t)n, (uint64_t)size, out);
		image_scan_feed(&scan, buf, (size_t)n);
		at += n;
	}
	image_scan_end(&scan);
	return 0;
}
