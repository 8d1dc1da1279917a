// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel, device tree and modules out of one archive, in one pass. */
#include "kernel/bundle.h"

#include "kernel/dtbs.h"
#include "make_archive.h"

static struct err err;
static struct bundle_piece pieces[3];

static int fresh(void)
{
	return memfile("", 0);
}

static void plan(const char *member)
{
	pieces[0] = (struct bundle_piece){ .what = BUNDLE_KERNEL, .out_fd = fresh() };
	pieces[1] = (struct bundle_piece){ .what = BUNDLE_MEMBER,
					   .member = member,
					   .out_fd = fresh() };
	pieces[2] = (struct bundle_piece){ .what = BUNDLE_MODULES,
					   .compression = "",
					   .out_fd = fresh() };
}

static int read_sb(const struct strbuf *sb)
{
	_cleanup_close_ int in = memfile(sb->buf, sb->len);
	const struct unpack u = { .fd = in, .name = "file:test" };
	struct task task = TASK_INIT;

	err = (struct err)ERR_INIT;
	return bundle_read(&u, pieces, 3, &task, &err);
}

static void check_content(const struct bundle_piece *p, const char *want)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	CHECK(p->is_found);
	CHECK_EQ(lseek(p->out_fd, 0, SEEK_SET), 0);
	CHECK_EQ(io_read_fd(p->out_fd, 1 << 20, &text), 0);
	CHECK_STR(strbuf_str(&text), want);
	CHECK_EQ(p->out.size, text.len);
	CHECK_STR(p->out.sha256.str, sha256_of(text.buf, text.len).str);
}

/* The names in the cpio archive of the modules. */
static void check_modules(const char *want)
{
	_cleanup_strbuf_ struct strbuf names = STRBUF_INIT;
	struct archive *a = archive_read_new();
	struct archive_entry *e;

	CHECK_EQ(lseek(pieces[2].out_fd, 0, SEEK_SET), 0);
	archive_read_support_format_cpio(a);
	CHECK_EQ(archive_read_open_fd(a, pieces[2].out_fd, 4096), ARCHIVE_OK);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK)
		strbuf_addf(&names, "%s ", archive_entry_pathname(e));
	archive_read_free(a);
	CHECK_STR(strbuf_str(&names), want);
}

static const struct member good[] = {
	{ "./boot/vmlinuz-6.1", "the kernel", 10, NULL },
	{ "./lib/modules/6.1/", NULL, 0, NULL },
	{ "./lib/modules/6.1/build", "", 0, "/usr/src/linux" },
	{ "./lib/modules/6.1/a.ko", "module", 6, NULL },
	{ "./usr/lib/linux-image-6.1/rockchip/b.dtb", "a tree", 6, NULL },
};

#define WANT_MODULES "lib lib/modules lib/modules/6.1 lib/modules/6.1/a.ko "

TEST(all_pieces_come_out_of_a_deb_a_tar_and_a_zip)
{
	for (int kind = 0; kind < 3; kind++) {
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

		if (kind == 0)
			make_deb(&sb, "data.tar.xz", "xz", good, ARRAY_SIZE(good));
		else
			pack(&sb, kind == 1 ? "ustar" : "zip", kind == 1 ? "zstd" : "",
			     good, ARRAY_SIZE(good));
		plan("rockchip/b.dtb");
		CHECK_EQ(read_sb(&sb), 0);
		check_content(&pieces[0], "the kernel");
		check_content(&pieces[1], "a tree");
		CHECK_STR(pieces[2].out.member, "6.1");
		check_modules(WANT_MODULES);
	}
}

TEST(modules_below_usr_come_out_all_of_them)
{
	static const struct member v[] = {
		{ "./boot/vmlinuz-6.1", "the kernel", 10, NULL },
		{ "./usr/lib/linux-image-6.1/rockchip/b.dtb", "a tree", 6, NULL },
		{ "./usr/lib/modules/6.1/", NULL, 0, NULL },
		{ "./usr/lib/modules/6.1/a.ko", "module", 6, NULL },
		{ "./usr/lib/modules/6.1/b.ko", "module", 6, NULL },
		{ "./usr/share/doc/x", "x", 1, NULL },
	};
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	make_deb(&sb, "data.tar.xz", "xz", v, ARRAY_SIZE(v));
	plan("rockchip/b.dtb");
	CHECK_EQ(read_sb(&sb), 0);
	check_modules(WANT_MODULES "lib/modules/6.1/b.ko ");
}

