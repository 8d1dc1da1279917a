// SPDX-License-Identifier: GPL-2.0-or-later
/* The lines of one board in the keeper's hands, and the rules of their use: presses that
 * end by themselves, interlocks, what happens when the user dies. Time is passed in, the
 * hardware is a table: no socket is known here. */
#pragma once

#include "hw/gpio.h"
#include "hw/keeper_request.h"
#include "util/clock.h"

/* hw/gpio.h as a table, so that the rules can be tried without a relay. */
struct keeper_hw {
	int (*find)(const struct board_line *l, struct gpio_place *out, struct err *err);
	int (*request)(const struct gpio_place *where, const struct gpio_request *q,
		       struct gpio_line **out, struct err *err);
	int (*adopt)(const struct gpio_place *where, int take_fd, struct gpio_line **out,
		     struct err *err);
	void (*release)(struct gpio_line *l);
	int (*set)(struct gpio_line *l, bool value, struct err *err);
	int (*get)(struct gpio_line *l, bool *value, struct err *err);
};
extern const struct keeper_hw keeper_gpio;

/* A descriptor of line NAME of board that outlived a keeper, or -1. The caller of
 * keeper_board_restore owns what it is. */
typedef int (*keeper_kept_fn)(void *arg, const char *board, const char *line);

struct keeper_line {
	struct gpio_place where;
	struct gpio_line *gpio; /* NULL: not requested */
	bool value;             /* what it was set to last */
	int64_t open_at_ns;     /* closed momentary line: when it opens at last; else
				   INT64_MAX */
	bool is_pressed;        /* closed by a press, whose end is no surprise */
	bool is_stuck;          /* would not open when it had to; tried again */
	bool was_moved;         /* in the running sequence */
	bool ran_out;           /* opened by itself while its user held it */
	bool is_stored;         /* somebody keeps a copy of its descriptor */
	bool was_lost; /* an earlier keeper died, and its level was not what it had
			  been */
};

struct keeper_board {
	const struct keeper_hw *hw;
	struct keeper_claim claim;
	struct keeper_line lines[BOARD_MAX_LINES];
	uint32_t allowed; /* lines that the running sequence names, one bit each */
	bool in_sequence;
	/* The off sequence, run because the user died. */
	bool is_switching_off;
	size_t off_step;
	unsigned off_round;  /* 0 = the first; then what failed is tried again */
	int64_t off_wait_ns; /* until when the step waits; 0 = it does not */
	uint64_t off_todo;   /* steps of this round, one bit each */
	uint64_t off_failed; /* those of them that failed */
	char not_off[KEEPER_WHY_SIZE]; /* why it could not be switched off; "" = it is,
					  or nobody had to */
};

/* Requests every line: levels inactive in the request itself. On error nothing is held.
 * Consumes the claim in any case. */
MUST_CHECK int keeper_board_take(struct keeper_board *b, const struct keeper_hw *hw,
				 struct keeper_claim *take, struct err *err);
/* After a keeper's death: lines that were kept go on; others are requested as they are
 * and compared with what they were (levels: bit i of values). Momentary lines open. */
void keeper_board_restore(struct keeper_board *b, const struct keeper_hw *hw,
			  struct keeper_claim *take, uint32_t values, keeper_kept_fn kept,
			  void *arg);
/* The same board is claimed again: lines that stay are not touched, but for one that was
 * a level and is momentary now: nobody presses it, so it opens. Consumes the claim. On
 * error, lines that could not be had are missing until the next claim. */
MUST_CHECK int keeper_board_claim(struct keeper_board *b, struct keeper_claim *take,
				  struct err *err);
void keeper_board_release(struct keeper_board *b);

/* -EPERM against a rule, -EINVAL no such line, or the hardware's word. */
MUST_CHECK int keeper_board_begin(struct keeper_board *b, const struct strvec *lines,
				  struct err *err);
MUST_CHECK int keeper_board_set(struct keeper_board *b, const char *line, bool value,
				int64_t now_ns, struct err *err);
MUST_CHECK int keeper_board_press(struct keeper_board *b, const char *line, int64_t ms,
				  int64_t now_ns, struct err *err);
MUST_CHECK int keeper_board_get(struct keeper_board *b, const char *line, bool *value,
				struct err *err);
/* Opens what the sequence left closed. -EPERM when an interlocked line closed and none of
 * its partners moved. */
MUST_CHECK int keeper_board_end(struct keeper_board *b, struct err *err);
/* The user is gone. said_bye: it meant to; else on_worker_death applies. A relay that
 * fails is tried again for 16 s; not_off says why in vain. */
void keeper_board_left(struct keeper_board *b, bool said_bye, int64_t now_ns);
/* Does what is due; returns when it wants to be called again (INT64_MAX: no need). */
int64_t keeper_board_tick(struct keeper_board *b, int64_t now_ns);
/* Bit i: the level that line i was set to. */
uint32_t keeper_board_values(const struct keeper_board *b);
