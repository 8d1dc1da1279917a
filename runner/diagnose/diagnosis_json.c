// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the diagnosis's JSON form (docs/result.md). */
#include "diagnose/diagnosis.h"

#include "util/jsonx.h"
#include "util/mem.h"

static json_t *register_json(int reg)
{
	return reg == INSN_NO_REG ? json_null() : json_string(insn_reg_name(reg));
}

static const char *origin_name(enum origin o)
{
	switch (o) {
	case ORIGIN_UNKNOWN:
		return NULL;
	case ORIGIN_LOADED:
		return "loaded";
	case ORIGIN_MASKED:
		return "masked";
	case ORIGIN_RETURNED:
		return "returned";
	case ORIGIN_ARGUMENT:
		return "argument";
	case ORIGIN_CONSTANT:
		return "constant";
	}
	BUG("origin %d", (int)o);
}

static json_t *origin_json(const struct diagnosis *d)
{
	const struct base_origin *b = &d->origin;
	json_t *o;

	if (b->kind == ORIGIN_UNKNOWN)
		return json_null();
	o = json_object();
	json_put(o, "kind", json_string(origin_name(b->kind)));
	if (b->kind != ORIGIN_ARGUMENT) {
		char text[INSN_TEXT_BYTES];

		insn_to_text(&b->insn, text);
		json_put(o, "instruction", json_lossy_str(text));
	}
	json_put(o, "register", register_json(b->reg));
	json_put(o, "value", b->has_value ? json_hex(b->value) : json_null());
	if (b->kind == ORIGIN_LOADED)
		json_put(o, "offset", json_signed_hex(b->disp));
	if (b->kind == ORIGIN_MASKED)
		json_put(o, "mask", json_hex(b->mask));
	json_put(o, "says", json_lossy_str(d->origin_says));
	return o;
}

static json_t *candidates_json(const struct diagnosis *d)
{
	json_t *a = json_array();

	for (size_t i = 0; i < d->n_candidates; i++) {
		const struct candidate *c = &d->candidates[i];
		json_t *o = json_object();

		json_put(o, "type", json_lossy_str(c->type));
		json_put(o, "member", json_lossy_str(c->member));
		json_put(o, "offset", json_hex(c->offset));
		json_put(o, "why", json_lossy_str(c->why));
		json_put(o, "rank", json_integer((json_int_t)c->rank));
		json_push(a, o);
	}
	return a;
}

static json_t *source_json(const struct diagnosis *d)
{
	char *s;
	json_t *j;

	if (d->n_source == 0)
		return json_null();
	s = xasprintf("%s:%u", d->source[0].file, d->source[0].line);
	j = json_lossy_str(s);
	free(s);
	return j;
}

static json_t *frame_lines_json(const struct diagnosis *d)
{
	json_t *a = json_array();

	for (size_t i = 0; i < d->n_frame_lines; i++)
		json_push(a, json_lossy_str(d->frame_lines[i]));
	return a;
}

static json_t *inlined_json(const struct diagnosis *d)
{
	json_t *a = json_array();

	for (size_t i = 0; i < d->n_source; i++) {
		json_t *o = json_object();

		json_put(o, "function", json_lossy_str(d->source[i].function));
		json_put(o, "file", json_lossy_str(d->source[i].file));
		json_put(o, "line", json_integer(d->source[i].line));
		json_push(a, o);
	}
	return a;
}

json_t *diagnosis_to_json(const struct diagnosis *d)
{
	json_t *o = json_object();
	char text[INSN_TEXT_BYTES];

	if (d->has_insn)
		insn_to_text(&d->insn, text);
	json_put(o, "warnings", json_lossy_strs(&d->warnings));
	json_put(o, "instruction", d->has_insn ? json_lossy_str(text) : json_null());
	json_put(o, "base_register", register_json(d->base));
	json_put(o, "base_value",
		 d->has_base_value ? json_hex(d->base_value) : json_null());
	json_put(o, "access_offset",
		 d->has_access_offset ? json_signed_hex(d->access_offset) : json_null());
	json_put(o, "address_matches",
		 d->has_match ? json_boolean(d->address_matches) : json_null());
	json_put(o, "null_base",
		 d->has_base_value ? json_boolean(d->null_base) : json_null());
	json_put(o, "origin", origin_json(d));
	json_put(o, "base_type", json_lossy_str(d->base_type));
	json_put(o, "base_type_why", json_lossy_str(d->base_type_why));
	json_put(o, "candidates", candidates_json(d));
	json_put(o, "assumption", json_lossy_str(d->assumption));
	json_put(o, "source", source_json(d));
	json_put(o, "inlined", inlined_json(d));
	json_put(o, "trace_source", frame_lines_json(d));
	json_put(o, "reasons", json_lossy_strs(&d->reasons));
	json_put(o, "next", json_lossy_strs(&d->next));
	return o;
}
