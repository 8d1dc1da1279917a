// SPDX-License-Identifier: GPL-2.0-or-later
/* Chooses the backend and keeps what all of them share. */
#include "hw/power.h"

#include <errno.h>

#include "util/mem.h"

static int run_nothing(struct power *p, const char *name, struct err *err)
{
	return 0;
}

static void free_plain(struct power *p)
{
	free(p);
}

static const struct power_ops none_ops = { .run = run_nothing, .free = free_plain };

int power_new(const struct board_spec *board, const struct power_env *env,
	      struct power **out, struct err *err)
{
	struct power *p = NULL;

	switch (board->power.backend) {
	case BOARD_POWER_NONE:
		p = xcalloc(1, sizeof(*p));
		p->ops = &none_ops;
		break;
	case BOARD_POWER_COMMAND:
		p = power_command_new();
		break;
	case BOARD_POWER_QEMU:
		p = power_qemu_new();
		break;
	case BOARD_POWER_GPIO:
		p = power_gpio_new();
		break;
	}
	if (!p)
		BUG("power backend %d", (int)board->power.backend);
	p->board = board;
	p->env = *env;
	p->console_fd = -1;
	*out = p;
	return 0;
}

void power_free(struct power *p)
{
	if (!p)
		return;
	if (p->console_fd >= 0)
		close(p->console_fd);
	p->ops->free(p);
}

/* Somebody else switches a board without power control: on and off are nothing then. */
bool power_has(const struct power *p, const char *name)
{
	const struct board_power *bp = &p->board->power;

	if (bp->backend == BOARD_POWER_NONE)
		return strcmp(name, "on") == 0 || strcmp(name, "off") == 0;
	return board_power_has(bp, name);
}

int power_run(struct power *p, const char *name, struct err *err)
{
	int r;

	if (!power_has(p, name))
		return err_set(err, ERR_LAB, -EOPNOTSUPP, "board %s has no %s%s",
			       p->board->board,
			       strcmp(name, "reset") == 0 ? "" : "power sequence ", name);
	r = p->ops->run(p, name, err);
	if (!r)
		p->is_on = strcmp(name, "off") != 0;
	return r;
}

int power_on(struct power *p, struct err *err)
{
	return power_run(p, "on", err);
}

int power_off(struct power *p, struct err *err)
{
	return power_run(p, "off", err);
}

int power_reset(struct power *p, struct err *err)
{
	return power_run(p, "reset", err);
}

bool power_can_reset(const struct power *p)
{
	return power_has(p, "reset");
}

int power_send_break(struct power *p, struct err *err)
{
	if (p->ops->send_break)
		return p->ops->send_break(p, err);
	return err_set(err, ERR_LAB, -EOPNOTSUPP,
		       "the power of board %s does not carry its console",
		       p->board->board);
}

int power_sense(struct power *p, bool *is_powered, struct err *err)
{
	if (p->ops->sense)
		return p->ops->sense(p, is_powered, err);
	return err_set(err, ERR_LAB, -EOPNOTSUPP, "board %s has no power sense",
		       p->board->board);
}

int power_check(struct power *p, struct err *err)
{
	return p->ops->check ? p->ops->check(p, err) : 0;
}

int power_take_console(struct power *p)
{
	return TAKE_FD(p->console_fd);
}
