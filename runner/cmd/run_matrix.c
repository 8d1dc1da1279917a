// SPDX-License-Identifier: GPL-2.0-or-later
/* The matrix as its user sees it: a line before and after each cell, a table at the end.
 */
#include "cmd/run_matrix.h"

#include <errno.h>

#include "campaign/matrix.h"
#include "cmd/campaign_page.h"
#include "cmd/cmd.h"
#include "report/matrix_table.h"
#include "session/board_lock.h"
#include "util/io.h"
#include "util/jsonx.h"

struct progress {
	const struct run_matrix *m;
	const struct campaign *c;
	const struct campaign_page *page;
};

static json_t *result_of(const struct run_matrix *m, const struct campaign *c)
{
	return matrix_result(c, m->loaded->job, m->loaded->board, m->cells);
}

static void so_far(const struct progress *p)
{
	_cleanup_json_ json_t *result = result_of(p->m, p->c);

	campaign_page_so_far(&p->c->dir, result);
}

static void begins(void *arg, size_t k, size_t n, const char *cell, size_t nth)
{
	const struct progress *p = arg;

	campaign_page_line(p->page, "cell %zu of %zu: %s%s", k, n, cell,
			   nth > 1 ? ", once more" : "");
}

static void ended(void *arg, const json_t *record, const json_t *row)
{
	const struct progress *p = arg;
	const char *kind = json_get_str(record, "kind", NULL),
		   *surprise = json_get_str(row, "surprise", NULL);

	campaign_page_line(
		p->page, "%s: %s%s%s: %s%s%s%s", json_get_str(record, "cell", ""),
		json_get_str(record, "status", "?"), kind ? " " : "", kind ? kind : "",
		json_get_str(record, "reason", ""), surprise ? " (" : "",
		surprise ? surprise : "", surprise ? ")" : "");
	so_far(p);
}

static json_t *cell_names(const struct job_cells *cells)
{
	json_t *names = json_array();

	for (size_t i = 0; i < cells->n; i++)
		json_push(names, json_string(cells->v[i].name));
	return names;
}

static int open_matrix(const struct run_matrix *m, struct campaign *c, int *board_fd,
		       struct err *err)
{
	_cleanup_json_ json_t *plan = campaign_plan(
		"matrix", m->loaded->job, m->loaded->board, cell_names(m->cells));
	int r = board_reserve(m->loaded->board, board_fd, err);

	return r ? r : campaign_open(m->runs, m->resume, m->is_new, plan, c, err);
}

static void print_table(struct campaign_page *p, const json_t *result)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	matrix_table_print(json_object_get(result, "matrix"), p->color, p->width, &text);
	campaign_page_text(p, &text);
}

/* Whatever ended it: what is known by now. */
static int tell(const struct run_matrix *m, const struct campaign *c,
		struct campaign_page *p, struct err *err)
{
	_cleanup_json_ json_t *result = result_of(m, c);
	int r = campaign_page_finish("run", c, result, &m->loaded->to, m->json_path, err);

	if (r)
		return r;
	print_table(p, result);
	campaign_page_verdict(p, result, c->dir.path);
	return (int)json_get_int(result, "exit_code", EXIT_OUR_BUG);
}

int run_matrix(const struct run_matrix *m)
{
	struct campaign_page page = campaign_page_for(m->json_path);
	struct campaign c = CAMPAIGN_INIT;
	struct progress progress = { .m = m, .c = &c, .page = &page };
	const struct matrix_view view = { .begins = begins,
					  .ended = ended,
					  .arg = &progress };
	struct campaign_host host = {
		.job_path = m->job_path,
		.board_path = m->loaded->board_path,
		.clear_wedged = m->clear_wedged,
		.quiet = m->quiet,
		.console_fd = page.fd,
		.cancel_fd = m->cancel_fd,
	};
	_cleanup_close_ int board_fd = -1;
	struct err err = ERR_INIT;
	int r = open_matrix(m, &c, &board_fd, &err), status;

	if (r) {
		status = cmd_failed("run", &err);
	} else {
		struct err why = ERR_INIT;

		campaign_page_begin(&page, &c);
		c.is_running = true;
		so_far(&progress);
		r = matrix_run(&c, &host, m->cells, &view, &why);
		c.is_running = false;
		if (r && r != -ECANCELED)
			fprintf(stderr, "bootrig run: %s\n", why.msg);
		status = tell(m, &c, &page, &err);
		if (status < 0)
			status = cmd_failed("run", &err);
		else if (r)
			status = why.class == ERR_CANCELED ? EXIT_CANCELED : EXIT_LAB;
	}
	campaign_release(&c);
	return status;
}
