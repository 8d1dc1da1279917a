// SPDX-License-Identifier: GPL-2.0-or-later
#include "tap.h"

#include "diagnose/diagnosis.h"
#include "parse/oops.h"
#include "util/jsonx.h"
#include "util/mem.h"

/* ---- an incident read from a report's own words ---- */

struct found {
	struct diagnosis d;
	json_t *incident, *diagnosis;
	size_t n;
};

static void on_opened(void *arg, const struct incident *in)
{
	(void)arg;
	(void)in;
}

static void on_closed(void *arg, const struct incident *in)
{
	struct found *f = arg;

	if (f->n++)
		return;
	diagnosis_make(&f->d, in, NULL);
	f->incident = incident_to_json(in);
	f->diagnosis = diagnosis_to_json(&f->d);
}

static void read_report(struct found *f, const char *text)
{
	static const struct oops_ops ops = { .opened = on_opened, .closed = on_closed };
	static const struct oops_opts opts = { .has_times = false };
	struct oops_reader *r = oops_new(&opts, &ops, f);

	memset(f, 0, sizeof(*f));
	oops_feed(r, text, strlen(text), 0);
	oops_end(r);
	oops_free(r);
	CHECK_EQ(f->n, 1);
}

static void release(struct found *f)
{
	diagnosis_release(&f->d);
	json_decref(f->incident);
	json_decref(f->diagnosis);
}

static bool says(const struct strvec *v, const char *words)
{
	for (size_t i = 0; i < v->n; i++)
		if (strstr(v->v[i], words))
			return true;
	return false;
}

#define HEAD(address, esr)                                                               \
	"[    1.725984] Unable to handle kernel NULL pointer dereference "               \
	"at virtual address " address "\n"                                               \
	"[    1.726000] Mem abort info:\n[    1.726001]   ESR = " esr "\n"               \
	"[    1.726021] Internal error: Oops: " esr " [#1] PREEMPT SMP\n"                \
	"[    1.726030] CPU: 1 UID: 0 PID: 54 Comm: vb2churn Not tainted 6.12.117-vb2 "  \
	"#1\n"

/* From the kernels of kernels/patches/vb2-release-fence-v1a and -v1b. */
static const char v1a[] = HEAD(
	"0000000000000020",
	"0x0000000096000006") "[    1.726040] pc : dma_resv_add_fence+0xcc/0x240\n"
			      "[    1.726050] x21: 0000000000000001 x20: 0000000000000000 "
			      "x19: 0000000000000000\n"
			      "[    1.726060] Call trace:\n[    1.726061]  dma_resv_add_fence+0xcc/0x240\n"
			      "[    1.726070] Code: 8b000f20 f9400415 927ef6b3 120006a0 (f9401263)\n"
			      "[    1.726080] ---[ end trace 0000000000000000 ]---\n";
static const char v1b[] = HEAD(
	"0000000000000020",
	"0x0000000096000006") "[    1.726040] pc : dma_resv_add_fence+0x8c/0x240\n"
			      "[    1.726050] x20: 0000000000000000 x19: ffff0d2901805a40\n"
			      "[    1.726055] x2 : 0000000000000000 x1 : 0000000000000000 "
			      "x0 : 0000000000000000\n"
			      "[    1.726060] Call trace:\n[    1.726061]  dma_resv_add_fence+0x8c/0x240\n"
			      "[    1.726070] Code: b940133a 34000dda 52800014 f9400660 (f9401001)\n"
			      "[    1.726080] ---[ end trace 0000000000000000 ]---\n";

