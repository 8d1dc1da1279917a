// SPDX-License-Identifier: GPL-2.0-or-later
/* A package whose middle is modules: device trees behind it come out without it, and the
 * same ones as when all is read. */
#include "kernel/bundle.h"

#include <sched.h>

#include "make_archive.h"
#include "make_xz.h"

/* Blocks are 1 MiB; below 8 MiB nobody skips. */
enum { N_MODULES = 12, MODULE_BYTES = 1 << 20, MAX_MEMBERS = 32 };

static struct err err;
static struct bundle_piece pieces[2];
static struct member members[MAX_MEMBERS];
static size_t n_members;
static char names[N_MODULES][64];
static char *noise;

static void add(const char *name, const void *data, size_t size)
{
	CHECK(n_members < MAX_MEMBERS);
	members[n_members++] = (struct member){ name, data, size, NULL };
}

/* A kernel and modules; what follows them is the test's. */
static void begin(const char *modules_dir)
{
	uint32_t x = 1;

	/* One byte in 64 is of no pattern. */
	noise = xcalloc(1, MODULE_BYTES);
	for (size_t i = 0; i < MODULE_BYTES; i += 64) {
		x = x * 1664525 + 1013904223;
		noise[i] = (char)(x >> 24);
	}
	n_members = 0;
	add("./boot/vmlinuz-6.1", "the kernel", 10);
	for (size_t i = 0; i < N_MODULES; i++) {
		snprintf(names[i], sizeof(names[i]), "%s/%02zu.ko", modules_dir, i);
		add(names[i], noise, MODULE_BYTES);
	}
}

static void build(struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT, xz = STRBUF_INIT;

	pack(&tar, "ustar", "", members, n_members);
	pack_xz(&xz, tar.buf, tar.len, true);
	const struct member parts[] = { { "debian-binary", "2.0\n", 4, NULL },
					{ "data.tar.xz", xz.buf, xz.len, NULL } };
	pack(out, "ar", "", parts, ARRAY_SIZE(parts));
	free(noise);
}

static int read_sb(const struct strbuf *sb, const char *member)
{
	_cleanup_close_ int in = memfile(sb->buf, sb->len);
	const struct unpack u = { .fd = in, .name = "file:x.deb" };
	struct task task = TASK_INIT;

	pieces[0] =
		(struct bundle_piece){ .what = BUNDLE_KERNEL, .out_fd = memfile("", 0) };
	pieces[1] = (struct bundle_piece){ .what = BUNDLE_MEMBER,
					   .member = member,
					   .out_fd = memfile("", 0) };
	err = (struct err)ERR_INIT;
	return bundle_read(&u, pieces, 2, &task, &err);
}

static void check_piece(const struct bundle_piece *p, const char *member,
			const char *want)
{
	char got[64] = "";

	CHECK(p->is_found);
	CHECK_STR(p->out.member, member);
	CHECK_EQ(p->out.size, strlen(want));
	CHECK_EQ(pread(p->out_fd, got, sizeof(got) - 1, 0), strlen(want));
	CHECK_STR(got, want);
}

static void check_both(const char *member)
{
	check_piece(&pieces[0], "boot/vmlinuz-6.1", "the kernel");
	check_piece(&pieces[1], member, "a tree");
}

TEST(a_tree_behind_the_modules_comes_without_them)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	need_processors();
	begin("./lib/modules/6.1/kernel");
	add("./usr/lib/linux-image-6.1/rockchip/a.dtb", "another", 7);
	add("./usr/lib/linux-image-6.1/rockchip/b.dtb", "a tree", 6);
	build(&sb);
	sb.buf[sb.len / 2] ^= 0x10; /* whoever reads it says so */
	CHECK_EQ(read_sb(&sb, "rockchip/b.dtb"), 0);
	check_both("usr/lib/linux-image-6.1/rockchip/b.dtb");
	CHECK_STR(pieces[1].out.how, "deb, tar.xz");
	CHECK_EQ(read_sb(&sb, "rockchip/none.dtb"), -EINVAL);
	CHECK_CONTAINS(err.msg, "damaged");
}

