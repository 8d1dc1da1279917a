// SPDX-License-Identifier: GPL-2.0-or-later
/* Pointers that come out of a function, or into one. */
#include "diagnose/build_int.h"

#include "diagnose/insn.h"

/* BTF says not which of several static functions of one name it means. */
static bool is_one(const struct build_file *f, const char *name)
{
	size_t lo = 0, hi = f->n_funcs;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(f->funcs[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo + 1 >= f->n_funcs || strcmp(f->funcs[lo + 1].name, name) != 0;
}

static bool function_in_btf(const struct build_file *f, const char *name,
			    struct type_ref *out)
{
	int id = f->btf ? btf__find_by_name_kind(f->btf, name, BTF_KIND_FUNC) : -1;

	if (id <= 0 || !is_one(f, name))
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

bool value_of_call(struct asking *a, size_t d, struct value *out)
{
	const struct insn *call = way_insn(a->w, d);
	const char *name =
		call->imm ? file_call_target(a->f, call->pc, (uint64_t)call->imm) : NULL;
	struct type_ref func, result;

	if (!name || !called_type(a, call, name, &func) || !type_target(&func, &result) ||
	    !type_pointee(&result, &out->type))
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
	if (!type_pointee(&param, &out->type))
		return false;
	return value_say(out, "%s is still argument %d of %s()", insn_reg_name(reg),
			 reg + 1, a->at->function);
}

const char *build_called(struct build *b, const struct build_place *at)
{
	struct build_file *f = build_file_of(b, at);
	struct insn call;
	uint8_t raw[4];

	if (!f || !file_read(f, at->addr, raw, sizeof(raw)))
		return NULL;
	insn_decode((uint32_t)raw[0] | (uint32_t)raw[1] << 8 | (uint32_t)raw[2] << 16 |
			    (uint32_t)raw[3] << 24,
		    at->addr, &call);
	if (call.op != INSN_CALL || !call.imm)
		return NULL;
	return file_call_target(f, call.pc, (uint64_t)call.imm);
}
