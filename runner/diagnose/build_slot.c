// SPDX-License-Identifier: GPL-2.0-or-later
/* Which variable DWARF puts into a slot of the stack. Variables are counted from the
 * frame's canonical address (DW_OP_fbreg), instructions from sp: .debug_frame says how
 * far the two are apart (DWARF 5, 2.6.1.1.2 and 6.4), or .eh_frame where the kernel
 * itself unwinds by it (CONFIG_UNWIND_TABLES). */
#include "diagnose/build_int.h"

#include <dwarf.h>

#include "diagnose/insn.h"

/* The caller frees it; NULL when neither section describes the address. Their bias is the
 * file's (build_elf.c), which a link address is without. */
static Dwarf_Frame *frame_at(struct build_file *f, uint64_t addr)
{
	Dwarf_Addr bias;
	Dwarf_CFI *debug = dwfl_module_dwarf_cfi(f->mod, &bias);
	Dwarf_CFI *eh = dwfl_module_eh_cfi(f->mod, &bias);
	Dwarf_Frame *frame;

	if (debug && dwarf_cfi_addrframe(debug, addr, &frame) == 0)
		return frame;
	if (eh && dwarf_cfi_addrframe(eh, addr, &frame) == 0)
		return frame;
	return NULL;
}

/* The canonical frame address less sp; false where the frame is not told from sp. */
static bool frame_size(struct build_file *f, uint64_t addr, int64_t *out)
{
	Dwarf_Frame *frame = frame_at(f, addr);
	Dwarf_Op *ops;
	size_t n;
	bool is_known = false;

	if (!frame)
		return false;
	if (dwarf_frame_cfa(frame, &ops, &n) == 0 && n == 1) {
		bool is_short = ops[0].atom == DW_OP_breg31;

		is_known = is_short ||
			   (ops[0].atom == DW_OP_bregx && ops[0].number == INSN_SP);
		*out = (int64_t)(is_short ? ops[0].number : ops[0].number2);
	}
	free(frame);
	return is_known;
}

static bool is_frame_cfa(Dwarf_Die *func)
{
	Dwarf_Attribute a;
	Dwarf_Op *ops;
	size_t n;

	return dwarf_attr(func, DW_AT_frame_base, &a) &&
	       dwarf_getlocation(&a, &ops, &n) == 0 && n == 1 &&
	       ops[0].atom == DW_OP_call_frame_cfa;
}

struct slot_search {
	uint64_t addr;
	int64_t offset; /* from the frame's canonical address */
	struct register_var *out;
	bool is_found;
};

/* The walk goes inwards: the last that fits is the innermost. */
static bool look_at_slot(void *arg, const struct scope_die *s)
{
	struct slot_search *q = arg;
	Dwarf_Die die = s->die;
	struct type_ref type, pointee;
	Dwarf_Attribute a;
	Dwarf_Op *ops;
	size_t n;

	if (dwarf_tag(&die) == DW_TAG_inlined_subroutine ||
	    !dwarf_attr(&die, DW_AT_location, &a) ||
	    dwarf_getlocation_addr(&a, q->addr, &ops, &n, 1) != 1 || n != 1 ||
	    ops[0].atom != DW_OP_fbreg || (int64_t)ops[0].number != q->offset ||
	    !type_of_dwarf_attr(&die, &type) || !type_pointee(&type, &pointee))
		return true;
	*q->out = (struct register_var){ dwarf_diename(&die), pointee };
	q->is_found = true;
	return true;
}

bool dwarf_slot_var(struct build_file *f, uint64_t addr, int64_t sp_offset,
		    struct register_var *out)
{
	struct slot_search q = { .addr = addr, .out = out };
	Dwarf_Die func;
	int64_t size;

	if (!f->dwarf || !dwarf_function_at(f, addr, &func) || !is_frame_cfa(&func) ||
	    !frame_size(f, addr, &size))
		return false;
	q.offset = sp_offset - size;
	dwarf_walk(f, addr, true, look_at_slot, &q);
	return q.is_found;
}
