// SPDX-License-Identifier: GPL-2.0-or-later
/* The modules of a kernel, and all else that one bundle holds. */
#include "make_module.h"
#include "stage_bench.h"

static void put_module(const char *path, unsigned char id)
{
	const struct made_module m = make_module(id);

	free(write_file(path, &m, sizeof(m)));
}

/* A directory as `bootrig build` leaves it, with a module of that build. */
static char *make_kernel_dir(unsigned char id)
{
	_cleanup_free_ char *lib = tmp_path("built/lib/modules/6.9.0-x/kernel");

	CHECK_EQ(io_mkdir_p(lib), 0);
	put_module("built/lib/modules/6.9.0-x/kernel/videobuf2-common.ko", id);
	return tmp_path("built");
}

static const char *staged_id(const struct stage_request *req, struct staged *s)
{
	CHECK_EQ(stage(req, s), 0);
	return module_ids_find(&s->module_ids, "videobuf2_common") ?: "none";
}

TEST(the_build_of_a_module_is_known_from_directory_archive_and_cache)
{
	_cleanup_free_ char *cache = tmp_path("cache");
	const struct made_module m = make_module(0xbb);
	struct strvec names = { .n = 0 };
	struct staged s;

	make_inputs();
	strvec_add(&names, "videobuf2_common");
	struct stage_request req = request("dir");
	_cleanup_free_ char *dir = make_kernel_dir(0xaa);
	_cleanup_free_ char *url = xasprintf("file:%s", dir);
	struct job_file modules = { .url = url };
	req.modules = &modules;
	req.module_names = &names;
	ramdisk.install_modules = true;
	CHECK_STR(staged_id(&req, &s), MODULE_ID("aa"));
	CHECK_STR(s.modules_release, "6.9.0-x");
	staged_release(&s);

	const struct member v[] = {
		{ "boot/vmlinuz-6.9.0-x", image, sizeof(image), NULL },
		{ "lib/modules/6.9.0-x/videobuf2-common.ko", &m, sizeof(m), NULL },
	};
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;
	pack(&tar, "ustar", "zstd", v, ARRAY_SIZE(v));
	set_kernel(tar.buf, tar.len);
	req.modules = &kernel;
	req.is_bundle = true;
	req.cache_dir = cache;
	for (int i = 0; i < 2; i++) {
		req.run = i ? "cached" : "tar";
		CHECK_STR(staged_id(&req, &s), MODULE_ID("bb"));
		CHECK_EQ(s.kernel_from_cache, i);
		staged_release(&s);
	}
	strvec_release(&names);
	drop_inputs();
}

TEST(a_kernel_without_a_ramdisk_still_says_of_which_build_its_modules_are)
{
	struct strvec names = { .n = 0 };
	struct staged s;

	make_inputs();
	strvec_add(&names, "videobuf2_common");
	struct stage_request req = request("r1");
	_cleanup_free_ char *dir = make_kernel_dir(0xaa);
	_cleanup_free_ char *url = xasprintf("file:%s", dir);
	struct job_file modules = { .url = url };
	req.ramdisk = NULL;
	req.modules = &modules;
	req.module_names = &names;
	CHECK_STR(staged_id(&req, &s), MODULE_ID("aa"));
	CHECK_STR(s.modules_release, "");
	staged_release(&s);
	strvec_release(&names);
	drop_inputs();
}

TEST(all_that_a_bundle_holds_is_staged)
{
	struct job_file inner[3];
	struct staged s;

	make_inputs();
	set_bundle("6.9.0-x", true);
	struct stage_request req = bundle_request(inner);
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_STR(s.label, "distro");
	check_file(&s.kernel, "Image", "bootrig-r1/Image");
	check_file(&s.dtb, "board.dtb", "bootrig-r1/board.dtb");
	CHECK_EQ(s.n_overlays, 1);
	check_file(&s.overlays[0], "overlay0.dtbo", "bootrig-r1/overlay0.dtbo");
	check_file(&s.ramdisk, "ramdisk", "bootrig-r1/ramdisk");
	CHECK_STR(s.modules_release, "6.9.0-x");
	/* Behind the ramdisk, packed as it is, where the kernel looks for it. */
	size_t len;
	_cleanup_free_ char *text = content("bootrig-r1/ramdisk", &len);
	CHECK_EQ((len - s.modules_bytes) % 4, 0);
	CHECK(!s.has_modules_dep);
	CHECK_EQ(memcmp(text + len - s.modules_bytes, "\x1f\x8b", 2), 0);
	CHECK_EQ(stage_remove(&s, &err), 0);
	staged_release(&s);
	drop_inputs();
}

