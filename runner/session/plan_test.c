// SPDX-License-Identifier: GPL-2.0-or-later
/* Test actions of a plan: each step that would be typed at the shell. */
#include "session/plan_int.h"

static void source(struct plan *p, const struct job_definition *def)
{
	_cleanup_free_ char *url = spec_masked_url(def->repository);
	json_t *o = plan_step(p, "fetch");

	plan_text(o, "role", "test definition");
	plan_text(o, "url", url ? url : def->path);
	if (url) {
		plan_text(o, "path", def->path);
		plan_text(o, "revision", def->revision ? def->revision : def->branch);
	}
}

static void definition(struct plan *p, const struct job_definition *def)
{
	plan_phase(p, "%s", def->name);
	if (def->from != JOB_FROM_INLINE)
		source(p, def);
	for (size_t i = 0; i < def->n_params; i++) {
		json_t *o = plan_step(p, "param");
		bool is_secret = spec_is_secret_name(def->params[i].name);

		plan_text(o, "name", def->params[i].name);
		plan_text(o, "value", is_secret ? "***" : def->params[i].value);
	}
	for (size_t i = 0; i < def->steps.n; i++) {
		json_t *o = plan_step(p, "test");

		plan_text(o, "suite", def->name);
		plan_text(o, "command", def->steps.v[i]);
	}
}

static json_t *messages(const struct job_interactive_match *m, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_push(a, json_lossy_str(m[i].message));
	return a;
}

static void interactive(struct plan *p, const struct job_interactive *it)
{
	plan_phase(p, "%s", it->name);
	for (size_t i = 0; i < it->n_steps; i++) {
		const struct job_interactive_step *s = &it->steps[i];

		if (s->delay_ms >= 0) {
			plan_wait(p, "time", NULL, s->delay_ms);
			continue;
		}
		json_t *o = plan_step(p, "interactive");
		plan_text(o, "suite", it->name);
		plan_text(o, "name", s->name);
		plan_text(o, "command", s->command);
		json_put(o, "successes", messages(s->successes, s->n_successes));
		json_put(o, "failures", messages(s->failures, s->n_failures));
		json_put(o, "prompts", json_lossy_strs(&it->prompts));
	}
}

static void monitor(struct plan *p, const struct job_monitor *m)
{
	json_t *o;

	plan_phase(p, "%s", m->name);
	o = plan_step(p, "monitor");
	plan_text(o, "suite", m->name);
	plan_text(o, "start", m->start);
	plan_text(o, "end", m->end);
	plan_text(o, "pattern", m->pattern);
	json_put(o, "expected", json_lossy_strs(&m->expected));
}

void plan_test(struct plan *p, const struct job_action *action)
{
	const struct job_test *t = &action->test;
	json_t *o = plan_step(p, "under-test");

	plan_limit(o, action->timeout_ms);
	for (size_t i = 0; i < t->n_definitions; i++)
		definition(p, &t->definitions[i]);
	for (size_t i = 0; i < t->n_interactive; i++)
		interactive(p, &t->interactive[i]);
	for (size_t i = 0; i < t->n_monitors; i++)
		monitor(p, &t->monitors[i]);
}
