// SPDX-License-Identifier: GPL-2.0-or-later
/* ESR_EL1, the syndrome word of an arm64 exception, from its bits alone: what kernels
 * print beside it is missing, cut off or differs with their age. Sources: Arm ARM (DDI
 * 0487) D24.2.40 "ESR_EL1"; kernel arch/arm64/include/asm/esr.h, brk-imm.h; mm/fault.c
 * fault_info[]. */
#pragma once

#include <stdbool.h>

#include "util/compiler.h"

enum esr_ec {
	ESR_EC_UNKNOWN = 0x00,
	ESR_EC_BTI = 0x0d,
	ESR_EC_ILLEGAL_STATE = 0x0e,
	ESR_EC_FPAC = 0x1c,
	ESR_EC_IABT_LOWER = 0x20,
	ESR_EC_IABT_CURRENT = 0x21,
	ESR_EC_PC_ALIGN = 0x22,
	ESR_EC_DABT_LOWER = 0x24,
	ESR_EC_DABT_CURRENT = 0x25,
	ESR_EC_SP_ALIGN = 0x26,
	ESR_EC_SERROR = 0x2f,
	ESR_EC_BRK64 = 0x3c
};

enum esr_fault {
	ESR_FAULT_ADDRESS_SIZE,
	ESR_FAULT_TRANSLATION,
	ESR_FAULT_ACCESS_FLAG,
	ESR_FAULT_PERMISSION,
	ESR_FAULT_EXTERNAL, /* synchronous external abort, also on a table walk; parity */
	ESR_FAULT_TAG_CHECK,
	ESR_FAULT_ALIGNMENT,
	ESR_FAULT_OTHER
};

/* What a BRK says why it was there. */
enum esr_brk {
	ESR_BRK_OTHER,
	ESR_BRK_KPROBE,
	ESR_BRK_FAULT,
	ESR_BRK_KGDB,
	ESR_BRK_BUG, /* BUG and WARN alike: the bug table knows which */
	ESR_BRK_KASAN,
	ESR_BRK_UBSAN,
	ESR_BRK_CFI
};

struct esr {
	uint64_t value;
	uint8_t ec;    /* [31:26] */
	bool il;       /* a 32-bit instruction trapped */
	uint32_t iss;  /* [24:0] */
	uint32_t iss2; /* [55:32] */

	bool is_abort; /* EC 0x20, 0x21, 0x24, 0x25: the fields down to level hold */
	bool is_data;  /* EC 0x24, 0x25: wnr and cm hold as well */
	uint8_t fsc;   /* DFSC or IFSC, [5:0] */
	enum esr_fault fault;
	bool has_level;
	int8_t level; /* of the table walk, -1 to 3: how far the walk of the current page
			 tables got, which says nothing about the pointer */
	bool wnr;     /* a write */
	bool cm;      /* a cache maintenance instruction: wnr is set for these, too */
	bool s1ptw;   /* stage 2 fault on a stage 1 walk */
	bool ea;
	bool fnv; /* the fault address register holds no address */

	bool is_brk; /* EC 0x3c */
	uint16_t brk_imm;
	enum esr_brk brk;
};

void esr_decode(uint64_t value, struct esr *out);
/* Static strings, never NULL. ec and fsc: six bits. */
const char *esr_ec_name(unsigned ec);
const char *esr_fsc_name(unsigned fsc);
const char *esr_brk_name(unsigned imm);
