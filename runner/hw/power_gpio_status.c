// SPDX-License-Identifier: GPL-2.0-or-later
/* How a board's relay lines stand, from the kernel and from the keeper if there is one,
 * and giving them back. Starts no keeper and moves nothing. */
#include "hw/power_gpio.h"

#include <errno.h>

#include "hw/power_gpio_int.h"
#include "util/jsonx.h"
#include "util/mem.h"

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
	json_t *j = power_gpio_request(what);
	int r = keeper_open(env, false, &k, err);

	json_put(j, "board", json_lossy_str(board->board));
	if (r) {
		json_decref(j);
		return r;
	}
	r = keeper_ask(k, j, deadline_in_ms(POWER_GPIO_ASK_MS), out, err);
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
	json_put(*out, "not_off",
		 held ? json_incref(json_object_get(held, "not_off")) : json_null());
	json_put(*out, "lines", lines);
	return 0;
}
