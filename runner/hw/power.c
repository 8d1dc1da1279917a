// SPDX-License-Identifier: GPL-2.0-or-later
/* Chooses the backend and keeps what all of them share. */
#include "hw/power.h"

#include <errno.h>

#include "util/mem.h"

static int nothing(struct power *p, struct err *err)
{
	return 0;
}

static void free_plain(struct power *p)
{
	free(p);
}

static const struct power_ops none_ops = { .on = nothing,
					   .off = nothing,
					   .free = free_plain };

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
		return err_set(
			err, ERR_JOB, -EOPNOTSUPP,
			"power backend gpio is not in this version; backend command can call gpioset");
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

int power_on(struct power *p, struct err *err)
{
	int r = p->ops->on(p, err);

	if (!r)
		p->is_on = true;
	return r;
}

int power_off(struct power *p, struct err *err)
{
	int r = p->ops->off(p, err);

	if (!r)
		p->is_on = false;
	return r;
}

bool power_can_reset(const struct power *p)
{
	if (p->board->power.backend == BOARD_POWER_COMMAND)
		return p->board->power.reset != NULL;
	return p->ops->reset != NULL;
}

int power_reset(struct power *p, struct err *err)
{
	if (!power_can_reset(p))
		return err_set(err, ERR_LAB, -EOPNOTSUPP, "board %s has no reset",
			       p->board->board);
	return p->ops->reset(p, err);
}

int power_check(struct power *p, struct err *err)
{
	return p->ops->check ? p->ops->check(p, err) : 0;
}

int power_take_console(struct power *p)
{
	return TAKE_FD(p->console_fd);
}
