// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the reading of A64 encodings, as far as a pointer's way and a faulting access
 * need it. Refuses to know registers' values. Section numbers are those of the Arm ARM
 * (DDI 0487), chapter C4.1. */
#include "diagnose/insn.h"

static uint32_t bits(uint32_t w, unsigned hi, unsigned lo)
{
	return w >> lo & ((UINT32_C(1) << (hi - lo + 1)) - 1);
}

static int64_t sign_extend(uint64_t v, unsigned n_bits)
{
	uint64_t top = UINT64_C(1) << (n_bits - 1);

	return (int64_t)((v ^ top) - top);
}

/* Register 31 is sp as a base, and nothing as a source or destination. */
static int general(uint32_t r)
{
	return r == 31 ? INSN_NO_REG : (int)r;
}

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

/* ---- loads and stores (C4.1.94) ---- */

static void memory_at(struct insn *i, int64_t disp)
{
	i->is_memory = true;
	i->base = (int)bits(i->word, 9, 5);
	i->disp = disp;
}

static void loads(struct insn *i, uint32_t rt, bool is_32)
{
	i->is_load = true;
	if (i->op == INSN_OTHER)
		i->op = INSN_LOAD;
	i->rd = general(rt);
	i->rd_is_32 = is_32;
}

static void stores(struct insn *i)
{
	i->is_store = true;
	if (i->op == INSN_OTHER)
		i->op = INSN_STORE;
}

/* size, V and opc of the register forms: how wide, and which way. Returns false for a
 * prefetch, which never faults. */
static bool single(struct insn *i)
{
	uint32_t w = i->word, size = bits(w, 31, 30), opc = bits(w, 23, 22);

	if (bits(w, 26, 26)) {
		i->bytes = opc & 2 ? 16 : 1U << size;
		if (opc & 1)
			loads(i, 31, false);
		else
			stores(i);
		return true;
	}
	if (size == 3 && opc == 2)
		return false;
	i->bytes = 1U << size;
	if (opc == 0)
		stores(i);
	else
		loads(i, bits(w, 4, 0), opc == 3 || (opc == 1 && size < 3));
	return true;
}

static void pair(struct insn *i)
{
	uint32_t w = i->word, opc = bits(w, 31, 30), form = bits(w, 24, 23);
	unsigned scale = bits(w, 26, 26) ? 2 + opc : opc & 2 ? 3 : 2;
	int64_t imm = sign_extend(bits(w, 21, 15), 7) * (INT64_C(1) << scale);

	/* STGP stores one pair with its tag; its offset counts in 16 bytes. */
	if (opc == 1 && !bits(w, 26, 26) && !bits(w, 22, 22)) {
		scale = 3;
		imm = sign_extend(bits(w, 21, 15), 7) * 16;
	}
	memory_at(i, form == 1 ? 0 : imm);
	i->writeback = form & 1 ? imm : 0;
	i->is_pair = true;
	i->bytes = 1U << scale;
	if (!bits(w, 22, 22)) {
		stores(i);
		return;
	}
	loads(i, bits(w, 26, 26) ? 31 : bits(w, 4, 0), opc == 0);
	i->rd2 = bits(w, 26, 26) ? INSN_NO_REG : general(bits(w, 14, 10));
}

/* Exclusives, acquire and release, compare and swap. */
static void exclusive(struct insn *i)
{
	uint32_t w = i->word, rs = bits(w, 20, 16), rt = bits(w, 4, 0);
	bool o2 = bits(w, 23, 23), is_load = bits(w, 22, 22), o1 = bits(w, 21, 21);

	memory_at(i, 0);
	i->bytes = 1U << bits(w, 31, 30);
	if (o1 && (o2 || !bits(w, 31, 31))) {
		/* CAS, CASP: the old value comes back in rs. */
		stores(i);
		i->op = INSN_LOAD;
		loads(i, rs, !bits(w, 30, 30));
		if (!o2) {
			i->is_pair = true;
			i->bytes = bits(w, 30, 30) ? 8 : 4;
			i->rd2 = rs < 30 ? (int)rs + 1 : INSN_NO_REG;
		}
		return;
	}
	i->is_pair = o1;
	if (is_load) {
		loads(i, rt, bits(w, 31, 30) != 3);
		i->rd2 = o1 ? general(bits(w, 14, 10)) : INSN_NO_REG;
		return;
	}
	stores(i);
	if (!o2)
		i->rd = general(rs); /* whether the store went through */
}

