// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig run`: one job on one board, live, and its result written and posted. */
#include <errno.h>
#include <getopt.h>

#include "cmd/build_page.h"
#include "cmd/cmd.h"
#include "cmd/dry_run.h"
#include "cmd/live.h"
#include "cmd/run_load.h"
#include "cmd/run_matrix.h"
#include "cmd/run_result.h"
#include "cmd/run_stretch.h"
#include "kernel/select.h"
#include "report/result.h"
#include "report/run_files.h"
#include "session/session.h"
#include "util/jsonx.h"

static const char usage[] =
	"usage: bootrig run JOB [--board BOARD] [--kernel CELL]... [--runs DIR] [--json FILE]\n"
	"       [--quiet] [--clear-wedged] [--resume DIR | --new] [--dry-run]\n"
	"       [--level FACTOR=LEVEL[,...]] [--for DURATION] [--end any|shutdown|cut]\n"
	"\n"
	"Run a job file on a board, show its console, say what became of it. A job of more\n"
	"than one kernel is a matrix: one run of each kernel and configuration, and a table.\n"
	"\n"
	"  --board BOARD  board file; default: $BOOTRIG_BOARD, or the one board beside the job\n"
	"                 (boards/*.yaml) that has the job's device_type (any, if it has none)\n"
	"  --kernel CELL  of the job's kernels only this one: KERNEL or KERNEL/CONFIGURATION; also a\n"
	"                 pattern (*/plain), and more than once\n"
	"  --runs DIR     where run directories are made (default: runs)\n"
	"  --json FILE    also write the result there; - is standard output\n"
	"  --quiet        no console, only the verdict\n"
	"  --clear-wedged the board was put right: run although an earlier run left it wedged\n"
	"  --resume DIR   go on with that matrix; without it, with an unfinished one of the same\n"
	"                 job and board below --runs, if there is one\n"
	"  --new          begin a new matrix in any case\n"
	"  --dry-run      say each step that would be done, with its limits, and do none of it:\n"
	"                 files, labels, relays, what is typed and waited for, recovery;\n"
	"                 with --json FILE as JSON\n"
	"\n"
	"One boot as bootrig soak makes it:\n"
	"  --level F=L    a level of the job's soak: factors:, its commands and kernel_args\n"
	"  --for DURATION the longest time under test: what still runs then has survived; 0:\n"
	"                 no tests at all\n"
	"  --end HOW      shutdown: in order; cut: the power is cut at once\n"
	"\n"
	"Exit status: 0 pass; 1 the kernel or a test failed; 125 untestable (a lab fault, the lab\n"
	"itself is sound); 129 bad usage or file; 130 canceled; 131 the lab is broken; 134 our bug.\n";

struct run {
	const char *job_path, *board_path, *runs, *json_path, *resume;
	struct strvec kernels;
	bool quiet, clear_wedged, is_new, is_dry;
	struct run_stretch stretch;
	struct run_loaded loaded;
	struct job_cells cells;
	const struct job_cell *cell; /* the one to run; NULL = the job names no kernels */
	int cancel_fd;
	int64_t begin_ns;
};

static int report(struct run *run, const struct run_dir *dir, struct live *live,
		  struct err *err)
{
	_cleanup_json_ json_t *result = NULL;
	_cleanup_json_ json_t *kcidb = NULL;
	int r = result_from_events(dir->dirfd, &result, err);

	if (!r)
		r = run_result_write(dir, result, err);
	if (!r)
		r = run_files_write(dir->dirfd, result, NULL, &kcidb, err);
	if (r)
		return r;
	live_verdict(live, result, dir->path);
	run_result_post("run", result, kcidb, &run->loaded.to);
	if (run->json_path)
		r = run_result_write_to(result, run->json_path, err);
	return r ? r : (int)json_get_int(result, "exit_code", EXIT_OUR_BUG);
}

/* Before the board is claimed: a build takes its time. */
static int prepare_kernel(struct run *run, int fd, struct err *err)
{
	struct build_page page = build_page_open(run->quiet ? -1 : fd);
	struct kernel_select k = { .cell = run->cell,
				   .task = TASK_INIT,
				   .progress = build_page_progress,
				   .progress_arg = &page };
	int r = 0;

	k.task.cancel_fd = run->cancel_fd;
	if (run->cell)
		r = kernel_select(run->loaded.job, &k, err);
	build_page_close(&page);
	return r;
}

static int run_it(struct run *run)
{
	bool json_on_stdout = run->json_path && strcmp(run->json_path, "-") == 0;
	const int show_fd = json_on_stdout ? STDERR_FILENO : STDOUT_FILENO;
	struct live *live = live_new(show_fd, run->quiet);
	struct run_dir dir = RUN_DIR_INIT;
	struct err err = ERR_INIT;
	const struct session_opts opts = {
		.job = run->loaded.job,
		.board = run->loaded.board,
		.runs_dir = run->runs,
		.stretch = run_stretch_of(&run->stretch),
		.clear_wedged = run->clear_wedged,
		.cancel_fd = run->cancel_fd,
		.begin_ns = run->begin_ns,
		.on_console = run->quiet ? NULL : live_console,
		.on_shown = live_flush,
		.on_event = live_event,
		.on_progress = live_progress,
		.arg = live,
	};
	int r = prepare_kernel(run, show_fd, &err);

	if (!r)
		r = session_run(&opts, &dir, &err);
	if (!r)
		r = report(run, &dir, live, &err);
	if (r < 0)
		r = cmd_failed("run", &err);
	run_dir_release(&dir);
	live_free(live);
	return r;
}

