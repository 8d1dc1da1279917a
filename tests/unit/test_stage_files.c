// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/stage.h"

#include <sys/file.h>
#include <sys/wait.h>

#include "kernel/unpack_cache.h"
#include "make_archive.h"
#include "make_module.h"

enum { IMAGE_SIZE = 8192 };

static struct err err;
static uint8_t image[IMAGE_SIZE];
static char *root; /* <tmp>/root */
static struct job_file kernel, dtb, ramdisk;

/* The inputs of a plain boot: an arm64 Image, a device tree, a gz ramdisk. */
static void make_inputs(void)
{
	static const struct member init = { "init", "#!/bin/sh\n", 10, NULL };
	_cleanup_strbuf_ struct strbuf rd = STRBUF_INIT;
	uint8_t fdt[48] = { 0xd0, 0x0d, 0xfe, 0xed, 0, 0, 0, 48 };

	make_arm64(image, sizeof(image));
	memcpy(image + 4000, "Linux version 6.9.0-x (a) #3 SMP\n", 33);
	root = tmp_path("root");
	pack(&rd, "newc", "gzip", &init, 1);
	kernel = (struct job_file){ .url = write_file("Image", image, sizeof(image)) };
	dtb = (struct job_file){ .url = write_file("x.dtb", fdt, sizeof(fdt)) };
	ramdisk = (struct job_file){ .url = write_file("rd", rd.buf, rd.len) };
}

static void drop_inputs(void)
{
	free(root);
	free(kernel.url);
	free(dtb.url);
	free(ramdisk.url);
}

static struct stage_request request(const char *run)
{
	return (struct stage_request){ .tftp_root = root,
				       .run = run,
				       .kernel = &kernel,
				       .dtb = &dtb,
				       .ramdisk = &ramdisk,
				       .cache_dir = "",
				       .task = TASK_INIT };
}

static int stage(const struct stage_request *req, struct staged *s)
{
	err = (struct err)ERR_INIT;
	int r = stage_files(req, s, &err);
	CHECK_EQ(r, err.code);
	return r;
}

static void set_kernel(const void *data, size_t len)
{
	free(kernel.url);
	kernel.url = write_file("kernel", data, len);
}

/* What is at root/<path>, or NULL. */
static char *content(const char *path, size_t *len)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", root, path);
	struct strbuf text = STRBUF_INIT;
	int r = io_read_file_at(AT_FDCWD, full, 1 << 24, &text);

	if (r) {
		strbuf_release(&text);
		return NULL;
	}
	*len = text.len;
	return strbuf_take(&text);
}

static bool exists(const char *path)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", root, path);

	return access(full, F_OK) == 0;
}

static void check_file(const struct staged_file *f, const char *name,
		       const char *boot_path)
{
	size_t len;

	CHECK_STR(f->name, name);
	CHECK_STR(f->boot_path, boot_path);
	_cleanup_free_ char *text = content(f->tftp_path, &len);
	CHECK(text);
	CHECK_EQ(f->size, len);
	CHECK_STR(f->sha256.str, sha256_of(text, len).str);
}

TEST(a_plain_boot_is_staged_under_stable_names)
{
	struct staged s;

	make_inputs();
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	check_file(&s.kernel, "Image", "bootrig-r1/Image");
	check_file(&s.dtb, "board.dtb", "bootrig-r1/board.dtb");
	check_file(&s.ramdisk, "ramdisk", "bootrig-r1/ramdisk");
	CHECK_STR(s.kernel.sha256.str, sha256_of(image, sizeof(image)).str);
	CHECK_STR(s.kernel.url, kernel.url);
	CHECK_EQ(s.image.kind, IMAGE_ARM64);
	CHECK_STR(s.image.release, "6.9.0-x");
	CHECK(!s.kernel_member);
	CHECK_STR(s.kernel_how, "");
	CHECK(!s.has_overlay);
	CHECK_EQ(stage_remove(&s, &err), 0);
	CHECK(!exists("bootrig-r1"));
	staged_release(&s);
	drop_inputs();
}

