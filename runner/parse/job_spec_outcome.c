// SPDX-License-Identifier: GPL-2.0-or-later
/* What a kernel of `kernel: select:` should come to: expect: and expect_in:. */
#include "parse/job_spec_kernel.h"

#include "util/mem.h"

static void load_status(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *str)
{
	static const char *const words[] = { "pass", "fail" };

	spec_load_word(r, n, what, words, ARRAY_SIZE(words), str);
}

static void load_verdicts(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *base)
{
	static const char *const words[] = { "confirmed", "falsified", "undecided" };
	struct job_outcome *o = base;

	if (!yaml_want_map(r, n, what))
		return;
	o->hypotheses = xreallocarray(o->hypotheses, o->n_hypotheses + n->n,
				      sizeof(*o->hypotheses));
	for (size_t i = 0, word; i < n->n; i++) {
		_cleanup_free_ char *name = xasprintf("%s.%.60s", what, n->keys[i]->text);
		const size_t at = o->n_hypotheses;

		if (!yaml_get_word(r, n->vals[i], name, words, ARRAY_SIZE(words), &word))
			continue;
		o->hypotheses[at].name = xstrdup(n->keys[i]->text);
		o->hypotheses[at].verdict = xstrdup(words[word]);
		o->hypotheses[at].mark = n->keys[i]->mark;
		o->n_hypotheses++;
	}
}

static const struct yaml_field outcome_fields[] = {
	YAML_FN("status", load_status, struct job_outcome, status),
	YAML_FN("kinds", spec_load_kinds, struct job_outcome, kinds),
	YAML_LINES("failed_tests", struct job_outcome, failed_tests),
	YAML_FN_BASE("hypotheses", load_verdicts),
};

void job_load_outcome(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *outcome)
{
	struct job_outcome *o = outcome;

	if (!yaml_load_map(r, n, what, outcome_fields, ARRAY_SIZE(outcome_fields), o))
		return;
	o->given = true;
	if (!n->n)
		spec_complain(
			r, n->mark,
			"%s is empty; expected status, kinds, failed_tests or hypotheses",
			what);
	if (o->failed_tests.n && o->status && strcmp(o->status, "pass") == 0)
		spec_complain(
			r, n->mark,
			"%s wants failed tests of a kernel that passes; expected status: fail",
			what);
}

void job_load_outcomes(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *kernel)
{
	struct job_kernel *k = kernel;

	if (!yaml_want_map(r, n, what))
		return;
	free(k->outcomes);
	k->outcomes = xcalloc(n->n + 1, sizeof(*k->outcomes));
	for (k->n_outcomes = 0; k->n_outcomes < n->n; k->n_outcomes++) {
		const size_t i = k->n_outcomes;
		_cleanup_free_ char *name = xasprintf("%s.%.60s", what, n->keys[i]->text);

		k->outcomes[i].config = xstrdup(n->keys[i]->text);
		k->outcomes[i].mark = n->keys[i]->mark;
		job_load_outcome(r, n->vals[i], name, &k->outcomes[i].outcome);
	}
}

void job_release_outcome(struct job_outcome *o)
{
	for (size_t i = 0; i < o->n_hypotheses; i++) {
		free(o->hypotheses[i].name);
		free(o->hypotheses[i].verdict);
	}
	free(o->hypotheses);
	free(o->status);
	strvec_release(&o->failed_tests);
}
