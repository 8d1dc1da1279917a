// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the tables of ESR_EL1. Refuses to know reports: a number in, its fields out. */
#include "parse/esr.h"

/* Arm ARM D24.2.40, field EC. */
static const char *const ec_names[64] = {
	[0x00] = "unknown or uncategorized",
	[0x01] = "WFI, WFE trapped",
	[0x07] = "SVE, SIMD or floating-point access",
	[0x0a] = "LD64B or ST64B",
	[0x0d] = "branch target exception (BTI)",
	[0x0e] = "illegal execution state (PSTATE.IL)",
	[0x11] = "SVC (AArch32)",
	[0x12] = "HVC (AArch32)",
	[0x13] = "SMC (AArch32)",
	[0x15] = "SVC (AArch64)",
	[0x16] = "HVC (AArch64)",
	[0x17] = "SMC (AArch64)",
	[0x18] = "MSR, MRS or system instruction",
	[0x19] = "SVE access",
	[0x1a] = "ERET",
	[0x1c] = "pointer authentication failure (FPAC)",
	[0x1d] = "SME access",
	[0x20] = "instruction abort (lower EL)",
	[0x21] = "instruction abort (current EL)",
	[0x22] = "PC alignment",
	[0x24] = "data abort (lower EL)",
	[0x25] = "data abort (current EL)",
	[0x26] = "SP alignment",
	[0x27] = "memory operation (MOPS)",
	[0x28] = "floating-point exception (AArch32)",
	[0x2c] = "floating-point exception (AArch64)",
	[0x2d] = "guarded control stack (GCS)",
	[0x2f] = "SError",
	[0x30] = "breakpoint (lower EL)",
	[0x31] = "breakpoint (current EL)",
	[0x32] = "software step (lower EL)",
	[0x33] = "software step (current EL)",
	[0x34] = "watchpoint (lower EL)",
	[0x35] = "watchpoint (current EL)",
	[0x38] = "BKPT (AArch32)",
	[0x3a] = "vector catch (AArch32)",
	[0x3c] = "BRK (AArch64)",
};

/* Arm ARM, field DFSC; the kernel's own list is mm/fault.c fault_info[], which before 6.2
 * lacks level -1 and calls 0x08 and 0x0c "unknown". */
static const char *const fsc_names[64] = {
	[0x00] = "level 0 address size fault",
	[0x01] = "level 1 address size fault",
	[0x02] = "level 2 address size fault",
	[0x03] = "level 3 address size fault",
	[0x04] = "level 0 translation fault",
	[0x05] = "level 1 translation fault",
	[0x06] = "level 2 translation fault",
	[0x07] = "level 3 translation fault",
	[0x08] = "level 0 access flag fault",
	[0x09] = "level 1 access flag fault",
	[0x0a] = "level 2 access flag fault",
	[0x0b] = "level 3 access flag fault",
	[0x0c] = "level 0 permission fault",
	[0x0d] = "level 1 permission fault",
	[0x0e] = "level 2 permission fault",
	[0x0f] = "level 3 permission fault",
	[0x10] = "synchronous external abort",
	[0x11] = "synchronous tag check fault",
	[0x12] = "level -2 synchronous external abort on a table walk",
	[0x13] = "level -1 synchronous external abort on a table walk",
	[0x14] = "level 0 synchronous external abort on a table walk",
	[0x15] = "level 1 synchronous external abort on a table walk",
	[0x16] = "level 2 synchronous external abort on a table walk",
	[0x17] = "level 3 synchronous external abort on a table walk",
	[0x18] = "synchronous parity or ECC error",
	[0x1b] = "level -1 synchronous parity or ECC error on a table walk",
	[0x1c] = "level 0 synchronous parity or ECC error on a table walk",
	[0x1d] = "level 1 synchronous parity or ECC error on a table walk",
	[0x1e] = "level 2 synchronous parity or ECC error on a table walk",
	[0x1f] = "level 3 synchronous parity or ECC error on a table walk",
	[0x21] = "alignment fault",
	[0x22] = "level -2 granule protection fault on a table walk",
	[0x23] = "level -1 granule protection fault on a table walk",
	[0x24] = "level 0 granule protection fault on a table walk",
	[0x25] = "level 1 granule protection fault on a table walk",
	[0x26] = "level 2 granule protection fault on a table walk",
	[0x27] = "level 3 granule protection fault on a table walk",
	[0x28] = "granule protection fault",
	[0x29] = "level -1 address size fault",
	[0x2a] = "level -2 translation fault",
	[0x2b] = "level -1 translation fault",
	[0x2c] = "level -2 address size fault",
	[0x30] = "TLB conflict abort",
	[0x31] = "unsupported atomic hardware update fault",
	[0x34] = "implementation defined fault (lockdown abort)",
	[0x35] = "implementation defined fault (unsupported exclusive or atomic access)",
	[0x3d] = "section domain fault",
	[0x3e] = "page domain fault",
};

