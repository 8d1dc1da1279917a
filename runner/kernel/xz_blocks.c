// SPDX-License-Identifier: GPL-2.0-or-later
/* Index and single blocks by liblzma. The index comes from whoever made the file: a block
 * must be what it says, to the byte. */
#include "kernel/xz_blocks.h"

#include <errno.h>
#include <lzma.h>
#include <unistd.h>

#include "util/mem.h"

/* Streams may be many and empty, and each costs a seek. */
enum { STEP = 1 << 15, MAX_READS = 4096 };
#define INDEX_MEMORY (UINT64_C(4) << 20)

static ssize_t read_at(int fd, void *buf, uint64_t len, uint64_t at)
{
	ssize_t n;

	do
		n = pread(fd, buf, len < STEP ? (size_t)len : STEP, (off_t)at);
	while (n < 0 && errno == EINTR);
	return n;
}

/* NULL: no index, a damaged one, one that is too large. */
static lzma_index *read_index(int fd, uint64_t at, uint64_t len)
{
	_cleanup_free_ uint8_t *buf = xmalloc(STEP);
	lzma_stream s = LZMA_STREAM_INIT;
	lzma_index *index = NULL;
	uint64_t pos = 0;
	lzma_ret r = lzma_file_info_decoder(&s, &index, INDEX_MEMORY, len);

	for (int i = 0; i < MAX_READS && (r == LZMA_OK || r == LZMA_SEEK_NEEDED); i++) {
		if (r == LZMA_SEEK_NEEDED) {
			pos = s.seek_pos;
			s.avail_in = 0;
		}
		if (s.avail_in == 0) {
			ssize_t n = pos < len ? read_at(fd, buf, len - pos, at + pos) : 0;

			if (n <= 0)
				break;
			s.next_in = buf;
			s.avail_in = (size_t)n;
			pos += (uint64_t)n;
		}
		r = lzma_code(&s, LZMA_RUN);
	}
	lzma_end(&s);
	return r == LZMA_STREAM_END ? index : NULL;
}

static bool take_blocks(const lzma_index *index, uint64_t len, struct xz_blocks *out)
{
	const lzma_vli n = lzma_index_block_count(index);
	lzma_index_iter it;

	if (n == 0 || n > XZ_MAX_BLOCKS)
		return false;
	out->v = xcalloc((size_t)n, sizeof(*out->v));
	lzma_index_iter_init(&it, index);
	while (!lzma_index_iter_next(&it, LZMA_INDEX_ITER_BLOCK)) {
		const struct xz_block b = { .offset = it.block.compressed_file_offset,
					    .unpadded = it.block.unpadded_size,
					    .size = it.block.uncompressed_size,
					    .check = (int)it.stream.flags->check };

		if (out->n == n || b.size > XZ_MAX_BLOCK_BYTES || b.offset > len ||
		    b.unpadded > len - b.offset)
			return false;
		if (b.size > out->max_size)
			out->max_size = b.size;
		out->v[out->n++] = b;
	}
	return out->n > 0;
}

bool xz_blocks_read(int fd, uint64_t at, uint64_t len, struct xz_blocks *out)
{
	lzma_index *index = read_index(fd, at, len);

	*out = (struct xz_blocks){ .v = NULL };
	if (!index)
		return false;
	bool ok = take_blocks(index, len, out);
	lzma_index_end(index, NULL);
	if (!ok)
		xz_blocks_release(out);
	return ok;
}

void xz_blocks_release(struct xz_blocks *b)
{
	free(b->v);
	*b = (struct xz_blocks){ .v = NULL };
}

/* ---- one block ---- */

static int code_of(lzma_ret r)
{
	return r == LZMA_MEM_ERROR || r == LZMA_MEMLIMIT_ERROR ? -ENOMEM : -EBADMSG;
}

