// SPDX-License-Identifier: GPL-2.0-or-later
/* Power by relay lines: the board's sequences step by step, and one line by hand. The
 * lines are the keeper's; this side asks it and waits while the console is served. */
#include "hw/power_gpio.h"

#include <errno.h>

#include "hw/power_gpio_int.h"
#include "util/log.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { SENSE_MS = 20, PROVE_MS = 10000 };

static struct power_gpio *from(struct power *p)
{
	return (struct power_gpio *)(void *)p;
}

static int sense(struct power_gpio *g, bool *is_powered, struct err *err)
{
	const struct board_power *bp = &g->base.board->power;
	bool value;
	int r = power_gpio_get_line(g, bp->lines[bp->sense_line].name, &value, err);

	*is_powered = value == bp->sense_powered;
	return r;
}

static int expect_power(struct power_gpio *g, const struct board_step *s, struct err *err)
{
	struct deadline d = deadline_in_ms(s->ms);
	bool is_powered;

	for (;;) {
		int r = sense(g, &is_powered, err);

		if (r || is_powered == s->want_on)
			return r;
		if (deadline_passed(d))
			return err_set(
				err, ERR_LAB, -ETIME,
				"the sense line says that the board %s power %lld ms after it was switched: relay, cable or supply",
				is_powered ? "still has" : "has no", (long long)s->ms);
		r = power_gpio_pause(&g->base, SENSE_MS, err);
		if (r)
			return r;
	}
}

static int expect(struct power *p, const struct board_step *s, struct err *err)
{
	int r;

	if (!p->env.expect)
		return err_set(
			err, ERR_LAB, -EOPNOTSUPP,
			"the sequence waits for \"%s\" on the console, which nobody reads here",
			s->pattern);
	r = p->env.expect(p->env.arg, s->pattern, deadline_in_ms(s->ms), err);
	if (r == -ETIMEDOUT && err->class == ERR_NONE)
		return err_set(err, ERR_LAB, r,
			       "\"%s\" did not stand on the console within %lld ms",
			       s->pattern, (long long)s->ms);
	return r;
}

static int is_left_out(struct power_gpio *g, const struct board_step *s, bool *out,
		       struct err *err)
{
	bool is_powered;
	int r;

	*out = false;
	if (s->unless == BOARD_ALWAYS)
		return 0;
	r = sense(g, &is_powered, err);
	*out = !r && is_powered == (s->unless == BOARD_UNLESS_ON);
	return r;
}

static int do_step(struct power_gpio *g, const struct board_step *s, struct err *err)
{
	bool skip;
	int r = is_left_out(g, s, &skip, err);

	if (r || skip)
		return r;
	switch (s->kind) {
	case BOARD_STEP_SET:
		return power_gpio_set_line(g, s->line, true, err);
	case BOARD_STEP_CLEAR:
		return power_gpio_set_line(g, s->line, false, err);
	case BOARD_STEP_PRESS:
		return power_gpio_press_line(g, g->base.board->power.lines[s->line].name,
					     s->ms, err);
	case BOARD_STEP_WAIT:
		return power_gpio_pause(&g->base, s->ms, err);
	case BOARD_STEP_EXPECT:
		return expect(&g->base, s, err);
	case BOARD_STEP_EXPECT_POWER:
		return expect_power(g, s, err);
	}
	BUG("step %d", (int)s->kind);
}

/* The keeper died within a sequence, and its successor knows nothing of it. Levels stand
 * as they were, or power_gpio_have_keeper() says so; a press was cut short. */
static int go_on(struct power_gpio *g, uint32_t lines, struct err *err)
{
	const struct board_power *bp = &g->base.board->power;
	int r;

	for (size_t i = 0; i < bp->n_lines; i++)
		if (lines & 1U << i && bp->lines[i].type == BOARD_LINE_MOMENTARY)
			return err_set(
				err, ERR_LAB, -EPIPE,
				"the keeper of the relays died, and the press of line %s was cut short",
				bp->lines[i].name);
	*err = (struct err)ERR_INIT;
	r = power_gpio_have_keeper(g, err);
	return r ? r : power_gpio_begin(g, lines, err);
}

static int do_steps(struct power_gpio *g, const struct board_sequence *s, uint32_t lines,
		    struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < s->n_steps && !r; i++) {
		r = do_step(g, &s->steps[i], err);
		if (r != -EPIPE)
			continue;
		r = go_on(g, lines, err);
		if (!r)
			r = do_step(g, &s->steps[i], err);
	}
	return r;
}

/* What a relay was told is not what the board has: where a line tells, on and off are
 * proven. A sequence that asks itself knows better how long that takes. */