/* LSE: ldadd and its kin, swp, ldapr. */
static void atomic(struct insn *i)
{
	uint32_t w = i->word, rt = bits(w, 4, 0);

	memory_at(i, 0);
	i->bytes = 1U << bits(w, 31, 30);
	if (bits(w, 15, 10) == 0x30 && bits(w, 23, 22) == 2) { /* ldapr */
		loads(i, rt, bits(w, 31, 30) != 3);
		return;
	}
	stores(i);
	if (rt == 31)
		return; /* stadd: nothing comes back */
	i->op = INSN_LOAD;
	loads(i, rt, bits(w, 31, 30) != 3);
}

static void register_form(struct insn *i)
{
	uint32_t w = i->word;

	if (bits(w, 24, 24)) {
		if (single(i))
			memory_at(i, (int64_t)bits(w, 21, 10) * i->bytes);
		return;
	}
	if (!bits(w, 21, 21)) {
		int64_t imm = sign_extend(bits(w, 20, 12), 9);
		uint32_t form = bits(w, 11, 10);

		if (!single(i))
			return;
		memory_at(i, form == 1 ? 0 : imm);
		i->writeback = form & 1 ? imm : 0;
		return;
	}
	switch (bits(w, 11, 10)) {
	case 0:
		if (!bits(w, 26, 26))
			atomic(i);
		return;
	case 2:
		if (!single(i))
			return;
		memory_at(i, 0);
		i->has_index = true;
		i->index = general(bits(w, 20, 16));
		i->index_is_32 = !bits(w, 13, 13);
		i->index_is_signed = bits(w, 15, 15);
		if (bits(w, 12, 12))
			i->index_shift = (unsigned)__builtin_ctz(i->bytes);
		return;
	default: { /* ldraa, ldrab */
		int64_t imm = sign_extend(bits(w, 22, 22) << 9 | bits(w, 20, 12), 10) * 8;

		if (bits(w, 31, 30) != 3 || bits(w, 26, 26))
			return;
		memory_at(i, imm);
		i->writeback = bits(w, 11, 11) ? imm : 0;
		i->bytes = 8;
		loads(i, bits(w, 4, 0), false);
		return;
	}
	}
}

static void literal(struct insn *i)
{
	uint32_t w = i->word, opc = bits(w, 31, 30);

	if (opc == 3 && !bits(w, 26, 26))
		return; /* prfm */
	i->is_memory = i->is_literal = true;
	i->imm = (int64_t)i->pc + sign_extend(bits(w, 23, 5), 19) * 4;
	i->bytes = bits(w, 26, 26) ? 4U << opc : opc == 1 ? 8 : 4;
	loads(i, bits(w, 26, 26) ? 31 : bits(w, 4, 0), opc == 0);
}

/* ldapur, stlur; memory tags */
static void unscaled(struct insn *i)
{
	uint32_t w = i->word, opc = bits(w, 23, 22);
	int64_t imm = sign_extend(bits(w, 20, 12), 9);

	if (bits(w, 21, 21)) {
		uint32_t form = bits(w, 11, 10);

		if (bits(w, 31, 24) != 0xd9)
			return;
		memory_at(i, form == 1 ? 0 : imm * 16);
		i->writeback = form & 1 ? imm * 16 : 0;
		i->bytes = 16;
		if (form == 0 && opc == 1)
			loads(i, bits(w, 4, 0), false);
		else
			stores(i);
		return;
	}
	if (bits(w, 11, 10) != 0)
		return;
	memory_at(i, imm);
	i->bytes = 1U << bits(w, 31, 30);
	if (opc == 0)
		stores(i);
	else
		loads(i, bits(w, 4, 0), opc == 3 || bits(w, 31, 30) < 3);
}

