// SPDX-License-Identifier: GPL-2.0-or-later
/* What a run would do, in order, without doing it: no relay, no console, no network, no
 * file written. Made of what the run itself uses: the board's sequences, the lines for
 * U-Boot, the label, the limits. Where the board decides (which prompt comes first), the
 * plan says what is done when all goes well; and then what a failure would set off.
 *
 * A plan, "bootrig.plan/1":
 *   {"schema", "job", "board", "kernel": cell or null, "limit_s",
 *    "steps": [step, …],            the run as it should go
 *    "watch": {…}, "on_failure": [step, …]}
 * A step: {"phase", "do", …, "limit_s"}; phase and do are words of actions.jsonl, and
 * `relay`, `type` and `power` have the members that they have there. "wait" stands for
 * what the record has no word for: {"for": text, "patterns": […]}. */
#pragma once

#include <jansson.h>

#include "parse/board_spec.h"
#include "parse/job_cells.h"
#include "parse/job_spec.h"
#include "util/err.h"

/* cell NULL: the deploy actions name the kernel. Reads sizes and headers of local files
 * that the job names. ERR_JOB where the run would find out that the label cannot be
 * written. The caller owns *out. */
MUST_CHECK int plan_run(const struct job_spec *job, const struct board_spec *board,
			const struct job_cell *cell, json_t **out, struct err *err);