TEST(a_subdirectory_is_in_the_server_s_path_but_not_in_the_config_s)
{
	struct staged s;

	make_inputs();
	struct stage_request req = request("r1");
	req.tftp_subdir = "lab/board1";
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_STR(s.kernel.tftp_path, "lab/board1/bootrig-r1/Image");
	check_file(&s.kernel, "Image", "bootrig-r1/Image");
	staged_release(&s);
	req.tftp_subdir = "../up";
	CHECK_EQ(stage(&req, &s), -EINVAL);
	drop_inputs();
}

TEST(everybody_may_read_it_whatever_the_umask)
{
	static const char *const paths[] = { "",
					     "bootrig-r1",
					     "bootrig-r1/Image",
					     "bootrig-r1/ramdisk",
					     "pxelinux.cfg",
					     "pxelinux.cfg/01-52-54-00-12-34-56" };
	struct extlinux_label l = { .name = "a", .kernel = "I" };
	struct extlinux x = { .default_label = "a", .labels = &l, .n_labels = 1 };
	struct staged s;
	struct stat st;

	make_inputs();
	umask(077);
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_EQ(stage_config(&s, "52:54:00:12:34:56", &x, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", root, paths[i]);

		CHECK_EQ(stat(path, &st), 0);
		CHECK_EQ(st.st_mode & 07777, S_ISDIR(st.st_mode) ? 0755 : 0444);
	}
	staged_release(&s);
	drop_inputs();
}

TEST(a_kernel_comes_out_of_a_deb_and_out_of_what_is_in_it)
{
	const struct member one = { "x", image, sizeof(image), NULL };
	_cleanup_strbuf_ struct strbuf gz = STRBUF_INIT, deb = STRBUF_INIT;
	struct staged s;

	make_inputs();
	pack(&gz, "raw", "gzip", &one, 1);
	const struct member tree[] = { { "./boot/vmlinuz-6.9", gz.buf, gz.len, NULL } };
	make_deb(&deb, "data.tar.xz", "xz", tree, 1);
	set_kernel(deb.buf, deb.len);
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_STR(s.kernel_member, "boot/vmlinuz-6.9");
	CHECK_STR(s.kernel_how, "deb, tar.xz, gz");
	CHECK_STR(s.kernel.sha256.str, sha256_of(image, sizeof(image)).str);
	CHECK_STR(s.kernel.source_sha256.str, sha256_of(deb.buf, deb.len).str);
	check_file(&s.kernel, "Image", "bootrig-r1/Image");
	staged_release(&s);
	drop_inputs();
}

TEST(an_efi_zboot_image_is_peeled)
{
	const struct member one = { "x", image, sizeof(image), NULL };
	_cleanup_strbuf_ struct strbuf gz = STRBUF_INIT, zboot = STRBUF_INIT;
	char header[128] = "MZ\0\0zimg";
	struct staged s;

	make_inputs();
	pack(&gz, "raw", "gzip", &one, 1);
	header[8] = (char)sizeof(header);
	header[12] = (char)gz.len;
	header[13] = (char)(gz.len >> 8);
	memcpy(header + 24, "gzip", 5);
	strbuf_add(&zboot, header, sizeof(header));
	strbuf_add(&zboot, gz.buf, gz.len);
	strbuf_addstr(&zboot, "the end of the EFI program");
	set_kernel(zboot.buf, zboot.len);
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_STR(s.kernel_how, "EFI zboot");
	CHECK_STR(s.kernel.sha256.str, sha256_of(image, sizeof(image)).str);
	staged_release(&s);
	drop_inputs();
}

static void check_kernel_refused(const void *data, size_t len, const char *why)
{
	struct staged s;

	set_kernel(data, len);
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), -EINVAL);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, why);
	CHECK_CONTAINS(err.msg, "/kernel: ");
	CHECK(!exists("bootrig-r1"));
	CHECK(!exists("bootrig-r1.part"));
}

