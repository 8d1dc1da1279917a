// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig soak`: a job again and again, and what the times to failure say. */
#include <errno.h>
#include <getopt.h>

#include "campaign/soak.h"
#include "cmd/campaign_page.h"
#include "cmd/cmd.h"
#include "cmd/dry_run.h"
#include "cmd/run_load.h"
#include "cmd/soak_page.h"
#include "parse/job_cells.h"
#include "report/result_read.h"
#include "util/duration.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/num.h"

static const char usage[] =
	"usage: bootrig soak JOB [--for DURATION] [--boots N] [--failures N] [--each DURATION]\n"
	"       [--board BOARD] [--kernel CELL]... [--against DIR] [--runs DIR] [--json FILE]\n"
	"       [--resume DIR | --new] [--quiet] [--clear-wedged] [--dry-run]\n"
	"\n"
	"Repeat a job until a goal is reached, and say what its times to failure prove. What\n"
	"is not given comes from the job's bootrig: soak:. Each boot is an ordinary run; the\n"
	"same command goes on after any kill.\n"
	"\n"
	"  --for DURATION  running time in all (6h, 90m)\n"
	"  --boots N       boots in all that count\n"
	"  --failures N    enough of them\n"
	"  --each DURATION the longest time under test of one boot\n"
	"  --board BOARD   as for bootrig run\n"
	"  --kernel CELL   of the job's kernels only these, one boot of each in turn\n"
	"  --against DIR   an earlier soak: is this clean stretch better than its rate?\n"
	"  --runs DIR      where the campaign's directory is made (default: runs)\n"
	"  --json FILE     also write the result there; - is standard output\n"
	"  --resume DIR    go on with that soak; without it, with an unfinished one of the same\n"
	"                  job and board below --runs, if there is one\n"
	"  --new           begin a new soak in any case\n"
	"  --dry-run       say each step of each boot, with its limits, and do none of it\n"
	"  --quiet         no console\n"
	"  --clear-wedged  the board was put right: begin although it was left wedged\n"
	"\n"
	"Exit status: 0 no failure; 1 failures; 125 no statement; 129 bad usage or file;\n"
	"130 canceled; 131 the lab is broken; 134 our bug.\n";

struct soak_cmd {
	const char *job_path, *board_path, *runs, *json_path, *resume, *against_dir;
	bool is_new, quiet, clear_wedged, is_dry;
	struct soak_goal given;
	struct strvec kernels;
	struct run_loaded loaded;
	struct soak_plan plan;
	struct soak_against against;
	int cancel_fd;
};

static void begins(void *arg, size_t nth, const char *cell, const char *level,
		   bool is_prepare)
{
	campaign_page_line(arg, "boot %zu%s%s%s%s%s", nth, cell || level ? ": " : "",
			   cell ? cell : "", cell && level ? ", " : "",
			   level ? level : "",
			   is_prepare ? " (a boot before it, to bring that about)" : "");
}

static void ended(void *arg, const json_t *record)
{
	soak_page_boot(arg, record);
}

static bool take_number(const char *option, const char *text, uint32_t *out)
{
	if (!parse_u32(text, 10, JOB_SOAK_MAX_BOOTS, out) && *out)
		return true;
	fprintf(stderr, "bootrig soak: --%s is \"%s\"; expected 1 to %d\n", option, text,
		JOB_SOAK_MAX_BOOTS);
	return false;
}

static bool take_duration(const char *option, const char *text, int64_t *ms)
{
	if (!duration_parse_ms(text, ms) && *ms >= 1000)
		return true;
	fprintf(stderr,
		"bootrig soak: --%s is \"%s\"; expected a duration such as 6h, 30m or "
		"90s\n",
		option, text);
	return false;
}

