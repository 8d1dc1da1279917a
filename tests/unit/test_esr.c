// SPDX-License-Identifier: GPL-2.0-or-later
#include "tap.h"

#include "parse/esr.h"

TEST(a_null_read_at_level_0_is_a_data_abort_of_this_el)
{
	struct esr e;

	esr_decode(0x96000004, &e);
	CHECK_EQ(e.ec, ESR_EC_DABT_CURRENT);
	CHECK(e.il && e.is_abort && e.is_data);
	CHECK_EQ(e.fault, ESR_FAULT_TRANSLATION);
	CHECK(e.has_level);
	CHECK_EQ(e.level, 0);
	CHECK(!e.wnr && !e.fnv && !e.s1ptw && !e.ea);
}

TEST(writes_walks_and_invalid_addresses_are_told)
{
	struct esr e;

	esr_decode(0x9600044f, &e);
	CHECK(e.wnr && e.fnv);
	CHECK_EQ(e.fault, ESR_FAULT_PERMISSION);
	CHECK_EQ(e.level, 3);
	esr_decode(0x96000097, &e);
	CHECK(e.s1ptw);
	CHECK_EQ(e.fault, ESR_FAULT_EXTERNAL);
	CHECK_EQ(e.level, 3);
	esr_decode(0x960000eb, &e);
	CHECK_EQ(e.fault, ESR_FAULT_TRANSLATION);
	CHECK_EQ(e.level, -1);
}

TEST(instruction_aborts_have_no_wnr)
{
	struct esr e;

	esr_decode(0x86000044, &e);
	CHECK(e.is_abort && !e.is_data && !e.wnr);
	CHECK_EQ(e.fault, ESR_FAULT_TRANSLATION);
}

TEST(a_brk_says_what_it_was_for)
{
	static const struct {
		uint64_t esr;
		enum esr_brk brk;
	} cases[] = {
		{ 0xf2000800, ESR_BRK_BUG },    { 0xf2000925, ESR_BRK_KASAN },
		{ 0xf2005501, ESR_BRK_UBSAN },  { 0xf2008228, ESR_BRK_CFI },
		{ 0xf2000004, ESR_BRK_KPROBE }, { 0xf2000401, ESR_BRK_KGDB },
		{ 0xf2000100, ESR_BRK_FAULT },  { 0xf2001234, ESR_BRK_OTHER },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct esr e;

		esr_decode(cases[i].esr, &e);
		CHECK(e.is_brk && !e.is_abort);
		CHECK_EQ(e.brk, cases[i].brk);
		CHECK(esr_brk_name(e.brk_imm)[0] != '\0');
	}
}

TEST(iss2_of_newer_kernels_is_kept_apart)
{
	struct esr e;

	esr_decode(UINT64_C(0x0000001296000004), &e);
	CHECK_EQ(e.iss2, 0x12);
	CHECK_EQ(e.iss, 4);
}

TEST(every_value_has_a_name)
{
	for (unsigned i = 0; i < 64; i++) {
		CHECK(esr_ec_name(i)[0] != '\0');
		CHECK(esr_fsc_name(i)[0] != '\0');
	}
	CHECK_STR(esr_fsc_name(0x2b), "level -1 translation fault");
	CHECK_STR(esr_ec_name(0x2f), "SError");
}

TESTS(T(a_null_read_at_level_0_is_a_data_abort_of_this_el),
      T(writes_walks_and_invalid_addresses_are_told), T(instruction_aborts_have_no_wnr),
      T(a_brk_says_what_it_was_for), T(iss2_of_newer_kernels_is_kept_apart),
      T(every_value_has_a_name))
