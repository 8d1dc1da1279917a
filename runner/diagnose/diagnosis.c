// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the way from an incident to its faulting access: which word, which base register,
 * does the sum give the fault address, where did the base come from, which member is
 * that. Words for people are diagnosis_says.c's. */
#include "diagnose/diagnosis.h"

#include "diagnose/assumed.h"
#include "diagnose/checked.h"
#include "diagnose/diagnosis_says.h"
#include "diagnose/dump.h"
#include "diagnose/place.h"
#include "parse/esr.h"
#include "util/mem.h"

enum { TAGS_SHIFT = 56 /* top byte ignored */ };

/* ---- the code ---- */

struct code {
	struct insn *v;
	size_t n;
	bool from_entry;
};

static void code_add(struct code *c, const uint32_t *words, size_t n, uint64_t pc_of_last)
{
	c->v = xreallocarray(NULL, n ? n : 1, sizeof(*c->v));
	c->n = n;
	for (size_t i = 0; i < n; i++)
		insn_decode(words[i], pc_of_last - 4 * (n - 1 - i), &c->v[i]);
}

/* Alternatives and static branches are patched at run time, so a word may differ; not
 * most of them. */
static bool is_same_code(const struct incident *in, const uint32_t *words, size_t n)
{
	size_t have = (size_t)in->code_faulting + 1, same = 0, seen = 0;

	for (size_t i = 0; i < have && i < n; i++) {
		seen++;
		same += in->code[have - 1 - i] == words[n - 1 - i];
	}
	return same * 2 >= seen;
}

/* The words up to the faulting one: those of the Code line are what ran; the build's go
 * further back. */
static void get_code(struct diagnosis *d, const struct incident *in, struct build *b,
		     struct code *c)
{
	_cleanup_free_ uint32_t *words = NULL;
	bool has_line = in->n_code > 0 && in->code_faulting >= 0 && dump_is_arm64(in);
	size_t n = b && d->has_place ? build_code(b, &d->place, &words) : 0;

	if (n > 0 && has_line && !is_same_code(in, words, n)) {
		place_other_build(
			d,
			xasprintf("its code at %s differs from the Code line", in->pc));
		n = 0;
	}
	if (n > 0) {
		size_t have = has_line ? (size_t)in->code_faulting + 1 : 0;

		for (size_t i = 0; i < have && i < n; i++)
			words[n - 1 - i] = in->code[have - 1 - i];
		code_add(c, words, n, d->place.addr);
		c->from_entry = true;
		d->code_is_from_build = !has_line;
	} else if (has_line) {
		code_add(c, in->code, (size_t)in->code_faulting + 1, 0);
	}
}

/* ---- the access ---- */

static bool index_value(const struct incident *in, const struct insn *i, int64_t *out)
{
	uint64_t v = 0;

	if (i->index != INSN_NO_REG && !dump_register(in, i->index, &v))
		return false;
	if (i->index_is_32)
		v = i->index_is_signed ? (uint64_t)(int64_t)(int32_t)v : (uint32_t)v;
	*out = (int64_t)(v << i->index_shift);
	return true;
}

/* Does the sum give the address, or a later byte of the same access? */
static bool is_hit(uint64_t sum, uint64_t address, uint64_t span)
{
	uint64_t mask = (UINT64_C(1) << TAGS_SHIFT) - 1;

	return ((address - sum) & mask) < span;
}

static void match_address(struct diagnosis *d, const struct incident *in)
{
	uint64_t sum = d->base_value + (uint64_t)d->access_offset;
	uint64_t span = d->insn.bytes ? d->insn.bytes : 64; /* dc: a line */
	struct esr e;

	esr_decode(in->esr, &e);
	if (!in->has_fault_address || !d->has_base_value || !d->has_access_offset ||
	    (in->has_esr && e.fnv))
		return;
	if (d->insn.is_pair)
		span *= 2;
	d->has_match = true;
	if (d->is_shadow_check)
		d->address_matches = sum >= in->real_first && sum <= in->real_last;
	else
		d->address_matches = is_hit(sum, in->fault_address, span);
}

/* Was the base made from the object by adding moved? Where the check's own code has
 * overwritten the base, the range that KASAN names tells. */
static bool is_made_from(const struct incident *in, uint64_t object, int64_t moved,
			 bool base_is_kept, int base)
{
	uint64_t sum = object + (uint64_t)moved, now;

	if (!base_is_kept)
		return sum >= in->real_first && sum <= in->real_last;
	return !dump_register(in, base, &now) || sum == now;
}

