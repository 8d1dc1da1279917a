// SPDX-License-Identifier: GPL-2.0-or-later
/* The pairs of a mapping once it ends: YAML 1.1's merge key, and each key once. */
#include "parse/yaml_int.h"

#include "util/mem.h"

/* One pair while keys are compared: order decides which of two equal keys counts. */
struct pair {
	struct yaml_node *key, *val;
	size_t order;
};

static int by_key(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int c = strcmp(x->key->text, y->key->text);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static int by_order(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

/* Of the first n_explicit pairs duplicates are errors; a merged pair yields to an
 * explicit or earlier one. */
static bool keep_one_each(struct yaml_node *map, size_t n_explicit, struct spec_report *r)
{
	_cleanup_free_ struct pair *pairs = NULL;
	size_t kept = 0;

	if (map->n < 2)
		return true;
	pairs = xreallocarray(NULL, map->n, sizeof(*pairs));
	for (size_t i = 0; i < map->n; i++)
		pairs[i] = (struct pair){ map->keys[i], map->vals[i], i };
	qsort(pairs, map->n, sizeof(*pairs), by_key);
	for (size_t i = 0; i < map->n; i++) {
		if (kept && strcmp(pairs[kept - 1].key->text, pairs[i].key->text) == 0) {
			if (pairs[i].order >= n_explicit)
				continue;
			spec_complain(
				r, pairs[i].key->mark,
				"duplicate key \"%s\", first at line %u; expected each key once",
				pairs[i].key->text, pairs[kept - 1].key->mark.line);
			return false;
		}
		pairs[kept++] = pairs[i];
	}
	qsort(pairs, kept, sizeof(*pairs), by_order);
	for (size_t i = 0; i < kept; i++) {
		map->keys[i] = pairs[i].key;
		map->vals[i] = pairs[i].val;
	}
	map->n = kept;
	return true;
}

void *yaml_grow(void *p, size_t n, size_t size)
{
	if (n & (n - 1))
		return p;
	return xreallocarray(p, n ? n * 2 : 1, size);
}

void yaml_pair_add(struct yaml_node *map, struct yaml_node *key, struct yaml_node *val)
{
	map->keys = yaml_grow(map->keys, map->n, sizeof(*map->keys));
	map->vals = yaml_grow(map->vals, map->n, sizeof(*map->vals));
	map->keys[map->n] = key;
	map->vals[map->n++] = val;
}

/* YAML 1.1's merge key, which LAVA's loader knows: `<<: *base` or `<<: [*a, *b]`. */
static bool merge(struct yaml_node *map, const struct yaml_node *from,
		  struct spec_mark mark, struct spec_report *r, bool may_be_list)
{
	if (from->kind == YAML_MAP) {
		for (size_t i = 0; i < from->n; i++)
			yaml_pair_add(map, from->keys[i], from->vals[i]);
		return true;
	}
	if (from->kind == YAML_LIST && may_be_list) {
		for (size_t i = 0; i < from->n; i++)
			if (!merge(map, from->vals[i], mark, r, false))
				return false;
		return true;
	}
	spec_complain(r, mark,
		      "the merge key << has no mapping; expected an alias of a mapping");
	return false;
}

static bool is_merge_key(const struct yaml_node *key)
{
	return key->is_plain && strcmp(key->text, "<<") == 0;
}

bool yaml_pairs_settle(struct yaml_node *map, struct spec_report *r)
{
	struct yaml_node *from = NULL;
	struct spec_mark mark = map->mark;
	size_t n = map->n;

	map->n = 0;
	for (size_t i = 0; i < n; i++) {
		if (is_merge_key(map->keys[i]) && !from) {
			from = map->vals[i];
			mark = map->keys[i]->mark;
			continue;
		}
		map->keys[map->n] = map->keys[i];
		map->vals[map->n++] = map->vals[i];
	}

	size_t n_explicit = map->n;

	if (from && !merge(map, from, mark, r, true))
		return false;
	return keep_one_each(map, n_explicit, r);
}
