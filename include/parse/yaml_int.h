// SPDX-License-Identifier: GPL-2.0-or-later
/* Parts of the YAML reader. Private to runner/parse/yaml*.c. Those that return bool have
 * complained when it is false. */
#pragma once

#include "parse/yaml.h"

struct fy_token;

/* Bytes: UTF-8 without control characters. */
bool yaml_bytes_check(const char *text, size_t len, struct spec_report *r);
/* Is mark behind the last character that is no line end? It is moved there then. */
bool yaml_bytes_end(const char *text, size_t len, struct spec_mark *mark);

/* The caller owns it. A missing token is "". */
char *yaml_token_text(struct fy_token *t, size_t *len);
/* Text, quotes and extent of n from its token (NULL: an empty value); text is the file.
 */
bool yaml_scalar_fill(struct yaml_node *n, struct fy_token *t, const char *text,
		      size_t len, struct spec_report *r);
bool yaml_tag_check(struct fy_token *tag, struct yaml_node *n, struct spec_report *r);

/* Room for one more element; arrays grow at powers of two, so that no capacity needs
 * storing. */
void *yaml_grow(void *p, size_t n, size_t size);
void yaml_pair_add(struct yaml_node *map, struct yaml_node *key, struct yaml_node *val);
/* All pairs have been added: resolve the merge key, refuse duplicates. */
bool yaml_pairs_settle(struct yaml_node *map, struct spec_report *r);

/* Which known word a mistyped one was meant to be. */
struct yaml_hint {
	const char *given; /* borrowed, as best is */
	const char *best;  /* NULL: none is near */
	size_t distance;
};
void yaml_hint_consider(struct yaml_hint *h, const char *word);
