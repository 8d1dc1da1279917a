// SPDX-License-Identifier: GPL-2.0-or-later
/* The name in /sys/module by the name of the file. */
#include "parse/module_name.h"

#include "tap.h"
#include "util/mem.h"

TEST(a_file_name_becomes_the_name_in_sys_module)
{
	static const char *const v[][2] = {
		{ "/a/b/videobuf2-common.ko.xz", "videobuf2_common" },
		{ "/a.b/videobuf2-common.ko.debug", "videobuf2_common" },
		{ "snd-hda-codec.ko.zst", "snd_hda_codec" },
		{ "ramoops.ko", "ramoops" },
		{ "a-b-c", "a_b_c" },
		{ "x/", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		_cleanup_free_ char *name = module_name_of_path(v[i][0]);

		CHECK_STR(name, v[i][1]);
	}
}

TESTS(T(a_file_name_becomes_the_name_in_sys_module))
