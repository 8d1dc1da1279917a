// SPDX-License-Identifier: GPL-2.0-or-later
/* What one instruction makes of its destination register, as a pointer to something: a
 * member that was loaded, a call's result, an argument, an address. */
#include "diagnose/build_int.h"

#include <dwarf.h>

#include "diagnose/insn.h"
#include "util/mem.h"

enum { LEAF_BUDGET = 1 << 16 };

static const char *name_of(int reg)
{
	return insn_reg_name(reg);
}

/* ---- addresses -------------------------------------------------------------------- */

/* The constant address in a register, made by adrp and add. */
static bool address_before(struct asking *a, size_t i, int reg, unsigned depth,
			   uint64_t *out)
{
	const struct insn *in;
	struct way_defs defs;

	if (reg < 0 || reg > 30 || depth > WAY_DEPTH_MAX)
		return false;
	way_find(a->w, i, reg, &defs);
	if (defs.n != 1 || defs.is_entry)
		return false;
	in = way_insn(a->w, defs.at[0]);
	if (in->rd != reg)
		return false;
	if (in->op == INSN_ADRP) {
		*out = (uint64_t)in->imm;
		return true;
	}
	if ((in->op != INSN_ADD && in->op != INSN_MOVE) ||
	    !address_before(a, defs.at[0], in->rn, depth + 1, out))
		return false;
	if (in->op == INSN_ADD)
		*out += (uint64_t)in->imm;
	return true;
}

static bool variable_at(struct asking *a, uint64_t addr, struct value *out,
			const char **name)
{
	const struct func *object = file_object_at(a->f, addr);

	if (!object ||
	    !dwarf_global(a->f, a->at->addr, object->addr, object->name, &out->type))
		return false;
	out->delta = (int64_t)(addr - object->addr);
	*name = object->name;
	return true;
}

/* A register that was made to point to a variable. */
static bool at_variable(struct asking *a, uint64_t addr, int reg, struct value *out)
{
	const char *name;

	return variable_at(a, addr, out, &name) &&
	       value_say(out, "%s points to the variable %s", name_of(reg), name);
}

/* ---- loads ------------------------------------------------------------------------ */

static bool is_same_type(const struct type_ref *x, const struct type_ref *y)
{
	_cleanup_free_ char *p = type_name(x), *q = type_name(y);

	return strcmp(p, q) == 0;
}

/* The pointer that is off bytes behind what v points to. Members of a union that point to
 * different things tell nothing. */
static bool pointer_at(struct asking *a, const struct value *v, int64_t off,
		       struct type_ref *out, char **path)
{
	struct member_at leaf[MEMBERS_AT_MAX];
	unsigned budget = LEAF_BUDGET, n_types = 0;
	uint64_t at = (uint64_t)(v->delta + off), size = type_size(&v->type);
	struct type_ref target;
	size_t n;

	/* An array's next elements look like the first. */
	if (size && (!type_is_object(&v->type) || v->stride == size))
		at %= size;
	n = members_at(a->b, &v->type, at, leaf, &budget);
	for (size_t i = 0; i < n; i++) {
		if (leaf[i].offset != at || !type_pointee(&leaf[i].type, &target) ||
		    (n_types && is_same_type(&target, out)))
			continue;
		if (n_types++ == 0) {
			*out = target;
			*path = TAKE_PTR(leaf[i].path);
		}
	}
	members_at_release(leaf, n);
	return n_types == 1;
}

/* The one array of pointers in the object: what an unknown index can reach. */
static bool only_array(struct asking *a, const struct value *v, struct type_ref *out,
		       char **path)
{
	struct type_ref whole = types_complete(a->b, a->f, &v->type), s, element;
	unsigned n = 0, budget = LEAF_BUDGET;
	struct member_iter it;
	struct type_member m;

	if (type_is_declared(&whole) || !type_is_object(&whole))
		return false;
	type_kind(&whole, &s);
	members_start(&it, &s);
	while (budget-- && members_next(&it, &m)) {
		if (type_kind(&m.type, &s) != TYPE_ARRAY || !type_target(&s, &element) ||
		    !type_pointee(&element, &element))
			continue;
		if (n++ == 0) {
			*out = element;
			*path = xasprintf("%s[]", m.name ? m.name : "");
		}
	}
	if (n > 1) {
		free(*path);
		*path = NULL;
	}
	return n == 1;
}

/* A pointer was loaded from there: v becomes what that points to. variable: its name, or
 * NULL where base is a pointer. */
static bool follow(struct asking *a, struct value *v, int64_t off, const char *rd,
		   const char *base, const char *variable)
{
	bool is_indexed =
		v->stride && type_is_object(&v->type) && v->stride != type_size(&v->type);
	_cleanup_free_ char *path = NULL, *type = type_name(&v->type);
	struct type_ref target;

	if (is_indexed ? v->stride != 8 || !only_array(a, v, &target, &path)
		       : !pointer_at(a, v, off, &target, &path))
		return false;
	v->type = target;
	v->delta = 0;
	v->stride = 0;
	if (variable)
		return value_say(v, "%s was loaded from the variable %s%s%s", rd,
				 variable, path[0] == '[' || !path[0] ? "" : ".", path);
	if (path[0])
		return value_say(v, "%s was loaded from %s of the %s that %s points to",
				 rd, path, type, base);
	return value_say(v, "%s was loaded from the %s at %s", rd, type, base);
}

/* A value that was saved on the stack meanwhile; else a variable that lives there: a
 * function may have filled it in through its address, and no store of its is seen. */
static bool reloaded(struct asking *a, size_t d, int reg, int slot, unsigned depth,
		     struct value *out)
{
	struct register_var var;
	struct way_defs defs;

