// SPDX-License-Identifier: GPL-2.0-or-later
/* Whole structs out of mappings, by tables of their keys. Knows no key by name. */
#include "parse/yaml_int.h"

#include "util/mem.h"
#include "util/strbuf.h"

static void unknown_key(struct spec_report *r, const struct yaml_node *key,
			const char *what, const struct yaml_field *fields,
			size_t n_fields)
{
	_cleanup_strbuf_ struct strbuf list = STRBUF_INIT;
	struct yaml_hint hint = { .given = key->text };

	if (r->n >= SPEC_MAX_MESSAGES)
		return;
	for (size_t i = 0; i < n_fields; i++) {
		yaml_hint_consider(&hint, fields[i].key);
		if (fields[i].type != YAML_F_REFUSED)
			strbuf_addf(&list, "%s%s", list.len ? ", " : "", fields[i].key);
	}
	spec_complain(
		r, key->mark, "unknown key \"%.60s\" in %s%s%s%s; expected one of: %s",
		key->text, what, hint.best ? ", did you mean \"" : "",
		hint.best ? hint.best : "", hint.best ? "\"?" : "", strbuf_str(&list));
}

static void store_str(struct spec_report *r, const struct yaml_field *f,
		      const struct yaml_node *n, const char *what, char **out)
{
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	if (f->type == YAML_F_LINE && !yaml_is_one_line(r, n->mark, what, s))
		return;
	free(*out);
	*out = xstrdup(s);
}

static void load_field(struct spec_report *r, const struct yaml_field *f,
		       const struct yaml_node *key, const struct yaml_node *n,
		       const char *map_what, void *base)
{
	_cleanup_free_ char *what =
		map_what[0] ? xasprintf("%s.%s", map_what, f->key) : xstrdup(f->key);
	void *member = (char *)base + f->offset;
	uint64_t u;

	if (f->may_be_null && yaml_is_null(n))
		return;
	switch (f->type) {
	case YAML_F_STR:
	case YAML_F_LINE:
		store_str(r, f, n, what, member);
		return;
	case YAML_F_BOOL:
		(void)yaml_get_bool(r, n, what, member);
		return;
	case YAML_F_U32:
		if (yaml_get_u64(r, n, what, f->min, f->max, &u))
			*(uint32_t *)member = (uint32_t)u;
		return;
	case YAML_F_STRS:
		(void)yaml_get_strs(r, n, what, member);
		return;
	case YAML_F_LINES:
		(void)yaml_get_lines(r, n, what, member);
		return;
	case YAML_F_FN:
		f->load(r, n, what, member);
		return;
	case YAML_F_REFUSED:
		spec_complain(r, key->mark, "%s is not supported; %s", what, f->why);
		return;
	case YAML_F_ANY:
		return;
	}
}

bool yaml_load_map(struct spec_report *r, const struct yaml_node *n, const char *what,
		   const struct yaml_field *fields, size_t n_fields, void *base)
{
	if (!yaml_want_map(r, n, what[0] ? what : "the file"))
		return false;
	for (size_t i = 0; i < n->n; i++) {
		const struct yaml_field *f = NULL;

		for (size_t k = 0; k < n_fields && !f; k++)
			if (strcmp(fields[k].key, n->keys[i]->text) == 0)
				f = &fields[k];
		if (f)
			load_field(r, f, n->keys[i], n->vals[i], what, base);
		else
			unknown_key(r, n->keys[i], what[0] ? what : "the file", fields,
				    n_fields);
	}
	for (size_t k = 0; k < n_fields; k++)
		if (fields[k].required && !yaml_find(n, fields[k].key))
			spec_complain(r, n->mark, "%s has no \"%s\"; expected one",
				      what[0] ? what : "the file", fields[k].key);
	return true;
}
