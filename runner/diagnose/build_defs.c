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

/* What a pointer of that type points to, if that says anything. */
static bool pointee(const struct type_ref *pointer, struct type_ref *out)
{
	struct type_ref s;
	enum type_kind kind;

	if (type_kind(pointer, &s) != TYPE_POINTER || !type_target(&s, out))
		return false;
	kind = type_kind(out, &s);
	return kind != TYPE_VOID && kind != TYPE_FUNC && kind != TYPE_OTHER;
}

/* ---- functions -------------------------------------------------------------------- */

static bool function_in_btf(const struct build_file *f, const char *name,
			    struct type_ref *out)
{
	int id = f->btf ? btf__find_by_name_kind(f->btf, name, BTF_KIND_FUNC) : -1;

	if (id <= 0)
		return false;
	*out = (struct type_ref){ .from = TYPE_BTF, .btf = f->btf, .id = (uint32_t)id };
	return true;
}

bool function_type(struct build_file *f, uint64_t addr, const char *name,
		   struct type_ref *out)
{
	Dwarf_Die die;

	if (dwarf_function_at(f, addr, &die)) {
		*out = type_of_die(&die);
		return true;
	}
	return function_in_btf(f, name, out);
}

/* A clone that the compiler made has other parameters than its source. */
static bool is_clone(const char *name)
{
	return strstr(name, ".isra") || strstr(name, ".constprop") ||
	       strstr(name, ".part") || strstr(name, ".cold");
}

static bool called_type(struct asking *a, const struct insn *call, const char *name,
			struct type_ref *out)
{
	struct build_place to;

	if (build_find(a->b, name, a->f->module, 0, 0, &to) == BUILD_FOUND &&
	    function_type(a->f, to.start, name, out))
		return true;
	for (size_t i = 0; i < a->b->n_files; i++)
		if (build_find(a->b, name, a->b->files[i]->module, 0, 0, &to) ==
			    BUILD_FOUND &&
		    function_type(a->b->files[i], to.start, name, out))
			return true;
	return function_in_btf(a->b->files[0], name, out);
}

static bool result_of_call(struct asking *a, size_t d, struct value *out)
{
	const struct insn *call = way_insn(a->w, d);
	const char *name =
		call->imm ? file_call_target(a->f, call->pc, (uint64_t)call->imm) : NULL;
	struct type_ref func, result;

	if (!name || !called_type(a, call, name, &func) || !type_target(&func, &result) ||
	    !pointee(&result, &out->type))
		return false;
	return value_say(out, "x0 is what %s() returned", name);
}

/* AAPCS64: integers and pointers take x0 to x7 in order. */
bool value_of_argument(struct asking *a, int reg, struct value *out)
{
	struct type_ref func, param, s;

	if (reg > 7 || is_clone(a->at->function) ||
	    !function_type(a->f, a->at->start, a->at->function, &func))
		return false;
	for (unsigned i = 0; i <= (unsigned)reg; i++) {
		enum type_kind kind;

		if (!type_param(&func, i, &param))
			return false;
		kind = type_kind(&param, &s);
		if (kind != TYPE_SCALAR && kind != TYPE_POINTER)
			return false;
	}
	if (!pointee(&param, &out->type))
		return false;
	return value_say(out, "%s is still argument %d of %s()", name_of(reg), reg + 1,
			 a->at->function);
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

static bool variable_at(struct asking *a, uint64_t addr, struct value *out)
{
	const struct func *object = file_object_at(a->f, addr);

	if (!object ||
	    !dwarf_global(a->f, a->at->addr, object->addr, object->name, &out->type))
		return false;
	out->delta = (int64_t)(addr - object->addr);
	return value_say(out, "that is the address of %s", object->name);
}

/* ---- loads ------------------------------------------------------------------------ */

/* The pointer to an object that is off bytes behind what v points to. */
static bool pointer_at(struct asking *a, const struct value *v, int64_t off,
		       struct type_ref *out, char **path)
{
	struct member_at leaf[MEMBERS_AT_MAX];
	unsigned budget = LEAF_BUDGET;
	uint64_t at = (uint64_t)(v->delta + off), size = type_size(&v->type);
	size_t n, best = SIZE_MAX;
	struct type_ref target;

	/* An array's next elements look like the first. */
	if (size && (!type_is_object(&v->type) || v->stride == size))
		at %= size;
	n = members_at(a->b, &v->type, at, leaf, &budget);
	for (size_t i = n; i-- > 0;)
		if (leaf[i].offset == at && pointee(&leaf[i].type, &target) &&
		    (best == SIZE_MAX || type_is_object(&target)))
			best = i;
	if (best != SIZE_MAX) {
		pointee(&leaf[best].type, out);
		*path = TAKE_PTR(leaf[best].path);
	}
	members_at_release(leaf, n);
	return best != SIZE_MAX;
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
		    !pointee(&element, &element))
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

/* A pointer was loaded from there: v becomes what that points to. */
static bool follow(struct asking *a, struct value *v, int64_t off, const char *rd,
		   const char *base)
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
	if (path[0])
		return value_say(v, "%s was loaded from %s of the %s that %s points to",
				 rd, path, type, base);
	return value_say(v, "%s was loaded from the %s at %s", rd, type, base);
}

/* A value that was saved on the stack meanwhile. */
static bool reloaded(struct asking *a, size_t d, int slot, unsigned depth,
		     struct value *out)
{
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
	return false;
}

static bool loaded(struct asking *a, size_t d, int reg, unsigned depth, struct value *out)
{
	const struct insn *in = way_insn(a->w, d);
	bool is_second = reg == in->rd2 && in->is_pair;
	int64_t disp = in->disp + (is_second ? in->bytes : 0);
	struct value base = { .why = NULL };
	uint64_t addr;

	if ((reg != in->rd && !is_second) || in->bytes != 8 || in->is_literal)
		return false;
	if (way_slot(in) != INSN_NO_REG)
		return reloaded(a, d, way_slot(in) + (is_second ? 8 : 0), depth, out);
	if (in->base < 0 || in->base > 30)
		return false;
	if (!in->has_index && address_before(a, d, in->base, depth, &addr) &&
	    variable_at(a, addr + (uint64_t)disp, &base)) {
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
	if (!follow(a, &base, disp, name_of(reg), name_of(in->base))) {
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

	/* mrs rd, sp_el0 */
	if ((w & 0xffffffe0) == 0xd5384100 && (int)(w & 31) == reg &&
	    types_find(a->b, a->f, "task_struct", DW_TAG_structure_type, &out->type))
		return value_say(out, "%s is current", name_of(reg));
	/* csel xd, xn, xm */
	if ((w & 0xffe00c00) == 0x9a800000 && (int)(w & 31) == reg)
		return value_before(a, d, (int)(w >> 5 & 31), depth + 1, out) ||
		       value_before(a, d, (int)(w >> 16 & 31), depth + 1, out);
	return false;
}

bool value_of_def(struct asking *a, size_t d, int reg, unsigned depth, struct value *out)
{
	const struct insn *in = way_insn(a->w, d);
	uint64_t addr;

	*out = (struct value){ .why = NULL };
	if (in->op == INSN_CALL)
		return reg == 0 && result_of_call(a, d, out);
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
		    variable_at(a, addr + (uint64_t)in->imm, out))
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
		return variable_at(a, (uint64_t)in->imm, out);
	case INSN_OTHER:
	case INSN_LOAD:
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
