// SPDX-License-Identifier: GPL-2.0-or-later
/* From one archive into another, without a file between. */
#include "kernel/repack.h"

#include <errno.h>

static int put_content(void *arg, const void *data, size_t len)
{
	return cpio_put_data(arg, data, len);
}

int repack_file(struct unpack_reader *rd, struct cpio_writer *w, const char *path,
		uint64_t size, const char *cut_short)
{
	struct unpack_sink sink = { .put = put_content, .arg = w, .max_bytes = size };
	int r = cpio_put_header(w, path, S_IFREG | 0644, size, NULL);

	if (!r)
		r = unpack_reader_write(rd, &sink);
	if (!r && sink.size != size)
		r = unpack_reader_err(rd, -EINVAL, cut_short);
	return r;
}