/* 0, or the exit status. */
static int parse_args(struct soak_cmd *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "for", required_argument, NULL, 'f' },
		{ "boots", required_argument, NULL, 'n' },
		{ "failures", required_argument, NULL, 'F' },
		{ "each", required_argument, NULL, 'e' },
		{ "board", required_argument, NULL, 'b' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "against", required_argument, NULL, 'a' },
		{ "runs", required_argument, NULL, 'r' },
		{ "json", required_argument, NULL, 'j' },
		{ "resume", required_argument, NULL, 'R' },
		{ "new", no_argument, NULL, 'N' },
		{ "dry-run", no_argument, NULL, 'y' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "clear-wedged", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool good = true;

	optind = 1;
	for (int o; (o = getopt_long(argc, argv, "qh", options, NULL)) != -1;) {
		if (o == 'f')
			good &= take_duration("for", optarg, &s->given.for_ms);
		else if (o == 'n')
			good &= take_number("boots", optarg, &s->given.boots);
		else if (o == 'F')
			good &= take_number("failures", optarg, &s->given.failures);
		else if (o == 'e')
			good &= take_duration("each", optarg, &s->given.each_ms);
		else if (o == 'b')
			s->board_path = optarg;
		else if (o == 'k')
			strvec_add(&s->kernels, optarg);
		else if (o == 'a')
			s->against_dir = optarg;
		else if (o == 'r')
			s->runs = optarg;
		else if (o == 'j')
			s->json_path = optarg;
		else if (o == 'R')
			s->resume = optarg;
		else if (o == 'N')
			s->is_new = true;
		else if (o == 'y')
			s->is_dry = true;
		else if (o == 'q')
			s->quiet = true;
		else if (o == 'w')
			s->clear_wedged = true;
		else {
			fputs(usage, o == 'h' ? stdout : stderr);
			return o == 'h' ? 0 : EXIT_USAGE;
		}
	}
	if (good && argc - optind == 1 && !(s->resume && s->is_new)) {
		s->job_path = argv[optind];
		return -1;
	}
	if (good)
		fputs(usage, stderr);
	return EXIT_USAGE;
}

/* All cells, or those that were asked for. */
static bool choose_cells(struct soak_cmd *s)
{
	_cleanup_job_cells_ struct job_cells cells = JOB_CELLS_INIT;

	job_cells_list(&s->loaded.job->kernels, &cells);
	for (size_t i = 0; i < cells.n && !s->kernels.n; i++)
		strvec_add(&s->plan.cells, cells.v[i].name);
	for (size_t i = 0; i < s->kernels.n; i++) {
		const struct job_cell *cell = job_cells_find(&cells, s->kernels.v[i]);

		if (!cell) {
			fprintf(stderr, "bootrig soak: %s has no kernel \"%s\"\n",
				s->job_path, s->kernels.v[i]);
			return false;
		}
		strvec_add(&s->plan.cells, cell->name);
	}
	return true;
}

static bool set_goal(struct soak_cmd *s)
{
	struct soak_goal *g = &s->plan.goal;

	/* An end that is given is the only one. */
	if (s->given.for_ms || s->given.boots || s->given.failures) {
		g->for_ms = s->given.for_ms;
		g->boots = s->given.boots;
		g->failures = s->given.failures;
	}
	if (s->given.each_ms)
		g->each_ms = s->given.each_ms;
	if (g->for_ms || g->boots || g->failures)
		return true;
	fprintf(stderr,
		"bootrig soak: %s has no end; expected --for, --boots or --failures, or "
		"bootrig: soak: in the job\n",
		s->job_path);
	return false;
}

/* All failures of an earlier soak, as one rate. */
static bool load_against(struct soak_cmd *s)
{
	_cleanup_json_ json_t *result = NULL;
	struct err err = ERR_INIT;
	const json_t *groups, *g;
	size_t i;

	if (!s->against_dir)
		return true;
	if (result_load(s->against_dir, &result, &err)) {
		fprintf(stderr, "bootrig soak: --against: %s\n", err.msg);
		return false;
	}
	groups = json_object_get(json_object_get(result, "soak"), "groups");
	json_array_foreach(groups, i, g)
	{
		const json_t *rate = json_object_get(g, "rate");

		s->against.old.n_failures += (size_t)json_get_int(rate, "n_failures", 0);
		s->against.old.exposure_s += result_number(rate, "exposure_s", 0);
	}
	if (!s->against.old.n_failures) {
		fprintf(stderr, "bootrig soak: --against %s: no soak with a failure\n",
			s->against_dir);
		return false;
	}
	s->against.name =
		xstrdup(json_get_str(json_object_get(result, "job"), "name", "the old"));
	return true;
}

