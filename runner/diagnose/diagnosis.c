// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the way from an incident to its faulting access: which word, which base register,
 * does the sum give the fault address, where did the base come from, which member is
 * that. Words for people are diagnosis_says.c's. */
#include "diagnose/diagnosis.h"

#include "diagnose/assumed.h"
#include "diagnose/diagnosis_says.h"
#include "diagnose/dump.h"
#include "parse/esr.h"
#include "parse/oops_lines.h"
#include "util/mem.h"

enum { TAGS_SHIFT = 56 /* top byte ignored */ };

/* ---- the place in the build ---- */

static bool is_other_version(const char *ran, const char *built)
{
	/* "Linux version 6.12.1-vb2 (who@where) (gcc …) #1 SMP …": all of it, or what the
	 * CPU line has: the release alone. */
	const char *release =
		strncmp(built, "Linux version ", 14) == 0 ? built + 14 : built;
	size_t n = strcspn(release, " ");

	if (strncmp(ran, "Linux version ", 14) == 0)
		return strncmp(ran, built,
			       strlen(ran) < strlen(built) ? strlen(ran)
							   : strlen(built)) != 0;
	return strncmp(ran, release, n) != 0 || (ran[n] != '\0' && ran[n] != ' ');
}

static void other_build(struct diagnosis *d, char *take_why)
{
	d->is_other_build = true;
	strvec_addf(&d->warnings, "this vmlinux is not the one that ran: %s", take_why);
	free(take_why);
}

static void check_build(struct diagnosis *d, const struct incident *in,
			const struct build *b)
{
	const char *banner = build_banner(b), *id = build_id(b);

	if (in->build_id && id && strcmp(in->build_id, id) != 0)
		other_build(d, xasprintf("its build id is %s, the log's %s", id,
					 in->build_id));
	else if (in->build_id && id)
		return; /* the same: nothing can be more certain */
	else if (in->banner && banner && is_other_version(in->banner, banner))
		other_build(d, xasprintf("it says \"%s\", the log \"%s\"", banner,
					 in->banner));
	else if (!in->banner && in->kernel && banner &&
		 is_other_version(in->kernel, banner))
		other_build(d, xasprintf("it says \"%s\", the log \"%s\"", banner,
					 in->kernel));
}

/* False when pc has no symbol. *name and *module are the caller's. */
static bool pc_symbol(const struct incident *in, struct symbol *sym, char **name,
		      char **module)
{
	if (!in->pc || !lines_symbol(in->pc, false, sym) || !sym->has_offset)
		return false;
	*name = xstrndup(sym->name.s, sym->name.len);
	if (sym->module.len)
		*module = xstrndup(sym->module.s, sym->module.len);
	return true;
}

/* pc of a kernel without symbols: where it was linked to be, KASLR undone. */
static void find_bare_pc(struct diagnosis *d, const struct incident *in, struct build *b)
{
	uint64_t pc;

	if (!in->pc || lines_hex(in->pc, &pc) != strlen(in->pc) || pc < UINT32_MAX)
		return;
	d->has_place = build_find_address(
		b, in->has_kaslr_offset ? pc - in->kaslr_offset : pc, &d->place);
	if (!d->has_place && !in->has_kaslr_offset)
		strvec_add(
			&d->warnings,
			"pc is a bare address, and the log has no \"Kernel Offset\": with "
			"KASLR it tells no function (nokaslr, or CONFIG_KALLSYMS)");
	if (!d->has_place)
		return;
	d->n_source = build_source(b, &d->place, d->source);
	strvec_addf(&d->reasons, "pc %s is %s+0x%llx%s", in->pc, d->place.function,
		    (unsigned long long)(d->place.addr - d->place.start),
		    in->has_kaslr_offset ? ", KASLR's offset taken off" : "");
}

static void find_place(struct diagnosis *d, const struct incident *in, struct build *b)
{
	_cleanup_free_ char *name = NULL, *module = NULL;
	struct symbol sym;

	if (!pc_symbol(in, &sym, &name, &module)) {
		find_bare_pc(d, in, b);
		return;
	}
	switch (build_find(b, name, module, sym.offset, sym.size, &d->place)) {
	case BUILD_FOUND:
		d->has_place = true;
		break;
	case BUILD_OTHER_SIZE:
		other_build(d, xasprintf("%s has 0x%llx bytes in it, 0x%llx in the log",
					 name, (unsigned long long)d->place.size,
					 (unsigned long long)sym.size));
		break;
	case BUILD_NO_FUNCTION:
		if (module)
			strvec_addf(
				&d->warnings,
				"no debug file of module %s was given: its layout and "
				"source lines are unknown",
				module);
		else if (build_has_code(b))
			other_build(d, xasprintf("it has no function %s", name));
		break;
	}
	if (d->has_place)
		d->n_source = build_source(b, &d->place, d->source);
}

/* A trace crosses many functions: one of another size, and another build ran, even where
 * the faulting one is the same in both. */
static void check_trace(struct diagnosis *d, const struct incident *in, struct build *b)
{
	for (size_t i = 0; i < in->n_frames && !d->is_other_build; i++) {
		const struct incident_frame *f = &in->frames[i];
		struct build_place at;

		if (!f->reliable || f->size == 0 ||
		    build_find(b, f->function, f->module, f->offset, f->size, &at) !=
			    BUILD_OTHER_SIZE)
			continue;
		other_build(d, xasprintf("%s has 0x%llx bytes in it, 0x%llx in the log",
					 f->function, (unsigned long long)at.size,
					 (unsigned long long)f->size));
	}
}

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
		other_build(d, xasprintf("its code at %s differs from the Code line",
					 in->pc));
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
	uint64_t before, now;

	origin_find(in, &path, at, &object, &moved, &d->origin);
	if (object != base && dump_register(in, object, &before) &&
	    (!dump_register(in, base, &now) || before + (uint64_t)moved == now)) {
		base = object;
		offset += moved;
	}
	d->base = base;
	d->access_offset = offset;
	d->has_base_value = dump_register(in, base, &d->base_value);
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
		if (d->has_place)
			q.at = d->place;
		else if (!build_has_code(b) && pc_symbol(in, &sym, &name, &module))
			q.at.function = name; /* bare BTF knows prototypes */
		if (d->has_place && d->base != INSN_NO_REG)
			d->base_type = build_register_type(b, &d->place, d->base,
							   &d->base_type_why);
		q.bytes = d->has_insn && !d->is_shadow_check ? d->insn.bytes : 0;
		d->n_candidates = build_candidates(b, &q, &d->candidates);
		return;
	}
	d->candidates_assumed = true;
	assumed_candidates(d, in, q.offset);
}

void diagnosis_make(struct diagnosis *d, const struct incident *in, struct build *b)
{
	memset(d, 0, sizeof(*d));
	d->base = INSN_NO_REG;
	d->origin.reg = INSN_NO_REG;
	if (b) {
		check_build(d, in, b);
		find_place(d, in, b);
		check_trace(d, in, b);
	}
	find_instruction(d, in, b);
	find_candidates(d, in, b);
	diagnosis_say(d, in, b != NULL);
}

void diagnosis_release(struct diagnosis *d)
{
	free(d->origin_says);
	free(d->base_type);
	free(d->base_type_why);
	candidates_free(d->candidates, d->n_candidates);
	free(d->assumption);
	strvec_release(&d->warnings);
	strvec_release(&d->reasons);
	strvec_release(&d->next);
	memset(d, 0, sizeof(*d));
}