TEST(what_u_boot_cannot_boot_is_refused_and_nothing_stays)
{
	char zboot[128] = "MZ\0\0zimg";

	make_inputs();
	check_kernel_refused("\x7f\x45LF and more", 14, "an ELF file (vmlinux)");
	check_kernel_refused("hello, world", 12, "no kernel image that U-Boot boots");
	check_kernel_refused(zboot, sizeof(zboot), "an EFI zboot image that is cut off");
	kernel.image_type = xstrdup("zimage");
	check_kernel_refused(image, sizeof(image),
			     "the job says type: zimage, but it is a arm64 Image");
	free(kernel.image_type);
	drop_inputs();
}

TEST(a_kernel_wrapped_again_and_again_is_refused)
{
	_cleanup_strbuf_ struct strbuf inner = STRBUF_INIT;

	make_inputs();
	strbuf_add(&inner, image, sizeof(image));
	for (int i = 0; i < 12; i++) {
		struct strbuf outer = STRBUF_INIT;
		const struct member one = { "x", inner.buf, inner.len, NULL };

		pack(&outer, "raw", i % 2 ? "gzip" : "xz", &one, 1);
		strbuf_release(&inner);
		inner = outer;
	}
	check_kernel_refused(inner.buf, inner.len, "compressed too many times over");
	drop_inputs();
}

TEST(a_dtb_that_is_none_or_cut_off_is_refused)
{
	uint8_t cut[48] = { 0xd0, 0x0d, 0xfe, 0xed, 0, 0, 1, 0 };
	struct staged s;

	make_inputs();
	free(dtb.url);
	dtb.url = write_file("y.dtb", cut, sizeof(cut));
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), -EINVAL);
	CHECK_CONTAINS(err.msg, "y.dtb: the device tree says 256 bytes, the file has 48");
	free(dtb.url);
	dtb.url = write_file("z.dtb", "/dts-v1/;", 9);
	CHECK_EQ(stage(&req, &s), -EINVAL);
	CHECK_CONTAINS(err.msg, "z.dtb: no device tree blob");
	CHECK(!exists("bootrig-r1.part"));
	drop_inputs();
}

TEST(the_overlay_stands_in_front_of_the_ramdisk_as_it_came)
{
	struct staged s;
	size_t len, rd_len;

	make_inputs();
	struct stage_request req = request("r1");
	req.overlay = true;
	CHECK_EQ(stage(&req, &s), 0);
	CHECK(s.has_overlay);
	CHECK_STR(s.ramdisk_is.compression, "gz");
	check_file(&s.ramdisk, "ramdisk", "bootrig-r1/ramdisk");
	_cleanup_free_ char *text = content("bootrig-r1/ramdisk", &len);
	_cleanup_free_ char *rd = content("../rd", &rd_len);
	CHECK_EQ(memcmp(text, "070701", 6), 0);
	CHECK(len > rd_len);
	CHECK_EQ((len - rd_len) % 4, 0);
	CHECK_EQ(memcmp(text + len - rd_len, rd, rd_len), 0);
	staged_release(&s);
	drop_inputs();
}

TEST(a_ramdisk_without_cpio_gets_no_overlay_and_no_trees)
{
	struct overlay_tree tree = { .host_path = "/usr/share/doc", .name = "x" };
	struct staged s;
	size_t len;

	make_inputs();
	free(ramdisk.url);
	ramdisk.url = write_file("ext2", "a file system image, say", 24);
	struct stage_request req = request("r1");
	req.overlay = true;
	CHECK_EQ(stage(&req, &s), 0);
	CHECK(!s.has_overlay);
	free(content("bootrig-r1/ramdisk", &len));
	CHECK_EQ(len, 24);
	staged_release(&s);
	req.trees = &tree;
	req.n_trees = 1;
	CHECK_EQ(stage(&req, &s), -EINVAL);
	CHECK_CONTAINS(err.msg, "no cpio archive");
	drop_inputs();
}

