// SPDX-License-Identifier: GPL-2.0-or-later
/* Power moves of a plan: the sequences of the board file, step by step. */
#include "session/plan_int.h"

static void relay(struct plan *p, const struct board_step *s, const char *act, int64_t ms)
{
	static const char *const unless[] = {
		[BOARD_ALWAYS] = NULL,
		[BOARD_UNLESS_OFF] = "off",
		[BOARD_UNLESS_ON] = "on",
	};
	json_t *o = plan_step(p, "relay");

	plan_text(o, "line", p->board->power.lines[s->line].name);
	plan_text(o, "act", act);
	json_put(o, "ms", json_integer((json_int_t)ms));
	if (unless[s->unless])
		plan_text(o, "unless", unless[s->unless]);
}

static void sequence_step(struct plan *p, const struct board_step *s)
{
	json_t *patterns;

	switch (s->kind) {
	case BOARD_STEP_SET:
		relay(p, s, "set", 0);
		break;
	case BOARD_STEP_CLEAR:
		relay(p, s, "clear", 0);
		break;
	case BOARD_STEP_PRESS:
		relay(p, s, "press", s->ms);
		break;
	case BOARD_STEP_WAIT:
		plan_wait(p, "time", NULL, s->ms);
		break;
	case BOARD_STEP_EXPECT:
		patterns = json_array();
		json_push(patterns, json_lossy_str(s->pattern));
		plan_wait(p, "pattern", patterns, s->ms);
		break;
	case BOARD_STEP_EXPECT_POWER:
		plan_wait(p, s->want_on ? "sense line: power" : "sense line: no power",
			  NULL, s->ms);
		break;
	}
}

static void gpio(struct plan *p, const char *what)
{
	const struct board_sequence *s = board_power_sequence(&p->board->power, what);

	for (size_t i = 0; s && i < s->n_steps; i++)
		sequence_step(p, &s->steps[i]);
}

static void command(struct plan *p, const char *what)
{
	const struct board_sequence *s = board_power_sequence(&p->board->power, what);
	json_t *o;

	if (!s)
		return;
	o = plan_step(p, "host-command");
	plan_text(o, "text", s->shell);
	plan_limit(o, p->board->limits.power_command_ms);
}

static void machine(struct plan *p, const char *what)
{
	json_t *o = plan_step(p, "machine");

	plan_text(o, "what", what);
	if (strcmp(what, "on") != 0)
		return;
	plan_text(o, "binary", p->board->power.qemu_binary);
	json_put(o, "args", json_lossy_strs(&p->board->power.qemu_args));
}

static void hold_tx(struct plan *p, bool is_low)
{
	if (p->board->console.hold_tx_low)
		json_put(plan_step(p, "hold-tx"), "low", json_boolean(is_low));
}

void plan_power(struct plan *p, const char *what)
{
	const struct board_power *bp = &p->board->power;
	bool is_off = strcmp(what, "off") == 0, is_on = strcmp(what, "on") == 0;
	int64_t settle_ms = is_on ? bp->on_settle_ms : is_off ? bp->off_settle_ms : 0;

	plan_text(plan_step(p, "power"), "what", what);
	if (!is_off)
		hold_tx(p, false);
	switch (bp->backend) {
	case BOARD_POWER_NONE:
		break;
	case BOARD_POWER_COMMAND:
		command(p, what);
		break;
	case BOARD_POWER_QEMU:
		machine(p, what);
		break;
	case BOARD_POWER_GPIO:
		gpio(p, what);
		break;
	}
	if (is_off)
		hold_tx(p, true);
	if (settle_ms)
		plan_wait(p, "time", NULL, settle_ms);
}
