// SPDX-License-Identifier: GPL-2.0-or-later
/* What a run records of the build that its kernel comes from. */
#include "kernel/build_brief.h"

#include "make_archive.h"
#include "util/jsonx.h"

#define ID "93e57445257c027df1c607972471371a041565a7"

static json_t *brief_of(const char *manifest, const char *id)
{
	struct image_info image = { .release = "6.12.117-vb2" };

	free(write_file("build.json", manifest, strlen(manifest)));
	if (id) {
		snprintf(image.build_ids[0], sizeof(image.build_ids[0]), "%s", id);
		image.n_build_ids = 1;
	}
	return build_brief(tap_tmpdir(), &image);
}

TEST(base_patches_configurations_and_compiler_are_told)
{
	_cleanup_json_ json_t *b = brief_of(
		"{\"key\":\"25\",\"build_id\":\"" ID "\",\"base\":\"linux-source-6.12\","
		"\"series\":\"kernels/patches/v1a\",\"upto\":null,\"bytes\":7,\"patches\":["
		"{\"name\":\"0001-a.patch\",\"sha256\":\"42\"},"
		"{\"name\":\"a subject\",\"commit\":\"c3\"}],"
		"\"configs\":[{\"name\":\"virt.config\",\"sha256\":\"ac\"}],"
		"\"compiler\":\"gcc 12\"}",
		ID);
	const json_t *patches = json_object_get(b, "patches");

	CHECK_STR(json_get_str(b, "key", ""), "25");
	CHECK_STR(json_get_str(b, "base", ""), "linux-source-6.12");
	CHECK_STR(json_get_str(b, "series", ""), "kernels/patches/v1a");
	CHECK(json_is_null(json_object_get(b, "upto")));
	CHECK(!json_object_get(b, "bytes"));
	CHECK_EQ(json_array_size(patches), 2);
	CHECK_EQ(json_get_int(b, "n_patches", 0), 2);
	CHECK_STR(json_get_str(json_array_get(patches, 0), "sha256", ""), "42");
	CHECK_STR(json_get_str(json_array_get(patches, 1), "commit", ""), "c3");
	CHECK_STR(json_get_str(json_array_get(json_object_get(b, "configs"), 0), "name",
			       ""),
		  "virt.config");
	CHECK_STR(json_get_str(b, "compiler", ""), "gcc 12");
}

TEST(a_manifest_beside_another_kernel_is_not_its_own)
{
	static const char with_id[] = "{\"build_id\":\"" ID "\"}";

	CHECK(!brief_of(with_id, "00" ID));
	CHECK(!brief_of(with_id, NULL));
	CHECK(!brief_of("{\"release\":\"6.12.117-vb2\"}", ID));
	CHECK(!brief_of("{\"release\":\"6.1\"}", NULL));
	_cleanup_json_ json_t *by_release =
		brief_of("{\"release\":\"6.12.117-vb2\"}", NULL);
	CHECK(by_release);
}

TEST(what_is_no_manifest_says_nothing)
{
	struct image_info image = { .n_build_ids = 0 };

	CHECK(!build_brief("/nonexistent", &image));
	CHECK(!brief_of("", ID));
	CHECK(!brief_of("[1]", ID));
	CHECK(!brief_of("{\"build_id\":7}", ID));
}

TEST(the_lists_are_bounded_and_say_how_long_they_were)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	strbuf_addf(&sb, "{\"build_id\":\"" ID "\",\"patches\":[");
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&sb, "%s{\"name\":\"%d\"}", i ? "," : "", i);
	strbuf_addf(&sb, "]}");
	_cleanup_json_ json_t *b = brief_of(strbuf_str(&sb), ID);
	CHECK_EQ(json_array_size(json_object_get(b, "patches")), BUILD_BRIEF_MAX_LIST);
	CHECK_EQ(json_get_int(b, "n_patches", 0), 1000);
}

TESTS(T(base_patches_configurations_and_compiler_are_told),
      T(a_manifest_beside_another_kernel_is_not_its_own),
      T(what_is_no_manifest_says_nothing),
      T(the_lists_are_bounded_and_say_how_long_they_were))
