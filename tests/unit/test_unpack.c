// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/unpack.h"

#include "make_archive.h"

static const struct member kernel_tree[] = {
	{ "./boot/", NULL, 0, NULL },
	{ "./boot/config-6.1", "CONFIG_X=y\n", 11, NULL },
	{ "./boot/vmlinuz-6.1", "the kernel", 10, NULL },
	{ "./lib/modules/6.1/a.ko", "module", 6, NULL },
};

static struct err err;
static struct unpacked got;
static char
	*content; /* of the file taken out; leaks into the end of the case's process */

static int unpack_with(struct unpack u, const void *data, size_t len)
{
	_cleanup_close_ int in = memfile(data, len);
	_cleanup_close_ int out = memfile("", 0);
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct task task = TASK_INIT;

	u.fd = in;
	u.name = u.name ?: "file:test";
	err = (struct err)ERR_INIT;
	int r = unpack_file(&u, out, &task, &got, &err);
	CHECK_EQ(r, err.code);
	CHECK_EQ(lseek(out, 0, SEEK_SET), 0);
	CHECK_EQ(io_read_fd(out, 1 << 28, &text), 0);
	free(content);
	if (!r) {
		CHECK_EQ(got.size, text.len);
		CHECK_STR(got.sha256.str, sha256_of(strbuf_str(&text), text.len).str);
	}
	content = strbuf_take(&text);
	return r;
}

static void done(void)
{
	free(content);
	content = NULL;
}

static int unpack_sb(enum unpack_want want, const struct strbuf *sb)
{
	return unpack_with((struct unpack){ .want = want }, sb->buf, sb->len);
}

TEST(the_kernel_comes_out_of_a_deb_of_any_compression)
{
	static const char *const kinds[][3] = {
		{ "data.tar.xz", "xz", "deb, tar.xz" },
		{ "data.tar.zst", "zstd", "deb, tar.zst" },
		{ "data.tar.gz", "gzip", "deb, tar.gz" },
		{ "data.tar", "", "deb, tar" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_strbuf_ struct strbuf deb = STRBUF_INIT;

		make_deb(&deb, kinds[i][0], kinds[i][1], kernel_tree,
			 ARRAY_SIZE(kernel_tree));
		unpack_sb(UNPACK_KERNEL, &deb);
		CHECK_STR(err.msg, "");
		CHECK_STR(content, "the kernel");
		CHECK_STR(got.member, "boot/vmlinuz-6.1");
		CHECK_STR(got.how, kinds[i][2]);
	}
	done();
}

TEST(what_follows_boot_in_a_deb_is_not_read)
{
	_cleanup_strbuf_ struct strbuf deb = STRBUF_INIT;
	_cleanup_free_ char *big = xcalloc(1, 1 << 20);
	const struct member tree[] = { kernel_tree[0],
				       kernel_tree[2],
				       { "./lib/big", big, 1 << 20, NULL } };

	make_deb(&deb, "data.tar", "", tree, ARRAY_SIZE(tree));
	/* Cut off inside ./lib/big: only a reader that goes on would notice. */
	CHECK_EQ(unpack_with((struct unpack){ .want = UNPACK_KERNEL }, deb.buf,
			     deb.len - (1 << 19)),
		 0);
	CHECK_STR(content, "the kernel");
	done();
}

TEST(a_deb_with_two_kernels_names_both)
{
	_cleanup_strbuf_ struct strbuf deb = STRBUF_INIT;
	const struct member tree[] = { { "./boot/vmlinuz-1", "a", 1, NULL },
				       { "./boot/vmlinuz-2", "b", 1, NULL } };

	make_deb(&deb, "data.tar.xz", "xz", tree, 2);
	CHECK_EQ(unpack_sb(UNPACK_KERNEL, &deb), -EINVAL);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "more than one kernel");
	CHECK_CONTAINS(err.msg, "boot/vmlinuz-1 and boot/vmlinuz-2");
	done();
}

TEST(a_deb_without_a_kernel_lists_what_is_in_boot)
{
	_cleanup_strbuf_ struct strbuf deb = STRBUF_INIT;
	const struct member tree[] = { kernel_tree[0], kernel_tree[1], kernel_tree[3] };

	make_deb(&deb, "data.tar.xz", "xz", tree, ARRAY_SIZE(tree));
	CHECK_EQ(unpack_sb(UNPACK_KERNEL, &deb), -ENOENT);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "file:test: no boot/vmlinuz-* in it");
	CHECK_CONTAINS(err.msg, "boot/config-6.1");
	done();
}

TEST(a_kernel_that_is_only_a_link_is_none)
{
	_cleanup_strbuf_ struct strbuf deb = STRBUF_INIT;
	const struct member tree[] = { { "./boot/vmlinuz-1", NULL, 0, "/etc/shadow" } };

	make_deb(&deb, "data.tar", "", tree, 1);
	CHECK_EQ(unpack_sb(UNPACK_KERNEL, &deb), -ENOENT);
	CHECK_CONTAINS(err.msg, "boot/vmlinuz-1");
	done();
}

