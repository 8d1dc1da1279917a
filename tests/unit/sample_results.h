// SPDX-License-Identifier: GPL-2.0-or-later
/* Results as bootrig writes them, one for each way in which a run ends, for the tests of
 * the report formats. */
#pragma once

#include <jansson.h>

#include "tap.h"
#include "util/jsonx.h"

/* Parts that every sample shares; a sample is this object updated with its own members.
 */
static const char sample_base[] =
	"{\"schema\":\"bootrig.result/1\",\"id\":\"20261123T191500Z-virt-boot-1a2b3c\","
	"\"bootrig\":\"0.1.0\","
	"\"job\":{\"name\":\"boot <virt> & \\\"more\\\"\",\"device_type\":\"qemu-virt\","
	"\"file\":\"jobs/boot.yaml\",\"sha256\":\"00\",\"metadata\":null,"
	"\"priority\":\"medium\",\"visibility\":\"public\"},"
	"\"board\":{\"name\":\"virt\",\"device_type\":\"qemu-virt\",\"console\":\"qemu\","
	"\"power\":\"qemu\"},\"host\":\"lab1\","
	"\"start_time\":\"2026-11-23T19:15:00.123Z\","
	"\"end_time\":\"2026-11-23T19:15:12.468Z\",\"duration_s\":12.345,"
	"\"verdict\":{\"status\":\"pass\",\"kind\":null,\"reason\":\"all passed\"},"
	"\"error_type\":null,\"exit_code\":0,\"boots\":1,\"incidents\":[],\"tests\":["
	"{\"suite\":\"smoke\",\"name\":\"uname\",\"result\":\"pass\",\"source\":\"lava\","
	"\"attempt\":1,\"start_s\":10.5,\"end_s\":10.75},"
	"{\"suite\":\"smoke\",\"name\":\"no device/x y\",\"result\":\"skip\","
	"\"source\":\"lava\",\"attempt\":1,\"start_s\":11,\"end_s\":11},"
	"{\"suite\":\"dd\",\"name\":\"rate\",\"result\":\"pass\",\"measurement\":\"12.5\","
	"\"units\":\"MB/s\",\"source\":\"lava\",\"attempt\":1,\"start_s\":11,\"end_s\":12}],"
	"\"attempts\":[{\"n\":1,\"start_s\":1.0,\"end_s\":12.0,\"status\":\"pass\","
	"\"kind\":null,\"reason\":\"all passed\",\"boots\":1,\"stages\":["
	"{\"stage\":\"u-boot\",\"boot\":1,\"t_s\":0.3},"
	"{\"stage\":\"kernel\",\"boot\":1,\"t_s\":4},"
	"{\"stage\":\"userspace\",\"boot\":1,\"t_s\":9}],\"incident\":null}],"
	"\"kernel\":{\"asked\":{\"kernel\":\"https://example.org/k/Image\","
	"\"ramdisk\":null,\"dtb\":null,\"modules\":null},\"label\":\"bootrig\","
	"\"append\":\"console=ttyAMA0\",\"nonce\":\"abc\",\"nonce_seen\":\"cmdline\","
	"\"seen\":\"Linux version 6.1.0-28-arm64 (debian-kernel@lists.debian.org) "
	"(gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 "
	"SMP\",\"release\":\"6.1.0-28-arm64\",\"files\":[{\"role\":\"kernel\","
	"\"name\":\"Image\",\"url\":\"https://example.org/k/Image\",\"sha256\":"
	"\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\","
	"\"size\":4,\"served_sha256\":"
	"\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\","
	"\"transferred_bytes\":null}]},"
	"\"stages\":[{\"stage\":\"kernel\",\"boot\":1,\"t_s\":4}],\"resets\":[],"
	"\"recovery\":{\"needed\":false,\"recovered\":null,\"steps\":[],\"harvested\":[]},"
	"\"power\":{\"final\":\"off\",\"cycles\":1},"
	"\"timings\":{\"stage_ms\":12,\"verify_ms\":3},"
	"\"statistics\":{\"console_bytes\":200,\"console_lines\":5,\"gaps\":0}}";

struct sample {
	const char *name, *change; /* members that differ from sample_base */
};

#define SAMPLE_PANIC                                                                     \
	"{\"id\":0,\"attempt\":1,\"phase\":\"test\",\"decided_s\":8.1,"                  \
	"\"kind\":\"panic\",\"title\":\"Kernel panic - not syncing: sysrq triggered "    \
	"crash\",\"fatal\":true,\"truncated\":false,\"confidence\":1.0,\"line\":3,"      \
	"\"offset\":60,\"last_offset\":120,\"time_s\":8.0,\"boot\":1,"                   \
	"\"function\":\"sysrq_handle_crash\",\"module\":null,\"fault_address\":null,"    \
	"\"pc\":\"sysrq_handle_crash+0x20/0x30\",\"call_trace\":[{\"function\":"         \
	"\"__handle_sysrq\",\"offset\":16,\"size\":64,\"module\":\"sysrq\","             \
	"\"reliable\":true}],\"modules\":[],\"cpu\":0,\"pid\":1,\"comm\":\"sh\"}"

