// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig: soak:` as a checked struct. */
#include "parse/job_soak.h"

#include "parse/spec_load.h"
#include "util/mem.h"

static void load_span(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *ms)
{
	int64_t v = -1;

	spec_load_duration(r, n, what, &v);
	if (v >= 0 && v < 1000)
		spec_complain(r, n->mark,
			      "%s is shorter than a second; expected for example "
			      "{minutes: 30}",
			      what);
	else if (v > 0)
		*(int64_t *)ms = v;
}

static void load_end(struct spec_report *r, const struct yaml_node *n, const char *what,
		     void *end)
{
	static const char *const words[] = { "any", "shutdown", "cut" };
	size_t i;

	if (yaml_get_word(r, n, what, words, ARRAY_SIZE(words), &i))
		*(enum job_soak_end *)end = (enum job_soak_end)i;
}

static const struct yaml_field level_fields[] = {
	YAML_FN_REQUIRED("name", spec_load_name, struct job_level, name),
	YAML_FN("end", load_end, struct job_level, end),
	YAML_LINES("commands", struct job_level, commands),
	YAML_LINES("kernel_args", struct job_level, kernel_args),
};

static void load_levels(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *base)
{
	struct job_factor *f = base;

	if (!yaml_want_list(r, n, what))
		return;
	if (n->n < 2 || n->n > JOB_SOAK_MAX_LEVELS) {
		spec_complain(r, n->mark, "%s has %zu levels; expected 2 to %d", what,
			      n->n, JOB_SOAK_MAX_LEVELS);
		return;
	}
	f->levels = xcalloc(n->n, sizeof(*f->levels));
	for (; f->n_levels < n->n; f->n_levels++) {
		struct job_level *l = &f->levels[f->n_levels];

		l->mark = n->vals[f->n_levels]->mark;
		yaml_load_map(r, n->vals[f->n_levels], "the level", level_fields,
			      ARRAY_SIZE(level_fields), l);
		for (size_t i = 0; l->name && i < f->n_levels; i++)
			if (f->levels[i].name && strcmp(f->levels[i].name, l->name) == 0)
				spec_complain(r, l->mark,
					      "two levels are named %s; expected each "
					      "name once",
					      l->name);
	}
}

static const struct yaml_field factor_fields[] = {
	YAML_FN_REQUIRED("name", spec_load_name, struct job_factor, name),
	YAML_FN_BASE_REQUIRED("levels", load_levels),
};

static bool says_end(const struct job_factor *f)
{
	for (size_t i = 0; i < f->n_levels; i++)
		if (f->levels[i].end != JOB_END_ANY)
			return true;
	return false;
}

/* A boot has one end. */
static void check_ends(struct spec_report *r, const struct job_soak *s)
{
	const struct job_factor *first = NULL;

	for (size_t i = 0; i < s->n_factors; i++) {
		if (!says_end(&s->factors[i]))
			continue;
		if (first)
			spec_complain(r, s->factors[i].mark,
				      "this factor and %s both say how a boot ends; "
				      "expected end: in one of them",
				      first->name ? first->name : "another");
		first = &s->factors[i];
	}
}

static void load_factors(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *base)
{
	struct job_soak *s = base;

	if (!yaml_want_list(r, n, what))
		return;
	if (n->n > JOB_SOAK_MAX_FACTORS) {
		spec_complain(r, n->mark, "%s has %zu factors; expected at most %d", what,
			      n->n, JOB_SOAK_MAX_FACTORS);
		return;
	}
	s->factors = xcalloc(n->n, sizeof(*s->factors));
	for (; s->n_factors < n->n; s->n_factors++) {
		struct job_factor *f = &s->factors[s->n_factors];

		f->mark = n->vals[s->n_factors]->mark;
		yaml_load_map(r, n->vals[s->n_factors], "the factor", factor_fields,
			      ARRAY_SIZE(factor_fields), f);
		for (size_t i = 0; f->name && i < s->n_factors; i++)
			if (s->factors[i].name &&
			    strcmp(s->factors[i].name, f->name) == 0)
				spec_complain(r, f->mark,
					      "two factors are named %s; expected each "
					      "name once",
					      f->name);
	}
	check_ends(r, s);
}

static const struct yaml_field soak_fields[] = {
	YAML_FN("for", load_span, struct job_soak, for_ms),
	YAML_FN("each", load_span, struct job_soak, each_ms),
	YAML_U32("boots", struct job_soak, boots, 1, JOB_SOAK_MAX_BOOTS),
	YAML_U32("failures", struct job_soak, failures, 1, JOB_SOAK_MAX_BOOTS),
	YAML_LINE("shutdown", struct job_soak, shutdown),
	YAML_FN_BASE("factors", load_factors),
};

void job_load_soak(struct spec_report *r, const struct yaml_node *n, const char *what,
		   void *soak)
{
	yaml_load_map(r, n, what, soak_fields, ARRAY_SIZE(soak_fields), soak);
}

static void release_level(struct job_level *l)
{
	free(l->name);
	strvec_release(&l->commands);
	strvec_release(&l->kernel_args);
}

void job_soak_release(struct job_soak *s)
{
	for (size_t i = 0; i < s->n_factors; i++) {
		for (size_t k = 0; k < s->factors[i].n_levels; k++)
			release_level(&s->factors[i].levels[k]);
		free(s->factors[i].levels);
		free(s->factors[i].name);
	}
	free(s->factors);
	free(s->shutdown);
}
