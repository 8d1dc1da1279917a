// SPDX-License-Identifier: GPL-2.0-or-later
/* The registers of an incident, and the way back from a register to where its value came
 * from. Private to the diagnosis. */
#pragma once

#include "diagnose/diagnosis.h"

/* Is this a report of an arm64 kernel, so that its code words are A64? */
bool dump_is_arm64(const struct incident *in);
/* The value of x0-x30 or sp in the dump. */
bool dump_register(const struct incident *in, int reg, uint64_t *value);

/* The instructions before a fault, oldest first; the faulting one is the last. */
struct code_path {
	const struct insn *v;
	size_t n;
	bool from_entry; /* v[0] is the function's first instruction */
};

/* Where reg, as read by the instruction v[at], came from. Moves and additions of a
 * constant are followed to the register before; *reg and *disp (added to) tell where that
 * ends, *at behind which instruction. */
void origin_find(const struct incident *in, const struct code_path *path, size_t at,
		 int *reg, int64_t *disp, struct base_origin *out);
/* Does reg hold at the fault what it held before v[from] ran? */
bool origin_is_kept(const struct code_path *path, size_t from, int reg);
/* If the instruction at the end of the path is the load of KASAN's inlined check: the
 * register that holds the address under check, and the index of the instruction that
 * shifted it; else false. */
bool origin_of_shadow_check(const struct incident *in, const struct code_path *path,
			    int *reg, size_t *at);
/* One sentence about the origin; the caller owns it; NULL when there is nothing to say.
 */
char *origin_to_str(const struct base_origin *o, int base, bool null_base);
