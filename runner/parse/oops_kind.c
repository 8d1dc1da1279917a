// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the kind of an incident, by arithmetic on what was printed: address, syndrome,
 * page size. The kernel's words come second: they differ with its age and configuration.
 */
#include "parse/esr.h"
#include "parse/oops_report.h"

enum { DEFAULT_VA_BITS = 48 };

/* CONFIG_KASAN_SHADOW_OFFSET: shadow = (address >> shift) + offset. Sources:
 * arch/arm64/Kconfig of 6.12 (dfff8…, efff8… by VA bits) and of 5.10 (dfffa…, efff9…),
 * arch/x86/Kconfig, arch/riscv/Kconfig. */
struct shadow {
	uint64_t offset;
	uint32_t va_bits; /* arm64's; 0 = another architecture */
	uint32_t shift;
};

static const struct shadow shadows[] = {
	/* clang-format off */
	{ UINT64_C(0xdfff800000000000), 48, 3 },
	{ UINT64_C(0xdfffa00000000000), 48, 3 },
	{ UINT64_C(0xdfffc00000000000), 47, 3 },
	{ UINT64_C(0xdfffd00000000000), 47, 3 },
	{ UINT64_C(0xdffffc0000000000), 0, 3 },
	{ UINT64_C(0xdffffe0000000000), 42, 3 },
	{ UINT64_C(0xdffffe8000000000), 42, 3 },
	{ UINT64_C(0xdfffffc000000000), 39, 3 },
	{ UINT64_C(0xdfffffd000000000), 39, 3 },
	{ UINT64_C(0xdfffffff00000000), 0, 3 },
	{ UINT64_C(0xdffffff800000000), 36, 3 },
	{ UINT64_C(0xefff800000000000), 48, 4 },
	{ UINT64_C(0xefff900000000000), 48, 4 },
	{ UINT64_C(0xefffc00000000000), 47, 4 },
	{ UINT64_C(0xefffc80000000000), 47, 4 },
	{ UINT64_C(0xeffffe0000000000), 42, 4 },
	{ UINT64_C(0xeffffe4000000000), 42, 4 },
	{ UINT64_C(0xefffffc000000000), 39, 4 },
	{ UINT64_C(0xefffffc800000000), 39, 4 },
	{ UINT64_C(0xeffffff800000000), 36, 4 },
	/* clang-format on */
};

/* The nearest offset below the address: what reaches KASAN's check by mistake is mostly
 * NULL and a little. A width of addresses that was printed excludes the others'. */
static bool undo_shadow(const struct report *r, uint64_t addr, uint64_t *first,
			uint64_t *last)
{
	const struct shadow *best = NULL;
	bool is_x86 = r->header->kind == INCIDENT_GPF;

	for (size_t i = 0; i < ARRAY_SIZE(shadows); i++) {
		const struct shadow *s = &shadows[i];

		if (addr < s->offset || addr >> 56 != s->offset >> 56 ||
		    (is_x86 && s->va_bits) || (r->va_bits && s->va_bits != r->va_bits))
			continue;
		if (!best || s->offset > best->offset)
			best = s;
	}
	if (!best)
		return false;
	*first = (addr - best->offset) << best->shift;
	*last = *first + (UINT64_C(1) << best->shift) - 1;
	return true;
}

static bool is_fault_kind(enum incident_kind k)
{
	return k == INCIDENT_PAGING_FAULT || k == INCIDENT_NULL_DEREF ||
	       k == INCIDENT_USER_ACCESS || k == INCIDENT_GPF;
}

static void find_real_range(struct report *r)
{
	struct incident *in = r->in;

	/* Again each time: the width of addresses comes after the address. */
	if (r->range_is_printed || !in->has_fault_address || !is_fault_kind(in->kind))
		return;
	in->has_real_range =
		undo_shadow(r, in->fault_address, &in->real_first, &in->real_last);
}

static bool is_user_address(const struct report *r, uint64_t addr)
{
	uint32_t bits = r->va_bits ? r->va_bits : DEFAULT_VA_BITS;

	return bits < 64 && addr >> bits == 0;
}

/* Neither half of the address space has it: no pointer ever had this value. */
static bool is_non_canonical(const struct report *r, uint64_t addr)
{
	uint32_t bits = r->va_bits ? r->va_bits : DEFAULT_VA_BITS;

	/* The top byte of a kernel address may be a tag (KASAN, MTE). */
	return !is_user_address(r, addr) && addr >> 55 == 0 && bits < 55;
}

/* The address says more than the words: "paging request" may be NULL + offset seen
 * through KASAN's shadow, and "NULL pointer" is what SW-PAN does not say. */
static void decide_fault(struct report *r)
{
	struct incident *in = r->in;
	uint32_t page = r->in->page_bytes;
	uint64_t real;
	struct esr e;

	if (!in->has_fault_address && !r->range_is_printed) {
		if (r->says_null && in->kind != INCIDENT_GPF)
			in->kind = INCIDENT_NULL_DEREF;
		else if (r->says_user && in->kind == INCIDENT_PAGING_FAULT)
			in->kind = INCIDENT_USER_ACCESS;
		return;
	}
	esr_decode(in->esr, &e);
	if (in->has_esr && e.is_abort && e.fnv)
		return; /* the address is not valid */
	find_real_range(r);
	real = in->has_real_range ? in->real_first : in->fault_address;
	if (real < page)
		in->kind = INCIDENT_NULL_DEREF;
	else if (in->kind == INCIDENT_GPF)
		return;
	else if (is_non_canonical(r, real))
		in->kind = INCIDENT_PAGING_FAULT;
	else if (r->says_user ||
		 (in->has_esr && e.is_abort && e.fault == ESR_FAULT_PERMISSION &&
		  is_user_address(r, real)))
		/* A page of user space that is there, and that PAN or page permissions
		 * keep the kernel from. */
		in->kind = INCIDENT_USER_ACCESS;
	else
		in->kind = INCIDENT_PAGING_FAULT;
}

