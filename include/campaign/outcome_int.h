// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of a row: outcome_tests.c and outcome_expected.c. */
#pragma once

#include <jansson.h>

#include "parse/job_kernel.h"

/* The incident that decided the last attempt; NULL when there is none. */
const json_t *outcome_incident(const json_t *result);

/* The caller owns these. */
json_t *outcome_functional(const json_t *result);
json_t *outcome_cycles(const json_t *result);
json_t *outcome_expected_json(const struct job_outcome *o); /* null when not given */

/* NULL when the row is as expected, else what is not, for people: "expected to pass".
 * Without an expectation a kernel has to pass. What is no verdict on the kernel (lab,
 * job, canceled, bug) is never as expected. The caller frees it. */
char *outcome_surprise(const struct job_outcome *o, const json_t *row);