/* As zip and tar may come: the kernel would make no directory of its own accord. */
TEST(directories_that_the_archive_does_not_have_are_put_before_the_modules)
{
	static const struct member v[] = {
		{ "lib/modules/6.1/kernel/net/a.ko", "a", 1, NULL },
		{ "lib/modules/6.1/kernel/net/b.ko", "b", 1, NULL },
		{ "lib/modules/6.1/kernel/c.ko", "c", 1, NULL },
		{ "lib/modules/6.1/misc/", NULL, 0, NULL },
		{ "lib/modules/6.1/misc/d.ko", "d", 1, NULL },
	};
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	pack(&sb, "zip", "", v, ARRAY_SIZE(v));
	plan("b.dtb");
	CHECK_EQ(read_sb(&sb), 0);
	check_modules("lib lib/modules lib/modules/6.1 lib/modules/6.1/kernel "
		      "lib/modules/6.1/kernel/net lib/modules/6.1/kernel/net/a.ko "
		      "lib/modules/6.1/kernel/net/b.ko lib/modules/6.1/kernel/c.ko "
		      "lib/modules/6.1/misc lib/modules/6.1/misc/d.ko ");
}

TEST(a_kernel_that_is_a_link_is_found_under_its_target)
{
	static const struct member v[] = { { "boot/kernel-6.1", "linked", 6, NULL },
					   { "boot/Image", "", 0, "kernel-6.1" } };
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	pack(&sb, "ustar", "gzip", v, ARRAY_SIZE(v));
	plan("b.dtb");
	CHECK_EQ(read_sb(&sb), 0);
	check_content(&pieces[0], "linked");
	CHECK_STR(pieces[0].out.member, "boot/kernel-6.1");
	CHECK(!pieces[1].is_found);
	CHECK(!pieces[2].is_found);
}

TEST(an_image_goes_before_its_packed_copy)
{
	static const struct member v[] = { { "boot/Image.gz", "packed", 6, NULL },
					   { "boot/Image", "plain", 5, NULL } };
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	pack(&sb, "ustar", "", v, ARRAY_SIZE(v));
	plan("b.dtb");
	CHECK_EQ(read_sb(&sb), 0);
	check_content(&pieces[0], "plain");
}

/* All device trees, in place of the modules. */
static int read_dtbs(const struct strbuf *sb)
{
	plan("none.dtb");
	pieces[2].what = BUNDLE_DTBS;
	return read_sb(sb);
}

static const struct member trees[] = {
	{ "./boot/vmlinuz-6.1", "the kernel", 10, NULL },
	{ "./lib/modules/6.1/a.ko", "module", 6, NULL },
	{ "./usr/lib/linux-image-6.1/", NULL, 0, NULL },
	{ "./usr/lib/linux-image-6.1/rockchip/b.dtb", "one", 3, NULL },
	{ "./usr/lib/linux-image-6.1/rockchip/b.dts", "source", 6, NULL },
	{ "./usr/lib/linux-image-6.1/rockchip/c.dtb", "", 0, "b.dtb" },
	{ "./usr/lib/linux-image-6.1/flat.dtb", "two", 3, NULL },
	{ "./usr/share/doc/x.dtb", "no place for it", 15, NULL },
};

TEST(all_device_trees_come_out_by_the_names_that_fdtfile_has)
{
	for (int kind = 0; kind < 2; kind++) {
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

		if (kind == 0)
			make_deb(&sb, "data.tar.xz", "xz", trees, ARRAY_SIZE(trees));
		else
			pack(&sb, "ustar", "zstd", trees, ARRAY_SIZE(trees));
		CHECK_EQ(read_dtbs(&sb), 0);
		check_content(&pieces[0], "the kernel");
		CHECK(pieces[2].is_found);
		CHECK_STR(pieces[2].out.member, "usr/lib/linux-image-6.1/");
		check_modules("dtbs/rockchip/b.dtb dtbs/rockchip/c.dtb dtbs/flat.dtb ");
	}
}

static void check_root(const char *name, size_t want)
{
	if (dtbs_root_len(name) != want)
		tap_fail(__FILE__, __LINE__, "%s: %zu, want %zu", name,
			 dtbs_root_len(name), want);
}

