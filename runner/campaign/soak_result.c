// SPDX-License-Identifier: GPL-2.0-or-later
/* A soak as one result: what its boots say, group by group, and against each other. The
 * same sentences are for people and in the JSON. */
#include "campaign/result.h"
#include "campaign/soak_int.h"
#include "report/result_read.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

/* All that the parts of the result are made from. */
struct telling {
	const struct campaign *c;
	const struct soak_plan *p;
	const struct soak_against *against;
	json_t *lines;  /* sentences */
	char *old_cell; /* whose rate clean stretches are held against; NULL = none */
	struct survival_old old;
};

static void say(struct telling *t, const char *name, struct strbuf *text)
{
	_cleanup_free_ char *line = strbuf_take(text);

	json_push(t->lines, json_sprintf("%s: %s", name, line));
}

static char *group_name(const char *cell, const char *level)
{
	if (cell && level)
		return xasprintf("%s, %s", cell, level);
	return xstrdup(cell ? cell : level ? level : "all");
}

/* Of several groups each has a number of failures that nobody chose. */
static enum survival_stop stop_of(const struct telling *t)
{
	uint32_t goal = t->p->goal.failures;

	return goal && soak_plan_groups(t->p) == 1 &&
			       soak_count(t->c, "", "", "failure") >= goal
		       ? SURVIVAL_STOP_FAILURE
		       : SURVIVAL_STOP_TIME;
}

/* The first cell that fails is what the others are held against; else what the command
 * line names. */
static void find_old(struct telling *t)
{
	if (t->against) {
		t->old = t->against->old;
		t->old.name = t->against->name;
	}
	for (size_t i = 0; i < t->p->cells.n && !t->against && !t->old_cell; i++) {
		struct survival_obs *v;
		struct survival_rate rate;
		size_t n =
			soak_collect(t->c, t->p, t->p->cells.v[i], "", SIZE_MAX, 0, &v);

		survival_rate(v, n, SURVIVAL_STOP_TIME, &rate);
		free(v);
		if (!rate.n_failures)
			continue;
		t->old_cell = t->p->cells.v[i];
		t->old = (struct survival_old){ .name = t->old_cell,
						.n_failures = rate.n_failures,
						.exposure_s = rate.exposure_s };
	}
}

/* A level of the old kernel is part of that rate, not a test of it: levels are compared
 * with each other. */
static const struct survival_old *old_for(const struct telling *t, const char *cell)
{
	return cell && t->old_cell && strcmp(cell, t->old_cell) == 0 ? NULL : &t->old;
}

static void put_clean(struct telling *t, json_t *j, const char *name, const char *cell,
		      const struct survival_rate *rate)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	const struct survival_old *old = old_for(t, cell);
	struct survival_clean clean;

	if (rate->n_failures || rate->exposure_s <= 0) {
		json_put(j, "clean", json_null());
		return;
	}
	survival_clean(rate->exposure_s, old, &clean);
	json_put(j, "clean", survival_clean_json(&clean));
	survival_say_clean(&text, &clean, old);
	say(t, name, &text);
}

static json_t *observations_json(const struct survival_obs *v, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_push(list, json_pack("{s:f, s:b}", "seconds", v[i].seconds, "failed",
					  v[i].has_failed));
	return list;
}

static json_t *statistics(struct telling *t, const char *name, const char *cell,
			  const struct survival_obs *v, size_t n)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct survival_rate rate;
	struct survival_shape shape;
	json_t *j = json_object();

	survival_rate(v, n, stop_of(t), &rate);
	survival_shape(v, n, &shape);
	json_put(j, "rate", survival_rate_json(&rate));
	json_put(j, "shape", survival_shape_json(&shape));
	survival_say_rate(&text, &rate);
	say(t, name, &text);
	if (rate.n_failures) {
		survival_say_shape(&text, &shape);
		say(t, name, &text);
	}
	put_clean(t, j, name, cell, &rate);
	return j;
}

