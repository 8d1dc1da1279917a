// SPDX-License-Identifier: GPL-2.0-or-later
/* `matrix` of a result as one table for a person: a line for each cell. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "util/strbuf.h"

/* width as for grid_print(). What did not come out as expected is marked. */
void matrix_table_print(const json_t *matrix, bool color, size_t width,
			struct strbuf *out);