TEST(a_slot_that_held_null_is_told_by_the_mask_before_the_access)
{
	struct found f;

	read_report(&f, v1a);
	CHECK(f.d.has_insn && f.d.has_base_value && f.d.has_match);
	CHECK_EQ(f.d.base, 19);
	CHECK_EQ(f.d.access_offset, 0x20);
	CHECK(f.d.address_matches && f.d.null_base);
	CHECK_EQ(f.d.origin.kind, ORIGIN_MASKED);
	CHECK_EQ(f.d.origin.reg, 21);
	CHECK_EQ(f.d.origin.value, 1);
	CHECK_CONTAINS(f.d.origin_says, "NULL was stored");
	CHECK_STR(json_get_str(f.diagnosis, "instruction", ""), "ldr x3, [x19, #0x20]");
	CHECK_STR(json_get_str(f.diagnosis, "base_register", ""), "x19");
	CHECK_STR(json_get_str(f.diagnosis, "access_offset", ""), "0x20");
	release(&f);
}

TEST(a_member_that_held_null_is_told_by_the_load_before_the_access)
{
	struct found f;

	read_report(&f, v1b);
	CHECK_EQ(f.d.base, 0);
	CHECK(f.d.null_base);
	CHECK_EQ(f.d.origin.kind, ORIGIN_LOADED);
	CHECK_EQ(f.d.origin.reg, 19);
	CHECK_EQ(f.d.origin.disp, 8);
	CHECK(f.d.origin.has_value);
	CHECK_CONTAINS(f.d.origin_says, "its member held NULL");
	release(&f);
}

TEST(without_a_layout_the_candidates_are_called_an_assumption)
{
	struct found f;

	read_report(&f, v1a);
	CHECK(f.d.candidates_assumed);
	CHECK(f.d.n_candidates > 0);
	CHECK_STR(f.d.candidates[0].type, "struct dma_fence");
	CHECK_STR(f.d.candidates[0].member, "context");
	CHECK_CONTAINS(f.d.candidates[0].why, "assumed");
	CHECK_CONTAINS(f.d.assumption, "no layout of this build");
	release(&f);
	read_report(&f, v1b);
	CHECK_STR(f.d.candidates[0].type, "struct dma_fence_ops");
	CHECK_STR(f.d.candidates[0].member, "signaled");
	release(&f);
}

TEST(the_level_of_the_walk_is_called_no_evidence_of_null)
{
	struct found f;

	read_report(&f, v1a);
	CHECK(says(&f.d.reasons, "level 2 translation fault, a read"));
	CHECK(says(&f.d.reasons, "not whether the pointer was NULL"));
	release(&f);
}

/* add x0, x19, #0x38; ldxr w1, [x0]: a reference count inside a NULL object. */
TEST(a_constant_added_to_the_pointer_first_counts_as_displacement)
{
	struct found f;

	read_report(
		&f,
		HEAD("0000000000000038",
		     "0x0000000096000006") "[    1.726040] pc : dma_fence_get+0x10/0x40\n"
					   "[    1.726050] x19: 0000000000000000\n"
					   "[    1.726055] x0 : 0000000000000038\n"
					   "[    1.726070] Code: d503201f d503201f 9100e260 (885f7c01)\n"
					   "[    1.726080] ---[ end trace 0000000000000000 ]---\n");
	CHECK_EQ(f.d.base, 19);
	CHECK_EQ(f.d.access_offset, 0x38);
	CHECK(f.d.null_base && f.d.address_matches);
	release(&f);
}

/* Where the pointer before the addition is lost, the sum's register stays the base. */
TEST(an_addition_whose_source_was_overwritten_is_not_followed)
{
	struct found f;

	read_report(
		&f,
		HEAD("0000000000000038",
		     "0x0000000096000006") "[    1.726040] pc : f+0x10/0x40\n"
					   "[    1.726050] x19: ffff000000000000\n"
					   "[    1.726055] x0 : 0000000000000038\n"
					   "[    1.726070] Code: 9100e260 d2800013 (885f7c01)\n"
					   "[    1.726080] ---[ end trace 0000000000000000 ]---\n");
	CHECK_EQ(f.d.base, 0);
	CHECK_EQ(f.d.access_offset, 0);
	CHECK(!f.d.null_base);
	release(&f);
}

