// SPDX-License-Identifier: GPL-2.0-or-later
/* All device trees of a kernel, in a directory of their own. */
#include "stage_bench.h"
#include "util/crc32.h"

static const uint8_t tree1[48] = { 0xd0, 0x0d, 0xfe, 0xed, 0, 0, 0, 48 };
static const uint8_t tree2[56] = { 0xd0, 0x0d, 0xfe, 0xed, 0, 0, 0, 48 };

/* A kernel with these device trees; the request asks for all of them. */
static struct stage_request trees_request(const struct member *v, size_t n)
{
	_cleanup_free_ struct member *all = xcalloc(n + 1, sizeof(*all));
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;
	struct stage_request req = request("r1");

	all[0] = (struct member){ "boot/Image", image, sizeof(image), NULL };
	for (size_t i = 0; i < n; i++)
		all[i + 1] = v[i];
	pack(&tar, "ustar", "gzip", all, n + 1);
	set_kernel(tar.buf, tar.len);
	req.dtb = NULL;
	req.fdtdir = &kernel;
	req.is_bundle = true;
	return req;
}

static const struct member two_trees[] = {
	{ "boot/dtbs/6.9/rockchip/b.dtb", tree1, sizeof(tree1), NULL },
	{ "boot/dtbs/6.9/rockchip/also-b.dtb", "", 0, "b.dtb" },
	{ "boot/dtbs/6.9/rockchip/gone.dtb", "", 0, "nowhere.dtb" },
	{ "boot/dtbs/6.9/flat.dtb", tree2, sizeof(tree2), NULL },
};

static void check_two_trees(const struct staged *s)
{
	const struct staged_tree_file *f;
	size_t len;

	CHECK_EQ(s->fdtdir.n, 3);
	CHECK_STR(s->fdtdir.dir.boot_path, "bootrig-r1/dtbs");
	CHECK_EQ(s->fdtdir.dir.size, 2 * sizeof(tree1) + sizeof(tree2));
	CHECK(!staged_tree_find(&s->fdtdir, "rockchip/gone.dtb"));
	CHECK(!staged_tree_find(&s->fdtdir, "b.dtb"));
	f = staged_tree_find(&s->fdtdir, "rockchip/also-b.dtb");
	CHECK(f);
	CHECK_EQ(f->size, sizeof(tree1));
	CHECK_STR(f->sha256.str, sha256_of(tree1, sizeof(tree1)).str);
	CHECK_EQ(f->crc32, crc32_of(tree1, sizeof(tree1)));
	_cleanup_free_ char *text = content("bootrig-r1/dtbs/rockchip/also-b.dtb", &len);
	CHECK_EQ(len, sizeof(tree1));
	CHECK_EQ(memcmp(text, tree1, len), 0);
}

static void check_trees_mode(mode_t umask_then)
{
	struct staged s;
	struct stat st;
	const mode_t before = umask(umask_then);
	struct stage_request req = trees_request(two_trees, ARRAY_SIZE(two_trees));

	CHECK_EQ(stage(&req, &s), 0);
	umask(before);
	check_two_trees(&s);
	_cleanup_free_ char *dir = xasprintf("%s/bootrig-r1/dtbs/rockchip", root);
	_cleanup_free_ char *file = xasprintf("%s/b.dtb", dir);
	CHECK_EQ(stat(dir, &st), 0);
	CHECK_EQ(st.st_mode & 07777, 0755);
	CHECK_EQ(stat(file, &st), 0);
	CHECK_EQ(st.st_mode & 07777, 0444);
	CHECK_EQ(stage_remove(&s, &err), 0);
	CHECK(!exists("bootrig-r1"));
	staged_release(&s);
}

TEST(all_device_trees_of_a_kernel_are_staged_for_everybody_to_read)
{
	make_inputs();
	check_trees_mode(022);
	check_trees_mode(077);
	drop_inputs();
}

TEST(device_trees_come_out_of_the_cache_and_of_a_directory_as_well)
{
	_cleanup_free_ char *cache = tmp_path("cache");
	struct job_file own = { .url = NULL };
	struct staged s, again;

	make_inputs();
	struct stage_request req = trees_request(two_trees, ARRAY_SIZE(two_trees));
	req.cache_dir = cache;
	CHECK_EQ(stage(&req, &s), 0);
	req.run = "r2";
	CHECK_EQ(stage(&req, &again), 0);
	CHECK(again.kernel_from_cache);
	CHECK_STR(again.fdtdir.dir.sha256.str, s.fdtdir.dir.sha256.str);
	staged_release(&again);
	_cleanup_free_ char *dir = xasprintf("file:%s/bootrig-r1/dtbs", root);
	own.url = dir;
	req.run = "r3";
	req.fdtdir = &own;
	CHECK_EQ(stage(&req, &again), 0);
	CHECK_STR(again.fdtdir.dir.sha256.str, s.fdtdir.dir.sha256.str);
	staged_release(&again);
	CHECK_EQ(stage_remove(&s, &err), 0);
	staged_release(&s);
	drop_inputs();
}

static void check_trees_refused(const struct member *v, size_t n, const char *why)
{
	struct stage_request req = trees_request(v, n);
	struct staged s;

	CHECK(stage(&req, &s) < 0);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, why);
	CHECK(!exists("bootrig-r1"));
}

TEST(device_trees_with_bad_names_or_bytes_are_refused_and_nothing_stays)
{
	static const struct member
		odd[] = { { "dtbs/a b.dtb", tree1, sizeof(tree1), NULL } },
		line[] = { { "dtbs/a\nb.dtb", tree1, sizeof(tree1), NULL } },
		hidden[] = { { "dtbs/.x/b.dtb", tree1, sizeof(tree1), NULL } },
		twice[] = { { "dtbs/b.dtb", tree1, sizeof(tree1), NULL },
			    { "dtbs/b.dtb", tree2, sizeof(tree2), NULL } },
		text[] = { { "dtbs/b.dtb", "no tree", 7, NULL } };

	make_inputs();
	check_trees_refused(odd, 1, "\"a b.dtb\" has a name that U-Boot cannot ask for");
	check_trees_refused(line, 1, "a name in it has control characters");
	check_trees_refused(hidden, 1, "has a name that U-Boot cannot ask for");
	check_trees_refused(twice, 2, "two device trees b.dtb");
	check_trees_refused(text, 1, "b.dtb: ");
	check_trees_refused(NULL, 0, "no device trees in it");
	drop_inputs();
}

TEST(labels_with_the_same_device_trees_have_them_once)
{
	struct staged s;

	make_inputs();
	struct stage_request req = trees_request(two_trees, ARRAY_SIZE(two_trees));
	struct stage_request beside = req;
	req.label = "v1";
	beside.label = "v2";
	req.beside = &beside;
	req.n_beside = 1;
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_STR(s.beside[0].fdtdir.dir.boot_path, "bootrig-r1/dtbs");
	CHECK(s.beside[0].fdtdir.dir.is_shared && !s.fdtdir.dir.is_shared);
	CHECK(!exists("bootrig-r1/label-v2/dtbs"));
	CHECK(exists("bootrig-r1/dtbs"));
	CHECK_EQ(stage_remove(&s, &err), 0);
	staged_release(&s);
	drop_inputs();
}

TESTS(T(all_device_trees_of_a_kernel_are_staged_for_everybody_to_read),
      T(device_trees_come_out_of_the_cache_and_of_a_directory_as_well),
      T(device_trees_with_bad_names_or_bytes_are_refused_and_nothing_stays),
      T(labels_with_the_same_device_trees_have_them_once))
