// SPDX-License-Identifier: GPL-2.0-or-later
/* What libgpiod 1 and 2 do differently, for hw/gpio.c and hw/gpio_find.c only. Everything
 * returns 0 or a negative errno and says nothing. */
#pragma once

#include "hw/gpio.h"

struct gpio_chip;
struct gpio_handle;

MUST_CHECK int gpio_chip_open(const char *path, struct gpio_chip **out);
void gpio_chip_close(struct gpio_chip *c); /* NULL is fine */
const char *gpio_chip_label(const struct gpio_chip *c);
uint32_t gpio_chip_n_lines(const struct gpio_chip *c);
MUST_CHECK int gpio_chip_look(struct gpio_chip *c, uint32_t offset,
			      struct gpio_info *out);

/* Consumes the chip, also when it fails. */
MUST_CHECK int gpio_handle_request(struct gpio_chip *take_c, uint32_t offset,
				   const struct gpio_request *q,
				   struct gpio_handle **out);
void gpio_handle_release(struct gpio_handle *h);
MUST_CHECK int gpio_handle_set(struct gpio_handle *h, bool value);
MUST_CHECK int gpio_handle_get(struct gpio_handle *h, bool *value);
int gpio_handle_fd(const struct gpio_handle *h); /* -1: not to be had */

/* "libgpiod 1.6.3"; for everybody */
const char *gpio_lib_version(void);