TEST(a_u_boot_wrapper_is_taken_off_the_ramdisk)
{
	char file[64 + 6] = "\x27\x05\x19\x56";
	struct staged s;
	size_t len;

	make_inputs();
	file[15] = 6;
	memcpy(file + 64, "070701", 6);
	free(ramdisk.url);
	ramdisk.url = write_file("urd", file, sizeof(file));
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	_cleanup_free_ char *text = content("bootrig-r1/ramdisk", &len);
	CHECK_EQ(len, 6);
	CHECK_STR(text, "070701");
	staged_release(&s);
	drop_inputs();
}

TEST(a_missing_file_is_the_job_s_fault_and_nothing_stays)
{
	struct staged s;

	make_inputs();
	free(ramdisk.url);
	ramdisk.url = xstrdup("file:///nowhere/rd.gz");
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), -ENOENT);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "file:///nowhere/rd.gz");
	CHECK(!exists("bootrig-r1.part"));
	CHECK(!exists("bootrig-r1"));
	drop_inputs();
}

TEST(a_root_that_cannot_be_written_is_the_lab_s_fault)
{
	struct staged s;

	make_inputs();
	free(root);
	root = write_file("not-a-directory", "x", 1);
	struct stage_request req = request("r1");
	CHECK(stage(&req, &s) < 0);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "TFTP root");
	drop_inputs();
}

TEST(run_names_cannot_lead_out)
{
	static const char *const bad[] = { "", "..", "a/b", ".x", "a b", "a\n" };
	struct staged s;

	make_inputs();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct stage_request req = request(bad[i]);

		CHECK_EQ(stage(&req, &s), -EINVAL);
	}
	drop_inputs();
}

TEST(two_living_runs_cannot_have_one_name)
{
	struct staged a, b;

	make_inputs();
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &a), 0);
	CHECK_EQ(stage(&req, &b), -EEXIST);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK(exists("bootrig-r1/Image"));
	staged_release(&a);
	drop_inputs();
}

TEST(what_dead_runs_left_is_swept_and_living_ones_stay)
{
	struct staged live, next;
	struct err e = ERR_INIT;
	int status;

	make_inputs();
	fflush(NULL);
	if (fork() == 0) { /* dies with its files staged, as by kill -9 */
		struct stage_request req = request("dead");
		struct staged s;

		_exit(stage_files(&req, &s, &e) ? 1 : 0);
	}
	CHECK(wait(&status) > 0);
	CHECK_EQ(status, 0);
	CHECK(exists("bootrig-dead/Image"));
	struct stage_request req = request("live");
	CHECK_EQ(stage(&req, &live), 0);
	CHECK_EQ(live.n_swept, 1);
	CHECK(!exists("bootrig-dead"));
	req = request("next");
	CHECK_EQ(stage(&req, &next), 0);
	CHECK_EQ(next.n_swept, 0);
	CHECK(exists("bootrig-live/Image"));
	staged_release(&live);
	staged_release(&next);
	drop_inputs();
}

TEST(what_others_left_in_the_root_is_never_touched)
{
	static const char *const dirs[] = { "bootrig-notes", "other/bootrig-x" };
	struct staged s;

	make_inputs();
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", root, dirs[i]);

		CHECK_EQ(io_mkdir_p(path), 0);
	}
	free(write_file("root/bootrig-notes/mine", "x", 1));
	free(write_file("root/bootrig-file", "x", 1));
	_cleanup_free_ char *link = xasprintf("%s/bootrig-link", root);
	CHECK_EQ(symlink("other", link), 0);
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_EQ(s.n_swept, 0);
	CHECK(exists("bootrig-notes/mine"));
	CHECK(exists("bootrig-file"));
	CHECK(exists("bootrig-link/bootrig-x"));
	staged_release(&s);
	drop_inputs();
}

