// SPDX-License-Identifier: GPL-2.0-or-later
/* The result.json of a campaign: the same schema and top level as a run's, so that what
 * reads, posts or lists results takes it as it is. attempts are its boots, incidents
 * those that decided them, each with the run that it comes from. */
#pragma once

#include "campaign/state.h"
#include "report/verdict.h"

/* tests and body (consumed) go in as they are; body under the name of the campaign's
 * kind. The caller owns the result. */
json_t *campaign_result(const struct campaign *c, const struct job_spec *job,
			const struct board_spec *board, const struct verdict *v,
			int exit_code, json_t *take_tests, json_t *take_body);
