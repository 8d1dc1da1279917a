// SPDX-License-Identifier: GPL-2.0-or-later
/* What kind of kernel image a file is, and what it says about itself: header, "Linux
 * version" banner, build ids. Reads only; decides nothing about booting. */
#pragma once

#include <stdbool.h>

#include "util/err.h"

enum image_kind {
	IMAGE_UNKNOWN,
	IMAGE_ARM64,      /* arch/arm64/boot/Image: U-Boot's booti */
	IMAGE_ZIMAGE,     /* 32-bit arm: bootz */
	IMAGE_UIMAGE,     /* U-Boot legacy header: bootm */
	IMAGE_FIT,        /* flattened image tree: bootm */
	IMAGE_ELF,        /* vmlinux: not bootable by U-Boot as it is */
	IMAGE_EFI_ZBOOT,  /* vmlinuz.efi: a compressed Image inside */
	IMAGE_COMPRESSED, /* gz, xz, … : unpack it first */
};
const char *image_kind_to_str(enum image_kind kind); /* "arm64 Image" */

#define IMAGE_MAX_BUILD_IDS 8
#define IMAGE_HEAD_BYTES 4096 /* image_probe_head wants to see this much */

struct image_info {
	enum image_kind kind;
	bool is_efi;                       /* arm64 with an EFI stub */
	bool is_big_endian;                /* arm64 */
	uint64_t size;                     /* of the file */
	uint64_t text_offset, memory_size; /* arm64: where it wants to be, with .bss */
	uint32_t page_kib;                 /* arm64: 4, 16, 64; 0 = not said */
	uint64_t payload_offset, payload_size; /* EFI zboot, uImage: the part inside */
	char compression[16]; /* EFI zboot's or COMPRESSED: "gz" "xz" "zst" …; "" */
	char banner[512];     /* "Linux version 6.1.0-… (…) …"; "" = none found */
	char release[65];     /* "6.1.0-56-arm64", as uname -r says; "" = none found */
	/* GNU build ids in hex: the kernel's and its vDSOs', in file order */
	char build_ids[IMAGE_MAX_BUILD_IDS][41];
	size_t n_build_ids;
};

/* Look at the header only: kind, sizes, payload. Any bytes are fine. */
void image_probe_head(const uint8_t *head, size_t len, uint64_t file_size,
		      struct image_info *out);
/* The same for a file, and the banner and build ids of an uncompressed image (whole file
 * read once). ERR_LAB when it cannot be read. */
MUST_CHECK int image_probe(int fd, struct image_info *out, struct err *err);
/* The search alone, for a caller that streams: feed pieces in order, then end. */
struct image_scan {
	char carry[1024];
	size_t n_carry;
	struct image_info *info; /* borrowed */
};
void image_scan_feed(struct image_scan *s, const uint8_t *data, size_t len);
void image_scan_end(struct image_scan *s);
