// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tests of staging share: the inputs of a boot, a request to stage them below a
 * TFTP root of the case, and a look at what is there then. */
#pragma once

#include "boot/stage.h"
#include "make_archive.h"

enum { IMAGE_SIZE = 8192 };

static struct err err;
static uint8_t image[IMAGE_SIZE];
static char *root; /* <tmp>/root */
static struct job_file kernel, dtb, ramdisk;

/* The inputs of a plain boot: an arm64 Image, a device tree, a gz ramdisk. */
static inline void make_inputs(void)
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

static inline void drop_inputs(void)
{
	free(root);
	free(kernel.url);
	free(dtb.url);
	free(ramdisk.url);
}

static inline struct stage_request request(const char *run)
{
	return (struct stage_request){ .tftp_root = root,
				       .run = run,
				       .kernel = &kernel,
				       .dtb = &dtb,
				       .ramdisk = &ramdisk,
				       .cache_dir = "",
				       .task = TASK_INIT };
}

static inline int stage(const struct stage_request *req, struct staged *s)
{
	err = (struct err)ERR_INIT;
	int r = stage_files(req, s, &err);
	CHECK_EQ(r, err.code);
	return r;
}

static inline void set_kernel(const void *data, size_t len)
{
	free(kernel.url);
	kernel.url = write_file("kernel", data, len);
}

/* What is at root/<path>, or NULL. */
static inline char *content(const char *path, size_t *len)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", root, path);
	struct strbuf text = STRBUF_INIT;
	int r = io_read_file_at(AT_FDCWD, full, 1 << 24, &text);

	*len = 0;
	if (r) {
		strbuf_release(&text);
		return NULL;
	}
	*len = text.len;
	return strbuf_take(&text);
}

static inline bool exists(const char *path)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", root, path);

	return access(full, F_OK) == 0;
}

static inline void check_file(const struct staged_file *f, const char *name,
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

/* A kernel with its device tree and modules in one archive. */
static inline void set_bundle(const char *release, bool has_modules)
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

static inline struct stage_request bundle_request(struct job_file inner[3])
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
