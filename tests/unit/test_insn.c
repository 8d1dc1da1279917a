// SPDX-License-Identifier: GPL-2.0-or-later
#include "tap.h"

#include "diagnose/insn.h"

/* Words as the assembler makes them; the whole of a kernel's text was compared with
 * capstone's operands when this was written (docs/testing.md). */
struct memory_case {
	uint32_t word;
	int base;
	int64_t disp;
	unsigned bytes;
	bool is_load, is_store;
	int rd;
	const char *text;
};

static const struct memory_case memory_cases[] = {
	{ 0xf9401263, 19, 0x20, 8, true, false, 3, "ldr x3, [x19, #0x20]" },
	{ 0xf9401001, 0, 0x20, 8, true, false, 1, "ldr x1, [x0, #0x20]" },
	{ 0xf9400660, 19, 8, 8, true, false, 0, "ldr x0, [x19, #8]" },
	{ 0xb9001c41, 2, 0x1c, 4, false, true, INSN_NO_REG, "str w1, [x2, #0x1c]" },
	{ 0x39400000, 0, 0, 1, true, false, 0, "ldrb w0, [x0]" },
	{ 0xf85f8041, 2, -8, 8, true, false, 1, "ldur x1, [x2, #-8]" },
	{ 0xf8410c41, 2, 16, 8, true, false, 1, "ldr x1, [x2, #0x10]!" },
	{ 0xf8410441, 2, 0, 8, true, false, 1, "ldr x1, [x2], #0x10" },
	{ 0xa9410c02, 0, 16, 8, true, false, 2, "ldp x2, x3, [x0, #0x10]" },
	{ 0xa9be7bfd, INSN_SP, -32, 8, false, true, INSN_NO_REG,
	  "stp x29, x30, [sp, #-0x20]!" },
	{ 0xc85ffc01, 0, 0, 8, true, false, 1, "ldaxr x1, [x0]" },
	{ 0x885f7c01, 0, 0, 4, true, false, 1, "ldxr w1, [x0]" },
	{ 0xc89ffc01, 0, 0, 8, false, true, INSN_NO_REG, "stlr x1, [x0]" },
	{ 0xf8210002, 0, 0, 8, true, true, 2, "ldadd x1, x2, [x0]" },
	{ 0xb8e10002, 0, 0, 4, true, true, 2, "ldaddal w1, w2, [x0]" },
	{ 0xf821001f, 0, 0, 8, false, true, INSN_NO_REG, "ldadd x1, xzr, [x0]" },
	{ 0xf8e18022, 1, 0, 8, true, true, 2, "swpal x1, x2, [x1]" },
	{ 0xc8e17c02, 0, 0, 8, true, true, 1, "casa x1, x2, [x0]" },
	{ 0xf8bfc022, 1, 0, 8, true, false, 2, "ldapr x2, [x1]" },
	{ 0x3dc00401, 0, 16, 16, true, false, INSN_NO_REG, "ldr q1, [x0, #0x10]" },
	{ 0xd50b7420, 0, 0, 0, false, true, INSN_NO_REG, "dc zva, x0" },
};

TEST(loads_and_stores_tell_base_displacement_and_width)
{
	for (size_t k = 0; k < ARRAY_SIZE(memory_cases); k++) {
		const struct memory_case *c = &memory_cases[k];
		char text[INSN_TEXT_BYTES];
		struct insn i;

		insn_decode(c->word, 0, &i);
		CHECK(i.is_memory);
		CHECK_EQ(i.base, c->base);
		CHECK_EQ(i.disp, c->disp);
		CHECK_EQ(i.bytes, c->bytes);
		CHECK_EQ(i.is_load, c->is_load);
		CHECK_EQ(i.is_store, c->is_store);
		CHECK_EQ(i.rd, c->rd);
		insn_to_text(&i, text);
		CHECK_STR(text, c->text);
	}
}

