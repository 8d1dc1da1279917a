// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernels and device trees as they come, in packages and wrappers, and what no board
 * boots. */
#include "stage_bench.h"

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

TESTS(T(a_kernel_comes_out_of_a_deb_and_out_of_what_is_in_it),
      T(an_efi_zboot_image_is_peeled),
      T(what_u_boot_cannot_boot_is_refused_and_nothing_stays),
      T(a_kernel_wrapped_again_and_again_is_refused),
      T(a_dtb_that_is_none_or_cut_off_is_refused))
