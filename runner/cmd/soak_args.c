// SPDX-License-Identifier: GPL-2.0-or-later
/* Words to a plan and a goal. */
#include "cmd/soak_args.h"

#include <getopt.h>

#include "campaign/survival.h"
#include "cmd/cmd.h"
#include "cmd/run_result.h"
#include "report/result_read.h"
#include "util/duration.h"
#include "util/jsonx.h"
#include "util/log.h"
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
	"  --quiet         no console\n"
	"  --dry-run       say each step of each boot, with its limits, and do none of it\n"
	"  --clear-wedged  the board was put right: begin although it was left wedged\n"
	"\n"
	"Exit status: 0 no failure; 1 failures; 125 no statement; 129 bad usage or file;\n"
	"130 canceled; 131 the lab is broken; 134 our bug.\n";

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
		"bootrig soak: --%s is \"%s\"; expected a duration of at least 1s, such as "
		"6h, 30m or 90s\n",
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
		{ "quiet", no_argument, NULL, 'q' },
		{ "clear-wedged", no_argument, NULL, 'w' },
		{ "dry-run", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct err err = ERR_INIT;
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
		else if (o == 'q')
			s->quiet = true;
		else if (o == 'd')
			s->is_dry = true;
		else if (o == 'w')
			s->clear_wedged = true;
		else {
			fputs(usage, o == 'h' ? stdout : stderr);
			return o == 'h' ? 0 : EXIT_USAGE;
		}
	}
	if (good && run_result_can_write_to(s->json_path, &err))
		return cmd_failed("soak", &err);
	if (good && argc - optind == 1 && !(s->resume && s->is_new)) {
		s->job_path = argv[optind];
		return -1;
	}
	if (good && s->resume && s->is_new)
		fputs("bootrig soak: --resume and --new contradict each other\n", stderr);
	else if (good)
		fputs(usage, stderr);
	return EXIT_USAGE;
}

/* All cells, or those that were asked for. */
static bool choose_cells(struct soak_cmd *s)
{
	struct job_cells chosen = JOB_CELLS_INIT;
	const char *unknown = NULL;

	job_cells_list(&s->loaded.job->kernels, &s->cells);
	job_cells_list(&s->loaded.job->kernels, &chosen);
	if (s->kernels.n)
		unknown = job_cells_keep(&chosen, &s->kernels);
	if (unknown)
		cmd_no_such_cell("soak", s->job_path, &s->cells, unknown);
	for (size_t i = 0; i < chosen.n; i++)
		strvec_add(&s->plan.cells, chosen.v[i].name);
	job_cells_release(&chosen);
	return !unknown;
}

/* The longest that a boot can be under test before the job's timeouts end it. */
static int64_t longest_test_ms(const struct job_spec *job)
{
	int64_t sum = 0;

	for (size_t i = 0; i < job->n_actions; i++)
		if (job->actions[i].kind == JOB_TEST)
			sum += job->actions[i].timeout_ms;
	return sum < job->job_timeout_ms ? sum : job->job_timeout_ms;
}

/* A test that runs into its timeout has failed: of a load without an end that makes every
 * boot a failure, and hours of them a wrong rate. */
static void warn_of_timeouts(const struct job_spec *job)
{
	int64_t longest = longest_test_ms(job);
	_cleanup_strbuf_ struct strbuf each = STRBUF_INIT, end = STRBUF_INIT;

	if (job->soak.each_ms < longest)
		return;
	survival_say_duration(&each, (double)job->soak.each_ms / 1e3);
	survival_say_duration(&end, (double)longest / 1e3);
	log_warn("no boot gets as far as %s (each): the job's timeouts end its tests "
		 "after %s, and a test that they end has failed",
		 strbuf_str(&each), strbuf_str(&end));
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
	/* Whoever reads the job sees what holds. */
	s->loaded.job->soak.for_ms = g->for_ms;
	s->loaded.job->soak.each_ms = g->each_ms;
	s->loaded.job->soak.boots = g->boots;
	s->loaded.job->soak.failures = g->failures;
	if (g->each_ms)
		warn_of_timeouts(s->loaded.job);
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

int soak_args(struct soak_cmd *s, int argc, char **argv)
{
	int status = parse_args(s, argc, argv);

	if (status >= 0)
		return status;
	if (run_load("soak", s->job_path, s->board_path, &s->loaded))
		return EXIT_USAGE;
	soak_plan_init(&s->plan, &s->loaded.job->soak);
	return choose_cells(s) && set_goal(s) && load_against(s) ? -1 : EXIT_USAGE;
}

void soak_args_release(struct soak_cmd *s)
{
	soak_plan_release(&s->plan);
	strvec_release(&s->kernels);
	free(s->against.name);
	job_cells_release(&s->cells);
	run_loaded_release(&s->loaded);
}
