// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the reading of A64 encodings, as far as a pointer's way and a faulting access
 * need it. Refuses to know registers' values. Section numbers are those of the Arm ARM
 * (DDI 0487), chapter C4.1. */
#include "diagnose/insn_bits.h"

const char *insn_reg_name(int reg)
{
	static const char *const names[] = {
		"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",
		"x8",  "x9",  "x10", "x11", "x12", "x13", "x14", "x15",
		"x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23",
		"x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",
	};

	return reg < 0 || reg > INSN_SP ? "" : names[reg];
}

/* ---- data processing (C4.1.92, C4.1.95) ---- */

/* DecodeBitMasks() of the Arm ARM, for logical immediates. */
static bool bit_mask(bool n, uint32_t immr, uint32_t imms, bool is_64, uint64_t *out)
{
	uint32_t pattern = (uint32_t)n << 6 | (~imms & 0x3f);
	unsigned len, size, ones, rotate;
	uint64_t element, all = 0;

	if (pattern < 2)
		return false;
	len = 31U - (unsigned)__builtin_clz(pattern);
	size = 1U << len;
	if (size > (is_64 ? 64U : 32U))
		return false;
	ones = (imms & (size - 1)) + 1;
	rotate = immr & (size - 1);
	if (ones == size)
		return false;
	element = (UINT64_C(1) << ones) - 1;
	if (rotate) {
		uint64_t keep = size == 64 ? UINT64_MAX : (UINT64_C(1) << size) - 1;

		element = (element >> rotate | element << (size - rotate)) & keep;
	}
	for (unsigned at = 0; at < 64; at += size)
		all |= element << at;
	*out = is_64 ? all : all & UINT32_MAX;
	return true;
}

static void logical_immediate(struct insn *i)
{
	uint32_t w = i->word, opc = insn_bits(w, 30, 29), rn = insn_bits(w, 9, 5);
	uint64_t mask;

	/* AND and ORR may write sp, which nobody follows. */
	i->rd = insn_general(insn_bits(w, 4, 0));
	if (!bit_mask(insn_bits(w, 22, 22), insn_bits(w, 21, 16), insn_bits(w, 15, 10),
		      insn_bits(w, 31, 31), &mask))
		return;
	i->rn = insn_general(rn);
	i->mask = mask;
	if (opc == 0 || opc == 3) {
		i->op = INSN_MASK;
	} else if (opc == 1 && rn == 31) {
		i->op = INSN_CONST;
		i->imm = (int64_t)mask;
	}
}

static void add_immediate(struct insn *i)
{
	uint32_t w = i->word, rn = insn_bits(w, 9, 5), rd = insn_bits(w, 4, 0);
	int64_t imm = (int64_t)insn_bits(w, 21, 10) << (insn_bits(w, 22, 22) ? 12 : 0);

	if (insn_bits(w, 30, 30))
		imm = -imm;
	i->rd = insn_general(rd);
	i->rn = (int)rn; /* 31 is sp here */
	i->imm = imm;
	i->op = imm == 0 ? INSN_MOVE : INSN_ADD;
}

static void move_wide(struct insn *i)
{
	uint32_t w = i->word, opc = insn_bits(w, 30, 29);
	uint64_t v = (uint64_t)insn_bits(w, 20, 5) << (insn_bits(w, 22, 21) * 16);

	i->rd = insn_general(insn_bits(w, 4, 0));
	if (opc == 3)
		return; /* movk changes a part */
	i->op = INSN_CONST;
	if (opc == 0)
		v = ~v;
	i->imm = (int64_t)(insn_bits(w, 31, 31) ? v : v & UINT32_MAX);
}

static void immediate(struct insn *i)
{
	uint32_t w = i->word;

	i->rd_is_32 = !insn_bits(w, 31, 31);
	switch (insn_bits(w, 25, 23)) {
	case 0:
	case 1: {
		int64_t imm = insn_sign_extend(
			insn_bits(w, 23, 5) << 2 | insn_bits(w, 30, 29), 21);

		i->rd_is_32 = false;
		i->rd = insn_general(insn_bits(w, 4, 0));
		i->op = INSN_ADRP;
		i->imm = insn_bits(w, 31, 31) ? (int64_t)((i->pc & ~UINT64_C(0xfff)) +
							  ((uint64_t)imm << 12))
					      : (int64_t)(i->pc + (uint64_t)imm);
		return;
	}
	case 2:
		add_immediate(i);
		return;
	case 4:
		logical_immediate(i);
		return;
	case 5:
		move_wide(i);
		return;
	default: /* tags, bit fields, extract */
		i->rd = insn_general(insn_bits(w, 4, 0));
		i->rn = insn_general(insn_bits(w, 9, 5));
		if (insn_bits(w, 31, 22) == 0x34d && insn_bits(w, 15, 10) == 63) {
			i->op = INSN_LSR;
			i->imm = insn_bits(w, 21, 16);
		}
		return;
	}
}

