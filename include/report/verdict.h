// SPDX-License-Identifier: GPL-2.0-or-later
/* Who or what is to blame: the one place where incidents, test results and our own
 * outcomes become a status, a kind, a reason and an exit code (pass fail lab job
 * canceled bug). */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "util/compiler.h"

struct verdict {
	const char *status; /* static: "pass" "fail" "lab" "job" "canceled" "bug" */
	const char *kind; /* an incident's kind, "test", "timeout" or NULL; borrowed from
			     the inputs */
	char reason[512];
	const char *error_type; /* LAVA's word or NULL; static */
	int64_t incident;       /* id of the deciding incident, -1 = none */
};

/* attempt: the "attempt-end" event's members (NULL: the run broke off inside it).
 * incidents and tests: arrays of all of them. n is the attempt's number. */
void verdict_of_attempt(uint32_t n, const json_t *attempt_end, const json_t *incidents,
			const json_t *tests, struct verdict *out);
/* attempts: array of {"n","status","kind","reason","incident"}. The last attempt
 * decides, as in LAVA; the reason of a pass names the attempts that failed. */
void verdict_of_run(const json_t *attempts, struct verdict *out);
/* 0, 1, 125, 129, 130, 131 or 134 (docs/result.md). expect is the run's expect object or
 * JSON null; incident the deciding one or NULL. */
int verdict_exit_code(const struct verdict *v, bool self_check_ok, const json_t *expect,
		      const json_t *incident);
/* Another verdict in place of this one, without an incident. */
PRINTF(4, 5)
void verdict_set(struct verdict *v, const char *status, const char *kind, const char *fmt,
		 ...);
