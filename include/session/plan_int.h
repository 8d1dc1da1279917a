// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of the plan share. Private to session/plan*.c. */
#pragma once

#include "boot/stage.h"
#include "session/plan.h"
#include "util/jsonx.h"

/* What a run makes up when it begins. */
#define PLAN_RUN "RUN"
#define PLAN_NONCE "<32 random hex digits>"
#define PLAN_OTHER_NONCE "<32 others>"

struct plan {
	const struct job_spec *job;
	const struct board_spec *board;
	const struct job_cell *cell;
	json_t *steps; /* borrowed: where steps go now */
	char phase[100];
	struct staged staged; /* names and paths only */
	const struct board_label *label;
	char *append;
	bool is_staged;
	uint32_t n_staged;
};

PRINTF(2, 3) void plan_phase(struct plan *p, const char *fmt, ...);
/* A new step at the end; borrowed, for more members. */
json_t *plan_step(struct plan *p, const char *what);
void plan_limit(json_t *step, int64_t ms);
void plan_text(json_t *step, const char *key, const char *text); /* NULL gives null */
void plan_type(struct plan *p, const char *text, bool is_secret);
/* patterns is consumed; NULL = none. */
void plan_wait(struct plan *p, const char *what, json_t *take_patterns, int64_t limit_ms);

/* plan_files.c: fetch, unpack, write the label. */
MUST_CHECK int plan_stage(struct plan *p, const struct job_action *deploy,
			  const struct job_boot *boot, struct err *err);
void plan_unstage(struct plan *p);
/* plan_power.c */
void plan_power(struct plan *p, const char *what);
/* plan_boot.c */
void plan_attempt(struct plan *p, const struct job_action *action);
void plan_loader(struct plan *p, const struct job_action *action);
void plan_stop_autoboot(struct plan *p, int64_t limit_ms);
void plan_login(struct plan *p, const struct job_auto_login *login,
		const struct strvec *prompts, int64_t limit_ms);
/* plan_test.c */
void plan_test(struct plan *p, const struct job_action *action);
/* plan_recovery.c */
json_t *plan_watch(const struct plan *p);
MUST_CHECK int plan_recovery(struct plan *p, struct err *err);
