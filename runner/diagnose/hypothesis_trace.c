// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the clauses about what is there: functions on the way to the failure, and modules.
 * A function that the compiler inlined leaves no frame; only the build knows it. */
#include "diagnose/hypothesis_clause.h"

#include <fnmatch.h>

#include "parse/oops_lines.h"
#include "util/mem.h"

enum { MAX_PLACES = INCIDENT_MAX_FRAMES + 2, CALL_BYTES = 4 };

/* A place on the way: pc, lr and each frame. */
struct place {
	char *function;
	struct build_place at;
	bool is_found; /* at holds */
	bool is_guess; /* "? " */
};

struct trace {
	struct place v[MAX_PLACES];
	size_t n;
	bool is_complete; /* nothing is missing between pc and the entry to the kernel */
	const char *unknown; /* a function that the build does not have; NULL = none */
	bool has_inlines;
};

/* A return address is behind the call; the call is what counts. */
static void add_place(struct judging *j, struct trace *t, char *take_function,
		      const char *module, uint64_t offset, uint64_t size, bool is_return,
		      bool is_guess)
{
	struct place *p = &t->v[t->n++];

	*p = (struct place){ .function = take_function, .is_guess = is_guess };
	if (is_return && offset >= CALL_BYTES)
		offset -= CALL_BYTES;
	p->is_found = j->b && build_find(j->b, p->function, module, offset, size,
					 &p->at) == BUILD_FOUND;
	if (!p->is_found && !is_guess)
		t->unknown = p->function;
}

static void add_symbol(struct judging *j, struct trace *t, const char *text,
		       bool is_return)
{
	_cleanup_free_ char *module = NULL;
	struct symbol s;

	if (!text || !lines_symbol(text, false, &s) || !s.has_offset)
		return;
	if (s.module.len)
		module = xstrndup(s.module.s, s.module.len);
	add_place(j, t, xstrndup(s.name.s, s.name.len), module, s.offset, s.size,
		  is_return, false);
}

/* Where the kernel was entered: below it there is nothing. */
static bool is_bottom(const char *function)
{
	static const char *const globs[] = { "ret_from_fork*",
					     "el0*",
					     "__primary_switched",
					     "__secondary_switched",
					     "start_kernel",
					     "entry_SYSCALL*",
					     "asm_*",
					     "secondary_startup*" };

	for (size_t i = 0; i < ARRAY_SIZE(globs); i++)
		if (fnmatch(globs[i], function, 0) == 0)
			return true;
	return false;
}

static void trace_init(struct judging *j, struct trace *t)
{
	const struct incident *in = j->in;

	memset(t, 0, sizeof(*t));
	t->has_inlines = j->b && build_has_dwarf(j->b);
	add_symbol(j, t, in->pc, false);
	for (size_t i = 0; i < in->n_frames; i++) {
		const struct incident_frame *f = &in->frames[i];
		bool is_pc = i == 0 && t->n && strcmp(t->v[0].function, f->function) == 0;

		if (!is_pc)
			add_place(j, t, xstrdup(f->function), f->module, f->offset,
				  f->size, true, !f->reliable);
	}
	t->is_complete = !in->truncated && in->n_frames &&
			 in->n_frames < INCIDENT_MAX_FRAMES &&
			 is_bottom(in->frames[in->n_frames - 1].function);
	add_symbol(j, t, in->lr, true);
}

static void trace_release(struct trace *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].function);
}

/* The function inlined at that call that the item names, or NULL; borrowed from the
 * build. */
static const char *inlined_there(struct judging *j, const struct place *p,
				 const struct hypothesis_item *item)
{
	struct source_line lines[SOURCE_MAX_INLINED];
	size_t n = p->is_found ? build_source(j->b, &p->at, lines) : 0;

	for (size_t i = 0; i + 1 < n; i++)
		if (lines[i].function &&
		    hypothesis_any_glob(&item->any, lines[i].function))
			return lines[i].function;
	return NULL;
}

static bool is_glob(const char *s)
{
	return s[strcspn(s, "*?[")] != '\0';
}

/* Could the code that was run hold it after all? */
static bool is_inlined_near(struct judging *j, const struct trace *t,
			    const struct hypothesis_item *item, struct strbuf *says)
{
	for (size_t i = 0; i < item->any.n; i++)
		for (size_t k = 0; k < t->n && !is_glob(item->any.v[i]); k++) {
			if (!t->v[k].is_found ||
			    !build_inlines(j->b, &t->v[k].at, item->any.v[i]))
				continue;
			strbuf_addf(says,
				    "%s is inlined into %s, but not where that called",
				    item->any.v[i], t->v[k].function);
			return true;
		}
	return false;
}

/* A name that the build does not know may be misspelt, or be in a module. */
static bool is_known(struct judging *j, const struct hypothesis_item *item)
{
	for (size_t i = 0; i < item->any.n; i++) {
		struct build_place at;

		if (is_glob(item->any.v[i]) || build_find(j->b, item->any.v[i], NULL, 0,
							  0, &at) != BUILD_NO_FUNCTION)
			return true;
	}
	return false;
}

static enum hypothesis_answer judge_missing(struct judging *j, const struct trace *t,
					    const struct hypothesis_item *item,
					    struct strbuf *says)
{
	_cleanup_strbuf_ struct strbuf names = STRBUF_INIT;