/* ---- configuration ---- */

static const char mac[] = "52:54:00:12:34:56";
static const char config_path[] = "pxelinux.cfg/01-52-54-00-12-34-56";

static int config(struct staged *s, const char *name)
{
	struct extlinux_label l = { .name = name, .kernel = s->kernel.boot_path };
	struct extlinux x = { .default_label = name, .labels = &l, .n_labels = 1 };

	err = (struct err)ERR_INIT;
	return stage_config(s, mac, &x, &err);
}

TEST(the_configuration_is_written_replaced_and_removed)
{
	struct staged s;
	size_t len;

	make_inputs();
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_EQ(config(&s, "first"), 0);
	CHECK_EQ(config(&s, "second"), 0);
	check_file(&s.config, "01-52-54-00-12-34-56", config_path);
	_cleanup_free_ char *text = content(config_path, &len);
	CHECK_CONTAINS(text, "DEFAULT second\n");
	CHECK_CONTAINS(text, "\tKERNEL bootrig-r1/Image\n");
	CHECK_EQ(stage_remove(&s, &err), 0);
	CHECK(!exists(config_path));
	staged_release(&s);
	drop_inputs();
}

TEST(without_a_mac_the_configuration_is_the_default_one)
{
	struct extlinux_label l = { .name = "a", .kernel = "I" };
	struct extlinux x = { .default_label = "a", .labels = &l, .n_labels = 1 };
	struct staged s;

	make_inputs();
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_EQ(stage_config(&s, NULL, &x, &err), 0);
	check_file(&s.config, "default", "pxelinux.cfg/default");
	CHECK_EQ(stage_remove(&s, &err), 0);
	CHECK(!exists("pxelinux.cfg/default"));
	staged_release(&s);
	drop_inputs();
}

TEST(a_config_written_by_hand_comes_back_after_the_run)
{
	_cleanup_free_ char *dir = tmp_path("root/pxelinux.cfg");
	struct staged s;
	size_t len;

	make_inputs();
	CHECK_EQ(io_mkdir_p(dir), 0);
	free(write_file("root/pxelinux.cfg/01-52-54-00-12-34-56", "DEFAULT mine\n", 13));
	free(write_file("root/pxelinux.cfg/01-other", "other", 5));
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_EQ(config(&s, "a"), 0);
	CHECK_EQ(config(&s, "b"), 0);
	CHECK_EQ(stage_remove(&s, &err), 0);
	_cleanup_free_ char *text = content(config_path, &len);
	CHECK_STR(text, "DEFAULT mine\n");
	_cleanup_free_ char *other = content("pxelinux.cfg/01-other", &len);
	CHECK_STR(other, "other");
	staged_release(&s);
	drop_inputs();
}

TEST(a_config_that_somebody_else_wrote_since_stays)
{
	struct staged s;

	make_inputs();
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_EQ(config(&s, "a"), 0);
	_cleanup_free_ char *path = xasprintf("%s/%s", root, config_path);
	CHECK_EQ(unlink(path), 0);
	free(write_file("root/pxelinux.cfg/01-52-54-00-12-34-56", "later", 5));
	CHECK_EQ(stage_remove(&s, &err), 0);
	CHECK(exists(config_path));
	staged_release(&s);
	drop_inputs();
}

/* ---- modules ---- */

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

/* ---- cache ---- */

static bool stage_cached(const char *run, const char *cache)
{
	struct stage_request req = request(run);
	struct staged s;

	req.cache_dir = cache;
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_STR(s.kernel.sha256.str, sha256_of(image, sizeof(image)).str);
	CHECK_STR(s.kernel_member, "boot/vmlinuz-1");
	CHECK_STR(s.kernel_how, "deb, tar.xz");
	check_file(&s.kernel, "Image", s.kernel.boot_path);
	bool hit = s.kernel_from_cache;
	staged_release(&s);
	return hit;
}

