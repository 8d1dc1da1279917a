// SPDX-License-Identifier: GPL-2.0-or-later
/* A kernel's files opened: functions, code and source lines, modules, and files that are
 * broken. */
#include <errno.h>
#include <fcntl.h>

#include "build_fixture.h"
#include "util/io.h"

static struct build *open_with_module(void)
{
	struct build *b = open_fixture("fence.elf");
	struct err err = ERR_INIT;

	if (build_add_module(b, FIXTURE "vb2-fence.ko", &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return b;
}

/* ---- opening ---------------------------------------------------------------------- */

TEST(a_vmlinux_says_who_it_is_and_what_it_has)
{
	struct build *b = open_fixture("fence.elf");

	CHECK(build_has_code(b) && build_has_dwarf(b) && build_has_types(b));
	CHECK_STR(build_banner(b),
		  "Linux version 6.12.0-fixture (bootrig@bootrig) #1 SMP");
	CHECK(build_id(b) && strlen(build_id(b)) == 40);
	build_close(b);
}

TEST(a_vmlinux_without_dwarf_still_has_code_and_types)
{
	struct build *b = open_fixture("fence.nodebug.elf");

	CHECK(build_has_code(b) && !build_has_dwarf(b) && build_has_types(b));
	build_close(b);
}

TEST(bare_btf_has_types_and_nothing_else)
{
	struct build *b = open_fixture("fence.btf");
	struct build_place at;

	CHECK(!build_has_code(b) && !build_has_dwarf(b) && build_has_types(b));
	CHECK(!build_banner(b) && !build_id(b));
	CHECK_EQ(build_find(b, "dma_resv_add_fence", NULL, 0, 0, &at), BUILD_NO_FUNCTION);
	build_close(b);
}

TEST(what_is_no_kernel_is_refused_by_name)
{
	struct build *b = NULL;
	struct err err = ERR_INIT;

	CHECK_EQ(build_open(FIXTURE "nothing", &b, &err), -ENOENT);
	CHECK_EQ(build_open(FIXTURE "rebuild", &b, &err), -EINVAL);
	CHECK_CONTAINS(err.msg, "neither ELF nor BTF");
	CHECK_EQ(build_open("/proc/self/exe", &b, &err), -EINVAL);
	CHECK_CONTAINS(err.msg, "AArch64");
	CHECK(!b);
	build_close(NULL);
}

/* ---- functions and code ----------------------------------------------------------- */

TEST(a_name_with_an_offset_is_an_address_with_its_code)
{
	struct build *b = open_fixture("fence.elf");
	struct build_place at;
	uint32_t *words;

	CHECK_EQ(build_find(b, "dma_resv_add_fence", NULL, 0x44, 0xd0, &at), BUILD_FOUND);
	CHECK_STR(at.function, "dma_resv_add_fence");
	CHECK(!at.module);
	CHECK_EQ(at.addr - at.start, 0x44);
	CHECK_EQ(at.size, 0xd0);
	CHECK_EQ(build_code(b, &at, &words), 0x12);
	CHECK_EQ(words[0x11], 0xf9401262); /* ldr x2, [x19, #32] */
	free(words);
	build_close(b);
}

TEST(a_bare_address_is_the_function_around_it)
{
	struct build *b = open_fixture("fence.elf");
	struct build_place named, found;

	CHECK_EQ(build_find(b, "dma_resv_add_fence", NULL, 8, 0, &named), BUILD_FOUND);
	CHECK(build_find_address(b, named.addr, &found));
	CHECK_STR(found.function, "dma_resv_add_fence");
	CHECK_EQ(found.start, named.start);
	CHECK(!build_find_address(b, 0x10, &found));
	build_close(b);
}

TEST(another_size_is_another_build)
{
	struct build *b = open_fixture("fence.elf");
	struct build_place at;

	CHECK_EQ(build_find(b, "dma_resv_add_fence", NULL, 0x44, 0x100, &at),
		 BUILD_OTHER_SIZE);
	CHECK_EQ(at.size, 0xd0);
	CHECK_EQ(build_find(b, "dma_resv_add_fence", NULL, 0x200, 0, &at),
		 BUILD_OTHER_SIZE);
	CHECK_EQ(build_find(b, "dma_resv_ad", NULL, 0, 0, &at), BUILD_NO_FUNCTION);
	CHECK_EQ(build_find(b, "release", "vb2_fence", 0, 0, &at), BUILD_NO_FUNCTION);
	build_close(b);
}

TEST(the_padding_that_kallsyms_counts_is_no_other_build)
{
	struct build *b = open_fixture("fence.elf");
	struct build_place at;

	/* context_of_either: 0x24 bytes, the next symbol 0x2c bytes on. */
	CHECK_EQ(build_find(b, "context_of_either", NULL, 0, 0x24, &at), BUILD_FOUND);
	CHECK_EQ(build_find(b, "context_of_either", NULL, 0, 0x2c, &at), BUILD_FOUND);
	CHECK_EQ(build_find(b, "context_of_either", NULL, 0, 0x30, &at),
		 BUILD_OTHER_SIZE);
	build_close(b);
}

TEST(of_two_static_functions_of_one_name_the_size_tells)
{
	struct build *b = open_fixture("fence.elf");
	struct source_line line[SOURCE_MAX_INLINED];
	struct build_place at;

	CHECK_EQ(build_find(b, "release", NULL, 0, 0xc, &at), BUILD_FOUND);
	CHECK_EQ(build_source(b, &at, line), 1);
	CHECK_STR(line[0].file, "drivers/dma-buf/dma-resv.c");
	CHECK_EQ(build_find(b, "release", NULL, 0, 0x28, &at), BUILD_FOUND);
	CHECK_EQ(build_source(b, &at, line), 1);
	CHECK_STR(line[0].file, "drivers/dma-buf/sync-file.c");
	build_close(b);
}

/* ---- source ----------------------------------------------------------------------- */

TEST(source_lines_go_from_the_innermost_inlined_function_outwards)
{
	struct build *b = open_fixture("fence.elf");
	struct build_place at = place(b, "dma_resv_add_fence", NULL, 0x60);
	struct source_line line[SOURCE_MAX_INLINED];

	CHECK_EQ(build_source(b, &at, line), 2);
	CHECK_STR(line[0].function, "dma_fence_is_signaled");
	CHECK_STR(line[0].file, "include/linux/dma-fence.h");
	CHECK_EQ(line[0].line, 41);
	CHECK_STR(line[1].function, "dma_resv_add_fence");
	CHECK_STR(line[1].file, "drivers/dma-buf/dma-resv.c");
	CHECK_EQ(line[1].line, 53);
	CHECK(build_inlines(b, &at, "dma_resv_list_entry"));
	CHECK(!build_inlined_at(b, &at, "dma_resv_list_entry"));
	CHECK(build_inlined_at(b, &at, "dma_fence_is_signaled"));
	CHECK(!build_inlines(b, &at, "dma_resv_add_fence"));
	build_close(b);
}

TEST(without_dwarf_there_are_no_lines_and_no_inlines)
{
	struct build *b = open_fixture("fence.nodebug.elf");
	struct build_place at = place(b, "dma_resv_add_fence", NULL, 0x60);
	struct source_line line[SOURCE_MAX_INLINED];

	CHECK_EQ(build_source(b, &at, line), 0);
	CHECK(!build_inlines(b, &at, "dma_fence_is_signaled"));
	build_close(b);
}

/* ---- modules ---------------------------------------------------------------------- */

TEST(a_module_is_known_by_its_name_however_it_is_spelled)
{
	struct build *b = open_with_module();
	struct build_place at;
	struct err err = ERR_INIT;

	CHECK_EQ(build_find(b, "vb2_fence_attach", "vb2_fence", 8, 0x10, &at),
		 BUILD_FOUND);
	CHECK_STR(at.module, "vb2_fence");
	CHECK_EQ(build_find(b, "vb2_fence_attach", "vb2-fence", 8, 0, &at), BUILD_FOUND);
	CHECK_EQ(build_find(b, "vb2_fence_attach", NULL, 8, 0, &at), BUILD_NO_FUNCTION);
	CHECK_EQ(build_add_module(b, FIXTURE "vb2-fence.ko", &err), -EEXIST);
	build_close(b);
}

TEST(a_modules_relocations_are_applied)
{
	struct build *b = open_with_module();
	struct build_place at = place(b, "vb2_fence_attach", "vb2_fence", 8);
	struct source_line line[SOURCE_MAX_INLINED];
	struct candidate_query q = { .at = at, .base = 1, .offset = 0x48, .bytes = 8 };
	struct candidate *v;
	size_t n;

	CHECK_EQ(build_source(b, &at, line), 1);
	CHECK_STR(line[0].file, "module/vb2-fence.c");
	CHECK_EQ(line[0].line, 19);
	n = build_candidates(b, &q, &v);
	CHECK_STR(ranked(v, n, 1), "struct vb2_fence.bytesused");
	CHECK_EQ(v[0].scope, CANDIDATE_BASE);
	candidates_free(v, n);
	build_close(b);
}

TEST(a_module_calls_into_the_kernel)
{
	struct build *b = open_with_module();
	struct build_place at = place(b, "vb2_fence_context", "vb2_fence", 0xc);
	_cleanup_free_ char *why = NULL;
	_cleanup_free_ char *type = build_register_type(b, &at, 0, &why);

	CHECK_STR(type, "struct dma_fence *");
	CHECK_STR(why, "x0 is what dma_fence_lookup() returned");
	build_close(b);
}

TEST(a_modules_own_types_are_found_by_name)
{
	struct build *b = open_with_module();
	struct err err = ERR_INIT;
	uint64_t offset, size;

	CHECK_EQ(build_member(b, "struct vb2_fence.base.context", &offset, &size, &err),
		 0);
	CHECK_EQ(offset, 0x20);
	build_close(b);
}

/* ---- broken files ----------------------------------------------------------------- */

static void open_broken(const char *data, size_t len)
{
	_cleanup_free_ char *path = xasprintf("%s/broken", tap_tmpdir());
	_cleanup_close_ int dir = open(tap_tmpdir(), O_DIRECTORY | O_CLOEXEC);
	struct candidate_query q = { .base = 19, .offset = 0x20, .bytes = 8 };
	struct err err = ERR_INIT;
	struct build *b = NULL;
	struct candidate *v;
	size_t n;

	CHECK_EQ(io_atomic_write_at(dir, "broken", data, len), 0);
	if (build_open(path, &b, &err)) {
		CHECK(err.msg[0]);
		return;
	}
	(void)build_find(b, "dma_resv_add_fence", NULL, 0x44, 0, &q.at);
	n = build_candidates(b, &q, &v);
	candidates_free(v, n);
	build_close(b);
}

TEST(a_file_cut_off_anywhere_is_survived)
{
	static const char *const files[] = { "fence.elf", "fence.btf" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *path = xasprintf(FIXTURE "%s", files[i]);
		_cleanup_strbuf_ struct strbuf data = STRBUF_INIT;

		CHECK_EQ(io_read_file_at(AT_FDCWD, path, 1 << 20, &data), 0);
		for (size_t len = 0; len < data.len; len += 97)
			open_broken(data.buf, len);
	}
}

/* A struct that holds itself, a typedef of itself. */
TEST(btf_in_circles_comes_to_an_end)
{
	static const uint32_t btf[] = {
		0x0001eb9f, 24,         0,  72,         72,
		6,                          /* header */
		1,          0x04000001, 64, /* [1] struct "abc" of 64 bytes: member of [1]
					     */
		1,          1,          0,  1,          0x08000000,
		3,                          /* [2] typedef of [3] */
		1,          0x08000000, 2,  /* [3] typedef of [2] */
		1,          0x04000001, 64, /* [4] struct with a member of [2] */
		1,          2,          0,  0x63626100, 0x00000000 /* "\0abc\0\0" */
	};

	open_broken((const char *)btf, 24 + 72 + 6);
}

static void copy_to(const char *dir, const char *name, const char *as)
{
	_cleanup_free_ char *from = xasprintf(FIXTURE "%s", name);
	_cleanup_free_ char *to = xasprintf("%s/%s", dir, as);
	_cleanup_strbuf_ struct strbuf data = STRBUF_INIT;

	CHECK_EQ(io_mkdir_p(dir), 0);
	CHECK_EQ(io_read_file_at(AT_FDCWD, from, 1 << 20, &data), 0);
	CHECK_EQ(io_atomic_write(to, data.buf, data.len), 0);
}

TEST(a_module_that_nobody_named_is_found_beside_the_vmlinux)
{
	_cleanup_free_ char *vmlinux = xasprintf("%s/vmlinux", tap_tmpdir());
	_cleanup_free_ char *dir =
		xasprintf("%s/lib/modules/6.12.1/kernel/drivers/media", tap_tmpdir());
	_cleanup_free_ char *other = xasprintf("%s/lib/modules/6.13.0", tap_tmpdir());
	struct source_line lines[SOURCE_MAX_INLINED];
	struct build *b = NULL;
	struct build_place at;
	struct err err = ERR_INIT;

	copy_to(tap_tmpdir(), "fence.elf", "vmlinux");
	copy_to(dir, "vb2-fence.ko", "vb2-fence.ko");
	copy_to(dir, "README.md", "broken.ko");
	CHECK_EQ(build_open(vmlinux, &b, &err), 0);
	CHECK_EQ(build_find(b, "vb2_fence_attach", "vb2_fence", 0, 0, &at), BUILD_FOUND);
	CHECK_STR(at.module, "vb2_fence");
	CHECK(build_source(b, &at, lines) > 0);
	CHECK_CONTAINS(lines[0].file, ".c");
	CHECK_EQ(build_find(b, "f", "nowhere", 0, 0, &at), BUILD_NO_FUNCTION);
	CHECK_EQ(build_find(b, "f", "broken", 0, 0, &at), BUILD_NO_FUNCTION);
	CHECK_EQ(build_find(b, "f", "broken", 0, 0, &at), BUILD_NO_FUNCTION);
	build_close(b);
	/* Of two releases nobody knows which one ran. */
	CHECK_EQ(io_mkdir_p(other), 0);
	CHECK_EQ(build_open(vmlinux, &b, &err), 0);
	CHECK_EQ(build_find(b, "vb2_fence_attach", "vb2_fence", 0, 0, &at),
		 BUILD_NO_FUNCTION);
	build_close(b);
}

TESTS(T(a_module_that_nobody_named_is_found_beside_the_vmlinux),
      T(a_vmlinux_says_who_it_is_and_what_it_has),
      T(a_vmlinux_without_dwarf_still_has_code_and_types),
      T(bare_btf_has_types_and_nothing_else), T(what_is_no_kernel_is_refused_by_name),
      T(a_name_with_an_offset_is_an_address_with_its_code),
      T(a_bare_address_is_the_function_around_it), T(another_size_is_another_build),
      T(the_padding_that_kallsyms_counts_is_no_other_build),
      T(of_two_static_functions_of_one_name_the_size_tells),
      T(source_lines_go_from_the_innermost_inlined_function_outwards),
      T(without_dwarf_there_are_no_lines_and_no_inlines),
      T(a_module_is_known_by_its_name_however_it_is_spelled),
      T(a_modules_relocations_are_applied), T(a_module_calls_into_the_kernel),
      T(a_modules_own_types_are_found_by_name), T(a_file_cut_off_anywhere_is_survived),
      T(btf_in_circles_comes_to_an_end))
