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

TESTS(T(lavas_words_become_what_they_stand_for))
