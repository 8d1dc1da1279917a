// SPDX-License-Identifier: GPL-2.0-or-later
/* A matrix: every cell once, each with its own verdict. A lab fault says nothing about a
 * kernel: the cell is tried again, a few times. A cell whose kernel cannot be built or
 * fetched is told and left out. */
#pragma once

#include "campaign/boot.h"
#include "parse/job_cells.h"

enum { MATRIX_LAB_TRIES = 3 };

/* May be NULL each; borrowed arguments. */
struct matrix_view {
	/* cell number k (from 1) of n, for the nth time in this session */
	void (*begins)(void *arg, size_t k, size_t n, const char *cell, size_t nth);
	void (*ended)(void *arg, const json_t *record, const json_t *row);
	void *arg;
};

/* Runs what is not decided yet. 0 when there is nothing left to run: "finished", which
 * the caller saves when the result is written, so that a kill in between tells it again.
 * ERR_CANCELED; ERR_LAB when the lab is broken, or the state cannot be written. It can be
 * gone on with after any of them. */
MUST_CHECK int matrix_run(struct campaign *c, struct campaign_host *host,
			  const struct job_cells *cells, const struct matrix_view *view,
			  struct err *err);

/* The campaign as it stands: result.json with `matrix` (docs/result.md). The caller owns
 * it. */
json_t *matrix_result(const struct campaign *c, const struct job_spec *job,
		      const struct board_spec *board, const struct job_cells *cells);
