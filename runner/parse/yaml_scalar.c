// SPDX-License-Identifier: GPL-2.0-or-later
/* A single value from libfyaml's token: its text, its place in the file, its tag. */
#include "parse/yaml_int.h"

#include <libfyaml.h>

#include "util/mem.h"
#include "util/strbuf.h"

char *yaml_token_text(struct fy_token *t, size_t *len)
{
	const char *s = t ? fy_token_get_text(t, len) : NULL;

	if (!s) {
		*len = 0;
		s = "";
	}
	return xstrndup(s, *len);
}

/* Only the tags of YAML's own core types; !!str makes 5 a text. */
bool yaml_tag_check(struct fy_token *tag, struct yaml_node *n, struct spec_report *r)
{
	static const char *const core[] = { "str",  "int", "float", "bool",
					    "null", "map", "seq" };
	static const char prefix[] = "tag:yaml.org,2002:";
	size_t len;

	if (!tag)
		return true;
	_cleanup_free_ char *text = yaml_token_text(tag, &len);

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

bool yaml_scalar_fill(struct yaml_node *n, struct fy_token *t, const char *text,
		      size_t len, struct spec_report *r)
{
	enum fy_scalar_style style = t ? fy_token_scalar_style(t) : FYSS_PLAIN;
	size_t text_len;

	if (t)
		set_extent(n, t);
	if (style == FYSS_SINGLE_QUOTED && n->end <= len) {
		n->text = unfold_single_quoted(text + n->begin, n->end - n->begin);
		text_len = strlen(n->text);
	} else {
		n->text = yaml_token_text(t, &text_len);
	}
	n->is_bare = style == FYSS_PLAIN;
	n->is_plain = n->is_bare;
	if (strlen(n->text) == text_len)
		return true;
	spec_complain(r, n->mark, "the text holds a NUL character; expected text");
	return false;
}