TEST(an_index_is_scaled_and_extended)
{
	struct insn i;

	insn_decode(0xf8627820, 0, &i); /* ldr x0, [x1, x2, lsl #3] */
	CHECK(i.has_index && !i.index_is_32);
	CHECK_EQ(i.base, 1);
	CHECK_EQ(i.index, 2);
	CHECK_EQ(i.index_shift, 3);
	insn_decode(0xb862d820, 0, &i); /* ldr w0, [x1, w2, sxtw #2] */
	CHECK(i.has_index && i.index_is_32 && i.index_is_signed);
	CHECK_EQ(i.index_shift, 2);
}

TEST(the_way_of_a_pointer_is_read)
{
	struct insn i;

	insn_decode(0x927ef6b3, 0, &i); /* and x19, x21, #~3 */
	CHECK_EQ(i.op, INSN_MASK);
	CHECK_EQ(i.rd, 19);
	CHECK_EQ(i.rn, 21);
	CHECK_EQ((int64_t)i.mask, -4);
	insn_decode(0xaa0103f3, 0, &i); /* mov x19, x1 */
	CHECK_EQ(i.op, INSN_MOVE);
	CHECK_EQ(i.rn, 1);
	insn_decode(0xd1004000, 0, &i); /* sub x0, x0, #16 */
	CHECK_EQ(i.op, INSN_ADD);
	CHECK_EQ(i.imm, -16);
	insn_decode(0x910003fd, 0, &i); /* mov x29, sp */
	CHECK_EQ(i.op, INSN_MOVE);
	CHECK_EQ(i.rn, INSN_SP);
	insn_decode(0xd2800000, 0, &i); /* mov x0, #0 */
	CHECK_EQ(i.op, INSN_CONST);
	CHECK_EQ(i.imm, 0);
	insn_decode(0x8b020c20, 0, &i); /* add x0, x1, x2, lsl #3 */
	CHECK_EQ(i.op, INSN_ADD_REG);
	CHECK_EQ(i.shift, 3);
}

TEST(branches_say_where_and_calls_lose_the_callers_registers)
{
	struct insn i;

	insn_decode(0x94000002, 0x1000, &i);
	CHECK_EQ(i.op, INSN_CALL);
	CHECK_EQ(i.imm, 0x1008);
	CHECK(insn_writes(&i, 0) && insn_writes(&i, 18) && !insn_writes(&i, 19));
	insn_decode(0xb4000040, 0x1000, &i); /* cbz x0, +8 */
	CHECK_EQ(i.op, INSN_BRANCH);
	CHECK_EQ(i.imm, 0x1008);
	insn_decode(0xd65f03c0, 0, &i);
	CHECK_EQ(i.op, INSN_JUMP);
	insn_decode(0xd63f0020, 0, &i); /* blr x1 */
	CHECK_EQ(i.op, INSN_CALL);
	insn_decode(0xd4210000, 0, &i);
	CHECK_EQ(i.op, INSN_TRAP);
	CHECK(!i.is_memory);
}

TEST(compares_write_no_register_and_post_index_writes_its_base)
{
	struct insn i;

	insn_decode(0xf100001f, 0, &i); /* cmp x0, #0 */
	CHECK(!insn_writes(&i, 0));
	CHECK(!insn_writes(&i, 31));
	insn_decode(0xf8410441, 0, &i);
	CHECK(insn_writes(&i, 2) && insn_writes(&i, 1));
	insn_decode(0xb1000401, 0, &i); /* adds x1, x0, #1 */
	CHECK(insn_writes(&i, 1));
}

TEST(prefetches_and_unknown_words_touch_nothing)
{
	static const uint32_t words[] = { 0xf9800000, 0x00000000, 0xffffffff, 0xd503201f,
					  0xd5087800 };

	for (size_t k = 0; k < ARRAY_SIZE(words); k++) {
		char text[INSN_TEXT_BYTES];
		struct insn i;

		insn_decode(words[k], 0, &i);
		CHECK(!i.is_memory);
		insn_to_text(&i, text);
		CHECK(text[0] != '\0');
	}
}

TESTS(T(loads_and_stores_tell_base_displacement_and_width),
      T(an_index_is_scaled_and_extended), T(the_way_of_a_pointer_is_read),
      T(branches_say_where_and_calls_lose_the_callers_registers),
      T(compares_write_no_register_and_post_index_writes_its_base),
      T(prefetches_and_unknown_words_touch_nothing))