static int open_soak(struct soak_cmd *s, struct campaign *c, struct err *err)
{
	json_t *cells = json_array();
	json_t *plan;

	for (size_t i = 0; i < s->plan.cells.n; i++)
		json_push(cells, json_string(s->plan.cells.v[i]));
	plan = campaign_plan("soak", s->loaded.job, s->loaded.board, cells);
	json_put(plan, "levels", soak_plan_levels_json(&s->plan));
	int r = campaign_open(s->runs, s->resume, s->is_new, plan, c, err);

	json_decref(plan);
	return r;
}

/* Whatever ended it: what is known by now. */
static int tell(const struct soak_cmd *s, const struct campaign *c,
		const struct campaign_page *p, struct err *err)
{
	_cleanup_json_ json_t *result =
		soak_result(c, s->loaded.job, s->loaded.board, &s->plan,
			    s->against.name ? &s->against : NULL);
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	int r = campaign_page_finish("soak", &c->dir, result, &s->loaded.to,
				     json_get_bool(c->state, "finished", false),
				     s->json_path, err);

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
	const struct soak_view view = { .begins = begins, .ended = ended, .arg = page };
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
	int r = soak_run(c, &host, &s->plan, &view, &why);
	int status = tell(s, c, page, &err);

	if (status < 0)
		return cmd_failed("soak", &err);
	return r ? cmd_failed("soak", &why) : status;
}

static int run_soak(struct soak_cmd *s)
{
	struct campaign_page page = campaign_page_for(s->json_path);
	struct campaign c = CAMPAIGN_INIT;
	struct err err = ERR_INIT;
	int status;

	if (open_soak(s, &c, &err))
		status = cmd_failed("soak", &err);
	else
		status = run_campaign(s, &c, &page);
	campaign_release(&c);
	return status;
}

static int say_plan(const struct soak_cmd *s)
{
	_cleanup_job_cells_ struct job_cells cells = JOB_CELLS_INIT;
	const struct soak_goal *g = &s->plan.goal;
	struct job_soak *soak = &s->loaded.job->soak;
	const struct dry_run d = { .loaded = &s->loaded,
				   .cells = &cells,
				   .chosen = &s->plan.cells,
				   .json_path = s->json_path,
				   .is_soak = true };

	job_cells_list(&s->loaded.job->kernels, &cells);
	soak->for_ms = g->for_ms;
	soak->boots = g->boots;
	soak->failures = g->failures;
	soak->each_ms = g->each_ms;
	return dry_run("soak", &d);
}

int cmd_soak(int argc, char **argv)
{
	struct soak_cmd s = { .runs = "runs", .loaded = RUN_LOADED_INIT };
	struct err err = ERR_INIT;
	int status = parse_args(&s, argc, argv);

	if (status >= 0) {
		strvec_release(&s.kernels);
		return status;
	}
	status = EXIT_USAGE;
	if (!run_load("soak", s.job_path, s.board_path, &s.loaded)) {
		soak_plan_init(&s.plan, &s.loaded.job->soak);
		if (choose_cells(&s) && set_goal(&s) && load_against(&s)) {
			if (s.is_dry) {
				status = say_plan(&s);
			} else if (cmd_take_signals(0, &s.cancel_fd, &err)) {
				status = cmd_failed("soak", &err);
			} else {
				status = run_soak(&s);
				close(s.cancel_fd);
			}
		}
	}
	soak_plan_release(&s.plan);
	strvec_release(&s.kernels);
	free(s.against.name);
	run_loaded_release(&s.loaded);
	return status;
}
