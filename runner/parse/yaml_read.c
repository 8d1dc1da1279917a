// SPDX-License-Identifier: GPL-2.0-or-later
/* Typed values and whole structs out of a YAML tree, by tables, with complaints that say
 * what was expected. Knows no key by name. */
#include "parse/yaml.h"

#include <ctype.h>
#include <errno.h>

#include "util/jsonx.h"
#include "util/mem.h"
#include "util/num.h"
#include "util/strbuf.h"

void spec_report_release(struct spec_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].text);
	free(r->v);
	r->v = NULL;
	r->n = 0;
}

void spec_complain(struct spec_report *r, struct spec_mark mark, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	va_list ap;

	if (r->n >= SPEC_MAX_MESSAGES)
		return;
	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	/* An aliased value is read at each of its places and complains once. */
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].mark.line == mark.line && r->v[i].mark.col == mark.col &&
		    strcmp(r->v[i].text, strbuf_str(&sb)) == 0)
			return;
	r->v = xreallocarray(r->v, r->n + 1, sizeof(*r->v));
	r->v[r->n++] = (struct spec_complaint){ mark, strbuf_take(&sb) };
}

static int by_place(const void *a, const void *b)
{
	const struct spec_complaint *x = a, *y = b;

	if (x->mark.line != y->mark.line)
		return x->mark.line < y->mark.line ? -1 : 1;
	if (x->mark.col != y->mark.col)
		return x->mark.col < y->mark.col ? -1 : 1;
	return strcmp(x->text, y->text);
}

int spec_report_finish(struct spec_report *r, struct spec_messages *msgs, struct err *err)
{
	if (!r->n)
		return 0;
	qsort(r->v, r->n, sizeof(*r->v), by_place);
	for (size_t i = 0; i < r->n; i++)
		strvec_addf(&msgs->v, "%s:%u:%u: %s", r->path, r->v[i].mark.line,
			    r->v[i].mark.col, r->v[i].text);
	return err_set(err, ERR_JOB, -EINVAL, "%s:%u:%u: %s", r->path, r->v[0].mark.line,
		       r->v[0].mark.col, r->v[0].text);
}

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

/* Damerau's distance (insert, delete, change, swap of neighbours), for words up to 40. */
static size_t distance(const char *a, const char *b)
{
	enum { MAX = 40 };
	size_t la = strlen(a), lb = strlen(b), d[MAX + 1][MAX + 1];

	if (la > MAX || lb > MAX)
		return SIZE_MAX;
	for (size_t i = 0; i <= la; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++)
		for (size_t j = 1; j <= lb; j++) {
			size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	return d[la][lb];
}

/* Keep the nearer of two words; only a near miss is worth a hint. */
static void consider(const char *word, const char *given, const char **best,
		     size_t *best_distance)
{
	size_t d = distance(word, given);

	if (d < *best_distance && d <= (strlen(word) + 2) / 4) {
		*best = word;
		*best_distance = d;
	}
}

bool yaml_is_near(const char *word, const char *given)
{
	const char *best = NULL;
	size_t best_distance = SIZE_MAX;

	consider(word, given, &best, &best_distance);
	return best && strcmp(word, given) != 0;
}

bool yaml_get_word(struct spec_report *r, const struct yaml_node *n, const char *what,
		   const char *const *words, size_t n_words, size_t *out)
{
	_cleanup_strbuf_ struct strbuf list = STRBUF_INIT;
	const char *s, *best = NULL;
	size_t best_distance = SIZE_MAX;

	if (!yaml_get_str(r, n, what, &s))
		return false;
	for (size_t i = 0; i < n_words; i++) {
		if (strcmp(s, words[i]) == 0) {
			*out = i;
			return true;
		}
		consider(words[i], s, &best, &best_distance);
		strbuf_addf(&list, "%s%s", i ? ", " : "", words[i]);
	}
	spec_complain(r, n->mark, "%s is \"%.60s\"%s%s%s; expected %s%s", what, s,
		      best ? ", did you mean \"" : "", best ? best : "",
		      best ? "\"?" : "", n_words > 1 ? "one of: " : "",
		      strbuf_str(&list));
	return false;
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

static bool is_one_line(struct spec_report *r, struct spec_mark mark, const char *what,
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

static void unknown_key(struct spec_report *r, const struct yaml_node *key,
			const char *what, const struct yaml_field *fields,
			size_t n_fields)
{
	_cleanup_strbuf_ struct strbuf list = STRBUF_INIT;
	const char *best = NULL;
	size_t best_distance = SIZE_MAX;

	if (r->n >= SPEC_MAX_MESSAGES)
		return;
	for (size_t i = 0; i < n_fields; i++) {
		consider(fields[i].key, key->text, &best, &best_distance);
		if (fields[i].type != YAML_F_REFUSED)
			strbuf_addf(&list, "%s%s", list.len ? ", " : "", fields[i].key);
	}
	spec_complain(r, key->mark,
		      "unknown key \"%.60s\" in %s%s%s%s; expected one of: %s", key->text,
		      what, best ? ", did you mean \"" : "", best ? best : "",
		      best ? "\"?" : "", strbuf_str(&list));
}

bool yaml_get_lines(struct spec_report *r, const struct yaml_node *n, const char *what,
		    struct strvec *out)
{
	size_t from = out->n;

	if (!yaml_get_strs(r, n, what, out))
		return false;
	for (size_t i = from; i < out->n; i++)
		if (!is_one_line(r,
				 n->kind == YAML_LIST ? n->vals[i - from]->mark : n->mark,
				 what, out->v[i]))
			return false;
	return true;
}

static void store_str(struct spec_report *r, const struct yaml_field *f,
		      const struct yaml_node *n, const char *what, char **out)
{
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	if (f->type == YAML_F_LINE && !is_one_line(r, n->mark, what, s))
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
