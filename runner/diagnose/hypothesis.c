// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the verdict and the clauses that one look at the report answers: kind, function,
 * base, fault_address. access and the trace have files of their own. */
#include "diagnose/hypothesis_clause.h"

#include <fnmatch.h>
#include <inttypes.h>

#include "parse/esr.h"
#include "parse/oops_lines.h"
#include "util/jsonx.h"
#include "util/mem.h"

const char *hypothesis_answer_to_str(enum hypothesis_answer a)
{
	static const char *const names[] = {
		[HYPOTHESIS_UNDECIDED] = "undecided",
		[HYPOTHESIS_CONFIRMED] = "confirmed",
		[HYPOTHESIS_FALSIFIED] = "falsified",
	};

	return names[a];
}

enum hypothesis_answer hypothesis_all_of(enum hypothesis_answer a,
					 enum hypothesis_answer b)
{
	if (a == HYPOTHESIS_FALSIFIED || b == HYPOTHESIS_FALSIFIED)
		return HYPOTHESIS_FALSIFIED;
	return a == HYPOTHESIS_CONFIRMED ? b : HYPOTHESIS_UNDECIDED;
}

void hypothesis_clause(struct judging *j, const char *name, enum hypothesis_answer a,
		       const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	strvec_addf(&j->out->reasons, "%s: %s: %s", name, strbuf_str(&sb),
		    hypothesis_answer_to_str(a));
	j->out->verdict = hypothesis_all_of(j->out->verdict, a);
}

static char *without_suffix(const char *function)
{
	return xstrndup(function, function[0] ? 1 + strcspn(function + 1, ".") : 0);
}

bool hypothesis_glob(const char *glob, const char *function)
{
	_cleanup_free_ char *plain_glob = without_suffix(glob);
	_cleanup_free_ char *plain = without_suffix(function);

	return fnmatch(glob, function, 0) == 0 || fnmatch(plain_glob, plain, 0) == 0;
}

bool hypothesis_any_glob(const struct strvec *globs, const char *function)
{
	for (size_t i = 0; i < globs->n; i++)
		if (hypothesis_glob(globs->v[i], function))
			return true;
	return false;
}

void hypothesis_add_names(struct strbuf *sb, const struct strvec *names)
{
	for (size_t i = 0; i < names->n; i++)
		strbuf_addf(sb, "%s%s",
			    i == 0             ? ""
			    : i + 1 < names->n ? ", "
					       : " or ",
			    names->v[i]);
}

bool hypothesis_address(const struct incident *in, uint64_t *first, uint64_t *last)
{
	struct esr e;

	if (in->has_real_range) {
		*first = in->real_first;
		*last = in->real_last;
		return true;
	}
	esr_decode(in->esr, &e);
	if (!in->has_fault_address || (in->has_esr && e.fnv))
		return false;
	*first = *last = in->fault_address;
	return true;
}

/* ---- kind ---- */

static void judge_kind(struct judging *j)
{
	_cleanup_strbuf_ struct strbuf want = STRBUF_INIT;
	const struct incident *in = j->in;
	const char *is = incident_kind_to_str(in->kind);

	if (!j->h->kinds)
		return;
	for (size_t i = 0; i < INCIDENT_N_KINDS; i++)
		if (j->h->kinds & (UINT64_C(1) << i))
			strbuf_addf(&want, "%s%s", want.len ? " or " : "",
				    incident_kind_to_str((enum incident_kind)i));
	if (j->h->kinds & (UINT64_C(1) << in->kind))
		hypothesis_clause(j, "kind", HYPOTHESIS_CONFIRMED, "the failure is %s",
				  is);
	else if (in->truncated &&
		 (in->kind == INCIDENT_PANIC || in->kind == INCIDENT_OOPS_OTHER ||
		  in->kind == INCIDENT_OTHER))
		hypothesis_clause(j, "kind", HYPOTHESIS_UNDECIDED,
				  "what is left of the report says %s only", is);
	else
		hypothesis_clause(j, "kind", HYPOTHESIS_FALSIFIED,
				  "the failure is %s, not %s", is, strbuf_str(&want));
}