const char *esr_ec_name(unsigned ec)
{
	const char *s = ec_names[ec & 63];

	return s ? s : "reserved exception class";
}

const char *esr_fsc_name(unsigned fsc)
{
	const char *s = fsc_names[fsc & 63];

	return s ? s : "reserved fault status";
}

/* arch/arm64/include/asm/brk-imm.h */
static enum esr_brk brk_of(unsigned imm)
{
	if (imm >= 0x004 && imm <= 0x007)
		return ESR_BRK_KPROBE;
	if (imm == 0x100)
		return ESR_BRK_FAULT;
	if (imm == 0x400 || imm == 0x401)
		return ESR_BRK_KGDB;
	if (imm == 0x800)
		return ESR_BRK_BUG;
	if ((imm & 0xff00) == 0x900)
		return ESR_BRK_KASAN;
	if ((imm & 0xff00) == 0x5500)
		return ESR_BRK_UBSAN;
	if (imm >= 0x8000 && imm <= 0x83ff)
		return ESR_BRK_CFI;
	return ESR_BRK_OTHER;
}

const char *esr_brk_name(unsigned imm)
{
	switch (brk_of(imm)) {
	case ESR_BRK_KPROBE:
		return "kprobe or uprobe";
	case ESR_BRK_FAULT:
		return "FAULT_BRK_IMM: code that must never run";
	case ESR_BRK_KGDB:
		return "kgdb";
	case ESR_BRK_BUG:
		return "BUG or WARN";
	case ESR_BRK_KASAN:
		return "KASAN tag check (sw-tags)";
	case ESR_BRK_UBSAN:
		return "UBSAN trap";
	case ESR_BRK_CFI:
		return "CFI failure";
	case ESR_BRK_OTHER:
		break;
	}
	return "BRK of unknown use";
}

static enum esr_fault fault_of(unsigned fsc)
{
	if (fsc <= 0x03 || fsc == 0x29 || fsc == 0x2c)
		return ESR_FAULT_ADDRESS_SIZE;
	if (fsc <= 0x07 || fsc == 0x2a || fsc == 0x2b)
		return ESR_FAULT_TRANSLATION;
	if (fsc <= 0x0b)
		return ESR_FAULT_ACCESS_FLAG;
	if (fsc <= 0x0f)
		return ESR_FAULT_PERMISSION;
	if (fsc == 0x11)
		return ESR_FAULT_TAG_CHECK;
	if (fsc == 0x10 || (fsc >= 0x12 && fsc <= 0x18) || (fsc >= 0x1b && fsc <= 0x1f))
		return ESR_FAULT_EXTERNAL;
	if (fsc == 0x21)
		return ESR_FAULT_ALIGNMENT;
	return ESR_FAULT_OTHER;
}

/* Returns whether this status names the level of the walk. */
static bool level_of(unsigned fsc, int8_t *level)
{
	if (fsc <= 0x0f || (fsc >= 0x14 && fsc <= 0x17) || (fsc >= 0x1c && fsc <= 0x1f) ||
	    (fsc >= 0x24 && fsc <= 0x27))
		*level = (int8_t)(fsc & 3);
	else if (fsc == 0x13 || fsc == 0x1b || fsc == 0x23 || fsc == 0x29 || fsc == 0x2b)
		*level = -1;
	else if (fsc == 0x12 || fsc == 0x22 || fsc == 0x2a || fsc == 0x2c)
		*level = -2;
	else
		return false;
	return true;
}

void esr_decode(uint64_t value, struct esr *out)
{
	unsigned ec = (unsigned)(value >> 26) & 0x3f;
	struct esr e = {
		.value = value,
		.ec = (uint8_t)ec,
		.il = value >> 25 & 1,
		.iss = (uint32_t)value & 0x1ffffff,
		.iss2 = (uint32_t)(value >> 32) & 0xffffff,
	};

	e.is_data = ec == ESR_EC_DABT_LOWER || ec == ESR_EC_DABT_CURRENT;
	e.is_abort = e.is_data || ec == ESR_EC_IABT_LOWER || ec == ESR_EC_IABT_CURRENT;
	if (e.is_abort) {
		e.fsc = e.iss & 0x3f;
		e.fault = fault_of(e.fsc);
		e.has_level = level_of(e.fsc, &e.level);
		e.wnr = e.is_data && (e.iss >> 6 & 1);
		e.cm = e.is_data && (e.iss >> 8 & 1);
		e.s1ptw = e.iss >> 7 & 1;
		e.ea = e.iss >> 9 & 1;
		e.fnv = e.iss >> 10 & 1;
	}
	e.is_brk = ec == ESR_EC_BRK64;
	if (e.is_brk) {
		e.brk_imm = e.iss & 0xffff;
		e.brk = brk_of(e.brk_imm);
	}
	*out = e;
}
