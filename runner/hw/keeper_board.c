// SPDX-License-Identifier: GPL-2.0-or-later
/* The rules of a board's lines: which may close, for how long, and with which others. */
#include "hw/keeper_board_int.h"

#include <errno.h>

#include "util/log.h"
#include "util/mem.h"

enum { STUCK_RETRY_MS = 500 };

bool keeper_board_is_momentary(const struct keeper_board *b, size_t i)
{
	return b->claim.lines[i].type == BOARD_LINE_MOMENTARY;
}

static int find_line(const struct keeper_board *b, const char *name, struct err *err)
{
	int i = keeper_claim_line(&b->claim, name);

	if (i >= 0 && b->lines[i].gpio)
		return i;
	return err_set(err, ERR_LAB, -EINVAL, "board %s has no line \"%s\"",
		       b->claim.board, name);
}

int keeper_board_begin(struct keeper_board *b, const struct strvec *lines,
		       struct err *err)
{
	uint32_t allowed = 0;

	for (size_t i = 0; i < lines->n; i++) {
		int l = find_line(b, lines->v[i], err);

		if (l < 0)
			return l;
		allowed |= 1U << l;
	}
	b->allowed = allowed;
	b->in_sequence = true;
	for (size_t i = 0; i < b->claim.n_lines; i++)
		b->lines[i].was_moved = b->lines[i].ran_out = false;
	return 0;
}

/* Is one of the lines that this one may only close with in the set? */
static bool has_partner(const struct keeper_board *b, size_t i, uint32_t set)
{
	const struct strvec *with = &b->claim.lines[i].only_with;

	for (size_t k = 0; k < with->n; k++) {
		int l = keeper_claim_line(&b->claim, with->v[k]);

		if (l >= 0 && set & 1U << l)
			return true;
	}
	return !with->n;
}

int keeper_board_may_close(const struct keeper_board *b, size_t i, struct err *err)
{
	const struct board_line *l = &b->claim.lines[i];

	if (l->type == BOARD_LINE_INPUT)
		return err_set(err, ERR_LAB, -EPERM, "line %s is an input", l->name);
	if (!b->in_sequence || !(b->allowed & 1U << i))
		return err_set(err, ERR_LAB, -EPERM,
			       "line %s is not part of the running sequence", l->name);
	if (!has_partner(b, i, b->allowed))
		return err_set(
			err, ERR_LAB, -EPERM,
			"line %s closes only in a sequence that also moves %s (only_with)",
			l->name, l->only_with.v[0]);
	return 0;
}

int keeper_board_drive(struct keeper_board *b, size_t i, bool value, struct err *err)
{
	struct keeper_line *k = &b->lines[i];
	int r = b->hw->set(k->gpio, value, err);

	if (r)
		return r;
	k->value = value;
	k->was_moved = true;
	k->was_lost = false;
	if (!value) {
		k->open_at_ns = INT64_MAX;
		k->is_pressed = k->is_stuck = false;
	}
	return 0;
}

/* Asked again, a button that is held opens no later than it would have. */
static void open_at(struct keeper_board *b, size_t i, int64_t at_ns)
{
	if (at_ns < b->lines[i].open_at_ns)
		b->lines[i].open_at_ns = at_ns;
}

int keeper_board_set(struct keeper_board *b, const char *line, bool value, int64_t now_ns,
		     struct err *err)
{
	int i = find_line(b, line, err), r;

	if (i < 0)
		return i;
	r = value ? keeper_board_may_close(b, (size_t)i, err) : 0;
	if (!r && b->claim.lines[i].type == BOARD_LINE_INPUT)
		r = err_set(err, ERR_LAB, -EPERM, "line %s is an input", line);
	if (!r && b->lines[i].ran_out) {
		b->lines[i].ran_out = false;
		return err_set(
			err, ERR_LAB, -ETIME,
			"line %s opened by itself after %lld ms, its max_press, while the sequence held it",
			line, (long long)b->claim.lines[i].max_press_ms);
	}
	if (!r)
		r = keeper_board_drive(b, (size_t)i, value, err);
	if (!r && value && keeper_board_is_momentary(b, (size_t)i))
		open_at(b, (size_t)i, now_ns + b->claim.lines[i].max_press_ms * 1000000);
	return r;
}

