// SPDX-License-Identifier: GPL-2.0-or-later
/* Text to a bounded tree, by libfyaml's event parser (its document builder expands
 * aliases without a limit and says nothing about further documents). Knows YAML, not what
 * the keys mean. */
#include "parse/yaml.h"

#include <errno.h>
#include <libfyaml.h>

#include "util/mem.h"
#include "util/strbuf.h"
#include "util/utf8.h"

enum { MAX_ANCHORS = 1000 }; /* they are looked up one by one */

/* A mapping or list that is being read. */
struct level {
	struct yaml_node *node;
	struct yaml_node *key; /* of the pair whose value comes next */
	size_t n_explicit;     /* pairs before what merge keys brought */
};

struct anchor {
	char *name;
	struct yaml_node *node; /* borrowed from the document */
};

struct yaml_doc {
	struct yaml_node *root;
	struct yaml_node **nodes; /* all of them, for freeing */
	size_t n_nodes;
	struct anchor *anchors;
	size_t n_anchors;
	uint64_t weight;
	struct level levels[YAML_MAX_DEPTH];
	size_t depth;
	struct spec_mark last; /* where the latest token stood */
	bool has_ended;
	const char *text; /* borrowed while events are read */
	size_t len;
};

static void free_node(struct yaml_node *n)
{
	free(n->text);
	free(n->keys);
	free(n->vals);
	free(n);
}

void yaml_doc_free(struct yaml_doc *doc)
{
	if (!doc)
		return;
	for (size_t i = 0; i < doc->n_nodes; i++)
		free_node(doc->nodes[i]);
	for (size_t i = 0; i < doc->n_anchors; i++)
		free(doc->anchors[i].name);
	free(doc->nodes);
	free(doc->anchors);
	free(doc);
}

const struct yaml_node *yaml_root(const struct yaml_doc *doc)
{
	return doc->root;
}

/* Room for one more element; arrays grow at powers of two, so that no capacity needs
 * storing. */
static void *grow(void *p, size_t n, size_t size)
{
	if (n & (n - 1))
		return p;
	return xreallocarray(p, n ? n * 2 : 1, size);
}

static struct yaml_node *new_node(struct yaml_doc *doc, enum yaml_kind kind,
				  struct spec_mark mark)
{
	struct yaml_node *n = xcalloc(1, sizeof(*n));

	n->kind = kind;
	n->mark = mark;
	n->weight = 1;
	doc->nodes = grow(doc->nodes, doc->n_nodes, sizeof(*doc->nodes));
	doc->nodes[doc->n_nodes++] = n;
	return n;
}

static bool count_weight(struct yaml_doc *doc, uint32_t weight, struct spec_mark mark,
			 struct spec_report *r)
{
	doc->weight += weight;
	if (doc->weight <= YAML_MAX_NODES)
		return true;
	spec_complain(r, mark, "too large: more than %d values once aliases are expanded",
		      YAML_MAX_NODES);
	return false;
}

static struct spec_mark mark_of(struct yaml_doc *doc, const struct fy_mark *m)
{
	if (m && m->line >= 0 && m->column >= 0)
		doc->last = (struct spec_mark){ .line = (uint32_t)m->line + 1,
						.col = (uint32_t)m->column + 1 };
	return doc->last;
}

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