	way_find(a->w, d, slot, &defs);
	for (size_t i = 0; i < defs.n; i++) {
		const struct insn *st = way_insn(a->w, defs.at[i]);
		int stored = (int)(st->word & 31);

		if (st->is_pair && way_slot(st) != slot)
			stored = (int)(st->word >> 10 & 31);
		if (stored != 31 && value_before(a, defs.at[i], stored, depth + 1, out))
			return value_say(out, "it was %s, saved on the stack",
					 name_of(stored));
	}
	if (!dwarf_slot_var(a->f, way_insn(a->w, d)->pc, slot - WAY_SLOT, &var))
		return false;
	out->type = var.type;
	return value_say(out, "%s was loaded from the variable %s on the stack",
			 name_of(reg), var.name ? var.name : "?");
}

static bool loaded(struct asking *a, size_t d, int reg, unsigned depth, struct value *out)
{
	const struct insn *in = way_insn(a->w, d);
	bool is_second = reg == in->rd2 && in->is_pair;
	int64_t disp = in->disp + (is_second ? in->bytes : 0);
	struct value base = { .why = NULL };
	const char *variable = NULL;
	uint64_t addr;

	if ((reg != in->rd && !is_second) || in->bytes != 8 || in->is_literal)
		return false;
	if (way_slot(in) != INSN_NO_REG)
		return reloaded(a, d, reg, way_slot(in) + (is_second ? 8 : 0), depth,
				out);
	if (in->base < 0 || in->base > 30)
		return false;
	if (!in->has_index && address_before(a, d, in->base, depth, &addr) &&
	    variable_at(a, addr + (uint64_t)disp, &base, &variable)) {
		disp = 0;
	} else if (!value_before(a, d, in->base, depth + 1, &base)) {
		if (!in->has_index || in->index_shift || in->index_is_32 ||
		    !value_before(a, d, in->index, depth + 1, &base))
			return false;
	}
	if (in->has_index) {
		disp = 0;
		base.stride = UINT64_C(1) << in->index_shift;
	}
	if (!follow(a, &base, disp, name_of(reg), name_of(in->base), variable)) {
		free(base.why);
		return false;
	}
	*out = base;
	return true;
}

/* ---- definitions ------------------------------------------------------------------ */

/* rd = rn + (rm << shift): one is a pointer, the other counts. */
static bool indexed(struct asking *a, size_t d, unsigned depth, struct value *out)
{
	const struct insn *in = way_insn(a->w, d);
	int pointer = in->rn;

	if (!value_before(a, d, in->rn, depth + 1, out)) {
		pointer = in->rm;
		if (in->shift || !value_before(a, d, in->rm, depth + 1, out))
			return false;
	}
	out->stride = UINT64_C(1) << in->shift;
	return value_say(out, "%s is %s plus an index", name_of(in->rd),
			 name_of(pointer));
}

static bool of_other(struct asking *a, size_t d, int reg, unsigned depth,
		     struct value *out)
{
	const struct insn *in = way_insn(a->w, d);
	uint32_t w = in->word;
	int n = (int)(w >> 5 & 31), m = (int)(w >> 16 & 31);

	/* mrs rd, sp_el0 */
	if ((w & 0xffffffe0) == 0xd5384100 && (int)(w & 31) == reg &&
	    types_find(a->b, a->f, "task_struct", DW_TAG_structure_type, &out->type))
		return value_say(out, "%s is current", name_of(reg));
	/* csel xd, xn, xm */
	if ((w & 0xffe00c00) == 0x9a800000 && (int)(w & 31) == reg)
		return (value_before(a, d, n, depth + 1, out) ||
			value_before(a, d, m, depth + 1, out)) &&
		       value_say(out, "%s is %s or %s", name_of(reg), name_of(n),
				 name_of(m));
	return false;
}

bool value_of_def(struct asking *a, size_t d, int reg, unsigned depth, struct value *out)
{
	const struct insn *in = way_insn(a->w, d);
	uint64_t addr;

	*out = (struct value){ .why = NULL };
	if (in->op == INSN_CALL)
		return reg == 0 && value_of_call(a, d, out);
	if (in->op == INSN_OTHER)
		return of_other(a, d, reg, depth, out);
	if (in->op == INSN_LOAD)
		return loaded(a, d, reg, depth, out);
	if (in->rd != reg || in->rd_is_32)
		return false;
	switch (in->op) {
	case INSN_MOVE:
		return value_before(a, d, in->rn, depth + 1, out) &&
		       value_say(out, "%s was copied from %s", name_of(reg),
				 name_of(in->rn));
	case INSN_MASK:
		return value_before(a, d, in->rn, depth + 1, out) &&
		       value_say(out, "%s is %s with some bits cleared", name_of(reg),
				 name_of(in->rn));
	case INSN_ADD:
		if (address_before(a, d, in->rn, depth, &addr) &&
		    at_variable(a, addr + (uint64_t)in->imm, reg, out))
			return true;
		if (!value_before(a, d, in->rn, depth + 1, out))
			return false;
		out->delta += in->imm;
		return value_say(out, "%s is %s %c 0x%llx", name_of(reg), name_of(in->rn),
				 in->imm < 0 ? '-' : '+',
				 (unsigned long long)llabs(in->imm));
	case INSN_ADD_REG:
		return indexed(a, d, depth, out);
	case INSN_ADRP:
		return at_variable(a, (uint64_t)in->imm, reg, out);
	case INSN_OTHER:
	case INSN_LOAD:
	case INSN_LSR:
	case INSN_STORE:
	case INSN_CONST:
	case INSN_CALL:
	case INSN_BRANCH:
	case INSN_JUMP:
	case INSN_TRAP:
		break;
	}
	return false;
}
