// SPDX-License-Identifier: GPL-2.0-or-later
/* A soak: the cells of a job again and again, round robin over cells and levels, until a
 * goal is reached. Each boot is an observation: how long its kernel was under test, and
 * whether that ended in the failure that the job is about. What lab faults ended says
 * nothing and is left out; what anybody stopped had lived that long. */
#pragma once

#include "campaign/boot.h"
#include "campaign/survival.h"
#include "parse/job_soak.h"

enum { SOAK_LAB_TRIES = 3 };

/* 0 = none. for_ms: running time of all boots together. */
struct soak_goal {
	int64_t for_ms, each_ms;
	uint32_t boots, failures;
};

/* One combination of the levels of all factors. */
struct soak_level {
	char *name; /* "root=clean,load=gpu"; NULL = there are no factors */
	size_t of[JOB_SOAK_MAX_FACTORS]; /* level of each factor */
	enum job_soak_end begin;         /* how the boot before has to end */
};

struct soak_plan {
	const struct job_soak *soak; /* borrowed */
	struct strvec cells;         /* empty = the job names no kernels */
	struct soak_level *levels;
	size_t n_levels; /* at least 1 */
	struct soak_goal goal;
};

void soak_plan_init(struct soak_plan *p, const struct job_soak *soak);
void soak_plan_release(struct soak_plan *p);
size_t soak_plan_groups(const struct soak_plan *p);
const char *soak_plan_cell(const struct soak_plan *p, size_t group); /* NULL = none */
const struct soak_level *soak_plan_level(const struct soak_plan *p, size_t group);
/* The names of the levels for the campaign's plan; a new array. */
json_t *soak_plan_levels_json(const struct soak_plan *p);

struct soak_view {
	/* the nth boot (from 1) is to come; is_prepare: it only brings a level about */
	void (*begins)(void *arg, size_t nth, const char *cell, const char *level,
		       bool is_prepare);
	void (*ended)(void *arg, const json_t *record);
	void *arg;
};

/* 0 when a goal is reached, "finished" as by matrix_run(); else as matrix_run(). */
MUST_CHECK int soak_run(struct campaign *c, struct campaign_host *host,
			const struct soak_plan *p, const struct soak_view *view,
			struct err *err);

/* The rate that a clean stretch is held against, where no cell of this soak has one. */
struct soak_against {
	char *name;
	struct survival_old old;
};

/* result.json with `soak`; against may be NULL. The caller owns it. */
json_t *soak_result(const struct campaign *c, const struct job_spec *job,
		    const struct board_spec *board, const struct soak_plan *p,
		    const struct soak_against *against);
