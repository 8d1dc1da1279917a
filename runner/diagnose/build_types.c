// SPDX-License-Identifier: GPL-2.0-or-later
/* One face for a type of DWARF and of BTF. */
#include "diagnose/build_int.h"

#include <dwarf.h>

#include "util/mem.h"

static const struct btf_type *btf_type_of(const struct type_ref *t)
{
	return btf__type_by_id(t->btf, t->id);
}

static struct type_ref btf_ref(const struct type_ref *like, uint32_t id)
{
	return (struct type_ref){ .from = id ? TYPE_BTF : TYPE_NONE,
				  .btf = like->btf,
				  .id = id };
}

static enum type_kind btf_kind_of(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FLOAT:
		return TYPE_SCALAR;
	case BTF_KIND_PTR:
		return TYPE_POINTER;
	case BTF_KIND_STRUCT:
		return TYPE_STRUCT;
	case BTF_KIND_UNION:
		return TYPE_UNION;
	case BTF_KIND_FWD:
		return btf_kflag(t) ? TYPE_UNION : TYPE_STRUCT;
	case BTF_KIND_ARRAY:
		return TYPE_ARRAY;
	case BTF_KIND_FUNC_PROTO:
		return TYPE_FUNC;
	}
	return TYPE_OTHER;
}

enum type_kind type_kind(const struct type_ref *t, struct type_ref *stripped)
{
	struct type_ref now = *t;

	if (t->from == TYPE_DWARF)
		return dwarf_type_kind(t, stripped);
	for (int depth = 0; depth < TYPE_DEPTH_MAX; depth++) {
		const struct btf_type *bt = now.id ? btf_type_of(&now) : NULL;

		if (now.from == TYPE_NONE || !bt)
			break;
		/* btf_is_mod() of libbpf 1.1 knows type tags, too; FUNC stands on its
		 * prototype. */
		if (!btf_is_mod(bt) && !btf_is_typedef(bt) && !btf_is_func(bt) &&
		    !btf_is_type_tag(bt)) {
			*stripped = now;
			return btf_kind_of(bt);
		}
		now = btf_ref(&now, bt->type);
	}
	*stripped = (struct type_ref){ .from = TYPE_NONE };
	return TYPE_VOID;
}

bool type_target(const struct type_ref *t, struct type_ref *out)
{
	struct type_ref s;
	enum type_kind kind = type_kind(t, &s);
	const struct btf_type *bt;

	if (kind != TYPE_POINTER && kind != TYPE_ARRAY && kind != TYPE_FUNC)
		return false;
	if (s.from == TYPE_DWARF)
		return dwarf_type_target(&s, out);
	bt = btf_type_of(&s);
	*out = btf_ref(&s, kind == TYPE_ARRAY ? btf_array(bt)->type : bt->type);
	return true;
}

static uint64_t size_within(const struct type_ref *t, int depth)
{
	struct type_ref s, element;
	enum type_kind kind = type_kind(t, &s);
	uint64_t size;

	if (s.from == TYPE_NONE || depth > TYPE_DEPTH_MAX)
		return 0;
	if (kind == TYPE_POINTER)
		return 8;
	if (kind == TYPE_ARRAY) {
		if (!type_target(&s, &element) ||
		    __builtin_mul_overflow(size_within(&element, depth + 1),
					   type_count(&s), &size))
			return 0;
		return size;
	}
	if (s.from == TYPE_DWARF)
		return dwarf_type_size(&s);
	return btf_kind(btf_type_of(&s)) == BTF_KIND_FWD || kind == TYPE_FUNC ||
			       kind == TYPE_OTHER
		       ? 0
		       : btf_type_of(&s)->size;
}

uint64_t type_size(const struct type_ref *t)
{
	return size_within(t, 0);
}

uint64_t type_count(const struct type_ref *t)
{
	struct type_ref s;

	if (type_kind(t, &s) != TYPE_ARRAY)
		return 0;
	return s.from == TYPE_DWARF ? dwarf_type_count(&s)
				    : btf_array(btf_type_of(&s))->nelems;
}

bool type_pointee(const struct type_ref *pointer, struct type_ref *out)
{
	struct type_ref s;
	enum type_kind kind;

	if (type_kind(pointer, &s) != TYPE_POINTER || !type_target(&s, out))
		return false;
	kind = type_kind(out, &s);
	if (kind == TYPE_SCALAR && type_size(&s) == 1)
		return false; /* char *, u8 *: bytes of anything */
	return kind != TYPE_VOID && kind != TYPE_FUNC && kind != TYPE_OTHER;
}

bool type_is_object(const struct type_ref *t)
{
	struct type_ref s;
	enum type_kind kind = type_kind(t, &s);

	return kind == TYPE_STRUCT || kind == TYPE_UNION;
}

