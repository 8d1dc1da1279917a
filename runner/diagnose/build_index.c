// SPDX-License-Identifier: GPL-2.0-or-later
/* Types by name: from BTF, which is small and has each once; without it from one pass
 * over all units of the DWARF (1,000 units: about a second), done when first asked for.
 */
#include "diagnose/build_int.h"

#include <dwarf.h>

#include "util/mem.h"

enum { DIES_MAX = 64 << 20, TYPES_MAX = 4 << 20 };

/* ---- DWARF ------------------------------------------------------------------------ */

static int compare_entries(const void *a, const void *b)
{
	const struct type_entry *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	if (r)
		return r;
	if (x->tag != y->tag)
		return x->tag < y->tag ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->die < y->die ? -1 : x->die > y->die;
}

static bool is_same_type(const struct type_entry *x, const struct type_entry *y)
{
	return x->tag == y->tag && x->size == y->size && strcmp(x->name, y->name) == 0;
}

/* Every unit that includes a header has the header's types: a hash set of what was seen
 * keeps one of each. */
struct seen {
	struct type_entry *slot; /* name NULL = free */
	size_t n_slots, n;
};

static size_t slot_of(const struct seen *seen, const struct type_entry *e)
{
	uint64_t h = 1469598103934665603u ^ (uint64_t)e->tag ^ e->size << 8;

	for (const char *p = e->name; *p; p++)
		h = (h ^ (uint8_t)*p) * 1099511628211u;
	h &= seen->n_slots - 1;
	while (seen->slot[h].name && !is_same_type(&seen->slot[h], e))
		h = (h + 1) & (seen->n_slots - 1);
	return h;
}

static void remember(struct seen *seen, const struct type_entry *e)
{
	size_t at;

	if (seen->n * 2 >= seen->n_slots) {
		struct seen bigger = { .n_slots =
					       seen->n_slots ? seen->n_slots * 2 : 4096,
				       .n = seen->n };

		bigger.slot = xcalloc(bigger.n_slots, sizeof(*bigger.slot));
		for (size_t i = 0; i < seen->n_slots; i++)
			if (seen->slot[i].name)
				bigger.slot[slot_of(&bigger, &seen->slot[i])] =
					seen->slot[i];
		free(seen->slot);
		*seen = bigger;
	}
	at = slot_of(seen, e);
	if (seen->slot[at].name)
		return;
	seen->slot[at] = *e;
	seen->n++;
}

static void index_unit(Dwarf_Die *cu, struct seen *seen, uint32_t *budget)
{
	Dwarf_Die die;
	int r = dwarf_child(cu, &die);

	for (; r == 0 && *budget; r = dwarf_siblingof(&die, &die), --*budget) {
		int tag = dwarf_tag(&die);
		struct type_entry e = { .tag = tag, .die = dwarf_dieoffset(&die) };

		if (tag != DW_TAG_structure_type && tag != DW_TAG_union_type &&
		    tag != DW_TAG_typedef)
			continue;
		e.name = dwarf_diename(&die);
		if (!e.name || dwarf_hasattr(&die, DW_AT_declaration))
			continue;
		if (tag != DW_TAG_typedef)
			e.size = dwarf_number(&die, DW_AT_byte_size, 0);
		if (seen->n < TYPES_MAX)
			remember(seen, &e);
	}
}

static void make_index(struct build_file *f)
{
	struct seen seen = { .slot = NULL };
	uint32_t budget = DIES_MAX;
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;

	f->has_types = true;
	while (f->dwarf &&
	       dwarf_get_units(f->dwarf, cu, &cu, NULL, NULL, &die, NULL) == 0 && budget)
		index_unit(&die, &seen, &budget);
	for (size_t i = 0; i < seen.n_slots; i++)
		if (seen.slot[i].name)
			seen.slot[f->n_types++] = seen.slot[i];
	f->types = seen.slot;
	if (f->types)
		qsort(f->types, f->n_types, sizeof(*f->types), compare_entries);
}

static bool ref_of_entry(struct build_file *f, const struct type_entry *e,
			 struct type_ref *out)
{
	Dwarf_Die die;

	if (!dwarf_offdie(f->dwarf, e->die, &die))
		return false;
	*out = type_of_die(&die);
	return true;
}

static bool find_in_dwarf(struct build_file *f, const char *name, int tag,
			  struct type_ref *out)
{
	size_t lo = 0, hi;

