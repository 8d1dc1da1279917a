// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the way back from a register to where its value came from, along the words that
 * lead to a fault. Straight code only: what other paths may have done is not known, and a
 * jump ends the way. */
#include "diagnose/dump.h"

#include <inttypes.h>

#include "util/mem.h"

bool dump_register(const struct incident *in, int reg, uint64_t *value)
{
	const char *name = insn_reg_name(reg);

	for (size_t i = 0; i < in->n_regs; i++) {
		const char *r = in->regs[i].name;

		if (strcmp(r, name) == 0 || (reg == 30 && strcmp(r, "lr") == 0)) {
			*value = in->regs[i].value;
			return true;
		}
	}
	return false;
}

bool dump_is_arm64(const struct incident *in)
{
	if (in->has_esr)
		return true;
	for (size_t i = 0; i < in->n_regs; i++)
		if (in->regs[i].name[0] == 'x' && in->regs[i].name[1] >= '0' &&
		    in->regs[i].name[1] <= '9')
			return true;
	return false;
}

/* Index of the last instruction before at that writes reg, path->n when none is seen. */
static size_t find_writer(const struct code_path *path, size_t at, int reg)
{
	for (size_t i = at; i-- > 0;) {
		if (path->v[i].op == INSN_JUMP)
			return path->n; /* what follows it is reached from elsewhere */
		if (insn_writes(&path->v[i], reg))
			return i;
	}
	return path->n;
}

bool origin_is_kept(const struct code_path *path, size_t from, int reg)
{
	for (size_t i = from; i + 1 < path->n; i++)
		if (insn_writes(&path->v[i], reg))
			return false;
	return true;
}

static bool has_jump(const struct code_path *path, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (path->v[i].op == INSN_JUMP)
			return true;
	return false;
}

/* Does a branch from elsewhere reach a word behind v[writer], up to v[at]? */
static bool is_joined(const struct code_path *path, size_t writer, size_t at)
{
	for (size_t i = 0; i < path->n; i++) {
		const struct insn *b = &path->v[i];

		if ((b->op != INSN_BRANCH && b->op != INSN_JUMP) || b->imm == 0 ||
		    (i > writer && i < at))
			continue;
		if ((uint64_t)b->imm > path->v[writer].pc &&
		    (uint64_t)b->imm <= path->v[at].pc)
			return true;
	}
	return false;
}

static void from_register(const struct incident *in, const struct code_path *path,
			  size_t writer, int reg, struct base_origin *out)
{
	out->reg = reg;
	out->has_value =
		origin_is_kept(path, writer, reg) && dump_register(in, reg, &out->value);
}

/* The dump must agree: else another path led here. */
static bool is_masked_so(const struct incident *in, const struct base_origin *o, int reg)
{
	uint64_t now;

	return !o->has_value || !dump_register(in, reg, &now) ||
	       (o->value & o->mask) == now;
}

void origin_find(const struct incident *in, const struct code_path *path, size_t at,
		 int *reg, int64_t *disp, struct base_origin *out)
{
	*out = (struct base_origin){ .kind = ORIGIN_UNKNOWN, .reg = INSN_NO_REG };
	for (;;) {
		size_t w = find_writer(path, at, *reg);
		const struct insn *i;

		if (w == path->n) {
			if (path->from_entry && *reg <= 7 && !has_jump(path, at)) {
				out->kind = ORIGIN_ARGUMENT;
				from_register(in, path, 0, *reg, out);
			}
			return;
		}
		i = &path->v[w];
		out->insn = *i;
		out->is_joined |= is_joined(path, w, at);
		switch (i->op) {
		case INSN_MOVE:
		case INSN_ADD:
			if (i->rn == INSN_NO_REG || i->rn == INSN_SP || i->rd_is_32)
				return;
			/* Only where the dump still shows the pointer before. */
			if (!origin_is_kept(path, w, i->rn) && i->op == INSN_ADD)
				return;
			*reg = i->rn;
			*disp += i->imm;
			at = w;
			continue;
		case INSN_MASK:
			out->kind = ORIGIN_MASKED;
			out->mask = i->mask;
			if (i->rn != INSN_NO_REG)
				from_register(in, path, w, i->rn, out);
			if (!is_masked_so(in, out, *reg))
				out->kind = ORIGIN_UNKNOWN;
			return;
		case INSN_LOAD:
			if (i->is_literal || i->has_index || i->rd != *reg || i->is_store)
				return;
			out->kind = ORIGIN_LOADED;
			out->disp = i->disp;
			from_register(in, path, w, i->base, out);
			return;
		case INSN_CALL:
			if (*reg != 0)
				return;
			out->kind = ORIGIN_RETURNED;
			out->target = (uint64_t)i->imm;
			return;
		case INSN_CONST:
			out->kind = ORIGIN_CONSTANT;
			out->has_value = true;
			out->value = (uint64_t)i->imm;
			return;
		default:
			return;
		}
	}
}

