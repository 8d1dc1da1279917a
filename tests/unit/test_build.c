// SPDX-License-Identifier: GPL-2.0-or-later
/* Against tests/data/build: a small "kernel" with the shapes of dma_resv and dma_fence,
 * and a module. `tests/data/build/rebuild` makes it; offsets in code are those of its
 * binary. */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>

#include "diagnose/build.h"
#include "diagnose/insn.h"
#include "util/io.h"
#include "util/mem.h"

#define FIXTURE "tests/data/build/"

static struct build *open_fixture(const char *name)
{
	_cleanup_free_ char *path = xasprintf(FIXTURE "%s", name);
	struct err err = ERR_INIT;
	struct build *b = NULL;

	if (build_open(path, &b, &err))
		tap_fail(__FILE__, __LINE__, "%s: %s", name, err.msg);
	return b;
}

static struct build *open_with_module(void)
{
	struct build *b = open_fixture("fence.elf");
	struct err err = ERR_INIT;

	if (build_add_module(b, FIXTURE "vb2-fence.ko", &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return b;
}

static struct build_place place(struct build *b, const char *function, const char *module,
				uint64_t offset)
{
	struct build_place at;

	if (build_find(b, function, module, offset, 0, &at) != BUILD_FOUND)
		tap_fail(__FILE__, __LINE__, "no %s", function);
	return at;
}

static struct candidate_query ask(struct build *b, const char *function, uint64_t offset,
				  int base, uint64_t access, unsigned bytes)
{
	return (struct candidate_query){ .at = place(b, function, NULL, offset),
					 .base = base,
					 .offset = access,
					 .bytes = bytes };
}

/* The candidate of that rank as "struct a.b". Static buffer. */
static const char *ranked(const struct candidate *v, size_t n, unsigned rank)
{
	static char text[128];

	if (rank > n)
		return "(none)";
	snprintf(text, sizeof(text), "%s.%s", v[rank - 1].type, v[rank - 1].member);
	return text;
}

static const struct candidate *find(const struct candidate *v, size_t n, const char *type,
				    const char *member)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].type, type) == 0 && strcmp(v[i].member, member) == 0)
			return &v[i];
	return NULL;
}