static int prove(struct power_gpio *g, const struct board_sequence *s, struct err *err)
{
	struct board_step step = { .kind = BOARD_STEP_EXPECT_POWER,
				   .ms = PROVE_MS,
				   .want_on = strcmp(s->name, "on") == 0 };

	if (!g->base.board->power.has_sense ||
	    (!step.want_on && strcmp(s->name, "off") != 0))
		return 0;
	for (size_t i = 0; i < s->n_steps; i++)
		if (s->steps[i].kind == BOARD_STEP_EXPECT_POWER)
			return 0;
	return expect_power(g, &step, err);
}

/* A relay that moved while its keeper was dead is no reason to leave the board on. */
static int have_keeper_for(struct power_gpio *g, bool is_off, struct err *err)
{
	int r = power_gpio_have_keeper(g, err);

	if (r != -EREMOTEIO || !is_off)
		return r;
	log_warn("%s", err->msg);
	*err = (struct err)ERR_INIT;
	return 0;
}

static int run_sequence(struct power_gpio *g, const char *name, struct err *err)
{
	struct power *p = &g->base;
	const struct board_sequence *s = board_power_sequence(&p->board->power, name);
	uint32_t lines = 0;
	int r = have_keeper_for(g, strcmp(name, "off") == 0, err);

	for (size_t i = 0; i < p->board->power.n_lines; i++)
		if (board_sequence_drives(s, i))
			lines |= 1U << i;
	if (!r)
		r = power_gpio_begin(g, lines, err);
	if (r)
		return err_prefix(err, "power %s: ", name);
	r = power_gpio_end(g, do_steps(g, s, lines, err), err);
	if (!r)
		r = prove(g, s, err);
	return r && err->class != ERR_NONE ? err_prefix(err, "power %s: ", name) : r;
}

static int gpio_run(struct power *p, const char *name, struct err *err)
{
	int r = run_sequence(from(p), name, err);

	from(p)->off_failed = r && strcmp(name, "off") == 0;
	return r;
}

static int gpio_check(struct power *p, struct err *err)
{
	return power_gpio_have_keeper(from(p), err);
}

static int gpio_sense(struct power *p, bool *is_powered, struct err *err)
{
	int r;

	if (!p->board->power.has_sense)
		return err_set(err, ERR_LAB, -EOPNOTSUPP, "board %s has no power sense",
			       p->board->board);
	r = power_gpio_have_keeper(from(p), err);
	return r ? r : sense(from(p), is_powered, err);
}

static void gpio_free(struct power *p)
{
	power_gpio_leave_keeper(from(p));
	free(p);
}

static const struct power_ops ops = {
	.run = gpio_run,
	.check = gpio_check,
	.sense = gpio_sense,
	.free = gpio_free,
};

struct power *power_gpio_new(void)
{
	struct power_gpio *g = xcalloc(1, sizeof(*g));

	g->base.ops = &ops;
	return &g->base;
}

static int say_no_line(const struct board_spec *b, const char *line, struct err *err)
{
	_cleanup_strbuf_ struct strbuf names = STRBUF_INIT;

	for (size_t i = 0; i < b->power.n_lines; i++)
		strbuf_addf(&names, "%s%s", i ? ", " : "", b->power.lines[i].name);
	return err_set(err, ERR_JOB, -EINVAL,
		       "board %s has no line \"%s\"; expected one of %s", b->board, line,
		       strbuf_str(&names));
}

static int begin_by_hand(struct power *p, const char *line, size_t *i, struct err *err)
{
	int found = board_power_line(&p->board->power, line);
	int r;

	if (found < 0)
		return say_no_line(p->board, line, err);
	*i = (size_t)found;
	r = power_gpio_have_keeper(from(p), err);
	return r ? r : power_gpio_begin(from(p), 1U << found, err);
}

int power_gpio_press(struct power *p, const char *line, int64_t ms, struct err *err)
{
	size_t i;
	int r = begin_by_hand(p, line, &i, err);

	if (r)
		return r;
	return power_gpio_end(from(p), power_gpio_press_line(from(p), line, ms, err),
			      err);
}

int power_gpio_hold(struct power *p, const char *line, int fd, struct err *err)
{
	struct power_gpio *g = from(p);
	size_t i;
	int r = begin_by_hand(p, line, &i, err);

	if (r)
		return r;
	const struct board_line *l = &p->board->power.lines[i];
	struct deadline d = l->type == BOARD_LINE_MOMENTARY
				    ? deadline_in_ms(l->max_press_ms)
				    : DEADLINE_NEVER;
	r = power_gpio_set_line(g, i, true, err);
	if (!r)
		r = p->env.wait(p->env.arg, fd, d, err);
	if (r == -ETIMEDOUT)
		r = 0;
	else if (!r)
		r = power_gpio_set_line(g, i, false, err);
	return power_gpio_end(g, r, err);
}
