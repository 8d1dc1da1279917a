// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of power_gpio share: a board whose relays the keeper moves for us. Not
 * for others. */
#pragma once

#include <jansson.h>

#include "hw/keeper.h"

enum { POWER_GPIO_ASK_MS = 5000 };

struct power_gpio {
	struct power base;
	struct keeper *keeper;
	bool was_claimed; /* by us, at least once */
	bool off_failed;  /* the last time: the keeper has to try, when we are gone */
	uint32_t moved;   /* lines that we set or cleared, one bit each */
	uint32_t values;  /* and how */
};

/* power_gpio_keeper.c */
/* {"do": what}, to which more may be added. */
json_t *power_gpio_request(const char *what);
MUST_CHECK int power_gpio_pause(struct power *p, int64_t ms, struct err *err);
/* A keeper that has our board. One that died is started again, and must have the lines as
 * they were. */
MUST_CHECK int power_gpio_have_keeper(struct power_gpio *g, struct err *err);
/* A word of farewell, and close: without one, as after an off that failed, the keeper
 * takes us for dead. */
void power_gpio_leave_keeper(struct power_gpio *g);
/* Around each sequence. lines: one bit for each that it may move. */
MUST_CHECK int power_gpio_begin(struct power_gpio *g, uint32_t lines, struct err *err);
/* Also after a failure r: what was closed for a moment opens. The first error counts. */
MUST_CHECK int power_gpio_end(struct power_gpio *g, int r, struct err *err);
/* i: of power.lines */
MUST_CHECK int power_gpio_set_line(struct power_gpio *g, size_t i, bool value,
				   struct err *err);
MUST_CHECK int power_gpio_press_line(struct power_gpio *g, const char *line, int64_t ms,
				     struct err *err);
MUST_CHECK int power_gpio_get_line(struct power_gpio *g, const char *line, bool *value,
				   struct err *err);
