// SPDX-License-Identifier: GPL-2.0-or-later
/* Which cell is next, and when a cell is decided. */
#include "campaign/matrix.h"

#include <errno.h>

#include "campaign/matrix_int.h"
#include "campaign/outcome.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { EXIT_LAB_BROKEN = 131 };

static bool is_verdict(const char *status)
{
	return strcmp(status, "pass") == 0 || strcmp(status, "fail") == 0;
}

/* What the boots of one cell came to so far. */
struct progress {
	bool is_decided; /* by a verdict on the kernel */
	bool is_given_up;
	size_t tries; /* in this session, without a verdict */
	int64_t last_exit;
};

static struct progress progress_of(const struct campaign *c, const char *cell)
{
	struct progress p = { 0 };
	const json_t *b;
	size_t i;

	json_array_foreach(campaign_boots(c), i, b)
	{
		const char *status = json_get_str(b, "status", "lab");

		if (strcmp(json_get_str(b, "cell", ""), cell) != 0)
			continue;
		p.is_decided |= is_verdict(status);
		p.last_exit = json_get_int(b, "exit_code", -1);
		if (json_get_int(b, "session", 0) != campaign_session(c) ||
		    is_verdict(status))
			continue;
		p.tries++;
		p.is_given_up |= strcmp(status, "job") == 0 || strcmp(status, "bug") == 0;
	}
	p.is_given_up |= p.tries >= MATRIX_LAB_TRIES;
	return p;
}

static void digest(void *arg, json_t *record, const json_t *result)
{
	const struct job_cell *cell =
		job_cells_find(arg, json_get_str(record, "cell", ""));

	if (cell)
		json_put(record, "row", outcome_row(cell, record, result));
}

static int run_cell(struct campaign *c, struct campaign_host *host,
		    const struct job_cells *cells, size_t at,
		    const struct matrix_view *view, struct err *err)
{
	const char *cell = cells->v[at].name;
	struct progress p = progress_of(c, cell);
	const json_t *record;
	int r = 0;

	while (!r && !p.is_decided && !p.is_given_up) {
		json_t *planned = json_object();

		json_put(planned, "cell", json_string(cell));
		if (view->begins)
			view->begins(view->arg, at + 1, cells->n, cell, p.tries + 1);
		r = campaign_boot(c, host, planned, NULL, digest,
				  (void *)(uintptr_t)cells, &record, err);
		if (!r && view->ended)
			view->ended(view->arg, record, json_object_get(record, "row"));
		p = progress_of(c, cell);
	}
	if (!r && !p.is_decided && p.last_exit == EXIT_LAB_BROKEN)
		r = err_set(err, ERR_LAB, -EIO,
			    "the lab is broken: %zu boots of %s came to nothing", p.tries,
			    cell);
	return r;
}

int matrix_run(struct campaign *c, struct campaign_host *host,
	       const struct job_cells *cells, const struct matrix_view *view,
	       struct err *err)
{
	int r = campaign_settle_pending(c, digest, (void *)(uintptr_t)cells, err);

	for (size_t i = 0; i < cells->n && !r; i++)
		r = run_cell(c, host, cells, i, view, err);
	if (!r)
		json_put(c->state, "finished", json_true());
	return r;
}

/* The last verdict on the kernel, else the last word; NULL when it was never run. */
const json_t *matrix_record_of(const struct campaign *c, const char *cell)
{
	const json_t *found = NULL, *b;
	bool is_decided = false;
	size_t i;

	json_array_foreach(campaign_boots(c), i, b)
	{
		bool decides = is_verdict(json_get_str(b, "status", ""));

		if (strcmp(json_get_str(b, "cell", ""), cell) != 0 ||
		    (is_decided && !decides))
			continue;
		is_decided = decides;
		found = b;
	}
	return found;
}