TEST(device_trees_lie_where_packages_and_make_have_them)
{
	check_root("dtbs/rockchip/b.dtb", 5);
	check_root("linux-6.1/dtbs/rockchip/b.dtb", 15);
	check_root("boot/dtbs/rockchip/b.dtb", 10);
	check_root("boot/dtbs/6.1.0-x/rockchip/b.dtb", 18);
	check_root("boot/dtb-6.1/rockchip/b.dtb", 13);
	check_root("usr/lib/modules/6.1/dtb/rockchip/b.dtb", 24);
	check_root("arch/arm64/boot/dts/rockchip/b.dtb", 20);
	check_root("rockchip/b.dtb", 0);
	check_root("b.dtb", 0);
	check_root("", 0);
	check_root("mydtbs/b.dtb", 0);
}

/* They are not looked for behind the modules alone. */
TEST(device_trees_among_the_modules_come_out_all_of_them)
{
	static const struct member v[] = {
		{ "boot/vmlinuz-6.1", "the kernel", 10, NULL },
		{ "lib/modules/6.1/a.ko", "module", 6, NULL },
		{ "lib/modules/6.1/dtb/rockchip/b.dtb", "one", 3, NULL },
		{ "lib/modules/6.1/z.ko", "module", 6, NULL },
	};
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	make_deb(&sb, "data.tar.xz", "xz", v, ARRAY_SIZE(v));
	CHECK_EQ(read_dtbs(&sb), 0);
	check_modules("dtbs/rockchip/b.dtb ");
}

static void check_trees_refused(const struct member *v, size_t n, const char *want)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	pack(&sb, "ustar", "", v, n);
	CHECK(read_dtbs(&sb) < 0);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, want);
}

TEST(device_trees_that_lead_out_or_lie_in_two_places_are_refused)
{
	static const struct member up[] = { { "dtbs/../../b.dtb", "x", 1, NULL } },
				   link[] = { { "dtbs/a/b.dtb", "", 0,
						"../../etc/passwd" } },
				   root[] = { { "dtbs/b.dtb", "", 0, "/etc/passwd" } },
				   two[] = { { "boot/dtbs/6.1/b.dtb", "x", 1, NULL },
					     { "boot/dtbs/6.2/b.dtb", "x", 1, NULL } };

	check_trees_refused(up, 1, "leads out of the archive");
	check_trees_refused(link, 1, "leads out of the device trees");
	check_trees_refused(root, 1, "leads out of the device trees");
	check_trees_refused(two, 2, "in two places: boot/dtbs/6.1/ and boot/dtbs/6.2/");
}

static void check_refused(const struct member *v, size_t n, const char *want)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	pack(&sb, "ustar", "", v, n);
	plan("b.dtb");
	CHECK(read_sb(&sb) < 0);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, want);
}

TEST(what_leads_out_and_what_is_there_twice_is_refused)
{
	static const struct member
		up[] = { { "lib/modules/6.1/../../../etc/passwd", "x", 1, NULL } },
		dtb[] = { { "../b.dtb", "x", 1, NULL } },
		link[] = { { "boot/Image", "", 0, "../../Image" } },
		ko[] = { { "lib/modules/6.1/a.ko", "", 0, "/etc/passwd" } },
		two[] = { { "a/Image", "x", 1, NULL }, { "b/Image", "y", 1, NULL } },
		releases[] = { { "lib/modules/6.1/a.ko", "x", 1, NULL },
			       { "lib/modules/6.2/a.ko", "x", 1, NULL } };

	check_refused(up, 1, "leads out of the archive");
	check_refused(dtb, 1, "../b.dtb leads out of the archive");
	check_refused(link, 1, "a link that leads out of the archive");
	check_refused(ko, 1, "leads out of lib/modules");
	check_refused(two, 2, "more than one kernel in it: a/Image and b/Image");
	check_refused(releases, 2, "modules of two kernels in it: 6.1 and 6.2");
}

TESTS(T(all_pieces_come_out_of_a_deb_a_tar_and_a_zip),
      T(modules_below_usr_come_out_all_of_them),
      T(directories_that_the_archive_does_not_have_are_put_before_the_modules),
      T(a_kernel_that_is_a_link_is_found_under_its_target),
      T(an_image_goes_before_its_packed_copy),
      T(all_device_trees_come_out_by_the_names_that_fdtfile_has),
      T(device_trees_lie_where_packages_and_make_have_them),
      T(device_trees_among_the_modules_come_out_all_of_them),
      T(device_trees_that_lead_out_or_lie_in_two_places_are_refused),
      T(what_leads_out_and_what_is_there_twice_is_refused))