static void put_counts(const struct telling *t, json_t *j, const char *cell,
		       const char *level)
{
	static const char *const words[][2] = {
		{ "failures", "failure" }, { "survived", "survived" },
		{ "other", "other" },      { "early", "early" },
		{ "lab", "lab" },          { "prepare", "prepare" }
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		json_put(j, words[i][0],
			 json_integer(
				 (json_int_t)soak_count(t->c, cell, level, words[i][1])));
}

static json_t *group_json(struct telling *t, const char *cell, const char *level)
{
	_cleanup_free_ char *name = group_name(cell, level);
	struct survival_obs *v;
	size_t n = soak_collect(t->c, t->p, cell ? cell : "", level ? level : "",
				SIZE_MAX, 0, &v);
	json_t *j = statistics(t, name, cell, v, n);

	json_put(j, "cell", json_lossy_str(cell));
	json_put(j, "level", json_lossy_str(level));
	json_put(j, "observations", observations_json(v, n));
	put_counts(t, j, cell ? cell : "", level ? level : "");
	free(v);
	return j;
}

static json_t *groups_json(struct telling *t)
{
	json_t *groups = json_array();

	for (size_t g = 0; g < soak_plan_groups(t->p); g++)
		json_push(groups, group_json(t, soak_plan_cell(t->p, g),
					     soak_plan_level(t->p, g)->name));
	return groups;
}

/* Takes both lists. */
static void compare(struct telling *t, json_t *list, const char *what, const char *a,
		    const char *b, struct survival_obs *take_a, size_t n_a,
		    struct survival_obs *take_b, size_t n_b)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct survival_comparison cmp;
	json_t *j;

	survival_compare(take_a, n_a, take_b, n_b, &cmp);
	free(take_a);
	free(take_b);
	j = survival_comparison_json(&cmp);
	json_put(j, "of", json_lossy_str(what));
	json_put(j, "a", json_lossy_str(a));
	json_put(j, "b", json_lossy_str(b));
	json_push(list, j);
	survival_say_comparison(&text, a, b, &cmp);
	say(t, what, &text);
}

/* Each level against the first, within one cell: kernels differ more than levels do. */
static void compare_levels(struct telling *t, json_t *list, const char *cell, size_t f)
{
	const struct job_factor *factor = &t->p->soak->factors[f];
	_cleanup_free_ char *what =
		cell ? xasprintf("%s, %s", cell, factor->name) : xstrdup(factor->name);

	for (size_t k = 1; k < factor->n_levels; k++) {
		struct survival_obs *a, *b;
		const char *which = cell ? cell : "";
		size_t n_a = soak_collect(t->c, t->p, which, "", f, 0, &a);
		size_t n_b = soak_collect(t->c, t->p, which, "", f, k, &b);

		compare(t, list, what, factor->levels[0].name, factor->levels[k].name, a,
			n_a, b, n_b);
	}
}

static json_t *comparisons_json(struct telling *t)
{
	const struct strvec *cells = &t->p->cells;
	json_t *list = json_array();

	for (size_t f = 0; f < t->p->soak->n_factors; f++)
		for (size_t i = 0; i < (cells->n ? cells->n : 1); i++)
			compare_levels(t, list, cells->n ? cells->v[i] : NULL, f);
	for (size_t i = 1; i < cells->n; i++) {
		struct survival_obs *a, *b;
		size_t n_a = soak_collect(t->c, t->p, cells->v[0], "", SIZE_MAX, 0, &a);
		size_t n_b = soak_collect(t->c, t->p, cells->v[i], "", SIZE_MAX, 0, &b);

		compare(t, list, "kernels", cells->v[0], cells->v[i], a, n_a, b, n_b);
	}
	return list;
}

static json_t *goal_json(const struct soak_goal *g)
{
	return json_pack("{s:f, s:f, s:I, s:I}", "for_s", (double)g->for_ms / 1e3,
			 "each_s", (double)g->each_ms / 1e3, "boots",
			 (json_int_t)g->boots, "failures", (json_int_t)g->failures);
}

