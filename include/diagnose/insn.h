// SPDX-License-Identifier: GPL-2.0-or-later
/* One AArch64 instruction: what memory it touches through which register, and what it
 * does to its destination. Read from the encoding: that knows LSE atomics and ldapr,
 * which capstone 4 does not, and needs no decoder state; words for people come from
 * capstone. Source: Arm ARM (DDI 0487) C4.1 "A64 instruction set encoding". */
#pragma once

#include <stdbool.h>

#include "util/compiler.h"

enum { INSN_NO_REG = -1, INSN_SP = 31 /* as base */, INSN_TEXT_BYTES = 96 };

/* What the instruction makes of its destination, as far as a pointer's way goes. */
enum insn_op {
	INSN_OTHER,
	INSN_LOAD,    /* rd = [base + disp], or + index */
	INSN_STORE,   /* also atomics without a result */
	INSN_MOVE,    /* rd = rn */
	INSN_MASK,    /* rd = rn & mask */
	INSN_ADD,     /* rd = rn + imm (imm may be negative) */
	INSN_ADD_REG, /* rd = rn + (rm << shift) */
	INSN_CONST,   /* rd = imm (movz, movn, orr from zero) */
	INSN_LSR,     /* rd = rn >> imm, the whole register: KASAN's way to its shadow */
	INSN_ADRP,    /* rd = page of pc + imm; adr as well */
	INSN_CALL,    /* bl, blr: x0 to x18 and lr are lost, x0 is the result */
	INSN_BRANCH,  /* b, b.cond, cbz, tbz: target in imm (absolute) where known */
	INSN_JUMP,    /* b, br, ret: the next word is reached from elsewhere only */
	INSN_TRAP     /* brk, udf */
};

struct insn {
	uint32_t word;
	uint64_t pc;
	enum insn_op op;

	bool is_memory;         /* base holds; disp too unless has_index or is_literal */
	bool is_load, is_store; /* both for atomics with a result */
	bool is_literal;        /* pc-relative: no base */
	int base;               /* 0-30, INSN_SP or INSN_NO_REG */
	int64_t disp;           /* added to base for the access; 0 for post-index */
	int64_t writeback;      /* added to base for good (pre- and post-index) */
	bool has_index;
	int index; /* xM or wM */
	unsigned index_shift;
	bool index_is_32, index_is_signed;
	unsigned bytes; /* one access; a pair makes two */
	bool is_pair;

	int rd, rd2;   /* written general registers, INSN_NO_REG = none; xzr is none */
	bool rd_is_32; /* the upper half becomes zero */
	int rn, rm;    /* source registers of MOVE, MASK, ADD, ADD_REG */
	uint64_t mask; /* MASK */
	int64_t imm;
	unsigned shift;
};

/* Always fills *out; an unknown word is INSN_OTHER. */
void insn_decode(uint32_t word, uint64_t pc, struct insn *out);
/* Does the instruction change register reg (0-30)? */
bool insn_writes(const struct insn *i, int reg);
/* "ldr x3, [x19, #0x20]"; what nobody knows is ".inst 0x…". */
void insn_to_text(const struct insn *i, char out[INSN_TEXT_BYTES]);
/* "x19", "sp", "" for INSN_NO_REG. */
const char *insn_reg_name(int reg);
