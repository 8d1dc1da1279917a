// SPDX-License-Identifier: GPL-2.0-or-later
/* How a board's relay lines stand, as a table for people. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "parse/board_spec.h"

/* status: of power_gpio_status(). */
void power_page_print(FILE *out, const struct board_spec *board, const json_t *status);