/* The block's header, which must agree with the index. *header: its length. */
static int start_block(lzma_stream *s, lzma_block *block, const struct xz_block *b,
		       const uint8_t *head, size_t n_head)
{
	if (n_head == 0 || head[0] == 0)
		return -EBADMSG;
	block->header_size = lzma_block_header_size_decode(head[0]);
	if (block->header_size > n_head)
		return -EBADMSG;
	lzma_ret r = lzma_block_header_decode(block, NULL, head);
	if (r != LZMA_OK)
		return code_of(r);
	const bool is_known = block->uncompressed_size != LZMA_VLI_UNKNOWN;
	uint64_t memory = lzma_raw_decoder_memusage(block->filters);
	if (lzma_block_compressed_size(block, b->unpadded) != LZMA_OK ||
	    (is_known && block->uncompressed_size != b->size))
		r = LZMA_DATA_ERROR;
	else if (memory > XZ_MAX_MEMORY)
		r = LZMA_MEMLIMIT_ERROR;
	block->uncompressed_size = b->size;
	if (r == LZMA_OK)
		r = lzma_block_decoder(s, block);
	return r == LZMA_OK ? 0 : code_of(r);
}

struct decoding {
	lzma_stream s;
	int fd, out_fd;
	uint64_t at, left; /* to be read: data, padding and check */
	uint64_t out_at, room;
	uint8_t in[STEP], out[STEP];
};

static int feed(struct decoding *d)
{
	ssize_t n = d->left ? read_at(d->fd, d->in, d->left, d->at) : 0;

	if (n < 0)
		return -errno;
	if (n == 0 && d->left)
		return -EBADMSG; /* the file became shorter */
	d->s.next_in = d->in;
	d->s.avail_in = (size_t)n;
	d->at += (uint64_t)n;
	d->left -= (uint64_t)n;
	return 0;
}

static int drain(struct decoding *d)
{
	const size_t n = (size_t)(d->s.next_out - d->out);

	for (size_t done = 0; done < n;) {
		ssize_t r = pwrite(d->out_fd, d->out + done, n - done,
				   (off_t)(d->out_at + done));

		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0)
			done += (size_t)r;
	}
	d->out_at += n;
	d->room -= n;
	return 0;
}

static int decode_data(struct decoding *d)
{
	lzma_ret code = LZMA_OK;
	int r = 0;

	while (!r && code == LZMA_OK) {
		d->s.next_out = d->out;
		d->s.avail_out = d->room < STEP ? (size_t)d->room : STEP;
		if (d->s.avail_in == 0)
			r = feed(d);
		if (r)
			break;
		code = lzma_code(&d->s, d->left ? LZMA_RUN : LZMA_FINISH);
		r = drain(d);
	}
	if (!r && code != LZMA_STREAM_END)
		r = code_of(code);
	return r ?: d->room ? -EBADMSG : 0;
}

int xz_block_decode(int fd, uint64_t at, const struct xz_block *b, int out_fd,
		    uint64_t out_at)
{
	_cleanup_free_ struct decoding *d = xcalloc(1, sizeof(*d));
	lzma_filter filters[LZMA_FILTERS_MAX + 1] = { { .id = LZMA_VLI_UNKNOWN } };
	lzma_block block = { .version = 1,
			     .check = (lzma_check)b->check,
			     .filters = filters };
	const uint64_t n_head = b->unpadded < LZMA_BLOCK_HEADER_SIZE_MAX
					? b->unpadded
					: LZMA_BLOCK_HEADER_SIZE_MAX;
	ssize_t n = read_at(fd, d->in, n_head, at + b->offset);

	if (n < 0)
		return -errno;
	d->s = (lzma_stream)LZMA_STREAM_INIT;
	int r = start_block(&d->s, &block, b, d->in, (size_t)n);
	if (!r) {
		d->fd = fd;
		d->at = at + b->offset + block.header_size;
		/* The padding to four bytes is the decoder's to check. */
		d->left = ((b->unpadded + 3) & ~UINT64_C(3)) - block.header_size;
		d->out_fd = out_fd;
		d->out_at = out_at;
		d->room = b->size;
		r = decode_data(d);
	}
	lzma_end(&d->s);
	lzma_filters_free(filters, NULL);
	return r;
}
