// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of a soak share. */
#pragma once

#include "campaign/soak.h"

/* soak_observe.c: into a record: "observations": [{"seconds","failed","limit_s"}] and
 * "counted": "failure" "survived" "other" "early" "lab" "prepare". arg: the plan. */
void soak_observe(void *arg, json_t *record, const json_t *result);
/* The observations of the boots that fit: cell and level by name ("" = any); factor and
 * level_at: only boots at that level of that factor (factor SIZE_MAX = any). The caller
 * frees *v. */
size_t soak_collect(const struct campaign *c, const struct soak_plan *p, const char *cell,
		    const char *level, size_t factor, size_t level_at,
		    struct survival_obs **v);
size_t soak_count(const struct campaign *c, const char *cell, const char *level,
		  const char *counted);

/* soak_plan.c: the group with the fewest boots that count, the first of them; with also:
 * as if that one had one more (SIZE_MAX = none). */
size_t soak_next_group(const struct campaign *c, const struct soak_plan *p, size_t also);
/* Did the last boot leave things as a boot of this level has to find them? */
bool soak_is_ready(const struct campaign *c, const struct soak_level *level);
