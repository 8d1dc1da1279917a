// SPDX-License-Identifier: GPL-2.0-or-later
/* The special functions and random numbers are those of R's own library (libRmath). */
#pragma once

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "campaign/survival.h"

enum { SECONDS_PER_HOUR = 3600 };

/* libRmath prints a complaint about arguments outside of a function's domain: callers
 * keep within. */
double survival_seconds(const struct survival_obs *obs); /* at least 1 ms */
