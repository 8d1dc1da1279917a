// SPDX-License-Identifier: GPL-2.0-or-later
/* What a register points to, and where a member is that somebody names. */
#include <errno.h>

#include "build_fixture.h"
#include "diagnose/insn.h"

static void check_type(struct build *b, const char *function, uint64_t offset, int reg,
		       const char *type, const char *why)
{
	struct build_place at = place(b, function, NULL, offset);
	_cleanup_free_ char *got_why = NULL;
	_cleanup_free_ char *got = build_register_type(b, &at, reg, &got_why);

	CHECK_STR(got, type);
	CHECK_CONTAINS(got_why, why);
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

TESTS(T(a_variable_that_lives_in_the_register_gives_its_type),
      T(a_member_that_was_loaded_gives_its_type),
      T(a_call_gives_the_type_that_it_returns),
      T(a_variable_of_the_kernel_gives_its_type),
      T(without_dwarf_the_way_of_the_value_leads_to_the_arguments),
      T(btf_of_two_functions_of_one_name_is_taken_for_neither),
      T(a_register_that_holds_a_number_has_no_type),
      T(members_of_a_union_that_point_to_different_things_give_no_type),
      T(a_variable_that_a_call_filled_in_gives_its_type),
      T(a_member_has_its_offset_in_this_build), T(a_member_that_is_not_there_is_named))