/* Explicit duplicates are errors; a merged pair yields to an explicit or earlier one. */
static bool settle_keys(struct level *l, struct spec_report *r)
{
	struct yaml_node *map = l->node;
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
			if (pairs[i].order >= l->n_explicit)
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

static void add_pair(struct yaml_node *map, struct yaml_node *key, struct yaml_node *val)
{
	map->keys = grow(map->keys, map->n, sizeof(*map->keys));
	map->vals = grow(map->vals, map->n, sizeof(*map->vals));
	map->keys[map->n] = key;
	map->vals[map->n++] = val;
}

/* YAML 1.1's merge key, which LAVA's loader knows: `<<: *base` or `<<: [*a, *b]`. */
static bool merge(struct yaml_node *map, const struct yaml_node *from,
		  struct spec_mark mark, struct spec_report *r, bool may_be_list)
{
	if (from->kind == YAML_MAP) {
		for (size_t i = 0; i < from->n; i++)
			add_pair(map, from->keys[i], from->vals[i]);
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

static bool close_map(struct level *l, struct spec_report *r)
{
	struct yaml_node *map = l->node, *from = NULL;
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
	l->n_explicit = map->n;
	if (from && !merge(map, from, mark, r, true))
		return false;
	return settle_keys(l, r);
}

/* Put a finished value where it belongs: root, list item, key or value of a pair. */
static bool place(struct yaml_doc *doc, struct yaml_node *n, struct spec_report *r)
{
	struct level *l = doc->depth ? &doc->levels[doc->depth - 1] : NULL;

	if (!l) {
		doc->root = n;
		return true;
	}
	if (l->node->kind == YAML_LIST) {
		l->node->vals = grow(l->node->vals, l->node->n, sizeof(*l->node->vals));
		l->node->vals[l->node->n++] = n;
		return true;
	}
	if (l->key) {
		add_pair(l->node, l->key, n);
		l->key = NULL;
		return true;
	}
	if (n->kind != YAML_SCALAR) {
		spec_complain(r, n->mark, "a %s cannot be a key; expected a word",
			      n->kind == YAML_MAP ? "mapping" : "list");
		return false;
	}
	l->key = n;
	return true;
}

static bool open_level(struct yaml_doc *doc, enum yaml_kind kind, struct spec_mark mark,
		       struct yaml_node **out, struct spec_report *r)
{
	struct yaml_node *n;

	if (doc->depth == YAML_MAX_DEPTH) {
		spec_complain(r, mark, "nested too deeply; expected at most %d levels",
			      YAML_MAX_DEPTH);
		return false;
	}
	n = new_node(doc, kind, mark);
	n->is_open = true;
	if (!count_weight(doc, 1, mark, r) || !place(doc, n, r))
		return false;
	doc->levels[doc->depth++] = (struct level){ .node = n };
	*out = n;
	return true;
}

static bool close_level(struct yaml_doc *doc, struct spec_report *r)
{
	struct level *l = &doc->levels[--doc->depth];
	struct yaml_node *n = l->node;

	if (n->kind == YAML_MAP && !close_map(l, r))
		return false;
	n->is_open = false;
	for (size_t i = 0; i < n->n; i++)
		n->weight += n->vals[i]->weight + (n->kind == YAML_MAP);
	return true;
}

static char *token_text(struct fy_token *t, size_t *len)
{
	const char *s = t ? fy_token_get_text(t, len) : NULL;

	if (!s) {
		*len = 0;
		s = "";
	}
	return xstrndup(s, *len);
}

static bool set_anchor(struct yaml_doc *doc, struct fy_token *t, struct yaml_node *n,
		       struct spec_report *r)
{
	size_t len;

	if (!t)
		return true;
	if (doc->n_anchors == MAX_ANCHORS) {
		spec_complain(r, n->mark, "too many anchors; expected at most %d",
			      MAX_ANCHORS);
		return false;
	}
	char *name = token_text(t, &len);

	for (size_t i = 0; i < doc->n_anchors; i++) {
		if (strcmp(doc->anchors[i].name, name) != 0)
			continue;
		doc->anchors[i].node = n; /* the latest one of a name counts */
		free(name);
		return true;
	}
	doc->anchors = grow(doc->anchors, doc->n_anchors, sizeof(*doc->anchors));
	doc->anchors[doc->n_anchors++] = (struct anchor){ name, n };
	return true;
}

/* Only the tags of YAML's own core types; !!str makes 5 a text. */
static bool check_tag(struct fy_token *tag, struct yaml_node *n, struct spec_report *r)
{
	static const char *const core[] = { "str",  "int", "float", "bool",
					    "null", "map", "seq" };
	static const char prefix[] = "tag:yaml.org,2002:";
	size_t len;

	if (!tag)
		return true;
	_cleanup_free_ char *text = token_text(tag, &len);

	if (strcmp(text, "!") == 0) {
		n->is_plain = false;
		return true;
	}
	if (strncmp(text, prefix, sizeof(prefix) - 1) == 0) {
		const char *word = text + sizeof(prefix) - 1;

		if (strcmp(word, "str") == 0)
			n->is_plain = false;
		for (size_t i = 0; i < ARRAY_SIZE(core); i++)
			if (strcmp(word, core[i]) == 0)
				return true;
	}
	spec_complain(r, n->mark,
		      "the tag %.60s is not known here; expected a plain value", text);
	return false;
}

/* libfyaml's marks stand behind the opening quote; ours stand on it. */
static void set_extent(struct yaml_node *n, struct fy_token *t)
{
	const struct fy_mark *from = fy_token_start_mark(t), *to = fy_token_end_mark(t);
	enum fy_scalar_style style = fy_token_scalar_style(t);

	if (from && to && from->input_pos <= to->input_pos) {
		n->begin = from->input_pos;
		n->end = to->input_pos;
	}
	if ((style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) &&
	    n->mark.col > 1)
		n->mark.col--;
}

/* libfyaml 0.7 leaks its work area when a single-quoted text holds many quotes, so these
 * are unfolded here: '' is a quote, a line break is a space, n of them are n - 1. */
static char *unfold_single_quoted(const char *s, size_t len)
{
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < len; i++) {
		size_t n_breaks = 0, k = i;

		while (k < len && strchr(" \t\r\n", s[k]))
			n_breaks += s[k++] == '\n';
		if (n_breaks == 1)
			strbuf_addch(&sb, ' ');
		for (size_t b = 1; b < n_breaks; b++)
			strbuf_addch(&sb, '\n');
		if (!n_breaks)
			strbuf_add(&sb, s + i, k > i ? k - i : 1);
		if (k > i)
			i = k - 1;
		else if (s[i] == '\'' && i + 1 < len && s[i + 1] == '\'')
			i++;
	}
	return strbuf_take(&sb);
}

static char *scalar_text(const struct yaml_doc *doc, const struct yaml_node *n,
			 struct fy_token *t, size_t *len)
{
	if (!t || fy_token_scalar_style(t) != FYSS_SINGLE_QUOTED || n->end > doc->len)
		return token_text(t, len);
	char *s = unfold_single_quoted(doc->text + n->begin, n->end - n->begin);

	*len = strlen(s);
	return s;
}

static bool on_scalar(struct yaml_doc *doc, struct fy_event *e, struct spec_mark mark,
		      struct spec_report *r)
{
	struct yaml_node *n = new_node(doc, YAML_SCALAR, mark);
	struct fy_token *t = e->scalar.value;
	size_t len;

	if (t)
		set_extent(n, t);
	n->text = scalar_text(doc, n, t, &len);
	n->is_bare = !t || fy_token_scalar_style(t) == FYSS_PLAIN;
	n->is_plain = n->is_bare;
	if (strlen(n->text) != len) {
		spec_complain(r, n->mark,
			      "the text holds a NUL character; expected text");
		return false;
	}
	return check_tag(e->scalar.tag, n, r) && count_weight(doc, 1, mark, r) &&
	       set_anchor(doc, e->scalar.anchor, n, r) && place(doc, n, r);
}

static bool on_alias(struct yaml_doc *doc, struct fy_event *e, struct spec_mark mark,
		     struct spec_report *r)
{
	size_t len;
	_cleanup_free_ char *name = token_text(e->alias.anchor, &len);

	for (size_t i = 0; i < doc->n_anchors; i++) {
		struct yaml_node *n = doc->anchors[i].node;

		if (strcmp(doc->anchors[i].name, name) != 0)
			continue;
		if (n->is_open) {
			spec_complain(r, mark, "the alias *%.60s contains itself", name);
			return false;
		}
		return count_weight(doc, n->weight, mark, r) && place(doc, n, r);
	}
	spec_complain(r, mark,
		      "the alias *%.60s has no anchor; expected &%.60s before it", name,
		      name);
	return false;
}

static bool on_start(struct yaml_doc *doc, struct fy_event *e, struct spec_mark mark,
		     struct spec_report *r)
{
	bool is_map = e->type == FYET_MAPPING_START;
	struct yaml_node *n;

	if (!open_level(doc, is_map ? YAML_MAP : YAML_LIST, mark, &n, r))
		return false;
	return set_anchor(doc,
			  is_map ? e->mapping_start.anchor : e->sequence_start.anchor, n,
			  r) &&
	       check_tag(is_map ? e->mapping_start.tag : e->sequence_start.tag, n, r);
}

static bool on_event(struct yaml_doc *doc, struct fy_event *e, struct spec_report *r)
{
	struct spec_mark mark = mark_of(doc, fy_event_start_mark(e));

	switch (e->type) {
	case FYET_DOCUMENT_START:
		if (!doc->has_ended)
			return true;
		spec_complain(r, mark, "a second document begins; expected one document");
		return false;
	case FYET_DOCUMENT_END:
		doc->has_ended = true;
		return true;
	case FYET_MAPPING_START:
	case FYET_SEQUENCE_START:
		return on_start(doc, e, mark, r);
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		return close_level(doc, r);
	case FYET_SCALAR:
		return on_scalar(doc, e, mark, r);
	case FYET_ALIAS:
		return on_alias(doc, e, mark, r);
	case FYET_NONE:
	case FYET_STREAM_START:
	case FYET_STREAM_END:
		break;
	}
	return true;
}

/* The place behind the last character that is no line end: of a file that breaks off,
 * libfyaml names a line that is not there. false: the mark is in the text. */
static bool is_behind_end(const struct yaml_doc *doc, struct spec_mark *mark)
{
	struct spec_mark end = { 1, 1 };
	size_t len = doc->len;

	while (len && (doc->text[len - 1] == '\n' || doc->text[len - 1] == '\r'))
		len--;
	for (size_t i = 0; i < len; i++) {
		if (doc->text[i] == '\n')
			end = (struct spec_mark){ end.line + 1, 1 };
		else
			end.col += ((unsigned char)doc->text[i] & 0xc0) != 0x80;
	}
	if (mark->line <= end.line)
		return false;
	*mark = end;
	return true;
}

/* libfyaml's own errors, with its columns (from 1). */
static bool take_diag(const struct yaml_doc *doc, struct fy_diag *diag,
		      struct spec_report *r)
{
	struct fy_diag_error *e;
	void *it = NULL;
	bool any = false;

	while ((e = fy_diag_errors_iterate(diag, &it))) {
		struct spec_mark mark = { .line = e->line > 0 ? (uint32_t)e->line : 1,
					  .col = e->column > 0 ? (uint32_t)e->column
							       : 1 };

		bool has_ended = is_behind_end(doc, &mark);

		spec_complain(r, mark, "no valid YAML: %s%s", e->msg,
			      has_ended ? "; the file ends here" : "");
		any = true;
	}
	return any;
}

/* What no YAML may hold, found before the parser sees it: control characters and bytes
 * that are no UTF-8. */
static bool check_bytes(const char *text, size_t len, struct spec_report *r)
{
	struct spec_mark mark = { 1, 1 };
	size_t n;

	for (size_t i = 0; i < len; i += n, mark.col++) {
		unsigned char c = (unsigned char)text[i];

		n = utf8_len(text + i, len - i);
		if (!n) {
			spec_complain(r, mark, "byte 0x%02x is no UTF-8; expected UTF-8",
				      c);
			return false;
		}
		if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
			spec_complain(r, mark, "control character 0x%02x; expected text",
				      c);
			return false;
		}
		if (c == '\n')
			mark = (struct spec_mark){ mark.line + 1, 0 };
	}
	return true;
}

static bool read_events(struct yaml_doc *doc, const char *text, size_t len,
			struct spec_report *r)
{
	struct fy_diag_cfg diag_cfg;
	bool ok = true;

	doc->text = text;
	doc->len = len;
	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	struct fy_diag *diag = fy_diag_create(&diag_cfg);
	if (!diag)
		BUG("libfyaml gives no diag object");
	fy_diag_set_collect_errors(diag, true);
	struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET, .diag = diag };
	struct fy_parser *p = fy_parser_create(&cfg);
	if (!p || fy_parser_set_string(p, text, len))
		BUG("libfyaml gives no parser");

	while (ok) {
		struct fy_event *e = fy_parser_parse(p);

		if (!e)
			break;
		ok = on_event(doc, e, r);
		fy_parser_event_free(p, e);
	}
	if (ok && take_diag(doc, diag, r))
		ok = false;
	if (ok && !doc->root) {
		spec_complain(r, (struct spec_mark){ 1, 1 },
			      "the file is empty; expected a mapping");
		ok = false;
	}
	fy_parser_destroy(p);
	fy_diag_destroy(diag);
	return ok;
}

int yaml_parse(const char *text, size_t len, struct yaml_doc **out, struct spec_report *r)
{
	_cleanup_yaml_doc_ struct yaml_doc *doc = xcalloc(1, sizeof(*doc));

	*out = NULL;
	if (len > YAML_MAX_BYTES) {
		spec_complain(r, (struct spec_mark){ 1, 1 },
			      "%zu bytes are too many; expected at most %d", len,
			      YAML_MAX_BYTES);
		return -EINVAL;
	}
	if (!check_bytes(text, len, r) || !read_events(doc, text, len, r))
		return -EINVAL;
	if (!doc->has_ended || doc->depth) {
		spec_complain(r, doc->last, "no valid YAML: the document does not end");
		return -EINVAL;
	}
	*out = TAKE_PTR(doc);
	return 0;
}
