// SPDX-License-Identifier: GPL-2.0-or-later
/* The end of a .deb without its middle: the blocks of .xz data can be decompressed one
 * without the other, and a tar header says by its checksum that it is one (POSIX pax,
 * "ustar Interchange Format"). */
#include <errno.h>

#include "kernel/unpack_reader.h"

enum { RECORD = 512, SUM_AT = 148, SUM_LEN = 8, MAGIC_AT = 257 };

static bool is_header(const uint8_t *p)
{
	unsigned long sum = 0, said = 0;

	if (memcmp(p + MAGIC_AT, "ustar", 5) != 0)
		return false;
	for (size_t i = 0; i < RECORD; i++)
		sum += i >= SUM_AT && i < SUM_AT + SUM_LEN ? ' ' : p[i];
	for (size_t i = SUM_AT; i < SUM_AT + SUM_LEN && p[i] >= '0' && p[i] <= '7'; i++)
		said = said * 8 + (unsigned long)(p[i] - '0');
	return said == sum;
}

/* True: p[0..n) has the first header, and *at says where. */
static bool find_header(const uint8_t *p, size_t n, size_t *at)
{
	for (*at = 0; *at + RECORD <= n; *at += RECORD)
		if (is_header(p + *at))
			return true;
	return false;
}

static void note_zeros(struct unpack_reader *rd, const uint8_t *p, size_t n)
{
	size_t end = n;

	while (end && !p[end - 1])
		end--;
	if (end)
		rd->tail.zeros_from = rd->tail.n_bytes + end;
	rd->tail.n_bytes += n;
}

/* What was decompressed, from the first header on. */
static la_ssize_t tail_read(struct archive *a, void *arg, const void **buffer)
{
	struct unpack_reader *rd = arg;
	size_t at = 0;
	la_ssize_t n;

	do
		n = unpack_reader_pool_read(a, rd, buffer);
	while (n > 0 && !rd->tail.is_in_step && !find_header(*buffer, (size_t)n, &at));
	if (n <= 0)
		return n;
	rd->tail.is_in_step = true;
	*buffer = (const uint8_t *)*buffer + at;
	note_zeros(rd, *buffer, (size_t)n - at);
	return n - (la_ssize_t)at;
}

bool unpack_reader_is_at_end(struct unpack_reader *rd)
{
	const uint64_t end = (uint64_t)archive_filter_bytes(rd->a, 0);
	const void *rest;
	la_ssize_t n;

	while ((n = tail_read(rd->a, rd, &rest)) > 0)
		;
	return n == 0 && rd->tail.zeros_from <= end;
}

size_t unpack_reader_blocks_left(const struct unpack_reader *rd)
{
	return rd->inner && rd->pool ? xz_pool_blocks_left(rd->pool) : 0;
}

int unpack_reader_skip_to_last(struct unpack_reader *rd, size_t n_blocks)
{
	uint64_t at;

	if (!xz_pool_skip_to_last(rd->pool, n_blocks, &at))
		return err_set(rd->err, ERR_LAB, -EAGAIN, "%s: no processes to unpack it",
			       rd->src.u->name);
	if (at % RECORD)
		return unpack_reader_err(rd, -EINVAL, "blocks of an odd length");
	archive_read_free(rd->inner);
	rd->inner = rd->a = archive_read_new();
	if (!rd->inner)
		BUG("libarchive: out of memory");
	rd->has_entry = rd->tail.is_in_step = false;
	rd->tail.n_bytes = rd->tail.zeros_from = 0;
	archive_read_support_format_tar(rd->inner);
	int r = archive_read_open(rd->inner, rd, NULL, tail_read, NULL);
	return r == ARCHIVE_OK ? 0 : unpack_reader_failed(rd);
}
