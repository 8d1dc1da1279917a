// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/boot_script.h"

#include <errno.h>
#include <fcntl.h>

#include "tap.h"
#include "util/io.h"
#include "util/mem.h"

static struct err err;

TEST(the_kernel_boots_only_when_every_file_came)
{
	const struct boot_script b = { .kernel = "r/Image",
				       .ramdisk = "r/ramdisk",
				       .dtb = "r/board.dtb",
				       .kernel_addr = "0x2000000",
				       .dtb_addr = "0x12000000",
				       .kind = IMAGE_ARM64,
				       .append = "console=ttyS2 bootrig.nonce=1" };
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	CHECK_EQ(boot_script_text(&b, &text, &err), 0);
	CHECK_STR(
		strbuf_str(&text),
		"echo bootrig: script of this run\n"
		"if test -z \"${ramdisk_addr_r}\"; then echo bootrig: U-Boot has no ramdisk_addr_r, expected boot.addresses.ramdisk in the board file; exit 1; fi\n"
		"setenv bootargs 'console=ttyS2 bootrig.nonce=1'\n"
		"echo append: ${bootargs}\n"
		"if tftpboot 0x2000000 r/Image && tftpboot 0x12000000 r/board.dtb && tftpboot ${ramdisk_addr_r} r/ramdisk; then\n"
		"booti 0x2000000 ${ramdisk_addr_r}:${filesize} 0x12000000\nfi\n");
}

TEST(without_ramdisk_and_device_tree_u_boots_own_tree_is_given)
{
	const struct boot_script b = { .kernel = "z", .kind = IMAGE_ZIMAGE };
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	CHECK_EQ(boot_script_text(&b, &text, &err), 0);
	CHECK_CONTAINS(strbuf_str(&text),
		       "\nbootz ${kernel_addr_r} - ${fdtcontroladdr}\n");
}

TEST(a_command_line_that_cannot_be_quoted_is_refused)
{
	const struct boot_script b = { .kernel = "z", .append = "a='b c'" };
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	CHECK_EQ(boot_script_text(&b, &text, &err), -EINVAL);
	CHECK_EQ(err.class, ERR_JOB);
}

TEST(a_command_line_with_a_control_character_is_refused)
{
	static const char *const bad[] = { "a=1\nreset", "a=1\rreset", "a=\033[2J",
					   "a\\" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct boot_script b = { .kernel = "z", .append = bad[i] };
		_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

		CHECK_EQ(boot_script_text(&b, &text, &err), -EINVAL);
		CHECK_CONTAINS(err.msg, "command line");
	}
}

TEST(a_path_that_u_boot_would_split_or_run_is_refused)
{
	static const char *const bad[] = { "r/a b",  "r/a;reset", "r/$x",
					   "r/a&&b", "r/'a",      "r/\"a",
					   "r/#a",   "r/a\nb",    "r/a|b" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct boot_script b[] = { { .kernel = bad[i] },
					   { .kernel = "z", .dtb = bad[i] },
					   { .kernel = "z", .ramdisk = bad[i] } };

		for (size_t k = 0; k < ARRAY_SIZE(b); k++) {
			_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

			CHECK_EQ(boot_script_text(&b[k], &text, &err), -EINVAL);
			CHECK_EQ(err.class, ERR_JOB);
			CHECK_CONTAINS(err.msg, "boot script: the path of the");
			CHECK_EQ(text.len, 0);
		}
	}
}

static uint32_t be32(const struct strbuf *sb, size_t at)
{
	const unsigned char *p = (const unsigned char *)sb->buf + at;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* mkimage -A arm64 -T script -C none -n bootrig of "echo hi\n" with SOURCE_DATE_EPOCH=0
 * (u-boot-tools 2023.01). */
TEST(the_header_is_what_mkimage_writes)
{
	_cleanup_strbuf_ struct strbuf image = STRBUF_INIT;

	boot_script_wrap("echo hi\n", 8, 0, &image);
	CHECK_EQ(image.len, 64 + 8 + 8);
	CHECK_EQ(be32(&image, 0), 0x27051956);
	CHECK_EQ(be32(&image, 4), 0xe2e37b2a);
	CHECK_EQ(be32(&image, 12), 16);
	CHECK_EQ(be32(&image, 24), 0xd9340162);
	CHECK_EQ(be32(&image, 28), 0x05160600);
	CHECK_STR(image.buf + 32, "bootrig");
	CHECK_EQ(be32(&image, 64), 8);
	CHECK_EQ(be32(&image, 68), 0);
	CHECK(memcmp(image.buf + 72, "echo hi\n", 8) == 0);
	CHECK(boot_script_is_ours(image.buf, image.len));
	image.buf[32] = 'B';
	CHECK(!boot_script_is_ours(image.buf, image.len));
	CHECK(!boot_script_is_ours(image.buf, 20));
}

TEST(dumpimage_reads_it)
{
	_cleanup_strbuf_ struct strbuf image = STRBUF_INIT;
	char dir[] = "/tmp/brscriptXXXXXX";

	if (system("command -v dumpimage >/dev/null"))
		SKIP("u-boot-tools is not installed");
	CHECK(mkdtemp(dir));
	_cleanup_free_ char *path = xasprintf("%s/boot.scr", dir);
	_cleanup_free_ char *command = xasprintf(
		"dumpimage -l %s | grep -q 'AArch64 Linux Script' && "
		"dumpimage -T script -p 0 -o %s/data %s >/dev/null && "
		"tail -c +9 %s/data | grep -qx 'echo hi'; r=$?; rm -r %s; exit $r",
		path, dir, path, dir, dir);
	boot_script_wrap("echo hi\n", 8, 0, &image);
	_cleanup_close_ int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_EQ(io_atomic_write_at(dirfd, "boot.scr", image.buf, image.len), 0);
	CHECK_EQ(system(command), 0);
}

TESTS(T(the_kernel_boots_only_when_every_file_came),
      T(without_ramdisk_and_device_tree_u_boots_own_tree_is_given),
      T(a_command_line_that_cannot_be_quoted_is_refused),
      T(a_command_line_with_a_control_character_is_refused),
      T(a_path_that_u_boot_would_split_or_run_is_refused),
      T(the_header_is_what_mkimage_writes), T(dumpimage_reads_it))