/* add xS, xO, xP, lsr #3 (or 4): the register that is shifted, else INSN_NO_REG. */
static int shifted_in_add(const struct insn *i)
{
	uint32_t form = i->word & 0xffe0fc00;

	if (form != 0x8b400c00 && form != 0x8b401000)
		return INSN_NO_REG;
	return (int)(i->word >> 16 & 31) == 31 ? INSN_NO_REG : (int)(i->word >> 16 & 31);
}

/* mm/kasan, inlined by the compiler: lsr xS, xP, #3; ldrsb wT, [xS, xO] with xO the
 * shadow's offset (lsr #4 and tags for KASAN_SW_TAGS), or the sum made before. */
bool origin_of_shadow_check(const struct incident *in, const struct code_path *path,
			    int *reg, size_t *at)
{
	const struct insn *last = &path->v[path->n - 1];
	int regs[2] = { last->base, last->index };

	if (!in->has_real_range || !last->is_memory || !last->is_load || last->bytes > 2)
		return false;
	for (size_t k = 0; k < ARRAY_SIZE(regs); k++) {
		size_t w;

		if (regs[k] == INSN_NO_REG)
			continue;
		w = find_writer(path, path->n - 1, regs[k]);
		if (w == path->n)
			continue;
		*reg = shifted_in_add(&path->v[w]);
		*at = w;
		if (*reg != INSN_NO_REG)
			return true;
		if (path->v[w].op != INSN_LSR ||
		    (path->v[w].imm != 3 && path->v[w].imm != 4))
			continue;
		*reg = path->v[w].rn;
		*at = w;
		return *reg != INSN_NO_REG;
	}
	*reg = last->base;
	*at = path->n - 1;
	return false;
}

/* What a value looks like to somebody who knows kernels. */
static const char *looks_like(uint64_t v)
{
	if (v < 4096)
		return NULL;
	if (v >= UINT64_C(0xfffffffffffff001))
		return "an error pointer";
	if (v >> 48 == 0xffff)
		return "a kernel address";
	return "no kernel address";
}

static char *say(const struct base_origin *o, int base, bool null_base)
{
	const char *b = insn_reg_name(base), *r = insn_reg_name(o->reg), *what;

	switch (o->kind) {
	case ORIGIN_LOADED:
		if (!o->has_value)
			return xasprintf("%s was loaded from offset 0x%" PRIx64
					 " of an object whose address %s no longer holds",
					 b, (uint64_t)o->disp, r);
		what = looks_like(o->value);
		return xasprintf("%s was loaded from offset 0x%" PRIx64
				 " of the object at %s = 0x%" PRIx64 "%s%s%s%s",
				 b, (uint64_t)o->disp, r, o->value, what ? " (" : "",
				 what ? what : "", what ? ")" : "",
				 null_base && o->value >> 48 == 0xffff
					 ? ": the object is there, its member held NULL"
					 : "");
	case ORIGIN_MASKED:
		if (o->has_value && null_base && o->value <= ~o->mask)
			return xasprintf(
				"%s is %s & ~0x%" PRIx64 ", and %s = 0x%" PRIx64
				": a slot that held NULL%s, so NULL was stored there",
				b, r, ~o->mask, r, o->value,
				o->value ? " with flag bits beside it" : "");
		if (o->has_value)
			return xasprintf("%s is %s & ~0x%" PRIx64 ", and %s = 0x%" PRIx64,
					 b, r, ~o->mask, r, o->value);
		return xasprintf("%s is %s & ~0x%" PRIx64, b, r, ~o->mask);
	case ORIGIN_RETURNED:
		return xasprintf("%s is what the call before returned", b);
	case ORIGIN_ARGUMENT:
		return xasprintf("%s is the function's argument %d, as its caller passed "
				 "it",
				 b, o->reg + 1);
	case ORIGIN_CONSTANT:
		return xasprintf("%s was set to the constant 0x%" PRIx64, b, o->value);
	case ORIGIN_UNKNOWN:
		break;
	}
	return NULL;
}

char *origin_to_str(const struct base_origin *o, int base, bool null_base)
{
	char *said = say(o, base, null_base), *more;

	if (!said || !o->is_joined)
		return said;
	more = xasprintf("%s; as the code stands, another path joins in between", said);
	free(said);
	return more;
}
