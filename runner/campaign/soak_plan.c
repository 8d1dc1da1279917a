// SPDX-License-Identifier: GPL-2.0-or-later
/* Cells times levels, and whose turn it is. */
#include "campaign/soak_int.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

static void add_level(struct soak_plan *p, const size_t of[JOB_SOAK_MAX_FACTORS])
{
	struct soak_level l = { .begin = JOB_END_ANY };
	struct strbuf name = STRBUF_INIT;

	for (size_t i = 0; i < p->soak->n_factors; i++) {
		const struct job_factor *f = &p->soak->factors[i];

		l.of[i] = of[i];
		strbuf_addf(&name, "%s%s=%s", i ? "," : "", f->name,
			    f->levels[of[i]].name);
		if (f->levels[of[i]].end != JOB_END_ANY)
			l.begin = f->levels[of[i]].end;
	}
	l.name = p->soak->n_factors ? strbuf_take(&name) : NULL;
	p->levels = xreallocarray(p->levels, p->n_levels + 1, sizeof(*p->levels));
	p->levels[p->n_levels++] = l;
}

/* The next combination; false after the last one. */
static bool count_up(const struct job_soak *soak, size_t of[JOB_SOAK_MAX_FACTORS])
{
	for (size_t i = 0; i < soak->n_factors; i++) {
		if (++of[i] < soak->factors[i].n_levels)
			return true;
		of[i] = 0;
	}
	return false;
}

void soak_plan_init(struct soak_plan *p, const struct job_soak *soak)
{
	size_t of[JOB_SOAK_MAX_FACTORS] = { 0 };

	*p = (struct soak_plan){ .soak = soak, .cells = STRVEC_INIT };
	p->goal = (struct soak_goal){ .for_ms = soak->for_ms,
				      .each_ms = soak->each_ms,
				      .boots = soak->boots,
				      .failures = soak->failures };
	do
		add_level(p, of);
	while (count_up(soak, of));
}

void soak_plan_release(struct soak_plan *p)
{
	for (size_t i = 0; i < p->n_levels; i++)
		free(p->levels[i].name);
	free(p->levels);
	strvec_release(&p->cells);
	*p = (struct soak_plan){ .cells = STRVEC_INIT };
}

static size_t n_cells(const struct soak_plan *p)
{
	return p->cells.n ? p->cells.n : 1;
}

size_t soak_plan_groups(const struct soak_plan *p)
{
	return n_cells(p) * p->n_levels;
}

/* Cells change fastest: what drifts over hours then hits all kernels alike. */
const char *soak_plan_cell(const struct soak_plan *p, size_t group)
{
	return p->cells.n ? p->cells.v[group % p->cells.n] : NULL;
}

const struct soak_level *soak_plan_level(const struct soak_plan *p, size_t group)
{
	return &p->levels[group / n_cells(p)];
}

json_t *soak_plan_levels_json(const struct soak_plan *p)
{
	json_t *names = json_array();

	for (size_t i = 0; i < p->n_levels; i++)
		json_push(names, json_lossy_str(p->levels[i].name));
	return names;
}

static bool counts(const char *counted)
{
	return strcmp(counted, "lab") != 0 && strcmp(counted, "prepare") != 0;
}

static size_t boots_of(const struct campaign *c, const struct soak_plan *p, size_t group)
{
	const char *cell = soak_plan_cell(p, group) ?: "";
	const char *level = soak_plan_level(p, group)->name ?: "";
	const json_t *b;
	size_t i, n = 0;

	json_array_foreach(campaign_boots(c), i, b) n +=
		counts(json_get_str(b, "counted", "lab")) &&
		strcmp(json_get_str(b, "cell", ""), cell) == 0 &&
		strcmp(json_get_str(b, "level", ""), level) == 0;
	return n;
}

size_t soak_next_group(const struct campaign *c, const struct soak_plan *p, size_t also)
{
	size_t best = 0, fewest = SIZE_MAX;

	for (size_t g = 0; g < soak_plan_groups(p); g++) {
		size_t n = boots_of(c, p, g) + (g == also);

		if (n < fewest) {
			fewest = n;
			best = g;
		}
	}
	return best;
}

bool soak_is_ready(const struct campaign *c, const struct soak_level *level)
{
	const json_t *boots = campaign_boots(c);
	size_t n = json_array_size(boots);
	const json_t *last = n ? json_array_get(boots, n - 1) : NULL;
	const char *ended = json_get_str(last, "ended", "");

	switch (level->begin) {
	case JOB_END_ANY:
		return true;
	case JOB_END_SHUTDOWN:
		return strcmp(ended, "shutdown") == 0;
	case JOB_END_CUT:
		/* Whatever else ended a boot that had come so far was no better. */
		return json_get_bool(last, "was_under_test", false) &&
		       strcmp(ended, "shutdown") != 0;
	}
	BUG("end %d", (int)level->begin);
}