int keeper_board_press(struct keeper_board *b, const char *line, int64_t ms,
		       int64_t now_ns, struct err *err)
{
	int i = find_line(b, line, err), r;

	if (i < 0)
		return i;
	if (!keeper_board_is_momentary(b, (size_t)i))
		return err_set(err, ERR_LAB, -EPERM, "line %s is not momentary", line);
	if (ms > b->claim.lines[i].max_press_ms)
		return err_set(
			err, ERR_LAB, -EPERM,
			"line %s may be pressed for %lld ms at most (max_press), not for %lld",
			line, (long long)b->claim.lines[i].max_press_ms, (long long)ms);
	r = keeper_board_may_close(b, (size_t)i, err);
	if (!r)
		r = keeper_board_drive(b, (size_t)i, true, err);
	if (r)
		return r;
	b->lines[i].is_pressed = true;
	open_at(b, (size_t)i, now_ns + ms * 1000000);
	return 0;
}

int keeper_board_get(struct keeper_board *b, const char *line, bool *value,
		     struct err *err)
{
	int i = find_line(b, line, err);

	return i < 0 ? i : b->hw->get(b->lines[i].gpio, value, err);
}

void keeper_board_open_momentary(struct keeper_board *b)
{
	for (size_t i = 0; i < b->claim.n_lines; i++) {
		struct err err = ERR_INIT;

		if (b->lines[i].gpio && keeper_board_is_momentary(b, i) &&
		    b->lines[i].value && keeper_board_drive(b, i, false, &err))
			log_error("board %s: %s", b->claim.board, err.msg);
	}
}

static uint32_t moved_lines(const struct keeper_board *b)
{
	uint32_t moved = 0;

	for (size_t i = 0; i < b->claim.n_lines; i++)
		if (b->lines[i].was_moved)
			moved |= 1U << i;
	return moved;
}

int keeper_board_end(struct keeper_board *b, struct err *err)
{
	int r = 0;

	keeper_board_open_momentary(b);
	/* Opened just now is moved, too. */
	uint32_t moved = moved_lines(b);

	for (size_t i = 0; i < b->claim.n_lines && !r; i++)
		if (b->lines[i].gpio && keeper_board_is_momentary(b, i) &&
		    b->lines[i].value)
			r = err_set(err, ERR_LAB, -ENODEV, "line %s does not open",
				    b->claim.lines[i].name);
	for (size_t i = 0; i < b->claim.n_lines && !r; i++)
		if (b->lines[i].was_moved && !has_partner(b, i, moved))
			r = err_set(err, ERR_LAB, -EPERM,
				    "line %s closed and none of its only_with moved",
				    b->claim.lines[i].name);
	b->in_sequence = false;
	b->allowed = 0;
	return r;
}

int64_t keeper_board_tick(struct keeper_board *b, int64_t now_ns)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < b->claim.n_lines; i++) {
		struct keeper_line *k = &b->lines[i];
		struct err err = ERR_INIT;

		if (k->open_at_ns <= now_ns) {
			k->ran_out = b->in_sequence && !k->is_pressed;
			if (keeper_board_drive(b, i, false, &err)) {
				if (!k->is_stuck)
					log_error("board %s: %s", b->claim.board,
						  err.msg);
				k->is_stuck = true;
				k->open_at_ns =
					now_ns + STUCK_RETRY_MS * INT64_C(1000000);
			}
		}
		if (k->open_at_ns < next)
			next = k->open_at_ns;
	}
	if (b->is_switching_off)
		keeper_board_off_steps(b, now_ns);
	if (b->is_switching_off && b->off_wait_ns && b->off_wait_ns < next)
		next = b->off_wait_ns;
	return next;
}

uint32_t keeper_board_values(const struct keeper_board *b)
{
	uint32_t values = 0;

	for (size_t i = 0; i < b->claim.n_lines; i++)
		if (b->lines[i].value)
			values |= 1U << i;
	return values;
}