/* add x2, x27, #0x10; lsr x2, x2, #3; ldrsb w0, [x2, x0]: KASAN's check overwrites the
 * address that it checks. The object is x27's, as the range that KASAN names agrees. */
#define SHADOW(x27)                                                                          \
	"[    4.026662] Unable to handle kernel paging request at virtual address "          \
	"dfff800000000002\n"                                                                 \
	"[    4.027157] KASAN: null-ptr-deref in range "                                     \
	"[0x0000000000000010-0x0000000000000017]\n"                                          \
	"[    4.027300] Mem abort info:\n[    4.027356]   ESR = 0x0000000096000004\n"        \
	"[    4.029593] Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP\n"           \
	"[    4.030526] CPU: 1 UID: 0 PID: 51 Comm: vb2churn Not tainted 6.12.117-kasan\n"   \
	"[    4.031172] pc : dma_resv_add_fence+0xe0/0x524\n"                                \
	"[    4.033859] x29: ffff800080397490 x28: 0000000000000001 x27: " x27 "\n"          \
	"[    4.034442] x20: ffff31d742003638 x19: ffff31d74283cce8\n"                       \
	"[    4.035339] x2 : 0000000000000002 x1 : 0000000000000003 x0 : dfff800000000000\n" \
	"[    4.035965] Call trace:\n[    4.036066]  dma_resv_add_fence+0xe0/0x524\n"        \
	"[    4.036181] Code: 91004362 f90047e2 d343fc42 f90043e2 (38e06840)\n"              \
	"[    4.036200] ---[ end trace 0000000000000000 ]---\n"

TEST(kasans_check_that_overwrote_its_address_still_leads_to_the_object)
{
	struct found f;

	read_report(&f, SHADOW("0000000000000000"));
	CHECK(f.d.is_shadow_check);
	CHECK_EQ(f.d.base, 27);
	CHECK_EQ(f.d.access_offset, 0x10);
	CHECK(f.d.null_base && f.d.address_matches);
	CHECK(says(&f.d.reasons, "x27 (0x0) + 0x10 is in the range that KASAN checked"));
	release(&f);
}

/* add x0, x20, x27, lsr #3; ldrsb w0, [x0]: made in one sum, x27 is what is checked. */
TEST(kasans_check_by_one_sum_leads_to_the_pointer_too)
{
	struct found f;

	read_report(
		&f,
		HEAD("dfff800000000002",
		     "0x0000000096000004") "[    1.726030] KASAN: null-ptr-deref in range "
					   "[0x0000000000000010-0x0000000000000017]\n"
					   "[    1.726040] pc : f+0x10/0x40\n"
					   "[    1.726050] x27: 0000000000000010\n"
					   "[    1.726055] x20: dfff800000000000 x0 : dfff800000000002\n"
					   "[    1.726070] Code: d503201f 8b5b0e80 (39c00000)\n"
					   "[    1.726080] ---[ end trace 0000000000000000 ]---\n");
	CHECK(f.d.is_shadow_check);
	CHECK_EQ(f.d.base, 27);
	CHECK_EQ(f.d.base_value, 0x10);
	CHECK(f.d.address_matches);
	release(&f);
}

/* The dump's x2 is the shadow's index: nothing to compare with the range. */
TEST(what_kasans_check_overwrote_is_compared_with_nothing)
{
	struct found f;

	read_report(&f, SHADOW("ffff31d742000000"));
	CHECK(f.d.is_shadow_check);
	CHECK_EQ(f.d.base, 2);
	CHECK(!f.d.has_base_value && !f.d.has_match && !f.d.null_base);
	CHECK(!says(&f.d.reasons, "is NOT in the range that KASAN checked"));
	release(&f);
}

