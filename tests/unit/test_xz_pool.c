// SPDX-License-Identifier: GPL-2.0-or-later
/* Archives of many xz blocks: the same comes out as from the front, and an index that
 * lies is found out. */
#include "kernel/xz_pool.h"

#include <sched.h>

#include "kernel/unpack.h"
#include "kernel/xz_blocks.h"
#include "make_archive.h"
#include "make_xz.h"

enum { KERNEL_BYTES = 12 << 20 };

static struct err err;
static struct unpacked un;

/* One byte in 64 is of no pattern. */
static char *new_kernel(void)
{
	char *data = xcalloc(1, KERNEL_BYTES);
	uint32_t x = 1;

	for (size_t i = 0; i < KERNEL_BYTES; i += 64) {
		x = x * 1664525 + 1013904223;
		data[i] = (char)(x >> 24);
	}
	return data;
}

static void pack_deb(struct strbuf *out, bool is_mt)
{
	_cleanup_free_ char *kernel = new_kernel();
	const struct member v[] = { { "./boot/vmlinuz-6.1", kernel, KERNEL_BYTES, NULL },
				    { "./usr/readme", "more", 4, NULL } };
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT, xz = STRBUF_INIT;

	pack(&tar, "ustar", "", v, ARRAY_SIZE(v));
	pack_xz(&xz, tar.buf, tar.len, is_mt);
	const struct member parts[] = { { "debian-binary", "2.0\n", 4, NULL },
					{ "data.tar.xz", xz.buf, xz.len, NULL } };
	pack(out, "ar", "", parts, ARRAY_SIZE(parts));
}

static int unpack_sb(const struct strbuf *sb)
{
	_cleanup_close_ int in = memfile(sb->buf, sb->len), out = memfile("", 0);
	const struct unpack u = { .fd = in, .want = UNPACK_KERNEL, .name = "file:x" };
	struct task task = TASK_INIT;

	err = (struct err)ERR_INIT;
	return unpack_file(&u, out, &task, &un, &err);
}

static void check_kernel(void)
{
	_cleanup_free_ char *kernel = new_kernel();

	CHECK_STR(un.sha256.str, sha256_of(kernel, KERNEL_BYTES).str);
	CHECK_EQ(un.size, KERNEL_BYTES);
}

static int open_pool(const struct strbuf *sb, int *fd, struct xz_pool **pool)
{
	*fd = memfile(sb->buf, sb->len);
	return xz_pool_open(*fd, 0, sb->len, pool);
}

TEST(a_deb_of_many_blocks_gives_its_kernel)
{
	for (int is_mt = 0; is_mt < 2; is_mt++) {
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

		pack_deb(&sb, is_mt);
		CHECK_EQ(unpack_sb(&sb), 0);
		CHECK_STR(un.member, "boot/vmlinuz-6.1");
		CHECK_STR(un.how, "deb, tar.xz");
		check_kernel();
	}
}

TEST(one_processor_gives_the_same)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	cpu_set_t set;

	pack_deb(&sb, true);
	CHECK_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
	for (int i = CPU_SETSIZE - 1; i >= 0 && CPU_COUNT(&set) > 1; i--)
		CPU_CLR(i, &set);
	CHECK_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
	CHECK_EQ(unpack_sb(&sb), 0);
	CHECK_STR(un.how, "deb, tar.xz");
	check_kernel();
}

TEST(a_tar_and_a_bare_file_of_many_blocks_are_named_as_before)
{
	for (int is_tar = 0; is_tar < 2; is_tar++) {
		_cleanup_free_ char *kernel = new_kernel();
		const struct member v[] = { { "Image", kernel, KERNEL_BYTES, NULL } };
		_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT, sb = STRBUF_INIT;

		pack(&tar, "ustar", "", v, 1);
		if (is_tar)
			pack_xz(&sb, tar.buf, tar.len, true);
		else
			pack_xz(&sb, kernel, KERNEL_BYTES, true);
		CHECK_EQ(unpack_sb(&sb), 0);
		CHECK_STR(un.how, is_tar ? "tar.xz" : "xz");
		check_kernel();
	}
}

