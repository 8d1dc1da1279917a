// SPDX-License-Identifier: GPL-2.0-or-later
/* Many runs as one table for a person: job, verdict, kind, reason, seconds, boots,
 * directory. Text from the console is made harmless for a terminal. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "util/compiler.h"
#include "util/strbuf.h"

/* One row of result.json; result NULL: that directory has none, reason says why. The
 * caller owns the object: {"job","verdict","kind","reason","seconds","boots","id","dir"};
 * what is unknown is null. */
json_t *table_row(const json_t *result, const char *dir, const char *reason);
/* Append the rows (an array of table_row) aligned, with a header. width: columns of the
 * terminal, 0 = do not cut reasons beyond 60. */
void table_print(const json_t *rows, bool color, size_t width, struct strbuf *out);
/* Green for a pass, red for a fail, yellow for what is no statement about a kernel. */
const char *table_color(const char *status);