/* ldadd x1, x2, [x0]: capstone 4 knows neither this nor ldapr. */
TEST(atomics_that_the_disassembler_does_not_know_still_have_a_base)
{
	struct found f;

	read_report(
		&f,
		HEAD("0000000000000000",
		     "0x0000000096000046") "[    1.726040] pc : f+0x10/0x40\n"
					   "[    1.726055] x1 : 0000000000000001 x0 : 0000000000000000\n"
					   "[    1.726070] Code: d503201f (f8210002)\n"
					   "[    1.726080] ---[ end trace 0000000000000000 ]---\n");
	CHECK_EQ(f.d.base, 0);
	CHECK(f.d.null_base);
	CHECK_CONTAINS(json_get_str(f.diagnosis, "instruction", ""), "ldadd");
	release(&f);
}

/* The mask before the access did not make this value, so another path led here. */
TEST(an_origin_that_the_dump_contradicts_is_dropped)
{
	struct found f;

	read_report(
		&f,
		HEAD("0000000000000020",
		     "0x0000000096000006") "[    1.726040] pc : f+0x10/0x40\n"
					   "[    1.726050] x21: ffff000000001000 x19: 0000000000000000\n"
					   "[    1.726070] Code: 927ef6b3 (f9401263)\n"
					   "[    1.726080] ---[ end trace 0000000000000000 ]---\n");
	CHECK(f.d.null_base);
	CHECK_EQ(f.d.origin.kind, ORIGIN_UNKNOWN);
	release(&f);
}

TEST(an_index_counts_when_its_value_is_known)
{
	struct found f;

	read_report(
		&f,
		HEAD("0000000000000018",
		     "0x0000000096000006") "[    1.726040] pc : f+0x10/0x40\n"
					   "[    1.726055] x2 : 0000000000000003 x1 : 0000000000000000\n"
					   "[    1.726070] Code: d503201f (f8627820)\n"
					   "[    1.726080] ---[ end trace 0000000000000000 ]---\n");
	CHECK_EQ(f.d.base, 1);
	CHECK_EQ(f.d.access_offset, 0x18);
	CHECK(f.d.address_matches);
	release(&f);
}

TEST(a_base_that_does_not_give_the_address_is_said_so)
{
	struct found f;

	read_report(
		&f,
		HEAD("0000000000000020",
		     "0x0000000096000006") "[    1.726040] pc : f+0x10/0x40\n"
					   "[    1.726055] x19: 0000000000000100\n"
					   "[    1.726070] Code: d503201f (f9401263)\n"
					   "[    1.726080] ---[ end trace 0000000000000000 ]---\n");
	CHECK(f.d.has_match && !f.d.address_matches && !f.d.null_base);
	CHECK(says(&f.d.reasons, "is NOT the fault address"));
	CHECK_EQ(f.d.n_candidates, 0);
	release(&f);
}

/* FnV: the syndrome says that the address register holds none. */
TEST(an_invalid_fault_address_is_compared_with_nothing)
{
	struct found f;

	read_report(
		&f,
		HEAD("0000000000000020",
		     "0x0000000096000410") "[    1.726040] pc : f+0x10/0x40\n"
					   "[    1.726055] x19: 0000000000000000\n"
					   "[    1.726070] Code: d503201f (f9401263)\n"
					   "[    1.726080] ---[ end trace 0000000000000000 ]---\n");
	CHECK(!f.d.has_match);
	CHECK(says(&f.d.reasons, "FnV"));
	release(&f);
}

TEST(an_error_pointer_is_recognised)
{
	struct found f;

	read_report(&f,
		    "[    1.725984] Unable to handle kernel paging request at virtual "
		    "address fffffffffffffff4\n"
		    "[    1.726001]   ESR = 0x0000000096000005\n"
		    "[    1.726021] Internal error: Oops: 0000000096000005 [#1] SMP\n"
		    "[    1.726040] pc : f+0x10/0x40\n"
		    "[    1.726055] x19: fffffffffffffff4\n"
		    "[    1.726070] Code: d503201f (f9400263)\n"
		    "[    1.726080] ---[ end trace 0000000000000000 ]---\n");
	CHECK(f.d.address_matches);
	CHECK(says(&f.d.reasons, "error pointer -12"));
	release(&f);
}