TEST(blocks_come_in_order_and_once)
{
	_cleanup_free_ char *kernel = new_kernel();
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT, got = STRBUF_INIT;
	struct task task = TASK_INIT;
	struct xz_pool *pool = NULL;
	const uint8_t *data;
	size_t n;
	int fd, r;

	need_processors();
	pack_xz(&sb, kernel, KERNEL_BYTES, true);
	CHECK_EQ(open_pool(&sb, &fd, &pool), 1);
	while ((r = xz_pool_read(pool, &task, "x", &data, &n, &err)) > 0)
		strbuf_add(&got, (const char *)data, n);
	CHECK_EQ(r, 0);
	CHECK_EQ(got.len, KERNEL_BYTES);
	CHECK(memcmp(got.buf, kernel, KERNEL_BYTES) == 0);
	CHECK_EQ(xz_pool_read(pool, &task, "x", &data, &n, &err), 0);
	CHECK(xz_pool_given(pool) <= sb.len);
	xz_pool_free(pool);
	close(fd);
}

TEST(time_that_is_up_ends_the_wait)
{
	_cleanup_free_ char *kernel = new_kernel();
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct task task = TASK_INIT;
	struct xz_pool *pool = NULL;
	const uint8_t *data;
	size_t n;
	int fd;

	need_processors();
	pack_xz(&sb, kernel, KERNEL_BYTES, true);
	CHECK_EQ(open_pool(&sb, &fd, &pool), 1);
	task.deadline = deadline_in_ms(0);
	CHECK_EQ(xz_pool_read(pool, &task, "x", &data, &n, &err), -ETIMEDOUT);
	CHECK_EQ(err.class, ERR_LAB);
	xz_pool_free(pool);
	close(fd);
}

TEST(what_is_small_or_one_block_is_left_to_libarchive)
{
	_cleanup_free_ char *kernel = new_kernel();
	_cleanup_strbuf_ struct strbuf small = STRBUF_INIT, one = STRBUF_INIT;
	const struct member raw = { "x", kernel, KERNEL_BYTES, NULL };
	struct xz_pool *pool = NULL;
	int fd;

	pack_xz(&small, kernel, 3 << 20, true);
	CHECK_EQ(open_pool(&small, &fd, &pool), 0);
	close(fd);
	pack(&one, "raw", "xz", &raw, 1);
	CHECK_EQ(open_pool(&one, &fd, &pool), 0);
	close(fd);
	CHECK_EQ(unpack_sb(&one), 0);
	check_kernel();
}

TEST(a_flipped_byte_in_any_block_is_damage)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	pack_deb(&sb, true);
	for (size_t part = 1; part < 8; part++) {
		sb.buf[sb.len * part / 8] ^= 0x10;
		CHECK_EQ(unpack_sb(&sb), -EINVAL);
		CHECK_EQ(err.class, ERR_JOB);
		CHECK_CONTAINS(err.msg, "file:x: damaged or not what it seems");
		sb.buf[sb.len * part / 8] ^= 0x10;
	}
	CHECK_EQ(unpack_sb(&sb), 0);
}

TEST(a_file_that_is_cut_short_is_damage)
{
	_cleanup_free_ char *kernel = new_kernel();
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	pack_xz(&sb, kernel, KERNEL_BYTES, true);
	for (size_t part = 1; part < 8; part++) {
		_cleanup_strbuf_ struct strbuf cut = STRBUF_INIT;

		strbuf_add(&cut, sb.buf, sb.len * part / 8);
		CHECK_EQ(unpack_sb(&cut), -EINVAL);
		CHECK_EQ(err.class, ERR_JOB);
	}
}

/* ---- an index that lies; its checksums are right ---- */

static lzma_index *index_of(const struct strbuf *xz, size_t *at)
{
	const uint8_t *end = (const uint8_t *)xz->buf + xz->len;
	uint64_t memory = UINT64_MAX;
	lzma_stream_flags flags;
	lzma_index *index = NULL;
	size_t pos = 0;

	CHECK_EQ(lzma_stream_footer_decode(&flags, end - 12), LZMA_OK);
	*at = xz->len - 12 - (size_t)flags.backward_size;
	CHECK_EQ(lzma_index_buffer_decode(&index, &memory, NULL,
					  (const uint8_t *)xz->buf + *at, &pos,
					  xz->len - 12 - *at),
		 LZMA_OK);
	return index;
}

