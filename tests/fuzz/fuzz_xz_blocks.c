// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as the blocks of an .xz file, behind them an index that says of them what the
 * input wants, with right checksums. What liblzma decompresses from the front must come
 * out block by block too, and nothing else. Input: the number of blocks, for each its
 * packed and its decompressed size as three bytes each, then the blocks. */
#include <lzma.h>
#include <sys/mman.h>

#include "kernel/xz_blocks.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_BLOCKS = 8, RECORD = 6, MAX_OUT = 1 << 20 };

static uint64_t three_bytes(const uint8_t *p)
{
	return p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16;
}

/* False: liblzma does not write such an index. */
static bool add_index(struct strbuf *xz, const uint8_t *records, size_t n,
		      lzma_stream_flags *flags)
{
	lzma_index *index = lzma_index_init(NULL);
	uint8_t buf[1024];
	size_t len = 0;
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++)
		ok = lzma_index_append(index, NULL, three_bytes(records + RECORD * i),
				       three_bytes(records + RECORD * i + 3)) == LZMA_OK;
	ok = ok && lzma_index_buffer_encode(index, buf, &len, sizeof(buf)) == LZMA_OK;
	lzma_index_end(index, NULL);
	strbuf_add(xz, (const char *)buf, len);
	flags->backward_size = len;
	return ok;
}

static bool make_file(struct strbuf *xz, const uint8_t *data, size_t size)
{
	lzma_stream_flags flags = { .check = LZMA_CHECK_CRC32 };
	uint8_t edge[LZMA_STREAM_HEADER_SIZE];
	size_t n = size ? data[0] % (MAX_BLOCKS + 1) : 0;

	if (size < 1 + n * RECORD)
		return false;
	if (lzma_stream_header_encode(&flags, edge) != LZMA_OK)
		abort();
	strbuf_add(xz, (const char *)edge, sizeof(edge));
	strbuf_add(xz, (const char *)data + 1 + n * RECORD, size - 1 - n * RECORD);
	if (!add_index(xz, data + 1, n, &flags))
		return false;
	if (lzma_stream_footer_encode(&flags, edge) != LZMA_OK)
		abort();
	strbuf_add(xz, (const char *)edge, sizeof(edge));
	return true;
}

/* 0 and *len bytes in out; else what was wrong. */
static int by_blocks(int fd, const struct xz_blocks *b, struct strbuf *out)
{
	int to = memfd_create("out", MFD_CLOEXEC), r = 0;
	uint64_t at = 0;

	if (to < 0)
		abort();
	for (size_t i = 0; !r && i < b->n; i++) {
		r = xz_block_decode(fd, 0, &b->v[i], to, at);
		at += b->v[i].size;
		if (lseek(to, 0, SEEK_END) > (off_t)at)
			abort(); /* more than was said */
	}
	if (!r && (lseek(to, 0, SEEK_SET) != 0 || io_read_fd(to, MAX_OUT, out)))
		abort();
	close(to);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_strbuf_ struct strbuf xz = STRBUF_INIT, got = STRBUF_INIT;
	_cleanup_free_ uint8_t *want = xmalloc(MAX_OUT);
	uint64_t memory = XZ_MAX_MEMORY, total = 0;
	struct xz_blocks b;
	size_t in = 0, n = 0;

	if (!make_file(&xz, data, size))
		return 0;
	_cleanup_close_ int fd = memfd_create("in", MFD_CLOEXEC);
	if (fd < 0 || io_write_all(fd, xz.buf, xz.len))
		abort();
	if (!xz_blocks_read(fd, 0, xz.len, &b))
		return 0;
	for (size_t i = 0; i < b.n; i++) {
		if (b.v[i].offset + b.v[i].unpadded > xz.len || b.v[i].size > b.max_size)
			abort();
		total += b.v[i].size;
	}
	if (total <= MAX_OUT) {
		lzma_ret r = lzma_stream_buffer_decode(&memory, 0, NULL,
						       (const uint8_t *)xz.buf, &in,
						       xz.len, want, &n, MAX_OUT);
		int ours = by_blocks(fd, &b, &got);

		if ((r == LZMA_OK) != (ours == 0) ||
		    (!ours && (got.len != n || memcmp(got.buf ?: "", want, n) != 0)))
			abort();
	}
	xz_blocks_release(&b);
	return 0;
}