static void check_type(struct build *b, const char *function, uint64_t offset, int reg,
		       const char *type, const char *why)
{
	struct build_place at = place(b, function, NULL, offset);
	_cleanup_free_ char *got_why = NULL;
	_cleanup_free_ char *got = build_register_type(b, &at, reg, &got_why);

	CHECK_STR(got, type);
	CHECK_CONTAINS(got_why, why);
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

/* ---- what a register points to ---------------------------------------------------- */

TEST(a_variable_that_lives_in_the_register_gives_its_type)
{
	struct build *b = open_fixture("fence.elf");

	check_type(b, "dma_resv_add_fence", 0x44, 19, "struct dma_fence *",
		   "x19 holds the variable old");
	build_close(b);
}

TEST(a_member_that_was_loaded_gives_its_type)
{
	struct build *b = open_fixture("fence.elf");

	check_type(b, "dma_resv_add_fence", 0x60, 1, "struct dma_fence_ops *",
		   "x1 was loaded from ops of the struct dma_fence that x19 points to");
	check_type(b, "odd_next", 4, 0, "struct odd *",
		   "x0 was loaded from next of the struct odd");
	build_close(b);
}

TEST(a_call_gives_the_type_that_it_returns)
{
	struct build *b = open_fixture("fence.elf");

	check_type(b, "context_of_lookup", 0xc, 0, "struct dma_fence *",
		   "x0 is what dma_fence_lookup() returned");
	build_close(b);
}

TEST(a_variable_of_the_kernel_gives_its_type)
{
	struct build *b = open_fixture("fence.elf");

	check_type(b, "context_of_stub", 8, 0, "struct dma_fence *",
		   "x0 was loaded from the variable dma_fence_stub");
	build_close(b);
}

TEST(without_dwarf_the_way_of_the_value_leads_to_the_arguments)
{
	struct build *b = open_fixture("fence.nodebug.elf");

	/* and x19, x0, #~3; ldr x0, [x22], where x22 walks over the table; x24 =
	 * obj->fences */
	check_type(b, "dma_resv_add_fence", 0x44, 19, "struct dma_fence *",
		   "x19 is x0 with some bits cleared; x0 was loaded from table[0] of the "
		   "struct dma_resv_list that x22 points to");
	check_type(b, "dma_resv_add_fence", 0x44, 19, "struct dma_fence *",
		   "still argument 1 of dma_resv_add_fence()");
	check_type(b, "dma_resv_add_fence", 0x60, 1, "struct dma_fence_ops *",
		   "x1 was loaded from ops");
	check_type(b, "context_of_either", 0x14, 1, "struct dma_fence *",
		   "x1 is x0 or x1");
	check_type(b, "context_of_lookup", 0xc, 0, "struct dma_fence *",
		   "dma_fence_lookup() returned");
	build_close(b);
}

TEST(btf_of_two_functions_of_one_name_is_taken_for_neither)
{
	struct build *b = open_fixture("fence.nodebug.elf");
	struct build_place at = place(b, "release", NULL, 4);
	char *why;

	CHECK(!build_register_type(b, &at, 0, &why));
	CHECK(!why);
	build_close(b);
}

TEST(a_register_that_holds_a_number_has_no_type)
{
	struct build *b = open_fixture("fence.elf");
	struct build_place at = place(b, "dma_resv_add_fence", NULL, 0x44);
	char *why;

	CHECK(!build_register_type(b, &at, 25, &why)); /* w25 counts */
	CHECK(!build_register_type(b, &at, INSN_NO_REG, &why));
	CHECK(!build_register_type(b, &at, INSN_SP, &why));
	build_close(b);
}

TEST(members_of_a_union_that_point_to_different_things_give_no_type)
{
	struct build *b = open_fixture("fence.elf");
	struct build_place at = place(b, "dma_fence_second_callback", NULL, 4);
	char *why;

	CHECK(!build_register_type(b, &at, 0, &why));
	build_close(b);
}

/* ldr x0, [sp, #24]; ldr x1, [x0, #8]; ldr x1, [x1, #32]: v1b of the reference bug on a
 * kernel with lockdep. The base is overwritten by the load that used it, and the fence
 * came off the stack, where a call had put it. */
TEST(a_variable_that_a_call_filled_in_gives_its_type)
{
	struct build *b = open_fixture("fence.elf");
	struct candidate_query q = ask(b, "dma_resv_first_is_signaled", 0x1c, 1, 0x20, 8);
	struct candidate *v;
	size_t n;

	check_type(b, "dma_resv_first_is_signaled", 0x18, 0, "struct dma_fence *",
		   "x0 was loaded from the variable old on the stack");
	check_type(b, "dma_resv_first_is_signaled", 0x1c, 1, "struct dma_fence_ops *",
		   "x1 was loaded from ops of the struct dma_fence that x0 points to");
	n = build_candidates(b, &q, &v);
	CHECK_STR(ranked(v, n, 1), "struct dma_fence_ops.signaled");
	candidates_free(v, n);
	build_close(b);
}

/* ---- candidates ------------------------------------------------------------------- */

TEST(a_null_slot_and_null_ops_are_told_apart)
{
	static const char *const files[] = { "fence.elf", "fence.nodebug.elf" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct build *b = open_fixture(files[i]);
		struct candidate_query slot =
			ask(b, "dma_resv_add_fence", 0x44, 19, 0x20, 8);
		struct candidate_query ops =
			ask(b, "dma_resv_add_fence", 0x60, 1, 0x20, 8);
		struct candidate *v;
		size_t n = build_candidates(b, &slot, &v);

		CHECK_STR(ranked(v, n, 1), "struct dma_fence.context");
		CHECK_EQ(v[0].scope, CANDIDATE_BASE);
		CHECK_EQ(v[0].rank, 1);
		CHECK_EQ(v[0].offset, 0x20);
		candidates_free(v, n);
		n = build_candidates(b, &ops, &v);
		CHECK_STR(ranked(v, n, 1), "struct dma_fence_ops.signaled");
		CHECK_EQ(v[0].scope, CANDIDATE_BASE);
		candidates_free(v, n);
		build_close(b);
	}
}

TEST(after_the_base_come_the_function_its_subsystem_and_the_rest)
{
	struct build *b = open_fixture("fence.elf");
	struct candidate_query q = ask(b, "dma_resv_add_fence", 0x44, 19, 0x20, 8);
	const struct candidate *c;
	struct candidate *v;
	size_t n = build_candidates(b, &q, &v);

	c = find(v, n, "struct dma_resv_list", "table[1]");
	CHECK(c && c->scope == CANDIDATE_FUNCTION);
	CHECK_STR(c->why, "fobj of dma_resv_add_fence() points to one");
	c = find(v, n, "struct ww_mutex", "ctx");
	CHECK(c && c->scope == CANDIDATE_SUBSYSTEM);
	CHECK_CONTAINS(c->why, "include/linux/dma-resv.h declares it");
	c = find(v, n, "struct sync_file", "flags");
	CHECK(c && c->scope == CANDIDATE_ALL);
	for (size_t i = 0; i < n; i++) {
		CHECK_EQ(v[i].rank, i + 1);
		CHECK(i == 0 || v[i - 1].scope <= v[i].scope);
		CHECK(*v[i].why);
	}
	candidates_free(v, n);
	build_close(b);
}

TEST(equal_questions_have_equal_answers)
{
	struct build *b = open_fixture("fence.elf");
	struct candidate_query q = ask(b, "dma_resv_add_fence", 0x44, 19, 0x10, 8);
	struct candidate *v, *w;
	size_t n = build_candidates(b, &q, &v), m = build_candidates(b, &q, &w);

	CHECK(n > 3 && n == m);
	for (size_t i = 0; i < n; i++) {
		CHECK_STR(v[i].type, w[i].type);
		CHECK_STR(v[i].member, w[i].member);
	}
	candidates_free(v, n);
	candidates_free(w, m);
	build_close(b);
}

TEST(each_member_of_a_union_is_a_candidate)
{
	struct build *b = open_fixture("fence.elf");
	struct candidate_query q = ask(b, "dma_resv_add_fence", 0x44, 19, 0x10, 8);
	struct candidate *v;
	size_t n = build_candidates(b, &q, &v);

	CHECK(find(v, n, "struct dma_fence", "cb_list.next"));
	CHECK(find(v, n, "struct dma_fence", "timestamp"));
	CHECK(find(v, n, "struct dma_fence", "rcu.next"));
	CHECK_EQ(find(v, n, "struct dma_fence", "timestamp")->scope, CANDIDATE_BASE);
	candidates_free(v, n);
	build_close(b);
}

TEST(a_bare_btf_file_ranks_by_offset_and_size_alone)
{
	struct build *b = open_fixture("fence.btf");
	struct candidate_query q = { .base = INSN_NO_REG, .offset = 0x20, .bytes = 4 };
	struct candidate *v;
	size_t n = build_candidates(b, &q, &v);

	CHECK_STR(ranked(v, n, 1), "struct sync_merge_data.fence");
	CHECK_EQ(v[0].scope, CANDIDATE_ALL);
	candidates_free(v, n);
	q.bytes = 8;
	n = build_candidates(b, &q, &v);
	CHECK(find(v, n, "struct dma_fence", "context"));
	CHECK(find(v, n, "struct dma_fence_ops", "signaled"));
	CHECK(!find(v, n, "struct sync_merge_data", "fence"));
	candidates_free(v, n);
	build_close(b);
}

TEST(a_bare_btf_file_and_a_functions_name_rank_its_arguments_first)
{
	struct build *b = open_fixture("fence.btf");
	struct candidate_query q = { .at = { .function = "dma_resv_add_fence" },
				     .base = INSN_NO_REG,
				     .offset = 0x20,
				     .bytes = 8 };
	struct candidate *v;
	size_t n = build_candidates(b, &q, &v);

	CHECK_STR(ranked(v, n, 1), "struct dma_resv.lock.ctx");
	CHECK_STR(ranked(v, n, 2), "struct dma_fence.context");
	CHECK_EQ(v[1].scope, CANDIDATE_FUNCTION);
	CHECK_CONTAINS(v[1].why, "argument 2 of dma_resv_add_fence()");
	candidates_free(v, n);
	build_close(b);
}

/* The fixture with its BTF section renamed, so that DWARF is all there is. */
static struct build *open_without_btf(void)
{
	_cleanup_strbuf_ struct strbuf data = STRBUF_INIT;
	_cleanup_free_ char *path = xasprintf("%s/nobtf.elf", tap_tmpdir());
	_cleanup_close_ int dir = open(tap_tmpdir(), O_DIRECTORY | O_CLOEXEC);
	struct err err = ERR_INIT;
	struct build *b = NULL;
	char *name;

	CHECK_EQ(io_read_file_at(AT_FDCWD, FIXTURE "fence.elf", 1 << 20, &data), 0);
	name = memmem(data.buf, data.len, "\0.BTF\0", 6);
	CHECK(name);
	name[2] = 'X';
	CHECK_EQ(io_atomic_write_at(dir, "nobtf.elf", data.buf, data.len), 0);
	CHECK_EQ(build_open(path, &b, &err), 0);
	return b;
}

TEST(without_btf_all_types_come_from_dwarf)
{
	struct build *b = open_without_btf(), *with = open_fixture("fence.elf");
	struct candidate_query q = { .base = INSN_NO_REG, .offset = 0x20, .bytes = 8 };
	struct candidate *v, *w;
	size_t n = build_candidates(b, &q, &v), m = build_candidates(with, &q, &w);
	uint64_t offset, size;
	struct err err = ERR_INIT;

	CHECK(n > 4);
	CHECK_EQ(n, m);
	for (size_t i = 0; i < n; i++) {
		CHECK_STR(v[i].type, w[i].type);
		CHECK_STR(v[i].member, w[i].member);
	}
	CHECK_EQ(build_member(b, "struct odd.grid[1][2]", &offset, &size, &err), 0);
	CHECK_EQ(offset, 12 + 5 * 4);
	CHECK_EQ(build_member(b, "struct odd.high", &offset, &size, &err), 0);
	CHECK_EQ(offset, 0);
	CHECK_EQ(size, 4);
	candidates_free(v, n);
	candidates_free(w, m);
	build_close(b);
	build_close(with);
}

/* ---- members by name -------------------------------------------------------------- */

TEST(a_member_has_its_offset_in_this_build)
{
	static const struct {
		const char *access;
		uint64_t offset, size;
	} cases[] = {
		{ "struct dma_fence.context", 0x20, 8 },
		{ "dma_fence.context", 0x20, 8 },
		{ "struct dma_fence.cb_list.prev", 0x18, 8 },
		{ "struct dma_fence.refcount.refcount.refs.counter", 0x38, 4 },
		{ "struct dma_fence_ops.signaled", 0x20, 8 },
		{ "struct dma_resv.lock.ctx", 0x20, 8 },
		{ "struct dma_resv_list.table[1]", 0x20, 8 },
		{ "struct dma_resv_list.table", 0x18, 0 },
		{ "struct odd.as_bytes[2]", 10, 1 },
		{ "struct odd.grid[5]", 32, 4 }, /* int [2][3]: pahole makes it [6] */
		{ "struct odd.parts[1].ref.refcount", 44, 4 },
		{ "struct odd.low", 0, 4 },
		{ "spinlock_t.next", 2, 2 },
		{ "atomic_t.counter", 0, 4 },
	};
	struct build *b = open_fixture("fence.elf");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t offset = 99, size = 99;
		struct err err = ERR_INIT;

		if (build_member(b, cases[i].access, &offset, &size, &err))
			tap_fail(__FILE__, __LINE__, "%s", err.msg);
		if (offset != cases[i].offset || size != cases[i].size)
			tap_fail(__FILE__, __LINE__, "%s is at %d, %d bytes",
				 cases[i].access, (int)offset, (int)size);
	}
	build_close(b);
}

