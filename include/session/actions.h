// SPDX-License-Identifier: GPL-2.0-or-later
/* Which of a job's actions belong together, for a run and for its plan. Pure. */
#pragma once

#include "parse/board_recovery.h"
#include "parse/job_spec.h"

/* The deploy action that a boot action boots: the latest of its namespace before it; NULL
 * = none. */
const struct job_action *deploy_of_boot(const struct job_spec *job, size_t boot_at);
/* The two actions that boot a rung's known-good set; they borrow from the rung. */
void label_actions(const struct board_rung *rung, struct job_action *deploy,
		   struct job_action *boot);