bool type_is_declared(const struct type_ref *t)
{
	struct type_ref s;
	enum type_kind kind = type_kind(t, &s);

	if (kind != TYPE_STRUCT && kind != TYPE_UNION)
		return false;
	return s.from == TYPE_DWARF ? dwarf_hasattr(&s.die, DW_AT_declaration)
				    : btf_kind(btf_type_of(&s)) == BTF_KIND_FWD;
}

/* The DIE's or BTF type's own name, NULL when it is anonymous. */
const char *type_own_name(const struct type_ref *t)
{
	const char *name = NULL;
	Dwarf_Die die = t->die;

	if (t->from == TYPE_DWARF)
		name = dwarf_diename(&die);
	else if (t->from == TYPE_BTF && btf_type_of(t))
		name = btf__name_by_offset(t->btf, btf_type_of(t)->name_off);
	return name && *name ? name : NULL;
}

/* The name of the typedef that stands last before an anonymous type. */
static const char *typedef_name(const struct type_ref *t)
{
	struct type_ref now = *t;
	const char *name = NULL;

	for (int depth = 0; depth < TYPE_DEPTH_MAX; depth++) {
		if (now.from == TYPE_DWARF) {
			int tag = dwarf_tag(&now.die);

			if (tag == DW_TAG_typedef)
				name = type_own_name(&now);
			else if (tag != DW_TAG_const_type && tag != DW_TAG_volatile_type)
				return name;
			if (!type_of_dwarf_attr(&now.die, &now))
				return name;
		} else if (now.from == TYPE_BTF) {
			const struct btf_type *bt = btf_type_of(&now);

			if (!bt || (!btf_is_typedef(bt) && !btf_is_mod(bt)))
				return name;
			if (btf_is_typedef(bt))
				name = type_own_name(&now);
			now = btf_ref(&now, bt->type);
		} else {
			return name;
		}
	}
	return name;
}

static void name_within(const struct type_ref *t, int depth, struct strbuf *out)
{
	struct type_ref s, target;
	enum type_kind kind = type_kind(t, &s);
	const char *name = type_own_name(&s);

	if (kind == TYPE_VOID || depth > 4) {
		strbuf_addstr(out, "void");
	} else if (kind == TYPE_POINTER || kind == TYPE_ARRAY) {
		if (!type_target(&s, &target))
			target = (struct type_ref){ .from = TYPE_NONE };
		name_within(&target, depth + 1, out);
		if (kind == TYPE_ARRAY)
			strbuf_addstr(out, " []");
		else
			strbuf_addstr(out, out->buf[out->len - 1] == '*' ? "*" : " *");
	} else if (kind == TYPE_FUNC) {
		strbuf_addstr(out, "function");
	} else if (name) {
		strbuf_addf(out, "%s%s",
			    kind == TYPE_STRUCT  ? "struct "
			    : kind == TYPE_UNION ? "union "
						 : "",
			    name);
	} else {
		name = typedef_name(t);
		strbuf_addstr(out, name ? name : "anonymous type");
	}
}

char *type_name(const struct type_ref *t)
{
	struct strbuf out = STRBUF_INIT;

	name_within(t, 0, &out);
	return strbuf_take(&out);
}

bool type_param(const struct type_ref *func, unsigned n, struct type_ref *out)
{
	struct type_ref s;

	if (func->from == TYPE_DWARF)
		return dwarf_type_param(func, n, out);
	if (type_kind(func, &s) != TYPE_FUNC || n >= btf_vlen(btf_type_of(&s)))
		return false;
	*out = btf_ref(&s, btf_params(btf_type_of(&s))[n].type);
	return out->from != TYPE_NONE; /* the last of a variadic function is void */
}

void members_start(struct member_iter *it, const struct type_ref *stripped)
{
	*it = (struct member_iter){ .type = *stripped };
}

bool members_next(struct member_iter *it, struct type_member *m)
{
	const struct btf_type *bt;
	const struct btf_member *bm;
	const char *name;

	if (it->type.from == TYPE_DWARF)
		return dwarf_members_next(it, m);
	bt = it->type.from == TYPE_BTF ? btf_type_of(&it->type) : NULL;
	if (!bt || !btf_is_composite(bt) || it->i >= btf_vlen(bt))
		return false;
	bm = &btf_members(bt)[it->i];
	name = btf__name_by_offset(it->type.btf, bm->name_off);
	*m = (struct type_member){ .name = name && *name ? name : NULL,
				   .type = btf_ref(&it->type, bm->type),
				   .bit_offset = btf_member_bit_offset(bt, it->i),
				   .bits = btf_member_bitfield_size(bt, it->i) };
	it->i++;
	return true;
}