/* Block `which` is said to have `more` bytes decompressed, `longer` bytes packed. */
static void lie(struct strbuf *xz, size_t which, int64_t more, int64_t longer)
{
	uint8_t buf[4096], end[12];
	size_t at, n = 0, i = 0;
	lzma_index *truth = index_of(xz, &at), *lies = lzma_index_init(NULL);
	lzma_stream_flags flags;
	lzma_index_iter it;

	CHECK_EQ(lzma_stream_footer_decode(&flags,
					   (const uint8_t *)xz->buf + xz->len - 12),
		 LZMA_OK);
	lzma_index_iter_init(&it, truth);
	for (; !lzma_index_iter_next(&it, LZMA_INDEX_ITER_BLOCK); i++)
		CHECK_EQ(lzma_index_append(lies, NULL,
					   it.block.unpadded_size +
						   (i == which ? (uint64_t)longer : 0),
					   it.block.uncompressed_size +
						   (i == which ? (uint64_t)more : 0)),
			 LZMA_OK);
	CHECK(which < i);
	CHECK_EQ(lzma_index_buffer_encode(lies, buf, &n, sizeof(buf)), LZMA_OK);
	flags.backward_size = n;
	CHECK_EQ(lzma_stream_footer_encode(&flags, end), LZMA_OK);
	xz->len = at;
	strbuf_add(xz, (const char *)buf, n);
	strbuf_add(xz, (const char *)end, sizeof(end));
	lzma_index_end(truth, NULL);
	lzma_index_end(lies, NULL);
}

static int unpack_with_a_lie(bool is_mt, size_t which, int64_t more, int64_t longer)
{
	_cleanup_free_ char *kernel = new_kernel();
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	pack_xz(&sb, kernel, KERNEL_BYTES, is_mt);
	lie(&sb, which, more, longer);
	return unpack_sb(&sb);
}

TEST(an_index_that_tells_the_truth_again_is_fine)
{
	CHECK_EQ(unpack_with_a_lie(true, 3, 0, 0), 0);
	check_kernel();
}

TEST(an_index_with_other_sizes_is_refused)
{
	static const int64_t lies[][2] = { { 1, 0 },        { -1, 0 },      { 4096, 0 },
					   { -1048576, 0 }, { 0, 4 },       { 0, -4 },
					   { 0, 1 },        { 63 << 20, 0 } };

	need_processors();
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++)
		for (size_t which = 0; which < 12; which += 11)
			for (int is_mt = 0; is_mt < 2; is_mt++) {
				CHECK_EQ(unpack_with_a_lie(is_mt, which, lies[i][0],
							   lies[i][1]),
					 -EINVAL);
				CHECK_EQ(err.class, ERR_JOB);
				CHECK_CONTAINS(err.msg, "damaged");
			}
}

TEST(a_block_that_is_said_to_be_huge_reserves_nothing)
{
	/* Beyond the bound: libarchive reads from the front, and sees the lie as the end
	 * of the data, which it need not reach. */
	_cleanup_free_ char *kernel = new_kernel();
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct xz_pool *pool = NULL;
	int fd;

	pack_xz(&sb, kernel, KERNEL_BYTES, true);
	lie(&sb, 2, INT64_C(1) << 50, 0);
	CHECK_EQ(open_pool(&sb, &fd, &pool), 0);
	close(fd);
}

TESTS(T(a_deb_of_many_blocks_gives_its_kernel), T(one_processor_gives_the_same),
      T(a_tar_and_a_bare_file_of_many_blocks_are_named_as_before),
      T(blocks_come_in_order_and_once), T(time_that_is_up_ends_the_wait),
      T(what_is_small_or_one_block_is_left_to_libarchive),
      T(a_flipped_byte_in_any_block_is_damage), T(a_file_that_is_cut_short_is_damage),
      T(an_index_that_tells_the_truth_again_is_fine),
      T(an_index_with_other_sizes_is_refused),
      T(a_block_that_is_said_to_be_huge_reserves_nothing))