/* Recorded as tests/golden/oops/v1a-mod-err-ptr.log: -19 + 0x20 = 0xd. */
TEST(an_error_pointer_that_wrapped_round_is_not_called_null)
{
	struct found f;

	read_report(
		&f,
		HEAD("000000000000000d",
		     "0x0000000096000006") "[    1.726040] pc : f+0x0/0x8\n"
					   "[    1.726055] x0 : ffffffffffffffed\n"
					   "[    1.726070] Code: d503201f (f9401000)\n"
					   "[    1.726080] ---[ end trace 0000000000000000 ]---\n");
	CHECK(f.d.address_matches && !f.d.null_base);
	CHECK(says(&f.d.reasons, "error pointer -19"));
	CHECK(!says(&f.d.reasons, "NULL plus"));
	release(&f);
}

TEST(code_words_of_32_bit_arm_are_not_read_as_a64)
{
	struct found f;

	read_report(&f,
		    "[    1.725984] Unable to handle kernel NULL pointer dereference at "
		    "virtual address 00000020\n"
		    "[    1.726021] Internal error: Oops: 5 [#1] SMP ARM\n"
		    "[    1.726040] PC is at f+0x10/0x40\n"
		    "[    1.726055] r3 : 00000000  r2 : 00000001\n"
		    "[    1.726070] Code: e5933000 e5933020 (e5933020)\n"
		    "[    1.726080] ---[ end trace 0000000000000000 ]---\n");
	CHECK(!f.d.has_insn);
	release(&f);
}

TEST(a_call_through_a_null_function_pointer_names_the_caller)
{
	struct found f;

	read_report(
		&f,
		HEAD("0000000000000000",
		     "0x0000000086000004") "[    1.726040] pc : 0x0\n"
					   "[    1.726041] lr : driver_poll+0x20/0x80\n"
					   "[    1.726055] x1 : 0000000000000000\n"
					   "[    1.726070] Code: bad PC value\n"
					   "[    1.726080] ---[ end trace 0000000000000000 ]---\n");
	CHECK(!f.d.has_insn);
	CHECK_EQ(f.d.n_candidates, 0);
	CHECK(!f.d.assumption);
	CHECK(says(&f.d.reasons, "NULL function pointer, by driver_poll+0x20/0x80"));
	release(&f);
}

TESTS(T(a_slot_that_held_null_is_told_by_the_mask_before_the_access),
      T(a_member_that_held_null_is_told_by_the_load_before_the_access),
      T(without_a_layout_the_candidates_are_called_an_assumption),
      T(the_level_of_the_walk_is_called_no_evidence_of_null),
      T(a_constant_added_to_the_pointer_first_counts_as_displacement),
      T(an_addition_whose_source_was_overwritten_is_not_followed),
      T(kasans_check_that_overwrote_its_address_still_leads_to_the_object),
      T(kasans_check_by_one_sum_leads_to_the_pointer_too),
      T(what_kasans_check_overwrote_is_compared_with_nothing),
      T(atomics_that_the_disassembler_does_not_know_still_have_a_base),
      T(an_origin_that_the_dump_contradicts_is_dropped),
      T(an_index_counts_when_its_value_is_known),
      T(a_base_that_does_not_give_the_address_is_said_so),
      T(an_invalid_fault_address_is_compared_with_nothing),
      T(an_error_pointer_is_recognised),
      T(an_error_pointer_that_wrapped_round_is_not_called_null),
      T(code_words_of_32_bit_arm_are_not_read_as_a64),
      T(a_call_through_a_null_function_pointer_names_the_caller))
