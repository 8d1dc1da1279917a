// SPDX-License-Identifier: GPL-2.0-or-later
/* What a plan says of failures: what counts as one, what a wedged kernel is asked, and
 * the ladder that brings the board back. */
#include "session/actions.h"
#include "session/plan_int.h"

static json_t *fatal_kinds(const struct job_spec *job)
{
	uint64_t kinds = 0;

	for (int i = 0; i < INCIDENT_N_KINDS; i++) {
		int fatal = job->watch.fatal[i];

		if (fatal < 0 ? incident_kind_is_fatal((enum incident_kind)i) : fatal)
			kinds |= UINT64_C(1) << i;
	}
	return incident_kinds_to_json(kinds);
}

static json_t *seconds(int64_t ms)
{
	return json_real((double)ms / 1e3);
}

json_t *plan_watch(const struct plan *p)
{
	const struct board_limits *l = &p->board->limits;
	json_t *o = json_object(), *stages = json_object();

	json_put(o, "fatal", fatal_kinds(p->job));
	json_put(o, "silence_s",
		 seconds(p->job->silence_ms ? p->job->silence_ms : l->silence_ms));
	for (int i = 0; i < STAGE_N && !p->job->silence_ms; i++)
		if (l->silence_stage_ms[i])
			json_put(stages, stage_to_str((enum stage)i),
				 seconds(l->silence_stage_ms[i]));
	json_put(o, "silence_of_stage_s", stages);
	json_put(o, "loop_boots", json_integer(p->job->loop_boots));
	json_put(o, "firmware_s", seconds(l->firmware_ms));
	json_put(o, "console_gap_s", seconds(l->console_gap_ms));
	return o;
}

/* Where session_capture() would ask at all. */
static void capture(struct plan *p)
{
	const struct board_capture *c = &p->board->capture;

	if ((!c->given && !p->board->n_recovery) || p->job->recover == 0)
		return;
	plan_phase(p, "capture");
	for (size_t i = 0; c->keys[i]; i++) {
		const char key[2] = { c->keys[i], '\0' };
		json_t *o = plan_step(p, "sysrq");

		plan_text(o, "key", key);
		plan_limit(o, c->timeout_ms);
	}
}

static void harvest(struct plan *p, const struct board_rung *rung)
{
	const struct strvec *lists[] = { &rung->harvest, &p->job->harvest };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (size_t j = 0; j < lists[i]->n; j++)
			plan_text(plan_step(p, "harvest"), "command", lists[i]->v[j]);
	for (size_t i = 0; i < rung->files.n; i++)
		plan_text(plan_step(p, "harvest"), "files", rung->files.v[i]);
}

static void cold_start(struct plan *p, const struct board_rung *rung)
{
	int64_t more_ms = rung->off_ms - p->board->power.off_settle_ms;

	plan_power(p, "off");
	if (more_ms > 0)
		plan_wait(p, "time", NULL, more_ms);
	if (rung->mux)
		plan_power(p, rung->mux);
	plan_power(p, "on");
	if (rung->kind != RUNG_MASKROM)
		return;
	plan_power(p, "maskrom");
	json_t *o = plan_step(p, "maskrom");
	plan_text(o, "loader", rung->maskrom->loader);
	plan_text(o, "usb", rung->maskrom->usb);
	json_put(o, "writes_flash",
		 json_boolean(rung->maskrom->flash && rung->maskrom->n_writes));
}

static void start(struct plan *p, const struct board_rung *rung)
{
	switch (rung->kind) {
	case RUNG_SOFT_REBOOT:
		plan_type(p, "reboot", false);
		break;
	case RUNG_SYSRQ_B:
		plan_text(plan_step(p, "sysrq"), "key", "b");
		break;
	case RUNG_WARM_RESET:
		plan_power(p, "reset");
		break;
	case RUNG_POWER_CYCLE:
	case RUNG_LABEL:
	case RUNG_MEDIA:
	case RUNG_MASKROM:
		cold_start(p, rung);
		break;
	}
}

static void type_commands(struct plan *p, const struct board_rung *rung)
{
	plan_stop_autoboot(p, rung->timeout_ms);
	for (size_t i = 0; i < rung->commands.n; i++)
		plan_type(p, rung->commands.v[i], false);
}

static int climb(struct plan *p, const struct board_rung *rung, struct err *err)
{
	struct job_action deploy, boot;
	json_t *o;
	int r = 0;

	plan_phase(p, "recovery:%s", rung->name);
	o = plan_step(p, "rung");
	plan_text(o, "name", rung->name);
	plan_text(o, "kind", board_rung_kind_to_str(rung->kind));
	plan_limit(o, rung->timeout_ms);
	if (rung->label) {
		label_actions(rung, &deploy, &boot);
		p->label = rung->label;
		r = plan_stage(p, &deploy, &boot.boot, err);
	}
	if (r)
		return r;
	start(p, rung);
	if (rung->label)
		plan_loader(p, &boot);
	else if (rung->commands.n)
		type_commands(p, rung);
	p->label = NULL;
	plan_phase(p, "recovery:%s", rung->name);
	plan_login(p, &rung->auto_login, &rung->prompts, rung->timeout_ms);
	harvest(p, rung);
	return 0;
}

/* In the first system that comes up. */
static void repair(struct plan *p)
{
	const struct strvec *lines = &p->board->repair;

	if (lines->n)
		plan_phase(p, "recovery:repair");
	for (size_t i = 0; i < lines->n; i++)
		plan_text(plan_step(p, "repair"), "command", lines->v[i]);
}

int plan_recovery(struct plan *p, struct err *err)
{
	const struct board_spec *b = p->board;
	int r = 0;

	capture(p);
	if (p->job->recover == 0 || !b->n_recovery)
		return 0;
	for (size_t i = 0; i < b->n_recovery && !r; i++) {
		r = climb(p, &b->recovery[i], err);
		if (i == 0)
			repair(p);
	}
	plan_phase(p, "power-off");
	if (!r)
		plan_power(p, "off");
	return r;
}