	if (!f->dwarf)
		return false;
	if (!f->has_types)
		make_index(f);
	hi = f->n_types;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(f->types[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < f->n_types && strcmp(f->types[lo].name, name) == 0; lo++)
		if ((!tag || f->types[lo].tag == tag) &&
		    ref_of_entry(f, &f->types[lo], out))
			return true;
	return false;
}

/* ---- BTF -------------------------------------------------------------------------- */

static bool find_in_btf(const struct build_file *f, const char *name, int tag,
			struct type_ref *out)
{
	static const struct {
		int tag;
		uint32_t kind;
	} kinds[] = { { DW_TAG_structure_type, BTF_KIND_STRUCT },
		      { DW_TAG_union_type, BTF_KIND_UNION },
		      { DW_TAG_typedef, BTF_KIND_TYPEDEF } };

	for (size_t i = 0; f->btf && i < ARRAY_SIZE(kinds); i++) {
		int id;

		if (tag && tag != kinds[i].tag)
			continue;
		id = btf__find_by_name_kind(f->btf, name, kinds[i].kind);
		if (id <= 0)
			continue;
		*out = (struct type_ref){ .from = TYPE_BTF,
					  .btf = f->btf,
					  .id = (uint32_t)id };
		return true;
	}
	return false;
}

/* ---- either ----------------------------------------------------------------------- */

static bool find_in_file(struct build_file *f, const char *name, int tag,
			 struct type_ref *out)
{
	if (f->btf)
		return find_in_btf(f, name, tag, out);
	return find_in_dwarf(f, name, tag, out);
}

bool types_find(struct build *b, struct build_file *hint, const char *name, int tag,
		struct type_ref *out)
{
	if (hint && find_in_file(hint, name, tag, out))
		return true;
	for (size_t i = 0; i < b->n_files; i++)
		if (b->files[i] != hint && find_in_file(b->files[i], name, tag, out))
			return true;
	return false;
}

struct type_ref types_complete(struct build *b, struct build_file *hint,
			       const struct type_ref *t)
{
	struct type_ref s, found;
	enum type_kind kind = type_kind(t, &s);
	const char *name = type_own_name(&s);

	if (type_is_declared(t) && name &&
	    types_find(b, hint, name,
		       kind == TYPE_UNION ? DW_TAG_union_type : DW_TAG_structure_type,
		       &found))
		return found;
	return *t;
}

/* A named struct or union, or the typedef that names one. */
static bool is_object(const struct type_ref *t)
{
	struct type_ref s;
	enum type_kind kind = type_kind(t, &s);
	bool is_named = type_own_name(&s),
	     is_typedef = s.from == TYPE_BTF ? t->id != s.id : t->die.addr != s.die.addr;

	return (kind == TYPE_STRUCT || kind == TYPE_UNION) && is_named != is_typedef;
}

static bool each_in_btf(const struct build_file *f, const struct build *b,
			bool (*call)(void *arg, const struct type_ref *t), void *arg)
{
	/* A module's ids begin where those of vmlinux end. */
	uint32_t first =
		f->module && b->files[0]->btf ? btf__type_cnt(b->files[0]->btf) : 1;

	for (uint32_t id = first; id < btf__type_cnt(f->btf); id++) {
		struct type_ref t = { .from = TYPE_BTF, .btf = f->btf, .id = id };
		const struct btf_type *bt = btf__type_by_id(f->btf, id);

		if (bt && (btf_is_composite(bt) || btf_is_typedef(bt)) && is_object(&t) &&
		    !call(arg, &t))
			return false;
	}
	return true;
}

static bool each_in_dwarf(struct build_file *f,
			  bool (*call)(void *arg, const struct type_ref *t), void *arg)
{
	if (f->dwarf && !f->has_types)
		make_index(f);
	for (size_t i = 0; i < f->n_types; i++) {
		struct type_ref t;

		if (ref_of_entry(f, &f->types[i], &t) && is_object(&t) && !call(arg, &t))
			return false;
	}
	return true;
}

void types_each(struct build *b, bool (*call)(void *arg, const struct type_ref *t),
		void *arg)
{
	for (size_t i = 0; i < b->n_files; i++) {
		struct build_file *f = b->files[i];

		if (f->btf ? !each_in_btf(f, b, call, arg) : !each_in_dwarf(f, call, arg))
			return;
	}
}
