// SPDX-License-Identifier: GPL-2.0-or-later
/* What power by relay lines asks of the keeper: the claim of the board, and one line
 * moved or read at a time. The keeper that dies is noticed here. */
#include <errno.h>

#include "hw/power_gpio_int.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { RETRY_MS = 50 };

json_t *power_gpio_request(const char *what)
{
	json_t *j = json_object();

	json_put(j, "do", json_string(what));
	return j;
}

static json_t *line_request(const char *what, const char *line)
{
	json_t *j = power_gpio_request(what);

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
	return keeper_ask(g->keeper, take_request,
			  deadline_in_ms(POWER_GPIO_ASK_MS + more_ms), reply, err);
}

int power_gpio_pause(struct power *p, int64_t ms, struct err *err)
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
		json_t *j = power_gpio_request("claim");

		json_put(j, "claim", json_incref(text));
		r = ask(g, j, 0, lines, err);
		if (r != -EAGAIN || deadline_passed(d))
			break;
		*err = (struct err)ERR_INIT;
		r = power_gpio_pause(&g->base, RETRY_MS, err);
		if (r)
			break;
	}
	json_decref(text);
	return r;
}

/* Who had the board before died, and its relays did not obey the keeper either. */
static void tell_not_off(const struct power_gpio *g, const json_t *reply)
{
	const char *why = json_get_str(reply, "not_off", NULL);

	if (!why || !g->base.env.warn)
		return;
	_cleanup_free_ char *text = xasprintf(
		"board %s was left on when its last user died: the keeper could not switch it off: %s",
		g->base.board->board, why);
	g->base.env.warn(g->base.env.arg, text);
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

int power_gpio_have_keeper(struct power_gpio *g, struct err *err)
{
	struct deadline d = deadline_in_ms(POWER_GPIO_ASK_MS);
	_cleanup_json_ json_t *reply = NULL;
	int r;

	if (g->keeper && !keeper_is_gone(g->keeper))
		return 0;
	keeper_close(g->keeper);
	g->keeper = NULL;
	/* One that is dying closes our socket before it closes its door. */
	while ((r = open_and_claim(g, &reply, err)) == -EPIPE && !deadline_passed(d)) {
		*err = (struct err)ERR_INIT;
		r = power_gpio_pause(&g->base, RETRY_MS, err);
		if (r)
			return r;
	}
	if (r)
		return r;
	tell_not_off(g, reply);
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

int power_gpio_set_line(struct power_gpio *g, size_t i, bool value, struct err *err)
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

int power_gpio_press_line(struct power_gpio *g, const char *line, int64_t ms,
			  struct err *err)
{
	json_t *j = line_request("press", line);

	did(&g->base, line, "press", ms);
	json_put(j, "ms", json_integer((json_int_t)ms));
	return ask(g, j, ms, NULL, err);
}

int power_gpio_get_line(struct power_gpio *g, const char *line, bool *value,
			struct err *err)
{
	_cleanup_json_ json_t *reply = NULL;
	int r = ask(g, line_request("get", line), 0, &reply, err);

	*value = !r && json_get_bool(reply, "value", false);
	return r;
}

int power_gpio_begin(struct power_gpio *g, uint32_t lines, struct err *err)
{
	const struct board_power *bp = &g->base.board->power;
	json_t *j = power_gpio_request("begin"), *names = json_array();

	for (size_t i = 0; i < bp->n_lines; i++)
		if (lines & 1U << i)
			json_push(names, json_lossy_str(bp->lines[i].name));
	json_put(j, "lines", names);
	return ask(g, j, 0, NULL, err);
}

int power_gpio_end(struct power_gpio *g, int r, struct err *err)
{
	struct err own = ERR_INIT;
	int e = ask(g, power_gpio_request("end"), 0, NULL, &own);

	if (r || !e)
		return r;
	*err = own;
	return e;
}

void power_gpio_leave_keeper(struct power_gpio *g)
{
	struct err ignored = ERR_INIT;

	/* One that died holds our place for the next, and takes our end for a death, too.
	 */
	if (g->was_claimed && !power_gpio_have_keeper(g, &ignored) && !g->off_failed)
		(void)!ask(g, power_gpio_request("bye"), 0, NULL, &ignored);
	keeper_close(g->keeper);
}