static void find_access(struct diagnosis *d, const struct incident *in,
			const struct code *c)
{
	const struct code_path path = { c->v, c->n, c->from_entry };
	size_t at = c->n - 1;
	int64_t offset = d->insn.disp, index = 0;
	int base = d->insn.base;

	d->has_access_offset = true;
	if (origin_of_shadow_check(in, &path, &base, &at)) {
		d->is_shadow_check = true;
		offset = 0;
	} else if (d->insn.has_index) {
		d->has_access_offset = index_value(in, &d->insn, &index);
		offset = index;
	}
	/* Past a move or an addition only where the dump has the register before it. */
	int object = base;
	int64_t moved = 0;
	uint64_t before;
	bool is_kept = origin_is_kept(&path, at, base);

	origin_find(in, &path, at, &object, &moved, &d->origin);
	if (object != base && dump_register(in, object, &before) &&
	    is_made_from(in, before, moved, is_kept, base)) {
		base = object;
		offset += moved;
		is_kept = true;
	}
	d->base = base;
	d->access_offset = offset;
	d->base_back_words = is_kept ? 0 : (unsigned)(c->n - 1 - at);
	d->has_base_value = is_kept && dump_register(in, base, &d->base_value);
	match_address(d, in);
	d->null_base = d->has_base_value && d->base_value == 0 &&
		       (!d->has_match || d->address_matches);
	d->origin_says = origin_to_str(&d->origin, base, d->null_base);
}

/* Kinds whose pc is the instruction that did it. */
static bool pc_did_it(const struct incident *in)
{
	switch (in->kind) {
	case INCIDENT_NULL_DEREF:
	case INCIDENT_PAGING_FAULT:
	case INCIDENT_USER_ACCESS:
	case INCIDENT_UAF:
	case INCIDENT_KASAN:
	case INCIDENT_KFENCE:
	case INCIDENT_OOPS_OTHER:
	case INCIDENT_BUG:
	case INCIDENT_WARN:
	case INCIDENT_UBSAN:
	case INCIDENT_GPF:
		return true;
	default:
		return false;
	}
}

static void find_instruction(struct diagnosis *d, const struct incident *in,
			     struct build *b)
{
	struct code c = { .v = NULL };
	struct esr e;

	esr_decode(in->esr, &e);
	if (!pc_did_it(in) || !dump_is_arm64(in))
		return;
	get_code(d, in, b, &c);
	if (c.n > 0) {
		d->has_insn = true;
		d->insn = c.v[c.n - 1];
		if (d->insn.is_memory && !d->insn.is_literal && d->insn.base >= 0 &&
		    (!in->has_esr || e.is_data || e.ec == ESR_EC_SP_ALIGN))
			find_access(d, in, &c);
	}
	free(c.v);
}

/* ---- the member ---- */

static bool wants_candidates(const struct diagnosis *d, const struct incident *in,
			     uint64_t *offset)
{
	struct esr e;

	esr_decode(in->esr, &e);
	if (in->has_esr && e.is_abort && !e.is_data)
		return false; /* an instruction was fetched, no member */
	if (d->has_access_offset && d->base != INSN_NO_REG && d->base != INSN_SP &&
	    d->access_offset >= 0) {
		*offset = (uint64_t)d->access_offset;
		return !d->has_match || d->address_matches;
	}
	/* No instruction: only NULL tells the offset. */
	*offset = in->has_real_range ? in->real_first : in->fault_address;
	return in->kind == INCIDENT_NULL_DEREF && in->has_fault_address && !d->has_insn &&
	       !(in->has_esr && e.fnv);
}

static void find_candidates(struct diagnosis *d, const struct incident *in,
			    struct build *b)
{
	struct candidate_query q = { .base = d->base };
	_cleanup_free_ char *name = NULL, *module = NULL;
	struct symbol sym;

	if (!wants_candidates(d, in, &q.offset))
		return;
	if (b && build_has_types(b)) {
		if (d->has_place) {
			q.at = d->place;
			q.at.addr -= 4 * (uint64_t)d->base_back_words;
		} else if (!build_has_code(b) &&
			   place_pc_symbol(in, &sym, &name, &module)) {
			q.at.function = name; /* bare BTF knows prototypes */
		}
		if (d->has_place && d->base != INSN_NO_REG)
			d->base_type =
				build_register_type(b, &q.at, d->base, &d->base_type_why);
		q.bytes = d->has_insn && !d->is_shadow_check ? d->insn.bytes : 0;
		d->n_candidates = build_candidates(b, &q, &d->candidates);
		return;
	}
	d->candidates_assumed = true;
	assumed_candidates(d, in, q.offset);
}

/* A report of KASAN's own, not a fault on its shadow. */
static bool is_kasan(const struct incident *in)
{
	return !in->pc && (in->kind == INCIDENT_UAF || in->kind == INCIDENT_KASAN ||
			   in->kind == INCIDENT_NULL_DEREF);
}

void diagnosis_make(struct diagnosis *d, const struct incident *in, struct build *b)
{
	memset(d, 0, sizeof(*d));
	d->base = INSN_NO_REG;
	d->origin.reg = INSN_NO_REG;
	if (b)
		place_find(d, in, b);
	find_instruction(d, in, b);
	find_candidates(d, in, b);
	if (b && d->n_candidates == 0 && is_kasan(in))
		checked_find(d, in, b);
	diagnosis_say(d, in, b != NULL);
}

void diagnosis_release(struct diagnosis *d)
{
	free(d->origin_says);
	free(d->base_type);
	free(d->base_type_why);
	candidates_free(d->candidates, d->n_candidates);
	free(d->assumption);
	for (size_t i = 0; i < d->n_frame_lines; i++)
		free(d->frame_lines[i]);
	free(d->frame_lines);
	strvec_release(&d->warnings);
	strvec_release(&d->reasons);
	strvec_release(&d->next);
	memset(d, 0, sizeof(*d));
}
