// SPDX-License-Identifier: GPL-2.0-or-later
/* Typed values out of a YAML tree, with complaints that say what was expected. */
#include "parse/yaml_int.h"

#include <ctype.h>

#include "util/jsonx.h"
#include "util/mem.h"
#include "util/num.h"

static size_t find(const struct yaml_node *map, const char *key)
{
	for (size_t i = 0; map && map->kind == YAML_MAP && i < map->n; i++)
		if (strcmp(map->keys[i]->text, key) == 0)
			return i;
	return SIZE_MAX;
}

const struct yaml_node *yaml_find(const struct yaml_node *map, const char *key)
{
	size_t i = find(map, key);

	return i == SIZE_MAX ? NULL : map->vals[i];
}

const struct yaml_node *yaml_find_key(const struct yaml_node *map, const char *key)
{
	size_t i = find(map, key);

	return i == SIZE_MAX ? NULL : map->keys[i];
}

static bool is_one_of(const char *s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, words[i]) == 0)
			return true;
	return false;
}

bool yaml_is_null(const struct yaml_node *n)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	return n->kind == YAML_SCALAR && n->is_plain &&
	       is_one_of(n->text, words, ARRAY_SIZE(words));
}

static const char *kind_of(const struct yaml_node *n)
{
	if (n->kind == YAML_SCALAR)
		return yaml_is_null(n) ? "empty" : "a single value";
	return n->kind == YAML_MAP ? "a mapping" : "a list";
}

bool yaml_want_map(struct spec_report *r, const struct yaml_node *n, const char *what)
{
	if (n->kind == YAML_MAP)
		return true;
	spec_complain(r, n->mark, "%s is %s; expected a mapping", what, kind_of(n));
	return false;
}

bool yaml_want_list(struct spec_report *r, const struct yaml_node *n, const char *what)
{
	if (n->kind == YAML_LIST)
		return true;
	spec_complain(r, n->mark, "%s is %s; expected a list", what, kind_of(n));
	return false;
}

bool yaml_get_str(struct spec_report *r, const struct yaml_node *n, const char *what,
		  const char **out)
{
	if (n->kind != YAML_SCALAR || yaml_is_null(n)) {
		spec_complain(r, n->mark, "%s is %s; expected a text", what, kind_of(n));
		return false;
	}
	*out = n->text;
	return true;
}

/* yes and no as well: LAVA reads its jobs as YAML 1.1. */
bool yaml_get_bool(struct spec_report *r, const struct yaml_node *n, const char *what,
		   bool *out)
{
	static const char *const yes[] = { "true", "yes", "on" };
	static const char *const no[] = { "false", "no", "off" };
	char lower[8] = "";

	if (n->kind == YAML_SCALAR && strlen(n->text) < sizeof(lower)) {
		for (size_t i = 0; n->text[i]; i++)
			lower[i] = (char)tolower((unsigned char)n->text[i]);
		*out = is_one_of(lower, yes, ARRAY_SIZE(yes));
		if (*out || is_one_of(lower, no, ARRAY_SIZE(no)))
			return true;
	}
	spec_complain(r, n->mark, "%s is %s%.40s%s; expected true or false", what,
		      n->kind == YAML_SCALAR ? "\"" : "",
		      n->kind == YAML_SCALAR ? n->text : kind_of(n),
		      n->kind == YAML_SCALAR ? "\"" : "");
	return false;
}

bool yaml_get_u64(struct spec_report *r, const struct yaml_node *n, const char *what,
		  uint64_t min, uint64_t max, uint64_t *out)
{
	if (n->kind != YAML_SCALAR) {
		spec_complain(r, n->mark, "%s is %s; expected a whole number", what,
			      kind_of(n));
		return false;
	}
	if (parse_u64n(n->text, strlen(n->text), 10, max, out) == 0 && *out >= min)
		return true;
	spec_complain(r, n->mark,
		      "%s is \"%.40s\"; expected a whole number from %llu to %llu", what,
		      n->text, (unsigned long long)min, (unsigned long long)max);
	return false;
}

bool yaml_get_strs(struct spec_report *r, const struct yaml_node *n, const char *what,
		   struct strvec *out)
{
	const char *s;
	bool ok = true;

	if (n->kind != YAML_LIST) {
		if (n->kind == YAML_MAP || yaml_is_null(n)) {
			spec_complain(r, n->mark, "%s is %s; expected a list of texts",
				      what, kind_of(n));
			return false;
		}
		strvec_add(out, n->text);
		return true;
	}
	for (size_t i = 0; i < n->n; i++) {
		_cleanup_free_ char *item = xasprintf("item %zu of %s", i + 1, what);

		if (yaml_get_str(r, n->vals[i], item, &s))
			strvec_add(out, s);
		else
			ok = false;
	}
	return ok;
}

static json_t *scalar_to_json(const struct yaml_node *n, bool as_string)
{
	const char *digits = n->text + (n->text[0] == '-');
	uint64_t v;

	if (as_string || !n->is_plain)
		return json_lossy_str(n->text);
	if (yaml_is_null(n))
		return json_null();
	if (strcmp(n->text, "true") == 0 || strcmp(n->text, "false") == 0)
		return json_boolean(n->text[0] == 't');
	if ((digits[0] != '0' || !digits[1]) && isdigit((unsigned char)digits[0]) &&
	    parse_u64n(digits, strlen(digits), 10, INT64_MAX, &v) == 0)
		return json_integer(digits == n->text ? (json_int_t)v : -(json_int_t)v);
	return json_lossy_str(n->text);
}

json_t *yaml_to_json(const struct yaml_node *n, bool as_strings)
{
	json_t *j;

	switch (n->kind) {
	case YAML_MAP:
		j = json_object();
		for (size_t i = 0; i < n->n; i++)
			json_put(j, n->keys[i]->text,
				 yaml_to_json(n->vals[i], as_strings));
		return j;
	case YAML_LIST:
		j = json_array();
		for (size_t i = 0; i < n->n; i++)
			json_push(j, yaml_to_json(n->vals[i], as_strings));
		return j;
	case YAML_SCALAR:
		break;
	}
	return scalar_to_json(n, as_strings);
}

bool yaml_is_one_line(struct spec_report *r, struct spec_mark mark, const char *what,
		      const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s >= 0x20 || *s == '\t')
			continue;
		spec_complain(r, mark, "%s holds a %s; expected one line of text", what,
			      *s == '\n' || *s == '\r' ? "line break"
						       : "control character");
		return false;
	}
	return true;
}

bool yaml_get_lines(struct spec_report *r, const struct yaml_node *n, const char *what,
		    struct strvec *out)
{
	size_t from = out->n;

	if (!yaml_get_strs(r, n, what, out))
		return false;
	for (size_t i = from; i < out->n; i++)
		if (!yaml_is_one_line(
			    r, n->kind == YAML_LIST ? n->vals[i - from]->mark : n->mark,
			    what, out->v[i]))
			return false;
	return true;
}