/* The one file in the cache that holds the bytes. */
static char *cached_file(const char *cache)
{
	_cleanup_free_ char *script =
		xasprintf("ls %s/* | grep -v json >%s/list", cache, tap_tmpdir());
	_cleanup_free_ char *list = tmp_path("list");
	struct strbuf text = STRBUF_INIT;

	CHECK_EQ(system(script), 0);
	CHECK_EQ(io_read_file_at(AT_FDCWD, list, 4096, &text), 0);
	text.buf[text.len - 1] = '\0';
	return strbuf_take(&text);
}

TEST(a_kernel_is_unpacked_once_and_a_damaged_cache_is_a_miss)
{
	_cleanup_strbuf_ struct strbuf deb = STRBUF_INIT;
	_cleanup_free_ char *cache = tmp_path("cache");
	const struct member tree[] = { { "boot/vmlinuz-1", image, sizeof(image), NULL } };

	make_inputs();
	make_deb(&deb, "data.tar.xz", "xz", tree, 1);
	set_kernel(deb.buf, deb.len);
	CHECK(!stage_cached("r1", cache));
	CHECK(stage_cached("r2", cache));
	_cleanup_free_ char *file = cached_file(cache);
	_cleanup_close_ int fd = open(file, O_WRONLY | O_CLOEXEC);
	CHECK_EQ(pwrite(fd, "?", 1, 5000), 1);
	CHECK(!stage_cached("r3", cache));
	CHECK(stage_cached("r4", cache));
	CHECK_EQ(truncate(file, 100), 0);
	CHECK(!stage_cached("r5", cache));
	/* What the job says is part of the key: a wrong word is found out again. */
	kernel.archive = xstrdup("tar");
	struct stage_request req = request("r6");
	struct staged s;
	req.cache_dir = cache;
	CHECK_EQ(stage(&req, &s), -EINVAL);
	free(kernel.archive);
	kernel.archive = NULL;
	drop_inputs();
}

TEST(the_cache_drops_what_was_used_longest_ago)
{
	_cleanup_free_ char *dir = tmp_path("cache");
	_cleanup_close_ int cache = unpack_cache_open(dir);
	struct task task = TASK_INIT;
	struct unpacked un, back;
	struct sha256_hex keys[4];

	CHECK(cache >= 0);
	for (int i = 0; i < 4; i++) {
		char text[100];
		_cleanup_close_ int out = memfile("", 0);

		memset(text, 'a' + i, sizeof(text));
		_cleanup_close_ int fd = memfile(text, sizeof(text));
		keys[i] = sha256_of(&i, sizeof(i));
		un = (struct unpacked){ .size = 100, .sha256 = sha256_of(text, 100) };
		unpack_cache_put(cache, &keys[i], fd, &un, 300);
		/* The first is used each time, so the second is the oldest. */
		struct timespec when[2] = { { .tv_sec = 1000 + i },
					    { .tv_sec = 1000 + i } };
		CHECK_EQ(utimensat(cache, keys[i].str, when, 0), 0);
		CHECK(unpack_cache_get(cache, &keys[0], out, &task, &back));
	}
	_cleanup_close_ int out = memfile("", 0);
	CHECK(!unpack_cache_get(cache, &keys[1], out, &task, &back));
	CHECK(unpack_cache_get(cache, &keys[2], out, &task, &back));
	CHECK(unpack_cache_get(cache, &keys[3], out, &task, &back));
}

TEST(canceling_leaves_nothing_behind)
{
	struct staged s;
	int fds[2];

	make_inputs();
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	struct stage_request req = request("r1");
	req.task.cancel_fd = fds[0];
	CHECK_EQ(stage(&req, &s), -ECANCELED);
	CHECK_EQ(err.class, ERR_CANCELED);
	CHECK(!exists("bootrig-r1.part"));
	drop_inputs();
}

