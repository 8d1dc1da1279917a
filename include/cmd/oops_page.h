// SPDX-License-Identifier: GPL-2.0-or-later
/* One incident as a page for people. */
#pragma once

#include <stdio.h>

#include "diagnose/diagnosis.h"

/* color: out is a terminal. verdicts: of hypotheses_judge_json(). Text of the console is
 * printed without its control characters. */
void oops_page_print(FILE *out, bool color, const struct incident *in,
		     const struct diagnosis *d, const json_t *verdicts);
