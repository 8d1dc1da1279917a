// SPDX-License-Identifier: GPL-2.0-or-later
/* Shared by the files that read encodings. Private to them. */
#pragma once

#include "diagnose/insn.h"

static inline uint32_t insn_bits(uint32_t w, unsigned hi, unsigned lo)
{
	return w >> lo & ((UINT32_C(1) << (hi - lo + 1)) - 1);
}

static inline int64_t insn_sign_extend(uint64_t v, unsigned n_bits)
{
	uint64_t top = UINT64_C(1) << (n_bits - 1);

	return (int64_t)((v ^ top) - top);
}

/* Register 31 is sp as a base, and nothing as a source or destination. */
static inline int insn_general(uint32_t r)
{
	return r == 31 ? INSN_NO_REG : (int)r;
}

/* Fills i->is_memory and what goes with it, for i->word of the class "Loads and stores".
 */
void insn_decode_memory(struct insn *i);
