// SPDX-License-Identifier: GPL-2.0-or-later
/* What only relay lines can: one line by hand, and how all of them stand. */
#pragma once

#include <jansson.h>

#include "hw/power.h"

/* Relays that a caller moves by hand, outside of any sequence: p is of backend gpio. ms:
 * close a momentary line for that long, and return when it is open. */
MUST_CHECK int power_gpio_press(struct power *p, const char *line, int64_t ms,
				struct err *err);
/* Set it, wait until fd is readable (or a momentary line opens by itself), clear it. */
MUST_CHECK int power_gpio_hold(struct power *p, const char *line, int fd,
			       struct err *err);
/* The board's lines go back to the kernel, and to whatever their driver does then. */
MUST_CHECK int power_gpio_release(const struct board_spec *board,
				  const struct power_env *env, struct err *err);
/* An object: keeper (null when none serves), lines (name, type, line, chip, path, offset,
 * active_low, value, set, holder, ...). Nothing is requested and nothing moves. */
MUST_CHECK int power_gpio_status(const struct board_spec *board,
				 const struct power_env *env, json_t **out,
				 struct err *err);
