// SPDX-License-Identifier: GPL-2.0-or-later
/* Hypotheses from YAML, every mistake with its place. */
#include "parse/hypothesis_spec.h"

#include <ctype.h>
#include <errno.h>

#include "parse/spec_load.h"
#include "util/mem.h"
#include "util/num.h"
#include "util/strbuf.h"

enum { MAX_DESCRIPTION = 4000 };

static void release_items(struct hypothesis_items *items)
{
	for (size_t i = 0; i < items->n; i++)
		strvec_release(&items->v[i].any);
	free(items->v);
	*items = (struct hypothesis_items){ NULL, 0 };
}

static void release_one(struct hypothesis *h)
{
	free(h->name);
	free(h->description);
	free(h->access);
	strvec_release(&h->functions);
	release_items(&h->trace);
	release_items(&h->modules);
	strvec_release(&h->allocated.any);
	strvec_release(&h->freed.any);
}

void hypotheses_release(struct hypotheses *h)
{
	for (size_t i = 0; i < h->n; i++)
		release_one(&h->v[i]);
	free(h->v);
	*h = (struct hypotheses)HYPOTHESES_INIT;
}

/* A name or glob: one word. */
static bool get_glob(struct spec_report *r, const struct yaml_node *n, const char *what,
		     const char **out)
{
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return false;
	if (!s[0] || strlen(s) > HYPOTHESIS_MAX_TEXT) {
		spec_complain(r, n->mark, "%s holds %s; expected a name or glob", what,
			      s[0] ? "a text that is too long" : "an empty text");
		return false;
	}
	for (const char *p = s; *p; p++) {
		if (isgraph((unsigned char)*p) && *p != '+' && *p != '/')
			continue;
		spec_complain(
			r, n->mark,
			"%s holds \"%.60s\"; expected a name or glob without blanks and offsets",
			what, s);
		return false;
	}
	*out = s;
	return true;
}

static void add_glob(struct spec_report *r, const struct yaml_node *n, const char *what,
		     struct strvec *out)
{
	const char *s;

	if (get_glob(r, n, what, &s))
		strvec_add(out, s);
}

static bool is_short_list(struct spec_report *r, const struct yaml_node *n,
			  const char *what)
{
	if (n->n && n->n <= HYPOTHESIS_MAX_ITEMS)
		return true;
	spec_complain(r, n->mark, "%s has %zu names; expected 1 to %d", what, n->n,
		      HYPOTHESIS_MAX_ITEMS);
	return false;
}

/* One name or a list of them. */
static void load_any(struct spec_report *r, const struct yaml_node *n, const char *what,
		     void *strvec)
{
	if (n->kind != YAML_LIST)
		add_glob(r, n, what, strvec);
	else if (is_short_list(r, n, what))
		for (size_t i = 0; i < n->n; i++)
			add_glob(r, n->vals[i], what, strvec);
}

/* All of a list, any of a list in it. */
static void load_all(struct spec_report *r, const struct yaml_node *n, const char *what,
		     void *base)
{
	struct hypothesis_items *items = base;
	const struct yaml_node *const *v = &n;
	size_t count = 1, names = 0;

	if (n->kind == YAML_LIST) {
		if (!is_short_list(r, n, what))
			return;
		v = (const struct yaml_node *const *)n->vals;
		count = n->n;
	}
	items->v = xcalloc(count, sizeof(*items->v));
	for (size_t i = 0; i < count; i++) {
		struct hypothesis_item *item = &items->v[items->n++];

		load_any(r, v[i], what, &item->any);
		names += item->any.n;
	}
	if (names > HYPOTHESIS_MAX_ITEMS)
		spec_complain(r, n->mark, "%s has %zu names; expected 1 to %d", what,
			      names, HYPOTHESIS_MAX_ITEMS);
}

static void load_kind(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *kinds)
{
	if (n->kind != YAML_LIST || is_short_list(r, n, what))
		spec_load_kinds(r, n, what, kinds);
}