static const struct sample samples[] = {
	{ "pass", "{}" },
	{ "panic",
	  "{\"verdict\":{\"status\":\"fail\",\"kind\":\"panic\",\"reason\":\"Kernel panic "
	  "in sysrq_handle_crash\"},\"exit_code\":1,\"incidents\":[" SAMPLE_PANIC "]}" },
	{ "wedge",
	  "{\"verdict\":{\"status\":\"fail\",\"kind\":\"silence\",\"reason\":\"no byte for "
	  "20 s and no answer\"},\"exit_code\":1,\"incidents\":[{\"id\":0,\"attempt\":1,"
	  "\"kind\":\"silence\",\"title\":\"no console output\",\"fatal\":true,"
	  "\"offset\":200,\"line\":0,\"boot\":1,\"function\":null}]}" },
	{ "test",
	  "{\"verdict\":{\"status\":\"fail\",\"kind\":\"test\",\"reason\":\"smoke/uname "
	  "failed\"},\"exit_code\":1,\"error_type\":\"Test\",\"tests\":[{\"suite\":"
	  "\"smoke\",\"name\":\"uname\",\"result\":\"fail\",\"source\":\"shell\","
	  "\"reason\":\"exit status 1\",\"attempt\":1,\"start_s\":10,\"end_s\":10.5},"
	  "{\"suite\":\"smoke\",\"name\":\"half\",\"result\":\"unknown\","
	  "\"source\":\"lava\",\"attempt\":1,\"start_s\":11,\"end_s\":11}]}" },
	{ "lab-before",
	  "{\"verdict\":{\"status\":\"lab\",\"kind\":null,\"reason\":\"TFTP serves nothing\"}"
	  ",\"exit_code\":131,\"error_type\":\"Infrastructure\",\"boots\":0,\"tests\":[],"
	  "\"attempts\":[],\"stages\":[],\"kernel\":{\"asked\":{\"kernel\":"
	  "\"file:///tmp/Image\"},\"nonce_seen\":null,\"seen\":null,\"files\":[]}}" },
	{ "lab-after",
	  "{\"verdict\":{\"status\":\"lab\",\"kind\":null,\"reason\":\"console lost for 3 "
	  "s\"},\"exit_code\":125,\"error_type\":\"Infrastructure\"}" },
	{ "canceled",
	  "{\"verdict\":{\"status\":\"canceled\",\"kind\":null,\"reason\":\"interrupted\"},"
	  "\"exit_code\":130,\"error_type\":\"Canceled\"}" },
	{ "job",
	  "{\"verdict\":{\"status\":\"job\",\"kind\":null,\"reason\":\"no such file\"},"
	  "\"exit_code\":129,\"error_type\":\"Job\",\"boots\":0,\"tests\":[],"
	  "\"attempts\":[],\"stages\":[],\"kernel\":{\"asked\":{\"kernel\":null},"
	  "\"nonce_seen\":null,\"seen\":null,\"release\":null,\"files\":[]}}" },
	{ "retried",
	  "{\"boots\":2,\"attempts\":[{\"n\":1,\"start_s\":1,\"end_s\":6,\"status\":"
	  "\"fail\",\"kind\":\"panic\",\"reason\":\"panic\",\"boots\":1,\"stages\":["
	  "{\"stage\":\"kernel\",\"boot\":1,\"t_s\":4}],\"incident\":0},{\"n\":2,"
	  "\"start_s\":7,\"end_s\":12,\"status\":\"pass\",\"kind\":null,\"reason\":"
	  "\"all passed\",\"boots\":1,\"stages\":[],\"incident\":null}],\"tests\":["
	  "{\"suite\":\"smoke\",\"name\":\"uname\",\"result\":\"fail\",\"source\":"
	  "\"shell\",\"attempt\":1,\"start_s\":2,\"end_s\":3},"
	  "{\"suite\":\"smoke\",\"name\":\"uname\",\"result\":\"pass\",\"source\":"
	  "\"shell\",\"attempt\":2,\"start_s\":8,\"end_s\":9}],"
	  "\"incidents\":[" SAMPLE_PANIC "]}" },
	{ "metadata",
	  "{\"job\":{\"name\":\"j\",\"metadata\":{\"git.commit\":"
	  "\"0123456789abcdef0123456789abcdef01234567\",\"git.url\":"
	  "\"https://git.example.org/linux.git\",\"git.branch\":\"master\","
	  "\"git.describe\":\"v6.18-rc6\",\"kernel.tree\":\"mainline\",\"job.arch\":"
	  "\"arm64\",\"kernel.defconfig\":\"defconfig\"}}}" },
};

/* A reference of the caller's. */
static inline json_t *sample_result(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		if (strcmp(samples[i].name, name) != 0)
			continue;
		json_error_t je;
		json_t *r = json_loads(sample_base, 0, &je);
		if (!r)
			tap_fail(__FILE__, __LINE__, "sample_base: %s", je.text);
		_cleanup_json_ json_t *c = json_loads(samples[i].change, 0, &je);
		if (!c)
			tap_fail(__FILE__, __LINE__, "%s: %s", name, je.text);
		json_object_update(r, c);
		return r;
	}
	tap_fail(__FILE__, __LINE__, "no sample %s", name);
}

/* A file of the source tree, from the test program's own place
 * (build/<config>/tests/test_x); the caller owns the path. */
static inline char *source_path(const char *relative)
{
	char self[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	CHECK(n > 0);
	self[n] = '\0';
	for (int i = 0; i < 4; i++) {
		char *slash = strrchr(self, '/');

		CHECK(slash);
		*slash = '\0';
	}
	char *path = NULL;
	CHECK(asprintf(&path, "%s/%s", self, relative) > 0);
	if (access(path, R_OK) == 0)
		return path;
	free(path); /* built elsewhere (make O=…): tests run in the source tree */
	return strdup(relative);
}