static void register_operands(struct insn *i)
{
	uint32_t w = i->word, rn = insn_bits(w, 9, 5);

	i->rd_is_32 = !insn_bits(w, 31, 31);
	/* ccmp, ccmn, rmif, setf: flags only */
	if (insn_bits(w, 28, 21) == 0xd2 ||
	    (insn_bits(w, 28, 21) == 0xd0 && insn_bits(w, 15, 10)))
		return;
	i->rd = insn_general(insn_bits(w, 4, 0));
	i->rn = insn_general(rn);
	i->rm = insn_general(insn_bits(w, 20, 16));
	if (insn_bits(w, 28, 24) == 0x0a) { /* logical, shifted register */
		bool plain = insn_bits(w, 15, 10) == 0 && !insn_bits(w, 21, 21);

		if (insn_bits(w, 30, 29) == 1 && rn == 31 && plain) {
			i->op = INSN_MOVE;
			i->rn = i->rm;
			i->rm = INSN_NO_REG;
			if (i->rn == INSN_NO_REG) {
				i->op = INSN_CONST; /* mov x0, xzr */
				i->imm = 0;
			}
		}
	} else if (insn_bits(w, 28, 24) == 0x0b && insn_bits(w, 30, 29) == 0 &&
		   insn_bits(w, 23, 22) == 0) {
		i->op = INSN_ADD_REG;
		i->shift = insn_bits(w, 21, 21) ? insn_bits(w, 12, 10)
						: insn_bits(w, 15, 10);
		if (insn_bits(w, 21, 21))
			i->rn = (int)rn;
	}
}

/* ---- branches and system (C4.1.93) ---- */

static int64_t target(const struct insn *i, uint32_t imm, unsigned n_bits)
{
	return (int64_t)(i->pc + (uint64_t)(insn_sign_extend(imm, n_bits) * 4));
}

static void system_word(struct insn *i)
{
	uint32_t w = i->word;

	if (insn_bits(w, 31, 20) == 0xd53 ||
	    insn_bits(w, 31, 19) == 0x1aa5) { /* mrs, sysl */
		i->rd = insn_general(insn_bits(w, 4, 0));
	} else if (insn_bits(w, 31, 19) == 0x1aa1 && insn_bits(w, 15, 12) == 7) {
		/* dc, ic: address in rt; the field is called Rt, not Rn */
		if ((insn_bits(w, 11, 8) == 5 && insn_bits(w, 18, 16) != 3) ||
		    insn_bits(w, 11, 8) == 8)
			return; /* ic iallu, at: no access */
		i->is_memory = i->is_store = true;
		i->base = insn_general(insn_bits(w, 4, 0));
		if (i->base == INSN_NO_REG)
			i->is_memory = i->is_store = false;
	}
}

static void branch(struct insn *i)
{
	uint32_t w = i->word;

	if (insn_bits(w, 30, 26) == 5) {
		i->op = insn_bits(w, 31, 31) ? INSN_CALL : INSN_JUMP;
		i->imm = target(i, insn_bits(w, 25, 0), 26);
	} else if (insn_bits(w, 30, 25) == 0x1a || insn_bits(w, 31, 24) == 0x54) {
		i->op = INSN_BRANCH;
		i->imm = target(i, insn_bits(w, 23, 5), 19);
	} else if (insn_bits(w, 30, 25) == 0x1b) {
		i->op = INSN_BRANCH;
		i->imm = target(i, insn_bits(w, 18, 5), 14);
	} else if (insn_bits(w, 31, 25) == 0x6b) {
		i->op = (insn_bits(w, 23, 21) & 3) == 1 ? INSN_CALL : INSN_JUMP;
	} else if (insn_bits(w, 31, 24) == 0xd4) {
		i->op = insn_bits(w, 23, 21) == 1 ? INSN_TRAP : INSN_OTHER;
	} else if (insn_bits(w, 31, 24) == 0xd5) {
		system_word(i);
	}
}

/* ---- vectors: only what reaches a general register ---- */

static void vector(struct insn *i)
{
	uint32_t w = i->word;
	bool is_scalar_move = insn_bits(w, 30, 29) == 0 && insn_bits(w, 28, 24) == 0x1e &&
			      insn_bits(w, 21, 21) && insn_bits(w, 15, 10) == 0;
	uint32_t opcode = insn_bits(w, 18, 16);

	if ((is_scalar_move && opcode != 2 && opcode != 3 && opcode != 7) ||
	    (insn_bits(w, 31, 31) == 0 && insn_bits(w, 29, 21) == 0x70 &&
	     (insn_bits(w, 15, 10) == 0x0f || insn_bits(w, 15, 10) == 0x0b)))
		i->rd = insn_general(insn_bits(w, 4, 0));
}

void insn_decode(uint32_t word, uint64_t pc, struct insn *out)
{
	*out = (struct insn){
		.word = word,
		.pc = pc,
		.base = INSN_NO_REG,
		.index = INSN_NO_REG,
		.rd = INSN_NO_REG,
		.rd2 = INSN_NO_REG,
		.rn = INSN_NO_REG,
		.rm = INSN_NO_REG,
	};
	switch (insn_bits(word, 28, 25)) {
	case 0x8:
	case 0x9:
		immediate(out);
		break;
	case 0xa:
	case 0xb:
		branch(out);
		break;
	case 0x4:
	case 0x6:
	case 0xc:
	case 0xe:
		insn_decode_memory(out);
		break;
	case 0x5:
	case 0xd:
		register_operands(out);
		break;
	case 0x7:
	case 0xf:
		vector(out);
		break;
	default:
		if (word <= UINT16_MAX)
			out->op = INSN_TRAP; /* udf */
		break;
	}
}

bool insn_writes(const struct insn *i, int reg)
{
	if (reg < 0)
		return false;
	if (i->rd == reg || i->rd2 == reg)
		return true;
	if (i->writeback != 0 && i->base == reg)
		return true;
	/* AAPCS64: a call keeps x19 to x29 and sp. */
	return i->op == INSN_CALL && (reg <= 18 || reg == 30);
}
