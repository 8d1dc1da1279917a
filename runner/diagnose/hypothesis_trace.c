// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the clauses about what is there: functions on the way to the failure, and modules.
 * A function that the compiler inlined leaves no frame; only the build knows it. */
#include "diagnose/hypothesis_frames.h"

#include <fnmatch.h>

#include "util/mem.h"

/* The function inlined at that call that the item names, or NULL; borrowed from the
 * build. */
static const char *inlined_there(struct judging *j, const struct hypothesis_place *p,
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
static bool is_inlined_near(struct judging *j, const struct hypothesis_trace *t,
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

static enum hypothesis_answer judge_missing(struct judging *j,
					    const struct hypothesis_trace *t,
					    const struct hypothesis_item *item,
					    struct strbuf *says)
{
	_cleanup_strbuf_ struct strbuf names = STRBUF_INIT;

	hypothesis_add_names(&names, &item->any);
	if (!t->has_frames) {
		strbuf_addf(says, "the report has no %s to find %s in", t->name,
			    strbuf_str(&names));
		return HYPOTHESIS_UNDECIDED;
	}
	if (!t->has_inlines) {
		strbuf_addf(says, "%s is not in the %s; it may be inlined there (%s)",
			    strbuf_str(&names), t->name,
			    j->no_build ? j->no_build : "the vmlinux has no DWARF");
		return HYPOTHESIS_UNDECIDED;
	}
	if (is_inlined_near(j, t, item, says))
		return HYPOTHESIS_UNDECIDED;
	if (!t->is_complete) {
		strbuf_addf(says, "%s is not in the %s, which is not complete",
			    strbuf_str(&names), t->name);
		return HYPOTHESIS_UNDECIDED;
	}
	if (t->unknown) {
		strbuf_addf(
			says,
			"%s is not in the %s; it may be inlined into %s, which is in none of the files given",
			strbuf_str(&names), t->name, t->unknown);
		return HYPOTHESIS_UNDECIDED;
	}
	if (t->gap) {
		strbuf_addf(says, "%s is not in the %s; %s", strbuf_str(&names), t->name,
			    t->gap);
		return HYPOTHESIS_UNDECIDED;
	}
	if (!is_known(j, item)) {
		strbuf_addf(says, "this build has no function %s", strbuf_str(&names));
		return HYPOTHESIS_UNDECIDED;
	}
	strbuf_addf(says, "%s is neither in the %s nor inlined there", strbuf_str(&names),
		    t->name);
	return HYPOTHESIS_FALSIFIED;
}

enum hypothesis_answer hypothesis_judge_item(struct judging *j,
					     const struct hypothesis_trace *t,
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
		strbuf_addf(says, "%s is in the %s", t->v[i].function, t->name);
		return HYPOTHESIS_CONFIRMED;
	}
	for (size_t i = 0; i < t->n && t->has_inlines; i++) {
		const char *inlined = inlined_there(j, &t->v[i], item);

		if (!inlined || t->v[i].is_guess)
			continue;
		strbuf_addf(says, "%s is inlined into %s in the %s", inlined,
			    t->v[i].function, t->name);
		return HYPOTHESIS_CONFIRMED;
	}
	if (!guess)
		return judge_missing(j, t, item, says);
	strbuf_addf(says, "%s is in the %s as a guess (?) only", guess, t->name);
	return HYPOTHESIS_UNDECIDED;
}

void hypothesis_judge_trace(struct judging *j)
{
	_cleanup_strbuf_ struct strbuf says = STRBUF_INIT;
	enum hypothesis_answer all = HYPOTHESIS_CONFIRMED;
	struct hypothesis_trace t;

	if (!j->h->trace.n)
		return;
	hypothesis_trace_init(j, &t);
	for (size_t i = 0; i < j->h->trace.n; i++) {
		strbuf_addstr(&says, i ? "; " : "");
		all = hypothesis_all_of(
			all, hypothesis_judge_item(j, &t, &j->h->trace.v[i], &says));
	}
	hypothesis_clause(j, "trace_contains", all, "%s", strbuf_str(&says));
	hypothesis_trace_release(&t);
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
