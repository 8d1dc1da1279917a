// SPDX-License-Identifier: GPL-2.0-or-later
/* What the clauses share. Private to the hypothesis judge. */
#pragma once

#include "diagnose/hypothesis.h"
#include "util/strbuf.h"

struct judging {
	const struct hypothesis *h;
	const struct incident *in;
	const struct diagnosis *d;
	struct build *b;      /* the build that ran; NULL = none was given, or another */
	const char *no_build; /* why b is NULL */
	struct hypothesis_verdict *out;
};

/* "NAME: what: answer" to the reasons. */
PRINTF(4, 5)
void hypothesis_clause(struct judging *j, const char *name, enum hypothesis_answer a,
		       const char *fmt, ...);

/* A falsified part falsifies, else an undecided one leaves undecided. */
enum hypothesis_answer hypothesis_all_of(enum hypothesis_answer a,
					 enum hypothesis_answer b);
/* Globs against a function's name, with and without what compilers append (".isra.0",
 * ".constprop.0", ".part.0", ".cold"). */
bool hypothesis_glob(const char *glob, const char *function);
bool hypothesis_any_glob(const struct strvec *globs, const char *function);
/* "f", "f or g", "f, g or h". */
void hypothesis_add_names(struct strbuf *sb, const struct strvec *names);

/* What address the code meant, as far as a report without its instruction tells: KASAN's
 * range, else the fault address if the processor vouches for it. */
bool hypothesis_address(const struct incident *in, uint64_t *first, uint64_t *last);

void hypothesis_judge_access(struct judging *j);
void hypothesis_judge_trace(struct judging *j);
void hypothesis_judge_modules(struct judging *j);
void hypothesis_judge_allocated(struct judging *j);
void hypothesis_judge_freed(struct judging *j);
