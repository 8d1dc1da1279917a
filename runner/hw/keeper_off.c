// SPDX-License-Identifier: GPL-2.0-or-later
/* A board is switched off because its user died: the off sequence of its file, step by
 * step, as the clock of the keeper allows. */
#include <errno.h>

#include "hw/keeper_board_int.h"
#include "util/log.h"

/* A relay that fails must not keep the others from being cleared. */
static void off_move(struct keeper_board *b, const struct board_step *s, int64_t now_ns)
{
	struct keeper_line *k = &b->lines[s->line];
	struct err err = ERR_INIT;
	bool closes = s->kind != BOARD_STEP_CLEAR;
	int r = k->gpio ? 0
			: err_set(&err, ERR_LAB, -ENODEV, "line %s is not held",
				  b->claim.lines[s->line].name);

	if (!r && closes)
		r = keeper_board_may_close(b, s->line, &err);
	if (!r)
		r = keeper_board_drive(b, s->line, closes, &err);
	if (!r && closes && keeper_board_is_momentary(b, s->line)) {
		int64_t ms = b->claim.lines[s->line].max_press_ms;

		if (s->kind == BOARD_STEP_PRESS && s->ms < ms)
			ms = s->ms;
		k->open_at_ns = now_ns + ms * 1000000;
	}
	if (!r && s->kind == BOARD_STEP_PRESS)
		b->off_wait_ns = k->open_at_ns;
	b->off_failed |= r != 0;
	if (r)
		log_error("board %s: switching off: %s", b->claim.board, err.msg);
}

/* A button that switches on what is off is not pressed, nor one of which nobody knows
 * what it would do. */
static bool is_left_out(struct keeper_board *b, const struct board_step *s)
{
	int i = b->claim.sense_line;
	struct err err = ERR_INIT;
	bool value;

	if (s->unless == BOARD_ALWAYS || i < 0)
		return false;
	if (!b->lines[i].gpio || b->hw->get(b->lines[i].gpio, &value, &err)) {
		log_error(
			"board %s: its power sense cannot be read, so no button is pressed",
			b->claim.board);
		b->off_failed = true;
		return true;
	}
	return (value == b->claim.sense_powered) == (s->unless == BOARD_UNLESS_ON);
}

void keeper_board_off_steps(struct keeper_board *b, int64_t now_ns)
{
	while (b->off_wait_ns <= now_ns && b->off_step < b->claim.n_off) {
		const struct board_step *s = &b->claim.off[b->off_step++];

		b->off_wait_ns = 0;
		if (is_left_out(b, s))
			continue;
		if (s->kind == BOARD_STEP_WAIT)
			b->off_wait_ns = now_ns + s->ms * 1000000;
		else
			off_move(b, s, now_ns);
	}
	if (b->off_wait_ns > now_ns || b->off_step < b->claim.n_off)
		return;
	keeper_board_open_momentary(b);
	b->is_switching_off = b->in_sequence = false;
	b->allowed = 0;
	log_info("board %s is %s", b->claim.board,
		 b->off_failed ? "not off: a relay failed" : "off");
}

void keeper_board_left(struct keeper_board *b, bool said_bye, int64_t now_ns)
{
	keeper_board_open_momentary(b);
	b->in_sequence = false;
	b->allowed = 0;
	if (said_bye || b->claim.keep_on_death)
		return;
	log_warn("board %s: its user died; switching it off", b->claim.board);
	b->is_switching_off = b->in_sequence = true;
	for (size_t i = 0; i < b->claim.n_off; i++)
		if (b->claim.off[i].kind <= BOARD_STEP_PRESS)
			b->allowed |= 1U << b->claim.off[i].line;
	b->off_step = 0;
	b->off_wait_ns = 0;
	b->off_failed = false;
	(void)keeper_board_tick(b, now_ns);
}
