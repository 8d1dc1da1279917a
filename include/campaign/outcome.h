// SPDX-License-Identifier: GPL-2.0-or-later
/* What one cell of a matrix came to: a row of `matrix` in result.json, and whether that
 * is what the job expects. Pure. */
#pragma once

#include <jansson.h>

#include "parse/job_cells.h"

/* result NULL: there was no run. record as in campaign/state.h. The caller owns the row:
 *   {"series","config","cell","verdict":{"status","kind","reason"},
 *    "incident": {"kind","title","function","module","fault_address","real_range",
 *    "instruction"} or null, "hypotheses": [{"name","verdict"}], "functional": {"status":
 * "pass" "fail" "none","passed","failed","failures": [...]}, "cycles": N or null,
 * "seconds": S or null, "expected": {...} or null, "as_expected",
 * "surprise": what is not as expected or null, "run"} functional: the
 * last attempt's test cases, without the steps that ran them where they told cases of
 * their own. cycles: the largest measurement in units of cycles. seconds: how long the
 * kernel was under test. */
json_t *outcome_row(const struct job_cell *cell, const json_t *record,
		    const json_t *result);
