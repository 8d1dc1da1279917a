// SPDX-License-Identifier: GPL-2.0-or-later
/* The ramdisk as it came, and what goes in front of it. */
#include "stage_bench.h"

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

TESTS(T(the_overlay_stands_in_front_of_the_ramdisk_as_it_came),
      T(a_ramdisk_without_cpio_gets_no_overlay_and_no_trees),
      T(a_u_boot_wrapper_is_taken_off_the_ramdisk))
