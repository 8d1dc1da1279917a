// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/loader_words.h"

#include <string.h>

#include "tap.h"

static char server[] = "192.168.5.1", address[] = "0x2000000";

TEST(lavas_words_become_what_they_stand_for)
{
	struct board_boot b = { .server_ip = server, .kernel_addr = address };
	struct loader_words w = { .label = "bootrig", .kernel = "sub/r1/Image" };
	_cleanup_free_ char *line = loader_words_expand(
		"tftp {KERNEL_ADDR} {SERVER_IP}:{KERNEL}; {label} {DTB}{other}", &b, &w);

	CHECK_STR(line, "tftp 0x2000000 192.168.5.1:sub/r1/Image; bootrig {other}");
}

TEST(setup_comes_before_the_network_and_the_boot_commands_last)
{
	_cleanup_strvec_ struct strvec lines = STRVEC_INIT;
	struct board_boot b = { .server_ip = server };
	struct job_boot boot = { .commands = JOB_COMMANDS_RAMDISK };
	struct loader_words w = { .label = "v1a-lockdep" };

	strvec_add(&b.setup, "pci enum");
	strvec_add(&b.network, "dhcp");
	strvec_add(&b.boot_commands, "setenv pxe_label_override {label}");
	strvec_add(&b.boot_commands, "pxe boot");
	loader_lines(&b, &boot, &w, &lines);
	CHECK_EQ(lines.n, 4);
	CHECK_STR(lines.v[0], "pci enum");
	CHECK_STR(lines.v[1], "dhcp");
	CHECK_STR(lines.v[2], "setenv pxe_label_override v1a-lockdep");
	CHECK_STR(lines.v[3], "pxe boot");
	strvec_release(&b.setup);
	strvec_release(&b.network);
	strvec_release(&b.boot_commands);
}

TEST(a_list_of_the_job_stands_in_for_network_and_boot_commands)
{
	_cleanup_strvec_ struct strvec lines = STRVEC_INIT;
	struct board_boot b = { .server_ip = server };
	struct job_boot boot = { .commands = JOB_COMMANDS_LIST };
	struct loader_words w = { .ramdisk = "r1/ramdisk" };

	strvec_add(&b.setup, "pci enum");
	strvec_add(&b.network, "dhcp");
	strvec_add(&boot.command_list, "tftp {RAMDISK}");
	loader_lines(&b, &boot, &w, &lines);
	CHECK_EQ(lines.n, 2);
	CHECK_STR(lines.v[0], "pci enum");
	CHECK_STR(lines.v[1], "tftp r1/ramdisk");
	strvec_release(&b.setup);
	strvec_release(&b.network);
	strvec_release(&boot.command_list);
}

TESTS(T(lavas_words_become_what_they_stand_for),
      T(setup_comes_before_the_network_and_the_boot_commands_last),
      T(a_list_of_the_job_stands_in_for_network_and_boot_commands))
