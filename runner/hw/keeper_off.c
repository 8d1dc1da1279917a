// SPDX-License-Identifier: GPL-2.0-or-later
/* A board is switched off because its user died: the off sequence of its file, step by
 * step, as the clock of the keeper allows. What fails is tried again, later and later; a
 * board that is not off after the last round is marked, and the next user is told. */
#include <errno.h>

#include "hw/keeper_board_int.h"
#include "util/log.h"

/* 0.25 s, 0.5 s, ... 8 s between the rounds: a USB relay card that was unplugged has 16 s
 * to come back. */
enum { FIRST_RETRY_MS = 250, N_ROUNDS = 7 };

static void step_failed(struct keeper_board *b, size_t step, const struct err *err)
{
	/* All rounds say the same; one line is enough, and the end of it. */
	if (b->off_round == 0)
		log_error("board %s: switching off: %s", b->claim.board, err->msg);
	b->off_failed |= UINT64_C(1) << step;
	snprintf(b->not_off, sizeof(b->not_off), "%.255s", err->msg);
}

/* A relay card that came back has new lines; the old descriptor is dead. */
static int have_line(struct keeper_board *b, size_t i, struct err *err)
{
	struct keeper_line *k = &b->lines[i];
	struct err ignored = ERR_INIT;
	bool value;

	if (k->gpio && (!b->off_round || !b->hw->get(k->gpio, &value, &ignored)))
		return 0;
	if (!b->off_round)
		return err_set(err, ERR_LAB, -ENODEV, "line %s is not held",
			       b->claim.lines[i].name);
	return keeper_board_request_again(b, i, err);
}

/* A relay that fails must not keep the others from being cleared. */
static void off_move(struct keeper_board *b, size_t step, int64_t now_ns)
{
	const struct board_step *s = &b->claim.off[step];
	struct keeper_line *k = &b->lines[s->line];
	struct err err = ERR_INIT;
	bool closes = s->kind != BOARD_STEP_CLEAR;
	int r = have_line(b, s->line, &err);

	if (!r && closes)
		r = keeper_board_may_close(b, s->line, &err);
	if (!r)
		r = keeper_board_drive(b, s->line, closes, &err);
	if (r) {
		step_failed(b, step, &err);
		return;
	}
	if (closes && keeper_board_is_momentary(b, s->line)) {
		int64_t ms = b->claim.lines[s->line].max_press_ms;

		if (s->kind == BOARD_STEP_PRESS && s->ms < ms)
			ms = s->ms;
		k->open_at_ns = now_ns + ms * 1000000;
	}
	if (s->kind == BOARD_STEP_PRESS)
		b->off_wait_ns = k->open_at_ns;
}

/* A button that switches on what is off is not pressed, nor one of which nobody knows
 * what it would do. */
static bool is_left_out(struct keeper_board *b, size_t step)
{
	const struct board_step *s = &b->claim.off[step];
	int i = b->claim.sense_line;
	struct err err = ERR_INIT;
	bool value;

	if (s->unless == BOARD_ALWAYS || i < 0)
		return false;
	if (have_line(b, (size_t)i, &err) || b->hw->get(b->lines[i].gpio, &value, &err)) {
		err_set(&err, ERR_LAB, -ENODEV,
			"its power sense cannot be read, so no button is pressed");
		step_failed(b, step, &err);
		return true;
	}
	return (value == b->claim.sense_powered) == (s->unless == BOARD_UNLESS_ON);
}

/* Only what failed, without the waits between. */
static void next_round(struct keeper_board *b, int64_t now_ns)
{
	b->off_wait_ns = now_ns + (FIRST_RETRY_MS << b->off_round) * INT64_C(1000000);
	b->off_todo = b->off_failed;
	b->off_failed = 0;
	b->off_step = 0;
	b->off_round++;
}

static void end(struct keeper_board *b)
{
	keeper_board_open_momentary(b);
	b->is_switching_off = b->in_sequence = false;
	b->allowed = 0;
	if (b->off_failed) {
		log_error("board %s is not off: %s", b->claim.board, b->not_off);
		return;
	}
	b->not_off[0] = '\0';
	log_info("board %s is off", b->claim.board);
}

void keeper_board_off_steps(struct keeper_board *b, int64_t now_ns)
{
	while (b->off_wait_ns <= now_ns && b->off_step < b->claim.n_off) {
		size_t step = b->off_step++;
		const struct board_step *s = &b->claim.off[step];

		b->off_wait_ns = 0;
		if (!(b->off_todo & UINT64_C(1) << step) || is_left_out(b, step))
			continue;
		if (s->kind != BOARD_STEP_WAIT)
			off_move(b, step, now_ns);
		else
			b->off_wait_ns = now_ns + s->ms * 1000000;
	}
	if (b->off_wait_ns > now_ns || b->off_step < b->claim.n_off)
		return;
	if (b->off_failed && b->off_round + 1 < N_ROUNDS)
		next_round(b, now_ns);
	else
		end(b);
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
	b->off_round = 0;
	b->off_wait_ns = 0;
	b->off_todo = UINT64_MAX;
	b->off_failed = 0;
	(void)keeper_board_tick(b, now_ns);
}