	hypothesis_add_names(&names, &item->any);
	if (!j->in->n_frames) {
		strbuf_addf(says, "the report has no trace to find %s in",
			    strbuf_str(&names));
		return HYPOTHESIS_UNDECIDED;
	}
	if (!t->has_inlines) {
		strbuf_addf(says, "%s is not in the trace; it may be inlined there (%s)",
			    strbuf_str(&names),
			    j->no_build ? j->no_build : "the vmlinux has no DWARF");
		return HYPOTHESIS_UNDECIDED;
	}
	if (is_inlined_near(j, t, item, says))
		return HYPOTHESIS_UNDECIDED;
	if (!t->is_complete) {
		strbuf_addf(says, "%s is not in the trace, which is not complete",
			    strbuf_str(&names));
		return HYPOTHESIS_UNDECIDED;
	}
	if (t->unknown) {
		strbuf_addf(
			says,
			"%s is not in the trace; it may be inlined into %s, which is in none of the files given",
			strbuf_str(&names), t->unknown);
		return HYPOTHESIS_UNDECIDED;
	}
	if (!is_known(j, item)) {
		strbuf_addf(says, "this build has no function %s", strbuf_str(&names));
		return HYPOTHESIS_UNDECIDED;
	}
	strbuf_addf(says, "%s is neither in the trace nor inlined there",
		    strbuf_str(&names));
	return HYPOTHESIS_FALSIFIED;
}

static enum hypothesis_answer judge_item(struct judging *j, const struct trace *t,
					 const struct hypothesis_item *item,
					 struct strbuf *says)
{
	const char *guess = NULL;

	for (size_t i = 0; i < t->n; i++) {
		if (!hypothesis_any_glob(&item->any, t->v[i].function))
			continue;
		if (t->v[i].is_guess) {
			guess = t->v[i].function;
			continue;
		}
		strbuf_addf(says, "%s is in the trace", t->v[i].function);
		return HYPOTHESIS_CONFIRMED;
	}
	for (size_t i = 0; i < t->n && t->has_inlines; i++) {
		const char *inlined = inlined_there(j, &t->v[i], item);

		if (!inlined || t->v[i].is_guess)
			continue;
		strbuf_addf(says, "%s is inlined into %s in the trace", inlined,
			    t->v[i].function);
		return HYPOTHESIS_CONFIRMED;
	}
	if (!guess)
		return judge_missing(j, t, item, says);
	strbuf_addf(says, "%s is in the trace as a guess (?) only", guess);
	return HYPOTHESIS_UNDECIDED;
}

void hypothesis_judge_trace(struct judging *j)
{
	_cleanup_strbuf_ struct strbuf says = STRBUF_INIT;
	enum hypothesis_answer all = HYPOTHESIS_CONFIRMED;
	struct trace t;

	if (!j->h->trace.n)
		return;
	trace_init(j, &t);
	for (size_t i = 0; i < j->h->trace.n; i++) {
		strbuf_addstr(&says, i ? "; " : "");
		all = hypothesis_all_of(all, judge_item(j, &t, &j->h->trace.v[i], &says));
	}
	hypothesis_clause(j, "trace_contains", all, "%s", strbuf_str(&says));
	trace_release(&t);
}

/* ---- modules ---- */

/* modprobe's rule: '-' is '_'. */
static bool module_matches(const char *glob, const char *module)
{
	_cleanup_free_ char *a = xstrdup(glob);
	_cleanup_free_ char *b = xstrdup(module);

	for (char *p = a; *p && !strchr(a, '['); p++)
		*p = *p == '-' ? '_' : *p;
	for (char *p = b; *p; p++)
		*p = *p == '-' ? '_' : *p;
	return fnmatch(a, b, 0) == 0;
}

static const char *loaded(const struct incident *in, const struct hypothesis_item *item)
{
	for (size_t i = 0; i < item->any.n; i++)
		for (size_t k = 0; k < in->modules.n; k++)
			if (module_matches(item->any.v[i], in->modules.v[k]))
				return in->modules.v[k];
	return NULL;
}

/* A module that is not in the list may be built in, which no report says. */
void hypothesis_judge_modules(struct judging *j)
{
	_cleanup_strbuf_ struct strbuf says = STRBUF_INIT;
	enum hypothesis_answer all = HYPOTHESIS_CONFIRMED;

	if (!j->h->modules.n)
		return;
	if (!j->in->modules.n) {
		hypothesis_clause(j, "modules", HYPOTHESIS_UNDECIDED,
				  "the report lists no modules");
		return;
	}
	for (size_t i = 0; i < j->h->modules.n; i++) {
		const struct hypothesis_item *item = &j->h->modules.v[i];
		const char *module = loaded(j->in, item);

		strbuf_addstr(&says, i ? "; " : "");
		if (module) {
			strbuf_addf(&says, "%s is loaded", module);
			continue;
		}
		hypothesis_add_names(&says, &item->any);
		strbuf_addf(&says, " is not among the %zu modules; it may be built in",
			    j->in->modules.n);
		all = HYPOTHESIS_UNDECIDED;
	}
	hypothesis_clause(j, "modules", all, "%s", strbuf_str(&says));
}
