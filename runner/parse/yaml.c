// SPDX-License-Identifier: GPL-2.0-or-later
/* Text to a bounded tree, by libfyaml's event parser (its document builder expands
 * aliases without a limit and says nothing about further documents). Knows YAML, not what
 * the keys mean. */
#include "parse/yaml_int.h"

#include <errno.h>
#include <libfyaml.h>

#include "util/mem.h"

enum { MAX_ANCHORS = 1000 }; /* they are looked up one by one */

/* A mapping or list that is being read. */
struct level {
	struct yaml_node *node;
	struct yaml_node *key; /* of the pair whose value comes next */
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

static struct yaml_node *new_node(struct yaml_doc *doc, enum yaml_kind kind,
				  struct spec_mark mark)
{
	struct yaml_node *n = xcalloc(1, sizeof(*n));

	n->kind = kind;
	n->mark = mark;
	n->weight = 1;
	doc->nodes = yaml_grow(doc->nodes, doc->n_nodes, sizeof(*doc->nodes));
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

/* Put a finished value where it belongs: root, list item, key or value of a pair. */
static bool place(struct yaml_doc *doc, struct yaml_node *n, struct spec_report *r)
{
	struct level *l = doc->depth ? &doc->levels[doc->depth - 1] : NULL;

	if (!l) {
		doc->root = n;
		return true;
	}
	if (l->node->kind == YAML_LIST) {
		l->node->vals =
			yaml_grow(l->node->vals, l->node->n, sizeof(*l->node->vals));
		l->node->vals[l->node->n++] = n;
		return true;
	}
	if (l->key) {
		yaml_pair_add(l->node, l->key, n);
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
	struct yaml_node *n = doc->levels[--doc->depth].node;

	if (n->kind == YAML_MAP && !yaml_pairs_settle(n, r))
		return false;
	n->is_open = false;
	for (size_t i = 0; i < n->n; i++)
		n->weight += n->vals[i]->weight + (n->kind == YAML_MAP);
	return true;
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
	char *name = yaml_token_text(t, &len);

	for (size_t i = 0; i < doc->n_anchors; i++) {
		if (strcmp(doc->anchors[i].name, name) != 0)
			continue;
		doc->anchors[i].node = n; /* the latest one of a name counts */
		free(name);
		return true;
	}
	doc->anchors = yaml_grow(doc->anchors, doc->n_anchors, sizeof(*doc->anchors));
	doc->anchors[doc->n_anchors++] = (struct anchor){ name, n };
	return true;
}

static bool on_scalar(struct yaml_doc *doc, struct fy_event *e, struct spec_mark mark,
		      struct spec_report *r)
{
	struct yaml_node *n = new_node(doc, YAML_SCALAR, mark);

	return yaml_scalar_fill(n, e->scalar.value, doc->text, doc->len, r) &&
	       yaml_tag_check(e->scalar.tag, n, r) && count_weight(doc, 1, mark, r) &&
	       set_anchor(doc, e->scalar.anchor, n, r) && place(doc, n, r);
}

static bool on_alias(struct yaml_doc *doc, struct fy_event *e, struct spec_mark mark,
		     struct spec_report *r)
{
	size_t len;
	_cleanup_free_ char *name = yaml_token_text(e->alias.anchor, &len);

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
	       yaml_tag_check(is_map ? e->mapping_start.tag : e->sequence_start.tag, n,
			      r);
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

		bool has_ended = yaml_bytes_end(doc->text, doc->len, &mark);

		spec_complain(r, mark, "no valid YAML: %s%s", e->msg,
			      has_ended ? "; the file ends here" : "");
		any = true;
	}
	return any;
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
	if (!yaml_bytes_check(text, len, r) || !read_events(doc, text, len, r))
		return -EINVAL;
	if (!doc->has_ended || doc->depth) {
		spec_complain(r, doc->last, "no valid YAML: the document does not end");
		return -EINVAL;
	}
	*out = TAKE_PTR(doc);
	return 0;
}
