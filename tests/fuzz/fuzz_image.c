// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as a kernel image: the header, and the search in pieces, which must find the
 * same wherever the pieces part. */
#include "kernel/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void scan(const uint8_t *data, size_t size, size_t step, struct image_info *out)
{
	struct image_scan s = { .info = out };

	*out = (struct image_info){ .kind = IMAGE_UNKNOWN };
	for (size_t at = 0; at < size; at += step)
		image_scan_feed(&s, data + at, size - at < step ? size - at : step);
	image_scan_end(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_info head, whole, pieces;

	image_probe_head(data, size, size, &head);
	if (head.payload_size && (head.payload_offset > size ||
				  head.payload_size > size - head.payload_offset))
		abort();
	(void)image_kind_to_str(head.kind);
	scan(data, size, size ? size : 1, &whole);
	scan(data, size, size ? data[0] + 1u : 1, &pieces);
	if (strcmp(whole.banner, pieces.banner) != 0 ||
	    strcmp(whole.release, pieces.release) != 0 ||
	    whole.n_build_ids != pieces.n_build_ids ||
	    memcmp(whole.build_ids, pieces.build_ids, sizeof(whole.build_ids)) != 0)
		abort();
	return 0;
}