/* From the package, from the cache and from a directory. */
TEST(it_is_known_whether_modprobe_will_find_the_modules)
{
	_cleanup_free_ char *cache = tmp_path("cache"), *top = tmp_path("built"),
			    *own = xasprintf("%s/lib/modules/6.9.0-x", top),
			    *dep = xasprintf("%s/modules.dep", own),
			    *url = xasprintf("file:%s", top);
	const struct member v[] = { { "boot/Image", image, sizeof(image), NULL },
				    { "lib/modules/6.9.0-x/a.ko", "module", 6, NULL },
				    { "lib/modules/6.9.0-x/modules.dep", "a.ko:\n", 6,
				      NULL } };
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;
	struct staged s;

	make_inputs();
	pack(&tar, "ustar", "gzip", v, ARRAY_SIZE(v));
	set_kernel(tar.buf, tar.len);
	struct stage_request req = request("r1");
	struct job_file dir = { .url = url };
	ramdisk.install_modules = true;
	req.is_bundle = true;
	req.modules = &kernel;
	req.cache_dir = cache;
	for (int i = 0; i < 4; i++) {
		req.modules = i < 2 ? &kernel : &dir;
		if (i == 2)
			CHECK_EQ(io_mkdir_p(own), 0);
		if (i == 3)
			CHECK_EQ(io_atomic_write(dep, "x", 1), 0);
		CHECK_EQ(stage(&req, &s), 0);
		CHECK_STR(s.modules_release, "6.9.0-x");
		CHECK_EQ(s.has_modules_dep, i != 2);
		CHECK_EQ(stage_remove(&s, &err), 0);
		staged_release(&s);
	}
	drop_inputs();
}

TEST(modules_of_another_release_are_the_job_s_fault)
{
	struct job_file inner[3];
	struct staged s;

	make_inputs();
	set_bundle("6.8.0", true);
	struct stage_request req = bundle_request(inner);
	CHECK_EQ(stage(&req, &s), -EINVAL);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "the kernel is 6.9.0-x, the modules are of 6.8.0");
	CHECK(!exists("bootrig-r1"));
	drop_inputs();
}

TEST(a_kernel_needs_no_modules_unless_the_job_names_some)
{
	_cleanup_free_ char *dir = xasprintf("file:%s", tap_tmpdir());
	struct job_file inner[3];
	struct staged s;

	make_inputs();
	set_bundle("6.9.0-x", false);
	struct stage_request req = bundle_request(inner);
	CHECK_EQ(stage(&req, &s), -ENOENT);
	CHECK_CONTAINS(err.msg, "no lib/modules/<release> in it");
	req.modules_optional = true;
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_EQ(s.modules_bytes, 0);
	CHECK_EQ(stage_remove(&s, &err), 0);
	staged_release(&s);
	inner[2].url = dir; /* a directory without any, as a build without modules is */
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_STR(s.modules_release, "");
	CHECK_EQ(stage_remove(&s, &err), 0);
	staged_release(&s);
	drop_inputs();
}

TESTS(T(the_build_of_a_module_is_known_from_directory_archive_and_cache),
      T(a_kernel_without_a_ramdisk_still_says_of_which_build_its_modules_are),
      T(it_is_known_whether_modprobe_will_find_the_modules),
      T(all_that_a_bundle_holds_is_staged),
      T(modules_of_another_release_are_the_job_s_fault),
      T(a_kernel_needs_no_modules_unless_the_job_names_some))
