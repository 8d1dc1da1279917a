// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the clause `access`: is the faulting access one to that member? The offset comes
 * from the layout of the build that ran, the type from what its base register holds: two
 * members of two structs at one offset are told apart by the type alone. */
#include "diagnose/hypothesis_clause.h"

#include <inttypes.h>

#include "util/mem.h"

/* Which bytes of the object behind the base were touched. */
struct touched {
	uint64_t offset, bytes;
	const char *base; /* "x19"; NULL = not known, and taken for NULL */
	bool is_null;     /* the base is */
};

static void answer(struct judging *j, enum hypothesis_answer a, const char *what)
{
	hypothesis_clause(j, "access", a, "%s", what);
}

/* False after an answer. */
static bool find_touched(struct judging *j, struct touched *t)
{
	const struct diagnosis *d = j->d;
	uint64_t first, last;

	if (d->has_access_offset && d->has_match && !d->address_matches) {
		answer(j, HYPOTHESIS_UNDECIDED,
		       "the registers do not lead to the fault address: the access is not known");
		return false;
	}
	if (d->has_access_offset && d->access_offset >= 0) {
		t->offset = (uint64_t)d->access_offset;
		t->bytes = (d->insn.bytes && !d->is_shadow_check ? d->insn.bytes : 1) *
			   (d->insn.is_pair ? 2U : 1U);
		t->base = d->base == INSN_NO_REG ? "the checked pointer"
						 : insn_reg_name(d->base);
		t->is_null = d->null_base;
		return true;
	}
	if (d->has_insn && d->insn.op == INSN_TRAP) {
		char text[INSN_TEXT_BYTES];

		insn_to_text(&d->insn, text);
		hypothesis_clause(j, "access", HYPOTHESIS_FALSIFIED,
				  "\"%s\" at pc accesses no memory", text);
		return false;
	}
	if (!d->has_insn && hypothesis_address(j->in, &first, &last) &&
	    first < j->in->page_bytes) {
		*t = (struct touched){ .offset = first, .bytes = last - first + 1 };
		return true;
	}
	answer(j, HYPOTHESIS_UNDECIDED, "the report does not tell what was accessed");
	return false;
}

/* "struct dma_fence" of "struct dma_fence.context"; the caller owns it. */
static char *type_of(const char *access)
{
	return xstrndup(access, strcspn(access, "."));
}

/* "struct dma_fence" of "const struct dma_fence *"; the caller owns it. NULL when it is
 * no pointer to one. */
static char *pointee(const char *type)
{
	size_t n;

	if (!type)
		return NULL;
	for (;;) {
		if (strncmp(type, "const ", 6) == 0)
			type += 6;
		else if (strncmp(type, "volatile ", 9) == 0)
			type += 9;
		else
			break;
	}
	if (strncmp(type, "struct ", 7) != 0 && strncmp(type, "union ", 6) != 0)
		return NULL;
	n = strcspn(type, "*");
	if (type[n] != '*' || strchr(type + n + 1, '*'))
		return NULL;
	while (n && type[n - 1] == ' ')
		n--;
	return xstrndup(type, n);
}

/* The assumed layout in words, where no better one is known. */
static void without_layout(struct judging *j)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	const struct diagnosis *d = j->d;
	const struct candidate *fits = NULL;

	for (size_t i = 0; i < d->n_candidates && d->candidates_assumed; i++) {
		const struct candidate *c = &d->candidates[i];
		_cleanup_free_ char *name = xasprintf("%s.%s", c->type, c->member);

		if (strcmp(name, j->h->access) == 0)
			fits = c;
	}
	if (fits)
		strbuf_addf(&sb, " (0x%" PRIx64 ", where the access is, by the %s)",
			    fits->offset, fits->why);
	if (fits && fits != &d->candidates[0])
		strbuf_addf(&sb, "; %s.%s would be there, too, and fits better",
			    d->candidates[0].type, d->candidates[0].member);
	hypothesis_clause(j, "access", HYPOTHESIS_UNDECIDED,
			  "no layout of this build (%s): offset of %s unknown%s",
			  j->no_build ? j->no_build : "the file has no types",
			  j->h->access, strbuf_str(&sb));
}

/* A slot of dma_resv_list holds a fence with its usage in the low bits
 * (drivers/dma-buf/dma-resv.c, DMA_RESV_LIST_MASK), so that only a fence comes out of
 * that mask; function tables and lists are pointed to plainly. */
static bool is_unpacked_slot(const struct judging *j, const char *type)
{
	return j->d->origin.kind == ORIGIN_MASKED && j->d->origin.mask == ~UINT64_C(3) &&
	       strcmp(type, "struct dma_fence") == 0 && j->in->pc &&
	       strncmp(j->in->pc, "dma_resv_", 9) == 0;
}