static json_t *body_json(struct telling *t)
{
	json_t *j = json_object();
	bool is_one_group = soak_plan_groups(t->p) == 1;

	find_old(t);
	json_put(j, "goal", goal_json(&t->p->goal));
	put_counts(t, j, "", "");
	json_put(j, "groups", groups_json(t));
	json_put(j, "comparisons", comparisons_json(t));
	json_put(j, "against",
		 is_one_group && !t->old.name ? json_null()
					      : json_lossy_str(t->old.name));
	json_put(j, "lines", json_incref(t->lines));
	return j;
}

static void judge(const struct campaign *c, struct verdict *v, int *exit_code)
{
	size_t failures = soak_count(c, "", "", "failure");
	size_t clean = soak_count(c, "", "", "survived");
	size_t odd = soak_count(c, "", "", "other") + soak_count(c, "", "", "early");
	size_t all = failures + clean + odd;

	*exit_code = failures ? 1 : odd ? 125 : 0;
	if (failures)
		verdict_set(v, "fail", NULL, "%zu of %zu boots failed", failures, all);
	else if (odd)
		verdict_set(v, "fail", NULL,
			    "none of %zu boots failed as the job expects, %zu did "
			    "otherwise or before they were under test",
			    all, odd);
	else if (clean)
		verdict_set(v, "pass", NULL, "%zu boot%s without a failure", clean,
			    clean == 1 ? "" : "s");
	else
		verdict_set(v, "lab", NULL, "no boot came to a verdict");
	if (!all)
		*exit_code = 125;
}

static json_t *tests_json(const struct campaign *c)
{
	json_t *tests = json_array();
	const json_t *b;
	size_t i;

	json_array_foreach(campaign_boots(c), i, b)
	{
		const char *counted = json_get_str(b, "counted", "lab");
		json_t *t;

		if (strcmp(counted, "prepare") == 0)
			continue;
		t = json_object();
		json_put(t, "suite", json_string("soak"));
		json_put(t, "name",
			 json_sprintf("boot-%lld", (long long)json_get_int(b, "n", 0)));
		json_put(t, "result",
			 json_string(strcmp(counted, "survived") == 0 ? "pass"
				     : strcmp(counted, "lab") == 0    ? "unknown"
								      : "fail"));
		json_put(t, "source", json_string("campaign"));
		json_put(t, "reason", json_lossy_str(json_get_str(b, "reason", "")));
		json_push(tests, t);
	}
	return tests;
}

/* The most frequent kind among the failures; borrowed. */
static const char *usual_kind(const struct campaign *c)
{
	const char *best = NULL;
	size_t most = 0, i, k;
	const json_t *a, *b;

	json_array_foreach(campaign_boots(c), i, a)
	{
		const char *kind = json_get_str(a, "kind", NULL);
		size_t n = 0;

		if (!kind || strcmp(json_get_str(a, "counted", ""), "failure") != 0 ||
		    (best && strcmp(best, kind) == 0))
			continue;
		json_array_foreach(campaign_boots(c), k, b) n +=
			strcmp(json_get_str(b, "kind", ""), kind) == 0;
		if (n > most) {
			most = n;
			best = kind;
		}
	}
	return best;
}

json_t *soak_result(const struct campaign *c, const struct job_spec *job,
		    const struct board_spec *board, const struct soak_plan *p,
		    const struct soak_against *against)
{
	struct telling t = { .c = c, .p = p, .against = against, .lines = json_array() };
	struct verdict v;
	int exit_code;
	json_t *body = body_json(&t);

	judge(c, &v, &exit_code);
	v.kind = strcmp(v.status, "fail") == 0 ? usual_kind(c) : NULL;
	json_t *result =
		campaign_result(c, job, board, &v, exit_code, tests_json(c), body);
	json_decref(t.lines);
	return result;
}