/* ---- function ---- */

/* The function that pc is in, as printed; the caller owns it. NULL = not printed. */
static char *function_of_pc(const struct incident *in)
{
	struct symbol s;

	if (!in->pc || !lines_symbol(in->pc, true, &s) || !s.name.len ||
	    strncmp(in->pc, "0x", 2) == 0)
		return NULL;
	return xstrndup(s.name.s, s.name.len);
}

/* A function that was inlined where pc is; borrowed, or NULL. */
static const char *inlined_at_pc(const struct judging *j)
{
	for (size_t i = 0; j->b && i + 1 < j->d->n_source; i++)
		if (j->d->source[i].function &&
		    hypothesis_any_glob(&j->h->functions, j->d->source[i].function))
			return j->d->source[i].function;
	return NULL;
}

static void judge_function(struct judging *j)
{
	_cleanup_strbuf_ struct strbuf want = STRBUF_INIT;
	_cleanup_free_ char *pc = function_of_pc(j->in);
	const char *died_in = j->in->function, *inlined = pc ? inlined_at_pc(j) : NULL;

	if (!j->h->functions.n)
		return;
	hypothesis_add_names(&want, &j->h->functions);
	if (j->in->kind == INCIDENT_SERROR)
		hypothesis_clause(
			j, "function", HYPOTHESIS_UNDECIDED,
			"an SError is asynchronous: pc%s%s is not what caused it",
			pc ? " in " : "", pc ? pc : "");
	else if (pc && hypothesis_any_glob(&j->h->functions, pc))
		hypothesis_clause(j, "function", HYPOTHESIS_CONFIRMED, "pc is in %s", pc);
	else if (inlined)
		hypothesis_clause(j, "function", HYPOTHESIS_CONFIRMED,
				  "%s is inlined where pc is, in %s", inlined, pc);
	else if (died_in && hypothesis_any_glob(&j->h->functions, died_in))
		hypothesis_clause(j, "function", HYPOTHESIS_CONFIRMED,
				  "it died in %s%s%s%s", died_in, pc ? " (pc is in " : "",
				  pc ? pc : "", pc ? ")" : "");
	else if (pc || died_in)
		hypothesis_clause(j, "function", HYPOTHESIS_FALSIFIED,
				  "%s is in %s, not in %s", pc ? "pc" : "the failure",
				  pc ? pc : died_in, strbuf_str(&want));
	else
		hypothesis_clause(j, "function", HYPOTHESIS_UNDECIDED,
				  "the report names no function at pc");
}

/* ---- base ---- */

static void judge_base_value(struct judging *j)
{
	const struct diagnosis *d = j->d;
	const char *reg = insn_reg_name(d->base);

	if (d->null_base)
		hypothesis_clause(j, "base", HYPOTHESIS_CONFIRMED, "%s is 0%s%s", reg,
				  d->has_match ? ", and the fault address is where it "
						 "leads"
					       : "",
				  d->is_shadow_check ? " (KASAN checked it)" : "");
	else if (d->has_match && !d->address_matches)
		hypothesis_clause(
			j, "base", HYPOTHESIS_UNDECIDED,
			"%s is 0x%" PRIx64
			", but it does not lead to the fault address: the registers do not tell",
			reg, d->base_value);
	else if (d->base_value < j->in->page_bytes)
		hypothesis_clause(
			j, "base", HYPOTHESIS_UNDECIDED,
			"%s is 0x%" PRIx64
			": a member's address of a NULL object, or no pointer at all",
			reg, d->base_value);
	else
		hypothesis_clause(j, "base", HYPOTHESIS_FALSIFIED,
				  "%s is 0x%" PRIx64 ", not NULL", reg, d->base_value);
}

