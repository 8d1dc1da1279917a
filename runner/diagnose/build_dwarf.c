// SPDX-License-Identifier: GPL-2.0-or-later
/* What DWARF says at an address: the unit, the function, the scopes in it and which
 * variable lives in which register. AArch64 numbers its registers as they are called:
 * x0 is 0, x30 is 30 (DWARF for the Arm 64-bit Architecture, 4.1). */
#include "diagnose/build_int.h"

#include <dwarf.h>

#include "util/mem.h"

enum { UNITS_MAX = 1 << 18, RANGES_MAX = 1 << 20, DIES_MAX = 1 << 21, SCOPES_MAX = 64 };

/* ---- units ------------------------------------------------------------------------ */

static int by_start(const void *a, const void *b)
{
	const struct cu_range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->cu < y->cu ? -1 : x->cu > y->cu;
}

/* From the units themselves: .debug_aranges is not always there. */
static void read_units(struct build_file *f)
{
	size_t cap = 0, units = 0;
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;

	f->has_cus = true;
	while (f->dwarf && units++ < UNITS_MAX &&
	       dwarf_get_units(f->dwarf, cu, &cu, NULL, NULL, &die, NULL) == 0) {
		Dwarf_Addr base, start, end;
		ptrdiff_t at = 0;

		while ((at = dwarf_ranges(&die, at, &base, &start, &end)) > 0 &&
		       f->n_cus < RANGES_MAX) {
			if (f->n_cus == cap) {
				cap = cap ? cap * 2 : 1024;
				f->cus = xreallocarray(f->cus, cap, sizeof(*f->cus));
			}
			f->cus[f->n_cus++] =
				(struct cu_range){ start, end, dwarf_dieoffset(&die) };
		}
	}
	if (f->n_cus)
		qsort(f->cus, f->n_cus, sizeof(*f->cus), by_start);
}