static bool detail_has(const struct report *r, const char *word)
{
	return r->detail && strstr(r->detail, word);
}

static void decide_kasan(struct report *r)
{
	if (detail_has(r, "use-after-free"))
		r->in->kind = INCIDENT_UAF;
	else if (detail_has(r, "double-free") || detail_has(r, "invalid-free"))
		r->in->kind = INCIDENT_INVALID_FREE;
	else if (detail_has(r, "null-ptr-deref"))
		r->in->kind = INCIDENT_NULL_DEREF;
	else
		r->in->kind = INCIDENT_KASAN;
}

/* What the compiler or the kernel put a BRK there for. */
static void decide_brk(struct incident *in, enum esr_brk brk)
{
	switch (brk) {
	case ESR_BRK_BUG:
	case ESR_BRK_CFI:
		in->kind = INCIDENT_BUG;
		break;
	case ESR_BRK_KASAN:
		in->kind = INCIDENT_KASAN;
		break;
	case ESR_BRK_UBSAN:
		in->kind = INCIDENT_UBSAN;
		break;
	case ESR_BRK_OTHER:
	case ESR_BRK_KPROBE:
	case ESR_BRK_FAULT:
	case ESR_BRK_KGDB:
		break;
	}
}

static bool is_serror(const struct incident *in)
{
	struct esr e;

	esr_decode(in->esr, &e);
	return in->has_esr && e.ec == ESR_EC_SERROR;
}

/* A die() whose first lines are lost: ESR and the address line still tell. */
static void decide_die(struct report *r)
{
	struct incident *in = r->in;
	struct esr e;

	esr_decode(in->esr, &e);
	if (r->says_serror) {
		in->kind = INCIDENT_SERROR;
	} else if (r->says_bug) {
		in->kind = INCIDENT_BUG;
	} else if (r->says_mce) {
		in->kind = INCIDENT_MCE;
	} else if (in->has_esr && e.is_brk) {
		decide_brk(in, e.brk);
	} else if (in->has_esr && e.ec == ESR_EC_SERROR) {
		in->kind = INCIDENT_SERROR;
	} else if (r->says_user || (r->is_page_fault && !in->has_esr) ||
		   (in->has_esr && e.is_abort && e.fault != ESR_FAULT_EXTERNAL)) {
		in->kind = INCIDENT_PAGING_FAULT;
		decide_fault(r);
	}
}

/* arch/x86/kernel/cpu/mce/core.c __print_mce(), drivers/edac/mce_amd.c, cper.c: what was
 * lost is told by words or by the status' UC bit; the rest are lines in between. */
bool report_is_mild(const char *text)
{
	/* clang-format off */
	static const char *const severe[] = {
		"Machine Check Exception", "Machine check: ", "Uncorrected", "|UE|",
		"severity: fatal", "severity: recoverable",
	};
	/* clang-format on */
	enum { STATUS_UC = 61 };
	const char *p = lines_after(text, " Bank ");
	uint64_t status;

	if (!strstr(text, "[Hardware Error]"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(severe); i++)
		if (strstr(text, severe[i]))
			return false;
	p = p ? strstr(p, ": ") : NULL;
	return !p || lines_hex(p + 2, &status) == 0 || !(status >> STATUS_UC & 1);
}

/* Panics of detectors that say what they found. */
static void decide_panic(struct report *r)
{
	static const struct {
		const char *reason;
		enum incident_kind kind;
	} reasons[] = {
		/* clang-format off */
		{ "Asynchronous SError", INCIDENT_SERROR },
		{ "Fatal hardware error", INCIDENT_MCE },
		{ "Fatal machine check", INCIDENT_MCE },
		{ "Fatal Machine check", INCIDENT_MCE },
		{ "Hard LOCKUP", INCIDENT_HARD_LOCKUP },
		{ "softlockup: hung tasks", INCIDENT_SOFT_LOCKUP },
		{ "hung_task: blocked tasks", INCIDENT_HUNG_TASK },
		{ "RCU Stall", INCIDENT_RCU_STALL },
		/* clang-format on */
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (detail_has(r, reasons[i].reason))
			r->in->kind = reasons[i].kind;
}

void report_decide_kind(struct report *r)
{
	struct incident *in = r->in;
	enum incident_kind head = r->header->kind;

	if (head == INCIDENT_KASAN)
		decide_kasan(r);
	else if (r->header->class == HEADER_FAULT && is_fault_kind(head))
		decide_fault(r);
	else if (r->header->class == HEADER_DIE || r->header->class == HEADER_HEADLESS)
		decide_die(r);
	else if (r->header->class == HEADER_FAULT && is_serror(in))
		in->kind = INCIDENT_SERROR; /* "Bad mode in Error handler", 4.x */
	else if (r->header->literal[3] == ' ' && detail_has(r, "already free"))
		in->kind = INCIDENT_INVALID_FREE; /* mm/slub.c free_consistency_checks */
	else if (head == INCIDENT_WARN && detail_has(r, "kernel/locking/lockdep.c"))
		in->kind = INCIDENT_LOCKDEP;
	else if (head == INCIDENT_PANIC)
		decide_panic(r);
	/* die() ends the task that ran into it, whatever it was. */
	in->fatal = (incident_kind_is_fatal(in->kind) && !r->is_survived) ||
		    in->panicked || r->has_die;
}
