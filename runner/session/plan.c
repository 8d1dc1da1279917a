// SPDX-License-Identifier: GPL-2.0-or-later
/* A plan from top to bottom, in the order of session.c. */
#include "session/plan_int.h"

#include <stdarg.h>

#include "session/actions.h"

void plan_phase(struct plan *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->phase, sizeof(p->phase), fmt, ap);
	va_end(ap);
}

json_t *plan_step(struct plan *p, const char *what)
{
	json_t *o = json_object();

	json_put(o, "phase", json_lossy_str(p->phase));
	json_put(o, "do", json_string(what));
	json_push(p->steps, o);
	return o;
}

void plan_limit(json_t *step, int64_t ms)
{
	json_put(step, "limit_s", json_real((double)ms / 1e3));
}

void plan_text(json_t *step, const char *key, const char *text)
{
	json_put(step, key, json_lossy_str(text));
}

void plan_type(struct plan *p, const char *text, bool is_secret)
{
	plan_text(plan_step(p, "type"), "text", is_secret ? "***" : text);
}

void plan_wait(struct plan *p, const char *what, json_t *take_patterns, int64_t limit_ms)
{
	json_t *o = plan_step(p, "wait");

	plan_text(o, "for", what);
	if (take_patterns)
		json_put(o, "patterns", take_patterns);
	plan_limit(o, limit_ms);
}

static int boot(struct plan *p, size_t at, struct err *err)
{
	const struct job_action *a = &p->job->actions[at];
	const struct job_action *deploy = deploy_of_boot(p->job, at);
	int r = 0;

	if (a->boot.commands == JOB_COMMANDS_MEDIA)
		plan_unstage(p);
	else if (a->boot.method == JOB_BOOT_UBOOT && deploy)
		r = plan_stage(p, deploy, &a->boot, err);
	if (!r)
		plan_attempt(p, a);
	return r;
}

static const struct board_user_command *find_command(const struct plan *p,
						     const char *name)
{
	for (size_t i = 0; i < p->board->n_user_commands; i++)
		if (strcmp(p->board->user_commands[i].name, name) == 0)
			return &p->board->user_commands[i];
	return NULL;
}

static void user_command(struct plan *p, const char *name)
{
	const struct board_user_command *uc = find_command(p, name);

	plan_phase(p, "%s", name);
	plan_text(plan_step(p, "host-command"), "text", uc ? uc->run : NULL);
}

static bool is_used(const struct plan *p, const struct board_user_command *uc)
{
	for (size_t i = 0; i < p->job->n_actions; i++)
		if (p->job->actions[i].kind == JOB_COMMAND &&
		    strcmp(p->job->actions[i].command.name, uc->name) == 0)
			return true;
	return false;
}

static void undo_commands(struct plan *p)
{
	for (size_t i = p->board->n_user_commands; i-- > 0;) {
		const struct board_user_command *uc = &p->board->user_commands[i];

		if (!uc->undo || !is_used(p, uc))
			continue;
		plan_phase(p, "undo:%s", uc->name);
		plan_text(plan_step(p, "host-command"), "text", uc->undo);
	}
}

static int one_action(struct plan *p, size_t at, struct err *err)
{
	const struct job_action *a = &p->job->actions[at];
	int r = 0;

	for (uint32_t i = 0; i < a->repeat && !r; i++) {
		switch (a->kind) {
		case JOB_DEPLOY:
			break; /* staged with the boot action that uses it */
		case JOB_BOOT:
			r = boot(p, at, err);
			break;
		case JOB_TEST:
			plan_test(p, a);
			break;
		case JOB_COMMAND:
			user_command(p, a->command.name);
			break;
		}
	}
	return r;
}

static int run_actions(struct plan *p, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < p->job->n_actions && !r; i++)
		r = one_action(p, i, err);
	undo_commands(p);
	plan_phase(p, "power-off");
	if (!r)
		plan_power(p, "off");
	return r;
}

int plan_run(const struct job_spec *job, const struct board_spec *board,
	     const struct job_cell *cell, json_t **out, struct err *err)
{
	struct plan p = {
		.job = job, .board = board, .cell = cell, .staged = STAGED_INIT
	};
	json_t *o = json_object(), *steps = json_array(), *on_failure = json_array();
	int r;

	json_put(o, "schema", json_string("bootrig.plan/1"));
	plan_text(o, "job", job->job_name);
	plan_text(o, "board", board->board);
	plan_text(o, "kernel", cell ? cell->name : NULL);
	plan_limit(o, job->job_timeout_ms);
	json_put(o, "steps", steps);
	json_put(o, "watch", plan_watch(&p));
	json_put(o, "on_failure", on_failure);
	p.steps = steps;
	r = run_actions(&p, err);
	p.steps = on_failure;
	if (!r)
		r = plan_recovery(&p, err);
	plan_unstage(&p);
	free(p.append);
	if (r) {
		json_decref(o);
		o = NULL;
	}
	*out = o;
	return r;
}