static bool overlaps(const struct touched *t, uint64_t offset, uint64_t bytes)
{
	return t->offset < offset + (bytes ? bytes : 1) && offset < t->offset + t->bytes;
}

/* Does the base's type hold the claimed object, or the claimed one the base's, so that
 * both are the same bytes? Told by the claimed path's last members in the other type. */
static bool may_be_the_same(struct judging *j, const char *base_type,
			    const struct touched *t)
{
	const char *path = strchr(j->h->access, '.');

	for (const struct candidate *c = j->d->candidates;
	     c && c < j->d->candidates + j->d->n_candidates; c++) {
		const char *last = strrchr(path, '.') + 1;
		size_t n = strlen(c->member), len = strlen(last);

		if (strcmp(c->type, base_type) == 0 && n > len &&
		    c->member[n - len - 1] == '.' && overlaps(t, c->offset, 1) &&
		    strcmp(c->member + n - len, last) == 0)
			return true;
	}
	for (path = strchr(path + 1, '.'); path; path = strchr(path + 1, '.')) {
		_cleanup_free_ char *access = xasprintf("%s%s", base_type, path);
		struct err err = ERR_INIT;
		uint64_t offset, bytes;

		if (build_member(j->b, access, &offset, &bytes, &err) == 0 &&
		    overlaps(t, offset, bytes))
			return true;
	}
	return false;
}

static void judge_typed(struct judging *j, const struct touched *t, const char *base_type,
			uint64_t offset, bool is_hit)
{
	_cleanup_free_ char *type = type_of(j->h->access);
	const char *why = j->d->base_type_why;

	if (strcmp(base_type, type) == 0)
		hypothesis_clause(j, "access",
				  is_hit ? HYPOTHESIS_CONFIRMED : HYPOTHESIS_FALSIFIED,
				  "%s holds a %s *, %s is at 0x%" PRIx64
				  " in this build, the access at 0x%" PRIx64,
				  t->base, type, j->h->access, offset, t->offset);
	else if (may_be_the_same(j, base_type, t))
		hypothesis_clause(
			j, "access", HYPOTHESIS_UNDECIDED,
			"%s holds a %s *, and one of the two structs may be inside of the other",
			t->base, base_type);
	else
		hypothesis_clause(j, "access", HYPOTHESIS_FALSIFIED,
				  "%s holds a %s *, not a %s *%s%s%s%s", t->base,
				  base_type, type, why ? " (" : "", why ? why : "",
				  why ? ")" : "",
				  is_hit ? "; the offset would be the same" : "");
}

static void judge_untyped(struct judging *j, const struct touched *t, uint64_t offset,
			  bool is_hit)
{
	_cleanup_free_ char *type = type_of(j->h->access);
	const char *base = t->base ? t->base : "the base register";

	if (is_hit && is_unpacked_slot(j, type))
		hypothesis_clause(
			j, "access", HYPOTHESIS_CONFIRMED,
			"%s is at 0x%" PRIx64
			" in this build, as the access is, and %s comes out of a slot of dma_resv_list",
			j->h->access, offset, base);
	else if (is_hit)
		hypothesis_clause(j, "access", HYPOTHESIS_UNDECIDED,
				  "%s is at 0x%" PRIx64
				  " in this build, as the access is, but what %s points "
				  "to is not known%s%s",
				  j->h->access, offset, base,
				  j->d->origin_says ? ": " : "",
				  j->d->origin_says ? j->d->origin_says : "");
	else if (t->is_null || (!t->base && j->h->base_null))
		hypothesis_clause(j, "access", HYPOTHESIS_FALSIFIED,
				  "the access is at 0x%" PRIx64
				  " from NULL, %s is at 0x%" PRIx64 " in this build",
				  t->offset, j->h->access, offset);
	else
		hypothesis_clause(j, "access", HYPOTHESIS_UNDECIDED,
				  "the access is at 0x%" PRIx64 " of what %s points to, "
				  "which may be a part of a %s; %s is at 0x%" PRIx64,
				  t->offset, base, type, j->h->access, offset);
}

void hypothesis_judge_access(struct judging *j)
{
	_cleanup_free_ char *base_type = NULL;
	struct err err = ERR_INIT;
	uint64_t offset, bytes;
	struct touched t = { .base = NULL };

	if (!j->h->access || !find_touched(j, &t))
		return;
	if (!j->b || !build_has_types(j->b)) {
		without_layout(j);
		return;
	}
	if (build_member(j->b, j->h->access, &offset, &bytes, &err)) {
		answer(j, HYPOTHESIS_UNDECIDED, err.msg);
		return;
	}
	base_type = t.base ? pointee(j->d->base_type) : NULL;
	if (base_type)
		judge_typed(j, &t, base_type, offset, overlaps(&t, offset, bytes));
	else
		judge_untyped(j, &t, offset, overlaps(&t, offset, bytes));
}