static size_t identifier(const char *s)
{
	size_t n = 0;

	if (isdigit((unsigned char)*s))
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

/* "struct TYPE.MEMBER", "union TYPE.MEMBER.MEMBER". */
static bool is_access(const char *s)
{
	size_t n, members = 0;

	if (strncmp(s, "struct ", 7) == 0)
		s += 7;
	else if (strncmp(s, "union ", 6) == 0)
		s += 6;
	else
		return false;
	n = identifier(s);
	for (s += n; n && *s == '.'; s += n, members++)
		n = identifier(++s);
	return n && members && !*s;
}

static void load_access(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *str)
{
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	if (strlen(s) <= HYPOTHESIS_MAX_TEXT && is_access(s))
		*(char **)str = xstrdup(s);
	else
		spec_complain(
			r, n->mark,
			"%s is \"%.60s\"; expected a member as in \"struct dma_fence.context\"",
			what, s);
}

static void load_base(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *is_null)
{
	if (n->kind == YAML_SCALAR &&
	    ((yaml_is_null(n) && n->text[0]) || strcmp(n->text, "null") == 0))
		*(bool *)is_null = true;
	else
		spec_complain(r, n->mark, "%s is %s%.40s%s; expected null", what,
			      n->kind == YAML_SCALAR ? "\"" : "",
			      n->kind == YAML_SCALAR ? n->text : "no single value",
			      n->kind == YAML_SCALAR ? "\"" : "");
}

static void load_address(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *base)
{
	struct hypothesis *h = base;
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	h->has_fault_address =
		parse_u64n(s, strlen(s), strncmp(s, "0x", 2) == 0 ? 16 : 10, UINT64_MAX,
			   &h->fault_address) == 0;
	if (!h->has_fault_address)
		spec_complain(r, n->mark, "%s is \"%.40s\"; expected an address as 0x20",
			      what, s);
}

static void load_name(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *str)
{
	const char *s;
	bool is_line = true;

	if (!yaml_get_str(r, n, what, &s))
		return;
	for (const char *p = s; *p; p++)
		is_line &= (unsigned char)*p >= 0x20;
	if (s[0] && is_line && strlen(s) <= HYPOTHESIS_MAX_TEXT)
		*(char **)str = xstrdup(s);
	else
		spec_complain(r, n->mark, "%s is %s; expected one line of 1 to %d bytes",
			      what,
			      !s[0]     ? "empty"
			      : is_line ? "too long"
					: "more than a line",
			      HYPOTHESIS_MAX_TEXT);
}

static void load_description(struct spec_report *r, const struct yaml_node *n,
			     const char *what, void *str)
{
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	if (strlen(s) <= MAX_DESCRIPTION)
		*(char **)str = xstrdup(s);
	else
		spec_complain(r, n->mark, "%s is too long; expected at most %d bytes",
			      what, MAX_DESCRIPTION);
}

static const struct yaml_field fields[] = {
	YAML_FN_REQUIRED("name", load_name, struct hypothesis, name),
	YAML_FN("description", load_description, struct hypothesis, description),
	YAML_FN("kind", load_kind, struct hypothesis, kinds),
	YAML_FN("function", load_any, struct hypothesis, functions),
	YAML_FN("access", load_access, struct hypothesis, access),
	YAML_FN("base", load_base, struct hypothesis, base_null),
	YAML_FN_BASE("fault_address", load_address),
	YAML_FN("trace_contains", load_all, struct hypothesis, trace),
	YAML_FN("allocated_in", load_any, struct hypothesis, allocated.any),
	YAML_FN("freed_in", load_any, struct hypothesis, freed.any),
	YAML_FN("modules", load_all, struct hypothesis, modules),
};

static bool has_clause(const struct yaml_node *n)
{
	for (size_t i = 2; i < ARRAY_SIZE(fields); i++)
		if (yaml_find(n, fields[i].key))
			return true;
	return false;
}

static bool is_known(const struct hypotheses *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->v[i].name, name) == 0)
			return true;
	return false;
}

void hypotheses_add(struct spec_report *r, const struct yaml_node *n, const char *what,
		    struct hypotheses *out)
{
	struct hypothesis h = { .mark = n->mark };

	if (out->n == HYPOTHESES_MAX) {
		spec_complain(r, n->mark, "%s is one too many; expected at most %d", what,
			      HYPOTHESES_MAX);
		return;
	}
	if (!yaml_load_map(r, n, what, fields, ARRAY_SIZE(fields), &h))
		return;
	if (!has_clause(n))
		spec_complain(
			r, n->mark,
			"%s claims nothing; expected one of: kind, function, access, base, fault_address, trace_contains, allocated_in, freed_in, modules",
			what);
	if (h.name && is_known(out, h.name))
		spec_complain(
			r, yaml_find(n, "name")->mark,
			"%s.name \"%.60s\" stands for another one already; expected different names",
			what, h.name);
	else if (h.name) {
		out->v = xreallocarray(out->v, out->n + 1, sizeof(*out->v));
		out->v[out->n++] = h;
		return;
	}
	release_one(&h);
}

static void load_list(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *base)
{
	if (!yaml_want_list(r, n, what))
		return;
	if (!n->n)
		spec_complain(r, n->mark, "%s is empty; expected one hypothesis or more",
			      what);
	for (size_t i = 0; i < n->n; i++)
		hypotheses_add(r, n->vals[i], "hypothesis", base);
}

static const struct yaml_field file_fields[] = {
	YAML_FN_BASE("hypotheses", load_list),
};

static void load_root(struct spec_report *r, const struct yaml_node *root,
		      struct hypotheses *out)
{
	if (root->kind == YAML_LIST)
		load_list(r, root, "the file", out);
	else if (yaml_find(root, "hypotheses"))
		yaml_load_map(r, root, "", file_fields, ARRAY_SIZE(file_fields), out);
	else
		hypotheses_add(r, root, "hypothesis", out);
}

int hypotheses_parse(const char *path, const char *text, size_t len,
		     struct hypotheses *out, struct spec_messages *msgs, struct err *err)
{
	_cleanup_spec_report_ struct spec_report r = { .path = path };
	_cleanup_yaml_doc_ struct yaml_doc *doc = NULL;

	if (yaml_parse(text, len, &doc, &r) == 0)
		load_root(&r, yaml_root(doc), out);
	return spec_report_finish(&r, msgs, err);
}

int hypotheses_load(const char *path, struct hypotheses *out, struct spec_messages *msgs,
		    struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	int r = spec_read_file(path, &text, msgs, err);

	return r ? r
		 : hypotheses_parse(path, strbuf_str(&text), text.len, out, msgs, err);
}
