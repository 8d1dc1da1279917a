// SPDX-License-Identifier: GPL-2.0-or-later
/* stage_package DEB DTB ROOT [RAMDISK]: stages a kernel package for a boot as a run does,
 * without a cache: Image and one device tree, with a ramdisk the modules behind it too,
 * and the build id of one of them. Says how many milliseconds that took. For
 * tests/bench/measure. */
#include <stdio.h>

#include "boot/stage.h"
#include "util/clock.h"
#include "util/mem.h"

int main(int argc, char **argv)
{
	struct staged s = STAGED_INIT;
	struct err err = ERR_INIT;

	if (argc < 4) {
		fputs("usage: stage_package DEB DTB ROOT [RAMDISK]\n", stderr);
		return 2;
	}
	_cleanup_free_ char *url = xasprintf("file:%s", argv[1]);
	_cleanup_free_ char *ramdisk_url = xasprintf("file:%s", argc > 4 ? argv[4] : "");
	const struct job_file kernel = { .url = url };
	const struct job_file dtb = { .url = url, .member = argv[2] };
	const struct job_file ramdisk = { .url = ramdisk_url, .install_modules = true };
	struct strvec names = { .n = 0 };
	const struct stage_request req = { .tftp_root = argv[3],
					   .run = "measured",
					   .kernel = &kernel,
					   .dtb = &dtb,
					   .modules = argc > 4 ? &kernel : NULL,
					   .ramdisk = argc > 4 ? &ramdisk : NULL,
					   .module_names = &names,
					   .is_bundle = true,
					   .cache_dir = "",
					   .task = TASK_INIT };
	strvec_add(&names, "videobuf2_common");
	strvec_add(&names, "not_there");
	const int64_t from_ns = clock_now_ns();
	int r = stage_files(&req, &s, &err);
	const int64_t took_ns = clock_now_ns() - from_ns;
	if (r)
		fprintf(stderr, "stage_package: %s\n", err.msg);
	else
		printf("%lld ms, Image %llu bytes, modules %llu bytes, %zu build ids\n",
		       (long long)(took_ns / 1000000), (unsigned long long)s.kernel.size,
		       (unsigned long long)s.modules_bytes, s.module_ids.n);
	if (stage_remove(&s, &err) && !r)
		fprintf(stderr, "stage_package: %s\n", err.msg);
	staged_release(&s);
	strvec_release(&names);
	return r ? 1 : 0;
}
