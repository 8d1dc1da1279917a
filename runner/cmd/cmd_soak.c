// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig soak`: a job again and again, and what the times to failure say. */
#include "campaign/soak.h"
#include "cmd/campaign_page.h"
#include "cmd/cmd.h"
#include "cmd/dry_run.h"
#include "cmd/soak_args.h"
#include "cmd/soak_page.h"
#include "session/board_lock.h"
#include "util/io.h"
#include "util/jsonx.h"

struct progress {
	const struct soak_cmd *s;
	const struct campaign *c;
	const struct campaign_page *page;
};

static json_t *result_of(const struct soak_cmd *s, const struct campaign *c)
{
	return soak_result(c, s->loaded.job, s->loaded.board, &s->plan,
			   s->against.name ? &s->against : NULL);
}

static void so_far(const struct progress *p)
{
	_cleanup_json_ json_t *result = result_of(p->s, p->c);

	campaign_page_so_far(&p->c->dir, result);
}

static void begins(void *arg, size_t nth, const char *cell, const char *level,
		   bool is_prepare)
{
	const struct progress *p = arg;

	campaign_page_line(p->page, "boot %zu%s%s%s%s%s", nth, cell || level ? ": " : "",
			   cell ? cell : "", cell && level ? ", " : "",
			   level ? level : "",
			   is_prepare ? " (a boot before it, to bring that about)" : "");
}

static void ended(void *arg, const json_t *record)
{
	const struct progress *p = arg;

	soak_page_boot(p->page, record);
	so_far(p);
}

static int open_soak(struct soak_cmd *s, struct campaign *c, int *board_fd,
		     struct err *err)
{
	json_t *cells, *plan;
	int r = board_reserve(s->loaded.board, board_fd, err);

	if (r)
		return r;
	cells = json_array();
	for (size_t i = 0; i < s->plan.cells.n; i++)
		json_push(cells, json_string(s->plan.cells.v[i]));
	plan = campaign_plan("soak", s->loaded.job, s->loaded.board, cells);
	json_put(plan, "levels", soak_plan_levels_json(&s->plan));
	r = campaign_open(s->runs, s->resume, s->is_new, plan, c, err);
	json_decref(plan);
	return r;
}

/* Whatever ended it: what is known by now. */
static int tell(const struct soak_cmd *s, const struct campaign *c,
		const struct campaign_page *p, struct err *err)
{
	_cleanup_json_ json_t *result = result_of(s, c);
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	int r = campaign_page_finish("soak", c, result, &s->loaded.to, s->json_path, err);

	if (r)
		return r;
	soak_page_print(json_object_get(result, "soak"), p->color, p->width, &text);
	campaign_page_text(p, &text);
	campaign_page_verdict(p, result, c->dir.path);
	return (int)json_get_int(result, "exit_code", EXIT_OUR_BUG);
}

static int run_campaign(struct soak_cmd *s, struct campaign *c,
			struct campaign_page *page)
{
	struct progress progress = { .s = s, .c = c, .page = page };
	const struct soak_view view = { .begins = begins,
					.ended = ended,
					.arg = &progress };
	struct campaign_host host = {
		.job_path = s->job_path,
		.board_path = s->loaded.board_path,
		.clear_wedged = s->clear_wedged,
		.quiet = s->quiet,
		.console_fd = page->fd,
		.cancel_fd = s->cancel_fd,
	};
	struct err why = ERR_INIT, err = ERR_INIT;

	campaign_page_begin(page, c);
	c->is_running = true;
	so_far(&progress);
	int r = soak_run(c, &host, &s->plan, &view, &why);
	c->is_running = false;
	int status = tell(s, c, page, &err);

	if (status < 0)
		return cmd_failed("soak", &err);
	return r ? cmd_failed("soak", &why) : status;
}

static int run_soak(struct soak_cmd *s)
{
	struct campaign_page page = campaign_page_for(s->json_path);
	struct campaign c = CAMPAIGN_INIT;
	_cleanup_close_ int board_fd = -1;
	struct err err = ERR_INIT;
	int status;

	if (open_soak(s, &c, &board_fd, &err))
		status = cmd_failed("soak", &err);
	else
		status = run_campaign(s, &c, &page);
	campaign_release(&c);
	return status;
}

static int say_plan(const struct soak_cmd *s)
{
	const struct dry_run d = { .loaded = &s->loaded,
				   .cells = &s->cells,
				   .chosen = &s->plan.cells,
				   .json_path = s->json_path,
				   .is_soak = true };

	return dry_run("soak", &d);
}

int cmd_soak(int argc, char **argv)
{
	struct soak_cmd s = SOAK_CMD_INIT;
	struct err err = ERR_INIT;
	int status = soak_args(&s, argc, argv);

	if (status < 0 && s.is_dry) {
		status = say_plan(&s);
	} else if (status < 0 && cmd_take_signals(0, &s.cancel_fd, &err)) {
		status = cmd_failed("soak", &err);
	} else if (status < 0) {
		status = run_soak(&s);
		close(s.cancel_fd);
	}
	soak_args_release(&s);
	return status;
}
