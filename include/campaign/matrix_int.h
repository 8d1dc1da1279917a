// SPDX-License-Identifier: GPL-2.0-or-later
/* What matrix.c tells matrix_result.c. */
#pragma once

#include "campaign/matrix.h"

/* The record that speaks for a cell; NULL when it was never run. */
const json_t *matrix_record_of(const struct campaign *c, const char *cell);
