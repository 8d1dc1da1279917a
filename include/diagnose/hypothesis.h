// SPDX-License-Identifier: GPL-2.0-or-later
/* A hypothesis against one report: confirmed, falsified or undecided, with a reason for
 * each clause (docs/hypotheses.md). What the report cannot answer is undecided, never
 * false. Offsets are those of the build that ran. */
#pragma once

#include "diagnose/diagnosis.h"
#include "parse/hypothesis_spec.h"

enum hypothesis_answer {
	HYPOTHESIS_UNDECIDED,
	HYPOTHESIS_CONFIRMED,
	HYPOTHESIS_FALSIFIED
};

struct hypothesis_verdict {
	enum hypothesis_answer verdict;
	struct strvec reasons; /* "function: pc is in f, not in g: falsified" */
};

const char *hypothesis_answer_to_str(enum hypothesis_answer a);
/* d: of in and b. b: the build that d was made with, or NULL. Initialises *out. */
void hypothesis_judge(const struct hypothesis *h, const struct incident *in,
		      const struct diagnosis *d, struct build *b,
		      struct hypothesis_verdict *out);
void hypothesis_verdict_release(struct hypothesis_verdict *v);
/* The list for "hypotheses" in a diagnosis: [{"name","verdict","reasons"}], each judged
 * as above. The caller's reference. */
json_t *hypotheses_judge_json(const struct hypotheses *all, const struct incident *in,
			      const struct diagnosis *d, struct build *b);
