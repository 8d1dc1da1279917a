// SPDX-License-Identifier: GPL-2.0-or-later
/* Power by relay lines: the board's sequences step by step. The lines are the keeper's;
 * this side asks, waits while the console is served, and notices when the keeper dies. */
#include "hw/power_gpio.h"

#include <errno.h>

#include "hw/keeper.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { ASK_MS = 5000, RETRY_MS = 50, SENSE_MS = 20, PROVE_MS = 10000 };

struct power_gpio {
	struct power base;
	struct keeper *keeper;
	bool was_claimed; /* by us, at least once */
	uint32_t moved;   /* lines that we set or cleared, one bit each */
	uint32_t values;  /* and how */
};

static struct power_gpio *from(struct power *p)
{
	return (struct power_gpio *)(void *)p;
}

static json_t *request(const char *what)
{
	json_t *j = json_object();

	json_put(j, "do", json_string(what));
	return j;
}

static json_t *line_request(const char *what, const char *line)
{
	json_t *j = request(what);

	json_put(j, "line", json_lossy_str(line));
	return j;
}

static int ask(struct power_gpio *g, json_t *take_request, int64_t more_ms,
	       json_t **reply, struct err *err)
{
	if (!g->keeper) {
		json_decref(take_request);
		return err_set(err, ERR_LAB, -EPIPE, "the keeper of the relays is gone");
	}
	return keeper_ask(g->keeper, take_request, deadline_in_ms(ASK_MS + more_ms),
			  reply, err);
}

static int pause_ms(struct power *p, int64_t ms, struct err *err)
{
	int r = p->env.wait(p->env.arg, -1, deadline_in_ms(ms), err);

	return r == -ETIMEDOUT ? 0 : r;
}

/* A board that lost its user a moment ago is switched off first. */
static int claim(struct power_gpio *g, json_t **lines, struct err *err)
{
	struct deadline d = deadline_in_ms(g->base.board->limits.power_command_ms);
	struct keeper_claim c;
	json_t *text;
	int r;

	keeper_claim_of(g->base.board, &c);
	text = keeper_claim_to_json(&c);
	keeper_claim_release(&c);
	for (;;) {
		json_t *j = request("claim");

		json_put(j, "claim", json_incref(text));
		r = ask(g, j, 0, lines, err);
		if (r != -EAGAIN || deadline_passed(d))
			break;
		*err = (struct err)ERR_INIT;
		r = pause_ms(&g->base, RETRY_MS, err);
		if (r)
			break;
	}
	json_decref(text);
	return r;
}

/* Do the lines stand as we left them? */
static int compare(const struct power_gpio *g, const json_t *reply, struct err *err)
{
	const struct board_power *bp = &g->base.board->power;
	const json_t *l;
	size_t i;

	json_array_foreach(json_object_get(reply, "lines"), i, l)
	{
		int k = board_power_line(bp, json_get_str(l, "name", ""));
		bool value = json_get_bool(l, "value", false);

		if (k < 0 || !(g->moved & 1U << k) ||
		    bp->lines[k].type != BOARD_LINE_LEVEL ||
		    value == !!(g->values & 1U << k))
			continue;
		return err_set(
			err, ERR_LAB, -EREMOTEIO,
			"the keeper of the relays died, and with it line %s went from %s to %s",
			bp->lines[k].name, value ? "clear" : "set",
			value ? "set" : "clear");
	}
	return 0;
}

static int open_and_claim(struct power_gpio *g, json_t **reply, struct err *err)
{
	int r = keeper_open(&g->base.env, true, &g->keeper, err);

	if (!r)
		r = claim(g, reply, err);
	if (r) {
		keeper_close(g->keeper);
		g->keeper = NULL;
	}
	return r;
}

/* A keeper that has our board. One that died is started again, and must have the lines as
 * they were. */
static int have_keeper(struct power_gpio *g, struct err *err)
{
	struct deadline d = deadline_in_ms(ASK_MS);
	_cleanup_json_ json_t *reply = NULL;
	int r;

	if (g->keeper && !keeper_is_gone(g->keeper))
		return 0;
	keeper_close(g->keeper);
	g->keeper = NULL;
	/* One that is dying closes our socket before it closes its door. */
	while ((r = open_and_claim(g, &reply, err)) == -EPIPE && !deadline_passed(d)) {
		*err = (struct err)ERR_INIT;
		r = pause_ms(&g->base, RETRY_MS, err);
		if (r)
			return r;
	}
	if (r)
		return r;
	r = g->was_claimed ? compare(g, reply, err) : 0;
	g->was_claimed = true;
	/* Told once: what the line is now is what the next sequence starts from. */
	if (r)
		g->moved = 0;
	return r;
}

static void did(struct power *p, const char *line, const char *act, int64_t ms)
{
	if (p->env.did)
		p->env.did(p->env.arg, line, act, ms);
}