TEST(what_is_behind_the_modules_may_be_more_than_two_blocks)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	need_processors();
	begin("./lib/modules/6.1/kernel");
	add("./usr/lib/linux-image-6.1/rockchip/b.dtb", "a tree", 6);
	for (int i = 0; i < 3; i++)
		add("./usr/share/doc/big", noise, MODULE_BYTES);
	build(&sb);
	sb.buf[sb.len / 4] ^= 0x10;
	CHECK_EQ(read_sb(&sb, "b.dtb"), 0);
	check_both("usr/lib/linux-image-6.1/rockchip/b.dtb");
}

TEST(a_tree_before_or_among_the_modules_is_found)
{
	static const char *const dirs[] = { "./usr/lib/modules/6.1/kernel",
					    "./lib/modules/6.1/kernel" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

		begin(dirs[i]);
		members[3] = members[1]; /* the first module is a tree */
		members[1] = (struct member){ i ? "./lib/modules/6.1/dtb/b.dtb"
						: "./usr/lib/linux-image-6.1/b.dtb",
					      "a tree", 6, NULL };
		add("./usr/share/doc/x", "x", 1);
		build(&sb);
		CHECK_EQ(read_sb(&sb, "b.dtb"), 0);
		check_both(i ? "lib/modules/6.1/dtb/b.dtb"
			     : "usr/lib/linux-image-6.1/b.dtb");
	}
}

/* Archives as the content of a module that reaches into the last blocks. These begin at
 * any entry of one of them. */
static void hide_archives(struct strbuf *hidden, int shift, bool has_end)
{
	static const char zeros[1024];
	const struct member v[] = {
		{ "./lib/modules/6.1/kernel/x.ko", "x", 1, NULL },
		{ "./lib/modules/6.1/kernel/y.ko", "y", 1, NULL },
		{ "./usr/lib/linux-image-6.1/rockchip/b.dtb", "forged", 6, NULL },
	};

	for (int i = 0; i < shift; i++)
		strbuf_add(hidden, zeros, sizeof(zeros));
	for (int i = 0; i < 700; i++)
		pack(hidden, "ustar", "", v, ARRAY_SIZE(v));
	if (!has_end)
		hidden->len -= 1024;
}

TEST(an_archive_inside_a_module_is_content)
{
	for (int way = 0; way < 8; way++) {
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT, hidden = STRBUF_INIT;

		begin("./lib/modules/6.1/kernel");
		hide_archives(&hidden, way / 2, way % 2);
		add("./lib/modules/6.1/kernel/zz.ko", hidden.buf, hidden.len);
		add("./usr/lib/linux-image-6.1/rockchip/b.dtb", "a tree", 6);
		build(&sb);
		CHECK_EQ(read_sb(&sb, "b.dtb"), 0);
		check_both("usr/lib/linux-image-6.1/rockchip/b.dtb");
	}
}

TEST(damage_behind_the_modules_is_damage)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	begin("./lib/modules/6.1/kernel");
	add("./usr/lib/linux-image-6.1/rockchip/b.dtb", "a tree", 6);
	build(&sb);
	sb.buf[sb.len - 1024] ^= 0x10;
	CHECK_EQ(read_sb(&sb, "b.dtb"), -EINVAL);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "file:x.deb: damaged or not what it seems");
}

TEST(a_link_behind_the_modules_leads_to_its_target)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	begin("./lib/modules/6.1/kernel");
	add("./usr/lib/linux-image-6.1/rockchip/a.dtb", "a tree", 6);
	add("./usr/lib/linux-image-6.1/rockchip/b.dtb", "", 0);
	members[n_members - 1].link = "a.dtb";
	build(&sb);
	CHECK_EQ(read_sb(&sb, "b.dtb"), 0);
	check_both("usr/lib/linux-image-6.1/rockchip/a.dtb");
}

TESTS(T(a_tree_behind_the_modules_comes_without_them),
      T(what_is_behind_the_modules_may_be_more_than_two_blocks),
      T(a_tree_before_or_among_the_modules_is_found),
      T(an_archive_inside_a_module_is_content), T(damage_behind_the_modules_is_damage),
      T(a_link_behind_the_modules_leads_to_its_target))
