// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the words for an instruction: capstone's, or our own for what version 4 of it does
 * not know. */
#include <capstone/capstone.h>

#include "diagnose/insn.h"

/* "ldadd" and its kin by opc; o3 apart. */
static const char *lse_name(uint32_t w)
{
	static const char *const names[] = { "ldadd",  "ldclr",  "ldeor",  "ldset",
					     "ldsmax", "ldsmin", "ldumax", "ldumin" };

	if (w >> 15 & 1)
		return (w >> 12 & 7) == 0 ? "swp" : NULL;
	return names[w >> 12 & 7];
}

static const char *width(uint32_t w)
{
	return w >> 30 == 0 ? "b" : w >> 30 == 1 ? "h" : "";
}

static void operand(const struct insn *i, uint32_t reg, char out[8])
{
	char kind = i->word >> 30 == 3 ? 'x' : 'w';

	if (reg == 31)
		snprintf(out, 8, "%czr", kind);
	else
		snprintf(out, 8, "%c%u", kind, reg);
}

static bool own_text(const struct insn *i, char out[INSN_TEXT_BYTES])
{
	static const char *const order[] = { "", "l", "a", "al" };
	uint32_t w = i->word;
	const char *base = insn_reg_name(i->base);
	char rs[8], rt[8];

	if (!i->is_memory || i->is_literal)
		return false;
	operand(i, w >> 16 & 31, rs);
	operand(i, w & 31, rt);
	if ((w & 0x3f200c00) == 0x38200000) { /* LSE */
		const char *name = lse_name(w);

		if ((w & 0x3ffffc00) == 0x38bfc000)
			snprintf(out, INSN_TEXT_BYTES, "ldapr%s %s, [%s]", width(w), rt,
				 base);
		else if (name)
			snprintf(out, INSN_TEXT_BYTES, "%s%s%s %s, %s, [%s]", name,
				 order[w >> 22 & 3], width(w), rs, rt, base);
		else
			return false;
		return true;
	}
	if ((w & 0x3fa07c00) == 0x08a07c00) { /* CAS */
		snprintf(out, INSN_TEXT_BYTES, "cas%s%s%s %s, %s, [%s]",
			 w >> 22 & 1 ? "a" : "", w >> 15 & 1 ? "l" : "", width(w), rs, rt,
			 base);
		return true;
	}
	snprintf(out, INSN_TEXT_BYTES, "%s of %u bytes at [%s, #%s0x%llx]",
		 i->is_load && i->is_store ? "atomic"
		 : i->is_load              ? "load"
					   : "store",
		 i->bytes, base, i->disp < 0 ? "-" : "",
		 (unsigned long long)(i->disp < 0 ? -i->disp : i->disp));
	return true;
}

void insn_to_text(const struct insn *i, char out[INSN_TEXT_BYTES])
{
	const uint8_t bytes[4] = { (uint8_t)i->word, (uint8_t)(i->word >> 8),
				   (uint8_t)(i->word >> 16), (uint8_t)(i->word >> 24) };
	csh handle;
	cs_insn *one = NULL;
	size_t n = 0;

	snprintf(out, INSN_TEXT_BYTES, ".inst 0x%08x", i->word);
	if (cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &handle) != CS_ERR_OK)
		return;
	n = cs_disasm(handle, bytes, sizeof(bytes), i->pc, 1, &one);
	if (n == 1)
		snprintf(out, INSN_TEXT_BYTES, "%.30s%s%.60s", one->mnemonic,
			 one->op_str[0] ? " " : "", one->op_str);
	else
		own_text(i, out);
	if (one)
		cs_free(one, n);
	cs_close(&handle);
}