static int set_line(struct power_gpio *g, size_t i, bool value, struct err *err)
{
	const struct board_line *l = &g->base.board->power.lines[i];
	json_t *j = line_request("set", l->name);
	int r;

	did(&g->base, l->name, value ? "set" : "clear", 0);
	json_put(j, "value", json_boolean(value));
	r = ask(g, j, 0, NULL, err);
	if (r)
		return r;
	g->moved |= 1U << i;
	g->values = (g->values & ~(1U << i)) | (uint32_t)value << i;
	return 0;
}

static int press(struct power_gpio *g, const char *line, int64_t ms, struct err *err)
{
	json_t *j = line_request("press", line);

	did(&g->base, line, "press", ms);
	json_put(j, "ms", json_integer((json_int_t)ms));
	return ask(g, j, ms, NULL, err);
}

static int get_line(struct power_gpio *g, const char *line, bool *value, struct err *err)
{
	_cleanup_json_ json_t *reply = NULL;
	int r = ask(g, line_request("get", line), 0, &reply, err);

	*value = !r && json_get_bool(reply, "value", false);
	return r;
}

static int sense(struct power_gpio *g, bool *is_powered, struct err *err)
{
	const struct board_power *bp = &g->base.board->power;
	bool value;
	int r = get_line(g, bp->lines[bp->sense_line].name, &value, err);

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
		r = pause_ms(&g->base, SENSE_MS, err);
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
		return set_line(g, s->line, true, err);
	case BOARD_STEP_CLEAR:
		return set_line(g, s->line, false, err);
	case BOARD_STEP_PRESS:
		return press(g, g->base.board->power.lines[s->line].name, s->ms, err);
	case BOARD_STEP_WAIT:
		return pause_ms(&g->base, s->ms, err);
	case BOARD_STEP_EXPECT:
		return expect(&g->base, s, err);
	case BOARD_STEP_EXPECT_POWER:
		return expect_power(g, s, err);
	}
	BUG("step %d", (int)s->kind);
}

static int begin(struct power_gpio *g, uint32_t lines, struct err *err)
{
	const struct board_power *bp = &g->base.board->power;
	json_t *j = request("begin"), *names = json_array();

	for (size_t i = 0; i < bp->n_lines; i++)
		if (lines & 1U << i)
			json_push(names, json_lossy_str(bp->lines[i].name));
	json_put(j, "lines", names);
	return ask(g, j, 0, NULL, err);
}

/* Also after a failure: what was closed for a moment opens. The first error counts. */
static int end(struct power_gpio *g, int r, struct err *err)
{
	struct err own = ERR_INIT;
	int e = ask(g, request("end"), 0, NULL, &own);

	if (r || !e)
		return r;
	*err = own;
	return e;
}

/* The keeper died within a sequence, and its successor knows nothing of it. Levels stand
 * as they were, or have_keeper() says so; a press was cut short. */
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
	r = have_keeper(g, err);
	return r ? r : begin(g, lines, err);
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

static int gpio_run(struct power *p, const char *name, struct err *err)
{
	const struct board_sequence *s = board_power_sequence(&p->board->power, name);
	struct power_gpio *g = from(p);
	uint32_t lines = 0;
	int r = have_keeper(g, err);

	for (size_t i = 0; i < p->board->power.n_lines; i++)
		if (board_sequence_drives(s, i))
			lines |= 1U << i;
	if (!r)
		r = begin(g, lines, err);
	if (r)
		return err_prefix(err, "power %s: ", name);
	r = end(g, do_steps(g, s, lines, err), err);
	if (!r)
		r = prove(g, s, err);
	return r && err->class != ERR_NONE ? err_prefix(err, "power %s: ", name) : r;
}

static int gpio_check(struct power *p, struct err *err)
{
	return have_keeper(from(p), err);
}

static int gpio_sense(struct power *p, bool *is_powered, struct err *err)
{
	int r;

	if (!p->board->power.has_sense)
		return err_set(err, ERR_LAB, -EOPNOTSUPP, "board %s has no power sense",
			       p->board->board);
	r = have_keeper(from(p), err);
	return r ? r : sense(from(p), is_powered, err);
}

