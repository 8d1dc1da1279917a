// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the encodings of loads and stores (Arm ARM C4.1.94): which base, how far, how
 * wide, which way. */
#include "diagnose/insn_bits.h"

static void memory_at(struct insn *i, int64_t disp)
{
	i->is_memory = true;
	i->base = (int)insn_bits(i->word, 9, 5);
	i->disp = disp;
}

static void loads(struct insn *i, uint32_t rt, bool is_32)
{
	i->is_load = true;
	if (i->op == INSN_OTHER)
		i->op = INSN_LOAD;
	i->rd = insn_general(rt);
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
	uint32_t w = i->word, size = insn_bits(w, 31, 30), opc = insn_bits(w, 23, 22);

	if (insn_bits(w, 26, 26)) {
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
		loads(i, insn_bits(w, 4, 0), opc == 3 || (opc == 1 && size < 3));
	return true;
}

static void pair(struct insn *i)
{
	uint32_t w = i->word, opc = insn_bits(w, 31, 30), form = insn_bits(w, 24, 23);
	unsigned scale = insn_bits(w, 26, 26) ? 2 + opc : opc & 2 ? 3 : 2;
	int64_t imm = insn_sign_extend(insn_bits(w, 21, 15), 7) * (INT64_C(1) << scale);

	/* STGP stores one pair with its tag; its offset counts in 16 bytes. */
	if (opc == 1 && !insn_bits(w, 26, 26) && !insn_bits(w, 22, 22)) {
		scale = 3;
		imm = insn_sign_extend(insn_bits(w, 21, 15), 7) * 16;
	}
	memory_at(i, form == 1 ? 0 : imm);
	i->writeback = form & 1 ? imm : 0;
	i->is_pair = true;
	i->bytes = 1U << scale;
	if (!insn_bits(w, 22, 22)) {
		stores(i);
		return;
	}
	loads(i, insn_bits(w, 26, 26) ? 31 : insn_bits(w, 4, 0), opc == 0);
	i->rd2 = insn_bits(w, 26, 26) ? INSN_NO_REG : insn_general(insn_bits(w, 14, 10));
}

/* Exclusives, acquire and release, compare and swap. */
static void exclusive(struct insn *i)
{
	uint32_t w = i->word, rs = insn_bits(w, 20, 16), rt = insn_bits(w, 4, 0);
	bool o2 = insn_bits(w, 23, 23), is_load = insn_bits(w, 22, 22),
	     o1 = insn_bits(w, 21, 21);

	memory_at(i, 0);
	i->bytes = 1U << insn_bits(w, 31, 30);
	if (o1 && (o2 || !insn_bits(w, 31, 31))) {
		/* CAS, CASP: the old value comes back in rs. */
		stores(i);
		i->op = INSN_LOAD;
		loads(i, rs, !insn_bits(w, 30, 30));
		if (!o2) {
			i->is_pair = true;
			i->bytes = insn_bits(w, 30, 30) ? 8 : 4;
			i->rd2 = rs < 30 ? (int)rs + 1 : INSN_NO_REG;
		}
		return;
	}
	i->is_pair = o1;
	if (is_load) {
		loads(i, rt, insn_bits(w, 31, 30) != 3);
		i->rd2 = o1 ? insn_general(insn_bits(w, 14, 10)) : INSN_NO_REG;
		return;
	}
	stores(i);
	if (!o2)
		i->rd = insn_general(rs); /* whether the store went through */
}

/* LSE: ldadd and its kin, swp, ldapr. */
static void atomic(struct insn *i)
{
	uint32_t w = i->word, rt = insn_bits(w, 4, 0);

	memory_at(i, 0);
	i->bytes = 1U << insn_bits(w, 31, 30);
	if (insn_bits(w, 15, 10) == 0x30 && insn_bits(w, 23, 22) == 2) { /* ldapr */
		loads(i, rt, insn_bits(w, 31, 30) != 3);
		return;
	}
	stores(i);
	if (rt == 31)
		return; /* stadd: nothing comes back */
	i->op = INSN_LOAD;
	loads(i, rt, insn_bits(w, 31, 30) != 3);
}

static void register_form(struct insn *i)
{
	uint32_t w = i->word;

	if (insn_bits(w, 24, 24)) {
		if (single(i))
			memory_at(i, (int64_t)insn_bits(w, 21, 10) * i->bytes);
		return;
	}
	if (!insn_bits(w, 21, 21)) {
		int64_t imm = insn_sign_extend(insn_bits(w, 20, 12), 9);
		uint32_t form = insn_bits(w, 11, 10);

		if (!single(i))
			return;
		memory_at(i, form == 1 ? 0 : imm);
		i->writeback = form & 1 ? imm : 0;
		return;
	}
	switch (insn_bits(w, 11, 10)) {
	case 0:
		if (!insn_bits(w, 26, 26))
			atomic(i);
		return;
	case 2:
		if (!single(i))
			return;
		memory_at(i, 0);
		i->has_index = true;
		i->index = insn_general(insn_bits(w, 20, 16));
		i->index_is_32 = !insn_bits(w, 13, 13);
		i->index_is_signed = insn_bits(w, 15, 15);
		if (insn_bits(w, 12, 12))
			i->index_shift = (unsigned)__builtin_ctz(i->bytes);
		return;
	default: { /* ldraa, ldrab */
		int64_t imm =
			insn_sign_extend(insn_bits(w, 22, 22) << 9 | insn_bits(w, 20, 12),
					 10) *
			8;

		if (insn_bits(w, 31, 30) != 3 || insn_bits(w, 26, 26))
			return;
		memory_at(i, imm);
		i->writeback = insn_bits(w, 11, 11) ? imm : 0;
		i->bytes = 8;
		loads(i, insn_bits(w, 4, 0), false);
		return;
	}
	}
}

static void literal(struct insn *i)
{
	uint32_t w = i->word, opc = insn_bits(w, 31, 30);

	if (opc == 3 && !insn_bits(w, 26, 26))
		return; /* prfm */
	i->is_memory = i->is_literal = true;
	i->imm = (int64_t)i->pc + insn_sign_extend(insn_bits(w, 23, 5), 19) * 4;
	i->bytes = insn_bits(w, 26, 26) ? 4U << opc : opc == 1 ? 8 : 4;
	loads(i, insn_bits(w, 26, 26) ? 31 : insn_bits(w, 4, 0), opc == 0);
}

/* ldapur, stlur; memory tags */
static void unscaled(struct insn *i)
{
	uint32_t w = i->word, opc = insn_bits(w, 23, 22);
	int64_t imm = insn_sign_extend(insn_bits(w, 20, 12), 9);

	if (insn_bits(w, 21, 21)) {
		uint32_t form = insn_bits(w, 11, 10);

		if (insn_bits(w, 31, 24) != 0xd9)
			return;
		memory_at(i, form == 1 ? 0 : imm * 16);
		i->writeback = form & 1 ? imm * 16 : 0;
		i->bytes = 16;
		if (form == 0 && opc == 1)
			loads(i, insn_bits(w, 4, 0), false);
		else
			stores(i);
		return;
	}
	if (insn_bits(w, 11, 10) != 0)
		return;
	memory_at(i, imm);
	i->bytes = 1U << insn_bits(w, 31, 30);
	if (opc == 0)
		stores(i);
	else
		loads(i, insn_bits(w, 4, 0), opc == 3 || insn_bits(w, 31, 30) < 3);
}

void insn_decode_memory(struct insn *i)
{
	uint32_t w = i->word;

	switch (insn_bits(w, 29, 28)) {
	case 0:
		if (insn_bits(w, 26, 26)) { /* whole vectors */
			memory_at(i, 0);
			i->bytes = insn_bits(w, 30, 30) ? 16 : 8;
			if (insn_bits(w, 22, 22))
				loads(i, 31, false);
			else
				stores(i);
			/* A post-index by register is not followed. */
			i->writeback = insn_bits(w, 23, 23) ? i->bytes : 0;
		} else if (insn_bits(w, 24, 24) == 0) {
			exclusive(i);
		}
		return;
	case 1:
		if (insn_bits(w, 24, 24) == 0)
			literal(i);
		else if (!insn_bits(w, 26, 26))
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
