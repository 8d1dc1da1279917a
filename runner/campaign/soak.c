// SPDX-License-Identifier: GPL-2.0-or-later
/* One boot after the other until the goal. */
#include "campaign/soak.h"

#include <errno.h>

#include "campaign/soak_int.h"
#include "report/result_read.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { PREPARE_LOAD_S = 30, PREPARE_TRIES = 3 };

struct soak {
	struct campaign *c;
	struct campaign_host *host;
	const struct soak_plan *p;
	const struct soak_view *view;
};

static double running_s(const struct campaign *c)
{
	const json_t *b;
	double sum = 0;
	size_t i;

	json_array_foreach(campaign_boots(c), i, b) sum += result_number(b, "seconds", 0);
	return sum;
}

static size_t measured(const struct campaign *c)
{
	return json_array_size(campaign_boots(c)) - soak_count(c, "", "", "lab") -
	       soak_count(c, "", "", "prepare");
}

/* Time left, in ms; INT64_MAX without such a goal. */
static int64_t time_left_ms(const struct soak *s)
{
	int64_t goal = s->p->goal.for_ms;

	return goal ? goal - (int64_t)(running_s(s->c) * 1e3) : INT64_MAX;
}

static bool is_reached(const struct soak *s)
{
	const struct soak_goal *g = &s->p->goal;

	if (json_array_size(campaign_boots(s->c)) >= JOB_SOAK_MAX_BOOTS)
		return true;
	return (g->boots && measured(s->c) >= g->boots) ||
	       (g->failures && soak_count(s->c, "", "", "failure") >= g->failures) ||
	       time_left_ms(s) < 1000;
}

static void add_end(struct strvec *args, enum job_soak_end end)
{
	if (end == JOB_END_ANY)
		return;
	strvec_add(args, "--end");
	strvec_add(args, end == JOB_END_CUT ? "cut" : "shutdown");
}

static void add_for(struct strvec *args, int64_t ms)
{
	strvec_add(args, "--for");
	strvec_addf(args, "%lldms", (long long)ms);
}

static json_t *new_record(const struct soak *s, size_t group, bool prepares)
{
	json_t *r = json_object();

	json_put(r, "cell", json_lossy_str(soak_plan_cell(s->p, group)));
	json_put(r, "level", json_lossy_str(soak_plan_level(s->p, group)->name));
	if (prepares)
		json_put(r, "prepares", json_true());
	return r;
}

static int boot(const struct soak *s, size_t group, bool prepares,
		const struct strvec *args, const json_t **record, struct err *err)
{
	const char *level = soak_plan_level(s->p, group)->name;
	int r;

	if (s->view->begins)
		s->view->begins(s->view->arg, measured(s->c) + 1,
				soak_plan_cell(s->p, group), level, prepares);
	r = campaign_boot(s->c, s->host, new_record(s, group, prepares), args,
			  soak_observe, (void *)(uintptr_t)s->p, record, err);
	if (!r && s->view->ended)
		s->view->ended(s->view->arg, *record);
	return r;
}

/* A boot that is not counted, and ends as the next one has to find things. */
static int prepare(const struct soak *s, size_t group, struct err *err)
{
	const struct soak_level *level = soak_plan_level(s->p, group);
	const json_t *record = NULL;
	int r = 0;

	for (int i = 0; i < PREPARE_TRIES && !r && !soak_is_ready(s->c, level); i++) {
		_cleanup_strvec_ struct strvec args = STRVEC_INIT;

		add_for(&args, level->begin == JOB_END_CUT ? PREPARE_LOAD_S * 1000 : 0);
		add_end(&args, level->begin);
		r = boot(s, group, true, &args, &record, err);
	}
	if (r || soak_is_ready(s->c, level))
		return r;
	return err_set(
		err, ERR_LAB, -EIO,
		"level %s cannot be brought about: %d boots did not end by %s; the "
		"last one: %.200s",
		level->name, PREPARE_TRIES,
		level->begin == JOB_END_CUT ? "a cut under load" : "a shutdown",
		json_get_str(record, "reason", ""));
}

static int measure(const struct soak *s, size_t group, const json_t **record,
		   struct err *err)
{
	_cleanup_strvec_ struct strvec args = STRVEC_INIT;
	const struct soak_level *level = soak_plan_level(s->p, group);
	size_t next = soak_next_group(s->c, s->p, group);
	int64_t limit = s->p->goal.each_ms ? s->p->goal.each_ms : INT64_MAX;
	int64_t left = time_left_ms(s);

	limit = left < limit ? left : limit;
	if (limit != INT64_MAX)
		add_for(&args, limit > 1000 ? limit : 1000);
	if (level->name) {
		strvec_add(&args, "--level");
		strvec_add(&args, level->name);
	}
	add_end(&args, soak_plan_level(s->p, next)->begin);
	return boot(s, group, false, &args, record, err);
}

/* What says nothing must not go on for ever. */
static int check_lab(const json_t *record, size_t in_vain, struct err *err)
{
	const char *status = json_get_str(record, "status", "lab");

	if (strcmp(status, "job") == 0 || strcmp(status, "bug") == 0)
		return err_set(err, status[0] == 'j' ? ERR_JOB : ERR_BUG, -EINVAL, "%s",
			       json_get_str(record, "reason", ""));
	if (in_vain < SOAK_LAB_TRIES)
		return 0;
	return err_set(err, ERR_LAB, -EIO, "%zu boots in a row came to nothing: %.300s",
		       in_vain, json_get_str(record, "reason", ""));
}

int soak_run(struct campaign *c, struct campaign_host *host, const struct soak_plan *p,
	     const struct soak_view *view, struct err *err)
{
	const struct soak s = { .c = c, .host = host, .p = p, .view = view };
	size_t in_vain = 0;
	int r = campaign_settle_pending(c, soak_observe, (void *)(uintptr_t)p, err);

	while (!r && !is_reached(&s)) {
		size_t group = soak_next_group(c, p, SIZE_MAX);
		const json_t *record;

		r = prepare(&s, group, err);
		if (!r)
			r = measure(&s, group, &record, err);
		if (r)
			return r;
		bool is_lab = strcmp(json_get_str(record, "counted", ""), "lab") == 0;
		in_vain = is_lab ? in_vain + 1 : 0;
		if (is_lab)
			r = check_lab(record, in_vain, err);
	}
	if (!r)
		json_put(c->state, "finished", json_true());
	return r;
}