bool dwarf_unit_at(struct build_file *f, uint64_t addr, Dwarf_Die *cu)
{
	size_t lo = 0, hi;

	if (!f->dwarf)
		return false;
	if (!f->has_cus)
		read_units(f);
	hi = f->n_cus;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->cus[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* Ranges of different units do not overlap, but for a linker's leftovers. */
	for (size_t tries = 0; lo > 0 && tries < 64; tries++)
		if (addr < f->cus[--lo].end)
			return dwarf_offdie(f->dwarf, f->cus[lo].cu, cu);
	return false;
}

bool dwarf_function_at(struct build_file *f, uint64_t addr, Dwarf_Die *func)
{
	Dwarf_Die cu, die;
	unsigned budget = DIES_MAX;
	int r;

	/* A value's way asks often, and for one function. */
	if (f->has_last_func && dwarf_haspc(&f->last_func, addr) == 1) {
		*func = f->last_func;
		return true;
	}
	if (!dwarf_unit_at(f, addr, &cu))
		return false;
	for (r = dwarf_child(&cu, &die); r == 0 && budget;
	     r = dwarf_siblingof(&die, &die), budget--)
		if (dwarf_tag(&die) == DW_TAG_subprogram &&
		    dwarf_haspc(&die, addr) == 1) {
			f->last_func = *func = die;
			f->has_last_func = true;
			return true;
		}
	return false;
}

/* ---- scopes ----------------------------------------------------------------------- */

struct walk {
	uint64_t addr;
	bool is_inside;
	bool (*call)(void *arg, const struct scope_die *s);
	void *arg;
	unsigned budget;
};

/* Of the nearest of the DIE's ranges from addr; otherwise when it has none. */
static uint64_t distance_of(Dwarf_Die *die, uint64_t addr, uint64_t otherwise)
{
	Dwarf_Addr base, start, end;
	uint64_t best = UINT64_MAX;
	ptrdiff_t at = 0;

	for (int i = 0; i < 4096; i++) {
		uint64_t d;

		at = dwarf_ranges(die, at, &base, &start, &end);
		if (at <= 0)
			break;
		d = addr < start ? start - addr : addr >= end ? addr - end + 1 : 0;
		if (d < best)
			best = d;
	}
	return best == UINT64_MAX ? otherwise : best;
}

static bool walk_scope(struct walk *w, Dwarf_Die *scope, unsigned depth,
		       uint64_t distance)
{
	struct scope_die s = { .scope = *scope, .depth = depth, .distance = distance };
	int r = dwarf_child(scope, &s.die);

	for (; r == 0 && w->budget; r = dwarf_siblingof(&s.die, &s.die), w->budget--) {
		int tag = dwarf_tag(&s.die);
		uint64_t d;

		if (tag == DW_TAG_variable || tag == DW_TAG_formal_parameter) {
			if (!w->call(w->arg, &s))
				return false;
			continue;
		}
		if ((tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block) ||
		    depth + 1 >= SCOPES_MAX)
			continue;
		d = distance_of(&s.die, w->addr, distance);
		if (w->is_inside && d)
			continue;
		if (tag == DW_TAG_inlined_subroutine) {
			struct scope_die inlined = s;

			inlined.distance = d;
			inlined.depth++;
			if (!w->call(w->arg, &inlined))
				return false;
		}
		if (!walk_scope(w, &s.die, depth + 1, d))
			return false;
	}
	return true;
}

void dwarf_walk(struct build_file *f, uint64_t addr, bool is_inside,
		bool (*call)(void *arg, const struct scope_die *s), void *arg)
{
	struct walk w = { addr, is_inside, call, arg, DIES_MAX };
	Dwarf_Die func;

	if (dwarf_function_at(f, addr, &func))
		walk_scope(&w, &func, 0, 0);
}

/* ---- registers -------------------------------------------------------------------- */

/* The register whose value the location at addr says the variable has; -1 = none, or not
 * just a register. */
static int register_of(Dwarf_Die *var, uint64_t addr)
{
	Dwarf_Attribute a;
	Dwarf_Op *ops;
	size_t n;

	if (!dwarf_attr(var, DW_AT_location, &a) ||
	    dwarf_getlocation_addr(&a, addr, &ops, &n, 1) != 1)
		return -1;
	if (n == 1 && ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg30)
		return ops[0].atom - DW_OP_reg0;
	if (n == 2 && ops[0].atom >= DW_OP_breg0 && ops[0].atom <= DW_OP_breg30 &&
	    ops[0].number == 0 && ops[1].atom == DW_OP_stack_value)
		return ops[0].atom - DW_OP_breg0;
	return -1;
}

struct register_search {
	uint64_t addr;
	int reg;
	struct register_var *out;
	unsigned score[REGISTER_VARS_MAX];
	size_t n;
};

/* Objects before other things and before small ones that every other object begins with
 * (a lock, a counter, a list head), the innermost scope before those around it. */
static unsigned score_of(const struct type_ref *t, unsigned depth)
{
	if (!type_is_object(t))
		return depth;
	return depth + (type_is_declared(t) || type_size(t) > 16 ? 2 : 1) * SCOPES_MAX;
}

static bool add_register_var(void *arg, const struct scope_die *s)
{
	struct register_search *q = arg;
	Dwarf_Die die = s->die;
	struct register_var v;
	struct type_ref type;
	unsigned score;
	size_t at;

	if (dwarf_tag(&die) == DW_TAG_inlined_subroutine ||
	    register_of(&die, q->addr) != q->reg || !type_of_dwarf_attr(&die, &type) ||
	    !type_pointee(&type, &v.type))
		return true;
	v.name = dwarf_diename(&die);
	score = score_of(&v.type, s->depth);
	for (at = q->n; at > 0 && q->score[at - 1] < score; at--)
		;
	if (at == REGISTER_VARS_MAX)
		return true;
	if (q->n < REGISTER_VARS_MAX)
		q->n++;
	memmove(q->out + at + 1, q->out + at, (q->n - at - 1) * sizeof(*q->out));
	memmove(q->score + at + 1, q->score + at, (q->n - at - 1) * sizeof(*q->score));
	q->out[at] = v;
	q->score[at] = score;
	return true;
}

size_t dwarf_register_vars(struct build_file *f, uint64_t addr, int reg,
			   struct register_var out[REGISTER_VARS_MAX])
{
	struct register_search q = { .addr = addr, .reg = reg, .out = out };

	dwarf_walk(f, addr, true, add_register_var, &q);
	return q.n;
}

/* ---- variables at an address ------------------------------------------------------ */

struct global_search {
	uint64_t addr;
	const char *name;
	struct type_ref *out;
	bool is_found;
};

static bool is_at(Dwarf_Die *var, uint64_t addr)
{
	Dwarf_Attribute a;
	Dwarf_Op *ops;
	size_t n;

	return dwarf_attr(var, DW_AT_location, &a) &&
	       dwarf_getlocation(&a, &ops, &n) == 0 && n == 1 &&
	       ops[0].atom == DW_OP_addr && ops[0].number == addr;
}

static bool look_at_global(void *arg, const struct scope_die *s)
{
	struct global_search *q = arg;
	Dwarf_Die die = s->die;

	if (dwarf_tag(&die) != DW_TAG_variable || !is_at(&die, q->addr))
		return true;
	q->is_found = type_of_dwarf_attr(&die, q->out);
	return false;
}

bool dwarf_global(struct build_file *f, uint64_t near, uint64_t addr, const char *name,
		  struct type_ref *out)
{
	struct global_search q = { addr, name, out, false };
	unsigned budget = DIES_MAX;
	Dwarf_Die cu, die;
	int r;

	dwarf_walk(f, near, false, look_at_global, &q);
	if (q.is_found || !dwarf_unit_at(f, near, &cu))
		return q.is_found;
	for (r = dwarf_child(&cu, &die); r == 0 && budget;
	     r = dwarf_siblingof(&die, &die), budget--) {
		const char *have;

		if (dwarf_tag(&die) != DW_TAG_variable)
			continue;
		/* An extern is declared where it is used, and has no address there. */
		have = dwarf_hasattr(&die, DW_AT_external) ? dwarf_diename(&die) : NULL;
		if ((have && name && strcmp(have, name) == 0) || is_at(&die, addr))
			return type_of_dwarf_attr(&die, out);
	}
	return false;
}

/* ---- what is inlined -------------------------------------------------------------- */

struct inline_search {
	const char *name;
	bool is_found;
};

static bool look_at_inlined(void *arg, const struct scope_die *s)
{
	struct inline_search *q = arg;
	Dwarf_Die die = s->die;
	const char *name;

	if (dwarf_tag(&die) != DW_TAG_inlined_subroutine)
		return true;
	name = dwarf_diename(&die);
	q->is_found = name && strcmp(name, q->name) == 0;
	return !q->is_found;
}

static bool inlines(struct build *b, const struct build_place *at, const char *function,
		    bool is_inside)
{
	struct build_file *f = build_file_of(b, at);
	struct inline_search q = { function, false };

	if (f && function)
		dwarf_walk(f, at->addr, is_inside, look_at_inlined, &q);
	return q.is_found;
}

bool build_inlines(struct build *b, const struct build_place *at, const char *function)
{
	return inlines(b, at, function, false);
}

bool build_inlined_at(struct build *b, const struct build_place *at, const char *function)
{
	return inlines(b, at, function, true);
}