TEST(an_ar_that_is_no_deb_is_refused)
{
	_cleanup_strbuf_ struct strbuf ar = STRBUF_INIT;
	const struct member tree[] = { { "x.o", "a", 1, NULL } };

	pack(&ar, "ar", "", tree, 1);
	CHECK_EQ(unpack_sb(UNPACK_KERNEL, &ar), -EINVAL);
	CHECK_CONTAINS(err.msg, "without data.tar");
	done();
}

TEST(tar_and_zip_give_up_their_kernel)
{
	static const char *const kinds[][3] = { { "ustar", "gzip", "tar.gz" },
						{ "ustar", "", "tar" },
						{ "zip", "", "zip" } };
	const struct member tree[] = { { "README", "read me", 7, NULL },
				       { "boot/Image", "the kernel", 10, NULL } };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_strbuf_ struct strbuf file = STRBUF_INIT;

		pack(&file, kinds[i][0], kinds[i][1], tree, 2);
		CHECK_EQ(unpack_sb(UNPACK_KERNEL, &file), 0);
		CHECK_STR(content, "the kernel");
		CHECK_STR(got.member, "boot/Image");
		CHECK_STR(got.how, kinds[i][2]);
	}
	done();
}

TEST(a_single_compressed_file_is_decompressed)
{
	static const char *const kinds[][2] = {
		{ "gzip", "gz" }, { "xz", "xz" }, { "bzip2", "bz2" }, { "zstd", "zst" }
	};
	const struct member one = { "data", "the kernel", 10, NULL };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_strbuf_ struct strbuf file = STRBUF_INIT;

		pack(&file, "raw", kinds[i][0], &one, 1);
		CHECK(unpack_is_packed((const uint8_t *)file.buf, file.len));
		CHECK_STR(compression_of((const uint8_t *)file.buf, file.len),
			  kinds[i][1]);
		CHECK_EQ(unpack_sb(UNPACK_KERNEL, &file), 0);
		CHECK_STR(content, "the kernel");
		CHECK_STR(got.member, "");
		CHECK_STR(got.how, kinds[i][1]);
	}
	done();
}

TEST(a_bare_file_passes_as_it_is)
{
	uint8_t image[256];

	make_arm64(image, sizeof(image));
	CHECK(!unpack_is_packed(image, sizeof(image)));
	CHECK_EQ(unpack_with((struct unpack){ .want = UNPACK_KERNEL }, image,
			     sizeof(image)),
		 0);
	CHECK_EQ(got.size, sizeof(image));
	CHECK_STR(got.how, "");
	CHECK_EQ(memcmp(content, image, sizeof(image)), 0);
	done();
}

TEST(what_the_job_says_is_checked_against_the_content)
{
	const struct member one = { "Image", "the kernel", 10, NULL };
	_cleanup_strbuf_ struct strbuf gz = STRBUF_INIT, tar = STRBUF_INIT;

	pack(&gz, "raw", "gzip", &one, 1);
	pack(&tar, "ustar", "xz", &one, 1);
	CHECK_EQ(unpack_with((struct unpack){ .compression = "xz" }, gz.buf, gz.len),
		 -EINVAL);
	CHECK_CONTAINS(err.msg, "the job says compression: xz, but it is gz");
	CHECK_EQ(unpack_with((struct unpack){ .compression = "gz" }, "plain", 5),
		 -EINVAL);
	CHECK_CONTAINS(err.msg, "but it is not compressed");
	CHECK_EQ(unpack_with((struct unpack){ .archive = "tar" }, gz.buf, gz.len),
		 -EINVAL);
	CHECK_CONTAINS(err.msg, "the job says archive: tar, but it is no archive");
	CHECK_EQ(unpack_with((struct unpack){ .archive = "tar", .compression = "xz" },
			     tar.buf, tar.len),
		 0);
	CHECK_EQ(err.class, ERR_NONE);
	done();
}

TEST(only_means_that_there_is_one_file)
{
	const struct member two[] = { { "a.dtb", "a", 1, NULL },
				      { "b.dtb", "b", 1, NULL } };
	_cleanup_strbuf_ struct strbuf one = STRBUF_INIT, both = STRBUF_INIT;

	pack(&one, "ustar", "gzip", two, 1);
	pack(&both, "ustar", "gzip", two, 2);
	CHECK_EQ(unpack_sb(UNPACK_ONLY, &one), 0);
	CHECK_STR(content, "a");
	CHECK_EQ(unpack_sb(UNPACK_ONLY, &both), -EINVAL);
	CHECK_CONTAINS(err.msg, "more than one file in it");
	done();
}

