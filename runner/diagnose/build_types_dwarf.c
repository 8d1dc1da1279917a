// SPDX-License-Identifier: GPL-2.0-or-later
/* Types as DWARF tells them. libdw's own dwarf_peel_type() follows a cycle for ever. */
#include "diagnose/build_int.h"

#include <dwarf.h>

enum { SIBLINGS_MAX = 1 << 16, DIMENSIONS_MAX = 8 };

uint64_t dwarf_number(Dwarf_Die *die, unsigned attr, uint64_t otherwise)
{
	Dwarf_Attribute a;
	Dwarf_Word v;

	if (!dwarf_attr_integrate(die, attr, &a) || dwarf_formudata(&a, &v))
		return otherwise;
	return v;
}

struct type_ref type_of_die(Dwarf_Die *die)
{
	return (struct type_ref){ .from = TYPE_DWARF, .die = *die };
}

bool type_of_dwarf_attr(Dwarf_Die *die, struct type_ref *out)
{
	Dwarf_Attribute a;
	Dwarf_Die type;

	bool is_there =
		dwarf_attr_integrate(die, DW_AT_type, &a) && dwarf_formref_die(&a, &type);

	/* die may be a part of *out. */
	*out = is_there ? type_of_die(&type) : (struct type_ref){ .from = TYPE_NONE };
	return is_there;
}

static enum type_kind kind_of_tag(int tag)
{
	switch (tag) {
	case DW_TAG_base_type:
	case DW_TAG_enumeration_type:
		return TYPE_SCALAR;
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
		return TYPE_POINTER;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
		return TYPE_STRUCT;
	case DW_TAG_union_type:
		return TYPE_UNION;
	case DW_TAG_array_type:
		return TYPE_ARRAY;
	case DW_TAG_subroutine_type:
	case DW_TAG_subprogram:
		return TYPE_FUNC;
	}
	return TYPE_OTHER;
}

static bool is_wrapper(int tag)
{
	return tag == DW_TAG_typedef || tag == DW_TAG_const_type ||
	       tag == DW_TAG_volatile_type || tag == DW_TAG_restrict_type ||
	       tag == DW_TAG_atomic_type;
}

enum type_kind dwarf_type_kind(const struct type_ref *t, struct type_ref *stripped)
{
	struct type_ref now = *t;

	for (int depth = 0; depth < TYPE_DEPTH_MAX; depth++) {
		int tag = dwarf_tag(&now.die);

		if (!is_wrapper(tag)) {
			*stripped = now;
			return kind_of_tag(tag);
		}
		if (!type_of_dwarf_attr(&now.die, &now))
			break;
	}
	*stripped = (struct type_ref){ .from = TYPE_NONE };
	return TYPE_VOID;
}

/* Elements in each dimension of an array; 0 = not said. */
static unsigned dimensions(const struct type_ref *s, uint64_t out[DIMENSIONS_MAX])
{
	Dwarf_Die array = s->die, die;
	unsigned n = 0;
	int r = dwarf_child(&array, &die);

	for (int i = 0; r == 0 && i < SIBLINGS_MAX && n < DIMENSIONS_MAX; i++) {
		if (dwarf_tag(&die) == DW_TAG_subrange_type) {
			uint64_t last = dwarf_number(&die, DW_AT_upper_bound, UINT64_MAX);

			/* An upper bound of -1 is how "[0]" and "[]" look. */
			out[n++] =
				dwarf_number(&die, DW_AT_count,
					     (uint32_t)last == UINT32_MAX ? 0 : last + 1);
		}
		r = dwarf_siblingof(&die, &die);
	}
	return n;
}

bool dwarf_type_target(const struct type_ref *stripped, struct type_ref *out)
{
	uint64_t count[DIMENSIONS_MAX];
	Dwarf_Die die = stripped->die;

	if (dwarf_tag(&die) == DW_TAG_array_type &&
	    stripped->dim + 1 < dimensions(stripped, count)) {
		*out = *stripped;
		out->dim++;
		return true;
	}
	type_of_dwarf_attr(&die, out); /* without the attribute it is void */
	return true;
}

uint64_t dwarf_type_size(const struct type_ref *stripped)
{
	Dwarf_Die die = stripped->die;

	return dwarf_number(&die, DW_AT_byte_size, 0);
}

uint64_t dwarf_type_count(const struct type_ref *stripped)
{
	uint64_t count[DIMENSIONS_MAX];

	return stripped->dim < dimensions(stripped, count) ? count[stripped->dim] : 0;
}

bool dwarf_type_param(const struct type_ref *func, unsigned n, struct type_ref *out)
{
	Dwarf_Die f = func->die, die;
	int r = dwarf_child(&f, &die);

	for (int i = 0; r == 0 && i < SIBLINGS_MAX; i++) {
		if (dwarf_tag(&die) == DW_TAG_formal_parameter && n-- == 0)
			return type_of_dwarf_attr(&die, out);
		r = dwarf_siblingof(&die, &die);
	}
	return false;
}

/* A bitfield of DWARF 4 counts its bits from the most significant of its storage. */
static uint64_t bit_offset_of(Dwarf_Die *die, uint32_t bits)
{
	uint64_t bytes = dwarf_number(die, DW_AT_data_member_location, 0);
	uint64_t from_top = dwarf_number(die, DW_AT_bit_offset, UINT64_MAX);
	uint64_t storage = dwarf_number(die, DW_AT_byte_size, 0);
	uint64_t at = dwarf_number(die, DW_AT_data_bit_offset, UINT64_MAX);
	struct type_ref type;

	if (at != UINT64_MAX)
		return at;
	if (!bits || from_top == UINT64_MAX)
		return bytes * 8;
	if (!storage && type_of_dwarf_attr(die, &type))
		storage = type_size(&type);
	return bytes * 8 + storage * 8 - from_top - bits;
}

bool dwarf_members_next(struct member_iter *it, struct type_member *m)
{
	for (;;) {
		int r = it->has_started ? dwarf_siblingof(&it->die, &it->die)
					: dwarf_child(&it->type.die, &it->die);

		it->has_started = true;
		if (r != 0 || it->i++ >= SIBLINGS_MAX)
			return false;
		if (dwarf_tag(&it->die) == DW_TAG_member)
			break;
	}
	m->name = dwarf_diename(&it->die);
	m->bits = (uint32_t)dwarf_number(&it->die, DW_AT_bit_size, 0);
	m->bit_offset = bit_offset_of(&it->die, m->bits);
	type_of_dwarf_attr(&it->die, &m->type);
	return true;
}
