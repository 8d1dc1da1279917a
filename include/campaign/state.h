// SPDX-License-Identifier: GPL-2.0-or-later
/* A campaign's directory, and its state on disk: campaign.json, "bootrig.campaign/1". A
 * campaign is a plan of boots of one job on one board; each boot is an ordinary run with
 * a directory of its own below runs/. The state is written whole before and after each
 * boot, so that the same command goes on after any kill and counts nothing twice.
 *
 *   {"schema", "id", "plan": {"kind","job","board","cells",…}, "start_time",
 *    "sessions": how often it was begun or gone on with, "finished",
 *    "boots": [record, …], "pending": record of the boot that runs now, or null}
 *
 * A record: {"n","session","cell","run": "runs/ID" or null, "status","kind","reason",
 * "exit_code","boots","seconds","broke_off","start_time",…}; what a kind of campaign adds
 * to it is its own. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "parse/board_spec.h"
#include "parse/job_spec.h"
#include "session/run_dir.h"

enum { CAMPAIGN_MAX_BYTES = 256 << 20 };

struct campaign {
	struct run_dir dir;
	json_t *state;
	bool is_resumed;
	bool is_running; /* more boots are to come; set and cleared by the caller */
};

#define CAMPAIGN_INIT                                                                    \
	{                                                                                \
		.dir = RUN_DIR_INIT, .state = NULL, .is_resumed = false,                 \
		.is_running = false                                                      \
	}

/* What a campaign does, and what it is told apart by: kind is "matrix" or "soak", cells
 * an array of names (consumed). The caller owns the object and may add to it. */
json_t *campaign_plan(const char *kind, const struct job_spec *job,
		      const struct board_spec *board, json_t *take_cells);

/* resume: that directory, whose plan must be the same (ERR_JOB when not). NULL: the
 * unfinished campaign below runs_dir that has this plan, the youngest of them, unless
 * is_new; else a new one. Held by a lock as long as it is open: ERR_LAB -EBUSY when
 * another process runs it. *out is released by the caller, also on error. */
MUST_CHECK int campaign_open(const char *runs_dir, const char *resume, bool is_new,
			     const json_t *plan, struct campaign *out, struct err *err);
/* Write, fsync, rename. ERR_LAB. */
MUST_CHECK int campaign_save(const struct campaign *c, struct err *err);
void campaign_release(struct campaign *c);

/* Borrowed. */
json_t *campaign_boots(const struct campaign *c);
int64_t campaign_session(const struct campaign *c);