static void load_store(struct insn *i)
{
	uint32_t w = i->word;

	switch (bits(w, 29, 28)) {
	case 0:
		if (bits(w, 26, 26)) { /* whole vectors */
			memory_at(i, 0);
			i->bytes = bits(w, 30, 30) ? 16 : 8;
			if (bits(w, 22, 22))
				loads(i, 31, false);
			else
				stores(i);
			/* A post-index by register is not followed. */
			i->writeback = bits(w, 23, 23) ? i->bytes : 0;
		} else if (bits(w, 24, 24) == 0) {
			exclusive(i);
		}
		return;
	case 1:
		if (bits(w, 24, 24) == 0)
			literal(i);
		else if (!bits(w, 26, 26))
			unscaled(i);
		return;
	case 2:
		pair(i);
		return;
	default:
		register_form(i);
		return;
	}
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
	uint32_t w = i->word, opc = bits(w, 30, 29), rn = bits(w, 9, 5);
	uint64_t mask;

	/* AND and ORR may write sp, which nobody follows. */
	i->rd = general(bits(w, 4, 0));
	if (!bit_mask(bits(w, 22, 22), bits(w, 21, 16), bits(w, 15, 10), bits(w, 31, 31),
		      &mask))
		return;
	i->rn = general(rn);
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
	uint32_t w = i->word, rn = bits(w, 9, 5), rd = bits(w, 4, 0);
	int64_t imm = (int64_t)bits(w, 21, 10) << (bits(w, 22, 22) ? 12 : 0);

	if (bits(w, 30, 30))
		imm = -imm;
	i->rd = general(rd);
	i->rn = (int)rn; /* 31 is sp here */
	i->imm = imm;
	i->op = imm == 0 ? INSN_MOVE : INSN_ADD;
}

static void move_wide(struct insn *i)
{
	uint32_t w = i->word, opc = bits(w, 30, 29);
	uint64_t v = (uint64_t)bits(w, 20, 5) << (bits(w, 22, 21) * 16);

	i->rd = general(bits(w, 4, 0));
	if (opc == 3)
		return; /* movk changes a part */
	i->op = INSN_CONST;
	if (opc == 0)
		v = ~v;
	i->imm = (int64_t)(bits(w, 31, 31) ? v : v & UINT32_MAX);
}