/* A kernel with its device tree and modules in one archive. */
static void set_bundle(const char *release, bool has_modules)
{
	_cleanup_free_ char *ko = xasprintf("lib/modules/%s/a.ko", release);
	static const uint8_t fdt[48] = { 0xd0, 0x0d, 0xfe, 0xed, 0, 0, 0, 48 };
	const struct member v[] = { { "boot/Image", image, sizeof(image), NULL },
				    { "boot/dtbs/rockchip/b.dtb", fdt, 48, NULL },
				    { "boot/dtbs/rockchip/o.dtbo", fdt, 48, NULL },
				    { ko, "module", 6, NULL } };
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

	pack(&tar, "ustar", "gzip", v, has_modules ? 4 : 3);
	set_kernel(tar.buf, tar.len);
}

static char b_dtb[] = "rockchip/b.dtb", o_dtbo[] = "rockchip/o.dtbo";

static struct stage_request bundle_request(struct job_file inner[3])
{
	struct stage_request req = request("r1");

	inner[0] = inner[1] = inner[2] = kernel;
	inner[0].member = b_dtb;
	inner[1].member = o_dtbo;
	ramdisk.install_modules = true;
	req.dtb = &inner[0];
	req.overlays = &inner[1];
	req.n_overlays = 1;
	req.modules = &inner[2];
	req.is_bundle = true;
	req.label = "distro";
	return req;
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

/* A second kernel beside the first: its own image, the same device tree. */
static struct stage_request beside_request(const char *name,
					   const struct job_file *image2)
{
	struct stage_request req = request("r1");

	req.label = name;
	req.kernel = image2;
	return req;
}

TEST(labels_beside_have_files_of_their_own_and_share_what_is_the_same)
{
	struct job_file image2 = { .url = NULL };
	struct staged s;

	make_inputs();
	struct stage_request req = request("r1");
	image[4000 + 14] = '7'; /* Linux version 7… */
	image2.url = write_file("Image2", image, sizeof(image));
	const struct stage_request beside[] = { beside_request("v2", &image2),
						beside_request("v3", &image2) };
	req.beside = beside;
	req.n_beside = 2;
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_EQ(s.n_beside, 2);
	check_file(&s.kernel, "Image", "bootrig-r1/Image");
	struct staged *v2 = &s.beside[0], *v3 = &s.beside[1];
	check_file(&v2->kernel, "label-v2/Image", "bootrig-r1/label-v2/Image");
	CHECK_STR(v2->label, "v2");
	CHECK_STR(v2->image.release, "7.9.0-x");
	CHECK_STR(v3->kernel.boot_path, "bootrig-r1/label-v2/Image");
	CHECK(v3->kernel.is_shared && !v2->kernel.is_shared);
	CHECK_STR(v2->dtb.boot_path, "bootrig-r1/board.dtb");
	CHECK_STR(v2->ramdisk.boot_path, "bootrig-r1/ramdisk");
	CHECK(v2->ramdisk.is_shared && !s.ramdisk.is_shared);
	CHECK(!exists("bootrig-r1/label-v2/board.dtb"));
	CHECK(!exists("bootrig-r1/label-v3/Image"));
	CHECK_EQ(stage_remove(&s, &err), 0);
	CHECK(!exists("bootrig-r1"));
	staged_release(&s);
	free(image2.url);
	drop_inputs();
}

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

TEST(modules_of_one_label_are_in_no_other_label_s_ramdisk)
{
	struct job_file inner[3], plain;
	struct staged s;

	make_inputs();
	plain = kernel;
	kernel.url = NULL;
	set_bundle("6.9.0-x", true);
	struct stage_request req = bundle_request(inner);
	const struct stage_request beside = beside_request("plain", &plain);
	req.beside = &beside;
	req.n_beside = 1;
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_STR(s.modules_release, "6.9.0-x");
	struct staged *other = &s.beside[0];
	CHECK_STR(other->modules_release, "");
	check_file(&other->ramdisk, "label-plain/ramdisk",
		   "bootrig-r1/label-plain/ramdisk");
	CHECK(other->ramdisk.size < s.ramdisk.size);
	CHECK_STR(other->kernel.boot_path, "bootrig-r1/Image"); /* the same bytes */
	CHECK_EQ(stage_remove(&s, &err), 0);
	staged_release(&s);
	free(plain.url);
	drop_inputs();
}

TEST(a_label_beside_that_cannot_be_staged_is_named_and_nothing_stays)
{
	struct job_file gone = { .url = xasprintf("file:%s/no-such", tap_tmpdir()) };
	struct staged s;

	make_inputs();
	struct stage_request req = request("r1");
	const struct stage_request beside = beside_request("v2", &gone);
	req.beside = &beside;
	req.n_beside = 1;
	CHECK_EQ(stage(&req, &s), -ENOENT);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "label v2: ");
	CHECK(!exists("bootrig-r1"));
	free(gone.url);
	drop_inputs();
}

