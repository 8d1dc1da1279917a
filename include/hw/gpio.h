// SPDX-License-Identifier: GPL-2.0-or-later
/* One GPIO line of the host: find it, request it, drive or read it. Values are logical:
 * active_low is dealt with by the kernel. Two versions of libgpiod stand behind this
 * (gpio1.c and gpio2.c, one is built). Lines go back to their driver's default when the
 * last copy of their descriptor closes: only the keeper requests lines. */
#pragma once

#include <stdbool.h>

#include "parse/board_power.h"
#include "util/err.h"

enum { GPIO_NAME_SIZE = 33 };

/* Where a line is: gpiochip numbers change from boot to boot, so this is found anew each
 * time. */
struct gpio_place {
	char path[64];             /* /dev/gpiochip0 */
	char chip[GPIO_NAME_SIZE]; /* label */
	char name[GPIO_NAME_SIZE]; /* of the line; may be empty */
	char driver[32];           /* of the chip; may be empty */
	uint32_t offset;
};

struct gpio_info {
	char name[GPIO_NAME_SIZE], consumer[GPIO_NAME_SIZE];
	bool is_used, is_output, is_active_low;
};

/* All ERR_LAB: -ENODEV no such chip, -ENOENT no such line on it, -ENOTUNIQ the name
 * stands on two lines (both are named), -EACCES may not. */
MUST_CHECK int gpio_find(const struct board_line *l, struct gpio_place *out,
			 struct err *err);
/* Who holds it and how it stands, without a request. */
MUST_CHECK int gpio_look(const struct gpio_place *where, struct gpio_info *out,
			 struct err *err);

enum gpio_mode {
	GPIO_OUTPUT, /* from the first moment with the value that is given */
	GPIO_INPUT,
	GPIO_AS_IS, /* driven with the value that it has */
};

struct gpio_request {
	const char *consumer; /* at most 31 bytes are kept */
	enum gpio_mode mode;
	bool active_low;
	bool value; /* GPIO_OUTPUT */
};

struct gpio_line;

/* -EBUSY (the message names who holds it), -ENODEV the chip went away, or another. */
MUST_CHECK int gpio_request(const struct gpio_place *where, const struct gpio_request *q,
			    struct gpio_line **out, struct err *err);
/* A line by the descriptor of a request that somebody kept alive, with its level. */
MUST_CHECK int gpio_adopt(const struct gpio_place *where, int take_fd,
			  struct gpio_line **out, struct err *err);
void gpio_release(struct gpio_line *l); /* NULL is fine */
MUST_CHECK int gpio_set(struct gpio_line *l, bool value, struct err *err);
MUST_CHECK int gpio_get(struct gpio_line *l, bool *value, struct err *err);
/* Of the request, borrowed: a copy of it keeps the line. -1: not to be had. */
int gpio_fd(const struct gpio_line *l);

/* What becomes of a line when its last descriptor closes, in a few words. */
const char *gpio_at_release(const char *driver);