TEST(names_that_lead_out_are_refused)
{
	static const char *const names[] = { "../Image", "/boot/Image", "a/../../Image" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct member one = { names[i], "x", 1, NULL };
		_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

		pack(&tar, "ustar", "", &one, 1);
		CHECK_EQ(unpack_sb(UNPACK_KERNEL, &tar), -EINVAL);
		CHECK_CONTAINS(err.msg, "leads out of the archive");
	}
	done();
}

TEST(a_bomb_is_stopped_long_before_it_is_unpacked)
{
	_cleanup_free_ char *same = xmalloc(96 << 20);
	const struct member one = { "data", same, 96 << 20, NULL };
	_cleanup_strbuf_ struct strbuf file = STRBUF_INIT;

	memset(same, 'x', 96 << 20);

	pack(&file, "raw", "zstd", &one, 1);
	CHECK_EQ(unpack_sb(UNPACK_KERNEL, &file), -EFBIG);
	CHECK_CONTAINS(err.msg, "bomb");
	done();
}

TEST(a_member_that_is_too_big_is_refused)
{
	const struct member one = { "Image", "0123456789", 10, NULL };
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

	pack(&tar, "ustar", "", &one, 1);
	CHECK_EQ(unpack_with((struct unpack){ .max_bytes = 9 }, tar.buf, tar.len),
		 -EFBIG);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_EQ(unpack_with((struct unpack){ .max_bytes = 10 }, tar.buf, tar.len), 0);
	done();
}

TEST(a_damaged_archive_is_the_job_s_fault_and_names_the_url)
{
	_cleanup_strbuf_ struct strbuf deb = STRBUF_INIT;

	make_deb(&deb, "data.tar.xz", "xz", kernel_tree, ARRAY_SIZE(kernel_tree));
	deb.buf[deb.len - 100] ^= 0x55;
	deb.buf[deb.len - 180] ^= 0x55;
	CHECK(unpack_with((struct unpack){ .name = "http://x/k.deb" }, deb.buf,
			  deb.len / 2) < 0);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "http://x/k.deb: ");
	CHECK_EQ(unpack_with((struct unpack){ .want = UNPACK_KERNEL }, "", 0), -EINVAL);
	CHECK_CONTAINS(err.msg, "empty");
	done();
}

TEST(lzo_is_refused_by_name)
{
	CHECK_EQ(unpack_with((struct unpack){ .want = UNPACK_KERNEL },
			     "\x89LZO\0\r\n\x1a\n0123456789", 19),
		 -EINVAL);
	CHECK_CONTAINS(err.msg, "lzo");
	done();
}

TEST(a_slice_of_a_file_is_unpacked_alone)
{
	const struct member one = { "data", "the kernel", 10, NULL };
	_cleanup_strbuf_ struct strbuf gz = STRBUF_INIT, file = STRBUF_INIT;

	pack(&gz, "raw", "gzip", &one, 1);
	strbuf_addstr(&file, "head");
	strbuf_add(&file, gz.buf, gz.len);
	strbuf_addstr(&file, "tail that is no gzip");
	CHECK_EQ(unpack_with((struct unpack){ .offset = 4, .len = gz.len }, file.buf,
			     file.len),
		 0);
	CHECK_STR(content, "the kernel");
	done();
}

TEST(cancel_stops_it)
{
	_cleanup_strbuf_ struct strbuf deb = STRBUF_INIT;
	struct task task = TASK_INIT;
	struct unpacked un;
	int fds[2];

	make_deb(&deb, "data.tar.xz", "xz", kernel_tree, ARRAY_SIZE(kernel_tree));
	_cleanup_close_ int in = memfile(deb.buf, deb.len);
	_cleanup_close_ int out = memfile("", 0);
	struct unpack u = { .fd = in, .name = "x" };
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	task.cancel_fd = fds[0];
	CHECK_EQ(unpack_file(&u, out, &task, &un, &err), -ECANCELED);
	CHECK_EQ(err.class, ERR_CANCELED);
	close(fds[0]);
	close(fds[1]);
}

TESTS(T(the_kernel_comes_out_of_a_deb_of_any_compression),
      T(what_follows_boot_in_a_deb_is_not_read), T(a_deb_with_two_kernels_names_both),
      T(a_deb_without_a_kernel_lists_what_is_in_boot),
      T(a_kernel_that_is_only_a_link_is_none), T(an_ar_that_is_no_deb_is_refused),
      T(tar_and_zip_give_up_their_kernel), T(a_single_compressed_file_is_decompressed),
      T(a_bare_file_passes_as_it_is), T(what_the_job_says_is_checked_against_the_content),
      T(only_means_that_there_is_one_file), T(names_that_lead_out_are_refused),
      T(a_bomb_is_stopped_long_before_it_is_unpacked),
      T(a_member_that_is_too_big_is_refused),
      T(a_damaged_archive_is_the_job_s_fault_and_names_the_url),
      T(lzo_is_refused_by_name), T(a_slice_of_a_file_is_unpacked_alone),
      T(cancel_stops_it))