TESTS(T(the_build_of_a_module_is_known_from_directory_archive_and_cache),
      T(a_kernel_without_a_ramdisk_still_says_of_which_build_its_modules_are),
      T(it_is_known_whether_modprobe_will_find_the_modules),
      T(all_device_trees_of_a_kernel_are_staged_for_everybody_to_read),
      T(device_trees_come_out_of_the_cache_and_of_a_directory_as_well),
      T(device_trees_with_bad_names_or_bytes_are_refused_and_nothing_stays),
      T(labels_with_the_same_device_trees_have_them_once),
      T(labels_beside_have_files_of_their_own_and_share_what_is_the_same),
      T(modules_of_one_label_are_in_no_other_label_s_ramdisk),
      T(a_label_beside_that_cannot_be_staged_is_named_and_nothing_stays),
      T(a_plain_boot_is_staged_under_stable_names),
      T(a_subdirectory_is_in_the_server_s_path_but_not_in_the_config_s),
      T(everybody_may_read_it_whatever_the_umask),
      T(a_kernel_comes_out_of_a_deb_and_out_of_what_is_in_it),
      T(an_efi_zboot_image_is_peeled),
      T(what_u_boot_cannot_boot_is_refused_and_nothing_stays),
      T(a_kernel_wrapped_again_and_again_is_refused),
      T(a_dtb_that_is_none_or_cut_off_is_refused),
      T(the_overlay_stands_in_front_of_the_ramdisk_as_it_came),
      T(a_ramdisk_without_cpio_gets_no_overlay_and_no_trees),
      T(a_u_boot_wrapper_is_taken_off_the_ramdisk),
      T(a_missing_file_is_the_job_s_fault_and_nothing_stays),
      T(a_root_that_cannot_be_written_is_the_lab_s_fault), T(run_names_cannot_lead_out),
      T(two_living_runs_cannot_have_one_name),
      T(what_dead_runs_left_is_swept_and_living_ones_stay),
      T(what_others_left_in_the_root_is_never_touched),
      T(the_configuration_is_written_replaced_and_removed),
      T(without_a_mac_the_configuration_is_the_default_one),
      T(a_config_written_by_hand_comes_back_after_the_run),
      T(a_config_that_somebody_else_wrote_since_stays),
      T(a_kernel_is_unpacked_once_and_a_damaged_cache_is_a_miss),
      T(the_cache_drops_what_was_used_longest_ago), T(canceling_leaves_nothing_behind),
      T(all_that_a_bundle_holds_is_staged),
      T(modules_of_another_release_are_the_job_s_fault),
      T(a_kernel_needs_no_modules_unless_the_job_names_some))