static void judge_base(struct judging *j)
{
	uint64_t first, last;

	if (!j->h->base_null)
		return;
	if (j->d->has_base_value)
		judge_base_value(j);
	else if (!hypothesis_address(j->in, &first, &last))
		hypothesis_clause(
			j, "base", HYPOTHESIS_UNDECIDED,
			"the report gives neither the base register nor a valid fault address");
	else if (first < j->in->page_bytes)
		hypothesis_clause(j, "base", HYPOTHESIS_UNDECIDED,
				  "0x%" PRIx64
				  " is in the first page, which speaks for NULL, but the "
				  "base register is not known",
				  first);
	else if (first > UINT32_MAX && j->in->kind == INCIDENT_PAGING_FAULT)
		hypothesis_clause(j, "base", HYPOTHESIS_FALSIFIED,
				  "no member is as far from NULL as 0x%" PRIx64, first);
	else
		hypothesis_clause(j, "base", HYPOTHESIS_UNDECIDED,
				  "the base register is not known");
}

/* ---- fault_address ---- */

static void judge_address(struct judging *j)
{
	const uint64_t want = j->h->fault_address;
	uint64_t first, last;

	if (!j->h->has_fault_address)
		return;
	if (!hypothesis_address(j->in, &first, &last))
		hypothesis_clause(
			j, "fault_address", HYPOTHESIS_UNDECIDED,
			j->in->has_fault_address
				? "the processor calls its fault address invalid "
				  "(FnV)"
				: "the report has none");
	else if (first != last && want >= first && want <= last)
		hypothesis_clause(j, "fault_address", HYPOTHESIS_CONFIRMED,
				  "0x%" PRIx64
				  " is in the range that KASAN checked, 0x%" PRIx64
				  " to 0x%" PRIx64,
				  want, first, last);
	else if (want == first)
		hypothesis_clause(j, "fault_address", HYPOTHESIS_CONFIRMED,
				  "it is 0x%" PRIx64, want);
	else
		hypothesis_clause(j, "fault_address", HYPOTHESIS_FALSIFIED,
				  "it is 0x%" PRIx64 ", not 0x%" PRIx64, first, want);
}

void hypothesis_judge(const struct hypothesis *h, const struct incident *in,
		      const struct diagnosis *d, struct build *b,
		      struct hypothesis_verdict *out)
{
	struct judging j = { .h = h, .in = in, .d = d, .out = out };

	*out = (struct hypothesis_verdict){ .verdict = HYPOTHESIS_CONFIRMED };
	if (b && !d->is_other_build)
		j.b = b;
	else
		j.no_build = b ? "the vmlinux is not the one that ran"
			       : "no vmlinux was given";
	judge_kind(&j);
	judge_function(&j);
	hypothesis_judge_access(&j);
	judge_base(&j);
	judge_address(&j);
	hypothesis_judge_trace(&j);
	hypothesis_judge_allocated(&j);
	hypothesis_judge_freed(&j);
	hypothesis_judge_modules(&j);
	if (!out->reasons.n)
		out->verdict = HYPOTHESIS_UNDECIDED;
}

void hypothesis_verdict_release(struct hypothesis_verdict *v)
{
	strvec_release(&v->reasons);
}

json_t *hypotheses_judge_json(const struct hypotheses *all, const struct incident *in,
			      const struct diagnosis *d, struct build *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < all->n; i++) {
		struct hypothesis_verdict v;
		json_t *o = json_object();

		hypothesis_judge(&all->v[i], in, d, b, &v);
		json_put(o, "name", json_lossy_str(all->v[i].name));
		json_put(o, "verdict", json_string(hypothesis_answer_to_str(v.verdict)));
		json_put(o, "reasons", json_lossy_strs(&v.reasons));
		json_push(list, o);
		hypothesis_verdict_release(&v);
	}
	return list;
}