static void immediate(struct insn *i)
{
	uint32_t w = i->word;

	i->rd_is_32 = !bits(w, 31, 31);
	switch (bits(w, 25, 23)) {
	case 0:
	case 1: {
		int64_t imm = sign_extend(bits(w, 23, 5) << 2 | bits(w, 30, 29), 21);

		i->rd_is_32 = false;
		i->rd = general(bits(w, 4, 0));
		i->op = INSN_ADRP;
		i->imm = bits(w, 31, 31) ? (int64_t)((i->pc & ~UINT64_C(0xfff)) +
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
		i->rd = general(bits(w, 4, 0));
		i->rn = general(bits(w, 9, 5));
		if (bits(w, 31, 22) == 0x34d && bits(w, 15, 10) == 63) {
			i->op = INSN_LSR;
			i->imm = bits(w, 21, 16);
		}
		return;
	}
}

static void register_operands(struct insn *i)
{
	uint32_t w = i->word, rn = bits(w, 9, 5);

	i->rd_is_32 = !bits(w, 31, 31);
	/* ccmp, ccmn, rmif, setf: flags only */
	if (bits(w, 28, 21) == 0xd2 || (bits(w, 28, 21) == 0xd0 && bits(w, 15, 10)))
		return;
	i->rd = general(bits(w, 4, 0));
	i->rn = general(rn);
	i->rm = general(bits(w, 20, 16));
	if (bits(w, 28, 24) == 0x0a) { /* logical, shifted register */
		bool plain = bits(w, 15, 10) == 0 && !bits(w, 21, 21);

		if (bits(w, 30, 29) == 1 && rn == 31 && plain) {
			i->op = INSN_MOVE;
			i->rn = i->rm;
			i->rm = INSN_NO_REG;
			if (i->rn == INSN_NO_REG) {
				i->op = INSN_CONST; /* mov x0, xzr */
				i->imm = 0;
			}
		}
	} else if (bits(w, 28, 24) == 0x0b && bits(w, 30, 29) == 0 &&
		   bits(w, 23, 22) == 0) {
		i->op = INSN_ADD_REG;
		i->shift = bits(w, 21, 21) ? bits(w, 12, 10) : bits(w, 15, 10);
		if (bits(w, 21, 21))
			i->rn = (int)rn;
	}
}

/* ---- branches and system (C4.1.93) ---- */

static int64_t target(const struct insn *i, uint32_t imm, unsigned n_bits)
{
	return (int64_t)(i->pc + (uint64_t)(sign_extend(imm, n_bits) * 4));
}

static void system_word(struct insn *i)
{
	uint32_t w = i->word;

	if (bits(w, 31, 20) == 0xd53 || bits(w, 31, 19) == 0x1aa5) { /* mrs, sysl */
		i->rd = general(bits(w, 4, 0));
	} else if (bits(w, 31, 19) == 0x1aa1 && bits(w, 15, 12) == 7) {
		/* dc, ic: address in rt; the field is called Rt, not Rn */
		if ((bits(w, 11, 8) == 5 && bits(w, 18, 16) != 3) || bits(w, 11, 8) == 8)
			return; /* ic iallu, at: no access */
		i->is_memory = i->is_store = true;
		i->base = general(bits(w, 4, 0));
		if (i->base == INSN_NO_REG)
			i->is_memory = i->is_store = false;
	}
}

static void branch(struct insn *i)
{
	uint32_t w = i->word;

	if (bits(w, 30, 26) == 5) {
		i->op = bits(w, 31, 31) ? INSN_CALL : INSN_JUMP;
		i->imm = target(i, bits(w, 25, 0), 26);
	} else if (bits(w, 30, 25) == 0x1a || bits(w, 31, 24) == 0x54) {
		i->op = INSN_BRANCH;
		i->imm = target(i, bits(w, 23, 5), 19);
	} else if (bits(w, 30, 25) == 0x1b) {
		i->op = INSN_BRANCH;
		i->imm = target(i, bits(w, 18, 5), 14);
	} else if (bits(w, 31, 25) == 0x6b) {
		i->op = (bits(w, 23, 21) & 3) == 1 ? INSN_CALL : INSN_JUMP;
	} else if (bits(w, 31, 24) == 0xd4) {
		i->op = bits(w, 23, 21) == 1 ? INSN_TRAP : INSN_OTHER;
	} else if (bits(w, 31, 24) == 0xd5) {
		system_word(i);
	}
}

/* ---- vectors: only what reaches a general register ---- */

static void vector(struct insn *i)
{
	uint32_t w = i->word;
	bool is_scalar_move = bits(w, 30, 29) == 0 && bits(w, 28, 24) == 0x1e &&
			      bits(w, 21, 21) && bits(w, 15, 10) == 0;
	uint32_t opcode = bits(w, 18, 16);

	if ((is_scalar_move && opcode != 2 && opcode != 3 && opcode != 7) ||
	    (bits(w, 31, 31) == 0 && bits(w, 29, 21) == 0x70 &&
	     (bits(w, 15, 10) == 0x0f || bits(w, 15, 10) == 0x0b)))
		i->rd = general(bits(w, 4, 0));
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
	switch (bits(word, 28, 25)) {
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
		load_store(out);
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