TEST(a_member_that_is_not_there_is_named)
{
	static const struct {
		const char *access, *says;
		int code;
	} cases[] = {
		{ "struct dma_fence.kontext", "no member kontext", -ENOENT },
		{ "struct dma_fense.context", "no struct dma_fense", -ENOENT },
		{ "union dma_fence.context", "no union dma_fence", -ENOENT },
		{ "struct dma_fence.ops.signaled", "start at the type", -ENOENT },
		{ "struct dma_fence", "want TYPE.MEMBER", -EINVAL },
		{ "struct dma_fence.", "want .MEMBER", -EINVAL },
		{ "", "want TYPE.MEMBER", -EINVAL },
		{ "struct odd.parts[2]", "2 elements", -ENOENT },
		{ "struct odd.grid[x]", "a number", -EINVAL },
		{ "struct odd.first[0]", "no array", -ENOENT },
	};
	struct build *b = open_fixture("fence.elf");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t offset, size;
		struct err err = ERR_INIT;

		CHECK_EQ(build_member(b, cases[i].access, &offset, &size, &err),
			 cases[i].code);
		CHECK_CONTAINS(err.msg, cases[i].says);
	}
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
      T(a_variable_that_lives_in_the_register_gives_its_type),
      T(a_member_that_was_loaded_gives_its_type),
      T(a_call_gives_the_type_that_it_returns),
      T(a_variable_of_the_kernel_gives_its_type),
      T(without_dwarf_the_way_of_the_value_leads_to_the_arguments),
      T(btf_of_two_functions_of_one_name_is_taken_for_neither),
      T(a_register_that_holds_a_number_has_no_type),
      T(members_of_a_union_that_point_to_different_things_give_no_type),
      T(a_variable_that_a_call_filled_in_gives_its_type),
      T(a_null_slot_and_null_ops_are_told_apart),
      T(after_the_base_come_the_function_its_subsystem_and_the_rest),
      T(equal_questions_have_equal_answers), T(each_member_of_a_union_is_a_candidate),
      T(a_bare_btf_file_ranks_by_offset_and_size_alone),
      T(a_bare_btf_file_and_a_functions_name_rank_its_arguments_first),
      T(without_btf_all_types_come_from_dwarf), T(a_member_has_its_offset_in_this_build),
      T(a_member_that_is_not_there_is_named),
      T(a_module_is_known_by_its_name_however_it_is_spelled),
      T(a_modules_relocations_are_applied), T(a_module_calls_into_the_kernel),
      T(a_modules_own_types_are_found_by_name), T(a_file_cut_off_anywhere_is_survived),
      T(btf_in_circles_comes_to_an_end))