static int parse_args(struct run *run, int argc, char **argv)
{
	static const struct option options[] = {
		{ "board", required_argument, NULL, 'b' },
		{ "runs", required_argument, NULL, 'r' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "resume", required_argument, NULL, 'e' },
		{ "new", no_argument, NULL, 'n' },
		{ "level", required_argument, NULL, 'l' },
		{ "for", required_argument, NULL, 'f' },
		{ "end", required_argument, NULL, 'd' },
		{ "json", required_argument, NULL, 'j' },
		{ "dry-run", no_argument, NULL, 'y' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "clear-wedged", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};

	optind = 1;
	for (int o; (o = getopt_long(argc, argv, "qh", options, NULL)) != -1;) {
		if (o == 'b')
			run->board_path = optarg;
		else if (o == 'r')
			run->runs = optarg;
		else if (o == 'j')
			run->json_path = optarg;
		else if (o == 'k')
			strvec_add(&run->kernels, optarg);
		else if (o == 'e')
			run->resume = optarg;
		else if (o == 'l')
			run->stretch.level = optarg;
		else if (o == 'f')
			run->stretch.test_for = optarg;
		else if (o == 'd')
			run->stretch.end = optarg;
		else if (o == 'n')
			run->is_new = true;
		else if (o == 'y')
			run->is_dry = true;
		else if (o == 'q')
			run->quiet = true;
		else if (o == 'w')
			run->clear_wedged = true;
		else {
			fputs(usage, o == 'h' ? stdout : stderr);
			return o == 'h' ? 0 : EXIT_USAGE;
		}
	}
	if (run->resume && run->is_new) {
		fputs("bootrig run: --resume and --new contradict each other\n", stderr);
		return EXIT_USAGE;
	}
	if (argc - optind != 1) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	run->job_path = argv[optind];
	return -1;
}

/* 1: more than one, a matrix; 0: run->cell; or a complaint. */
static int choose_cells(struct run *run)
{
	_cleanup_job_cells_ struct job_cells all = JOB_CELLS_INIT;
	const char *unknown = NULL;

	job_cells_list(&run->loaded.job->kernels, &run->cells);
	job_cells_list(&run->loaded.job->kernels, &all);
	if (run->kernels.n)
		unknown = job_cells_keep(&run->cells, &run->kernels);
	if (unknown) {
		cmd_no_such_cell("run", run->job_path, &all, unknown);
		return -ENOENT;
	}
	run->cell = run->cells.n ? run->cells.v : NULL;
	return run->cells.n > 1;
}

static int say_plan(const struct run *run, bool all)
{
	const struct dry_run d = { .loaded = &run->loaded,
				   .cells = &run->cells,
				   .only = all ? NULL : run->cell,
				   .json_path = run->json_path };

	return dry_run("run", &d);
}

static int run_cells(struct run *run)
{
	const struct run_matrix m = {
		.job_path = run->job_path,
		.runs = run->runs,
		.json_path = run->json_path,
		.resume = run->resume,
		.is_new = run->is_new,
		.quiet = run->quiet,
		.clear_wedged = run->clear_wedged,
		.loaded = &run->loaded,
		.cells = &run->cells,
		.cancel_fd = run->cancel_fd,
	};
	int all = choose_cells(run);

	if (all < 0)
		return EXIT_USAGE;
	if (!all && run->resume) {
		fputs("bootrig run: --resume is for a job of more than one kernel\n",
		      stderr);
		return EXIT_USAGE;
	}
	if (all && run_stretch_of(&run->stretch)) {
		fputs("bootrig run: --level, --for and --end are for one boot; expected "
		      "--kernel with them\n",
		      stderr);
		return EXIT_USAGE;
	}
	if (run->is_dry)
		return say_plan(run, all);
	return all ? run_matrix(&m) : run_it(run);
}

int cmd_run(int argc, char **argv)
{
	struct run run = { .runs = "runs",
			   .kernels = STRVEC_INIT,
			   .stretch = RUN_STRETCH_INIT,
			   .loaded = RUN_LOADED_INIT,
			   .cells = JOB_CELLS_INIT,
			   .begin_ns = clock_now_ns() };
	struct err err = ERR_INIT;
	int status = parse_args(&run, argc, argv);

	if (status >= 0)
		return status;
	if (run_result_can_write_to(run.json_path, &err)) {
		status = cmd_failed("run", &err);
	} else if (run_load("run", run.job_path, run.board_path, &run.loaded) ||
		   run_stretch_apply(&run.stretch, "run", run.loaded.job)) {
		status = EXIT_USAGE;
	} else if (cmd_take_signals(0, &run.cancel_fd, &err)) {
		status = cmd_failed("run", &err);
	} else {
		status = run_cells(&run);
		close(run.cancel_fd);
	}
	run_stretch_release(&run.stretch);
	strvec_release(&run.kernels);
	job_cells_release(&run.cells);
	run_loaded_release(&run.loaded);
	return status;
}