/* A word of farewell: without one the keeper takes us for dead. */
static void gpio_free(struct power *p)
{
	struct power_gpio *g = from(p);
	struct err ignored = ERR_INIT;

	/* One that died holds our place for the next, and takes our end for a death, too.
	 */
	if (g->was_claimed && !have_keeper(g, &ignored))
		(void)!ask(g, request("bye"), 0, NULL, &ignored);
	keeper_close(g->keeper);
	free(g);
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

static int begin_by_hand(struct power *p, const char *line, size_t *i, struct err *err)
{
	int found = board_power_line(&p->board->power, line);
	int r;

	if (found < 0)
		return err_set(err, ERR_JOB, -EINVAL,
			       "board %s has no line \"%s\"; expected one of power.lines",
			       p->board->board, line);
	*i = (size_t)found;
	r = have_keeper(from(p), err);
	return r ? r : begin(from(p), 1U << found, err);
}

int power_gpio_press(struct power *p, const char *line, int64_t ms, struct err *err)
{
	size_t i;
	int r = begin_by_hand(p, line, &i, err);

	if (r)
		return r;
	return end(from(p), press(from(p), line, ms, err), err);
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
	r = set_line(g, i, true, err);
	if (!r)
		r = p->env.wait(p->env.arg, fd, d, err);
	if (r == -ETIMEDOUT)
		r = 0;
	else if (!r)
		r = set_line(g, i, false, err);
	return end(g, r, err);
}

/* ---- status ---- */

/* An input that nobody holds can be read in passing: nothing moves by it. */
static json_t *read_input(const struct board_line *l, const struct gpio_place *where)
{
	const struct gpio_request q = { .consumer = "bootrig:status",
					.mode = GPIO_INPUT,
					.active_low = l->active_low };
	struct err ignored = ERR_INIT;
	struct gpio_line *g = NULL;
	bool value;
	int r = gpio_request(where, &q, &g, &ignored);

	if (!r)
		r = gpio_get(g, &value, &ignored);
	gpio_release(g);
	return r ? json_null() : json_boolean(value);
}

static json_t *look(const struct board_line *l)
{
	struct gpio_place where;
	struct gpio_info info;
	struct err err = ERR_INIT;
	json_t *j = json_object();
	int r = gpio_find(l, &where, &err);

	if (!r)
		r = gpio_look(&where, &info, &err);
	json_put(j, "name", json_lossy_str(l->name));
	json_put(j, "type", json_string(board_line_type_to_str(l->type)));
	json_put(j, "error", r ? json_lossy_str(err.msg) : json_null());
	if (r)
		return j;
	json_put(j, "line", json_lossy_str(where.name));
	json_put(j, "chip", json_lossy_str(where.chip));
	json_put(j, "path", json_lossy_str(where.path));
	json_put(j, "offset", json_integer(where.offset));
	json_put(j, "active_low", json_boolean(l->active_low));
	json_put(j, "value",
		 l->type == BOARD_LINE_INPUT && !info.is_used ? read_input(l, &where)
							      : json_null());
	json_put(j, "holder", info.is_used ? json_lossy_str(info.consumer) : json_null());
	json_put(j, "driver", json_lossy_str(where.driver));
	json_put(j, "at_release", json_string(gpio_at_release(where.driver)));
	return j;
}

static int ask_about(const struct board_spec *board, const struct power_env *env,
		     const char *what, json_t **out, struct err *err)
{
	struct keeper *k = NULL;
	json_t *j = request(what);
	int r = keeper_open(env, false, &k, err);

	json_put(j, "board", json_lossy_str(board->board));
	if (r) {
		json_decref(j);
		return r;
	}
	r = keeper_ask(k, j, deadline_in_ms(ASK_MS), out, err);
	keeper_close(k);
	return r;
}

int power_gpio_release(const struct board_spec *board, const struct power_env *env,
		       struct err *err)
{
	int r = ask_about(board, env, "release", NULL, err);

	/* Nobody holds it: so it is. */
	return r == -ENOENT || r == -ECONNREFUSED ? 0 : r;
}

static const json_t *line_of(const json_t *status, const char *name)
{
	const json_t *lines = json_object_get(
			     json_array_get(json_object_get(status, "boards"), 0),
			     "lines"),
		     *l;
	size_t i;

	json_array_foreach(lines, i, l) if (strcmp(json_get_str(l, "name", ""), name) ==
					    0) return l;
	return NULL;
}

int power_gpio_status(const struct board_spec *board, const struct power_env *env,
		      json_t **out, struct err *err)
{
	const struct board_power *p = &board->power;
	_cleanup_json_ json_t *status = NULL;
	json_t *lines = json_array(), *held;
	int r = ask_about(board, env, "status", &status, err);

	if (r && r != -ENOENT && r != -ECONNREFUSED) {
		json_decref(lines);
		return r;
	}
	for (size_t i = 0; i < p->n_lines; i++) {
		json_t *l = look(&p->lines[i]);

		json_object_update(
			l, (json_t *)(uintptr_t)line_of(status, p->lines[i].name));
		json_push(lines, l);
	}
	held = json_array_get(json_object_get(status, "boards"), 0);
	*out = json_object();
	json_put(*out, "board", json_lossy_str(board->board));
	json_put(*out, "keeper",
		 status ? json_incref(json_object_get(status, "pid")) : json_null());
	json_put(*out, "survives_keeper",
		 status ? json_incref(json_object_get(status, "has_store"))
			: json_null());
	json_put(*out, "libgpiod",
		 status ? json_incref(json_object_get(status, "libgpiod")) : json_null());
	json_put(*out, "user",
		 held ? json_incref(json_object_get(held, "user")) : json_null());
	json_put(*out, "lines", lines);
	return 0;
}
