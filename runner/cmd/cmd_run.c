// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig run`: one job on one board, live, and its result written and posted. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <libgen.h>

#include "cmd/cmd.h"
#include "cmd/live.h"
#include "report/post.h"
#include "report/result.h"
#include "report/run_files.h"
#include "session/session.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { POST_NOW_MS = 4000 };

static const char usage[] =
	"usage: bootrig run JOB [--board BOARD] [--runs DIR] [--json FILE] [--quiet]\n"
	"       [--clear-wedged]\n"
	"\n"
	"Run a job file on a board, show its console, say what became of it.\n"
	"\n"
	"  --board BOARD  board file; default: $BOOTRIG_BOARD, or the one board beside the job\n"
	"                 (boards/*.yaml) that has the job's device_type (any, if it has none)\n"
	"  --runs DIR     where run directories are made (default: runs)\n"
	"  --json FILE    also write the result there; - is standard output\n"
	"  --quiet        no console, only the verdict\n"
	"  --clear-wedged the board was put right: run although an earlier run left it wedged\n"
	"\n"
	"Exit status: 0 pass; 1 the kernel or a test failed; 125 untestable (a lab fault, the lab\n"
	"itself is sound); 129 bad usage or file; 130 canceled; 131 the lab is broken; 134 our bug.\n";

struct run {
	const char *job_path, *board_path, *runs, *json_path;
	bool quiet, clear_wedged;
	struct job_spec *job;
	struct board_spec *board;
	struct destinations to;
	int cancel_fd;
	int64_t begin_ns;
};

static int print_messages(const struct spec_messages *msgs, const struct err *err)
{
	for (size_t i = 0; i < msgs->v.n; i++)
		fprintf(stderr, "%s\n", msgs->v.v[i]);
	if (!msgs->v.n)
		fprintf(stderr, "bootrig run: %s\n", err->msg);
	return EXIT_USAGE;
}

/* boards/NAME.yaml beside the job, in the order of their names. */
static void list_boards(const char *job_path, struct strvec *out)
{
	_cleanup_free_ char *copy = xstrdup(job_path);
	_cleanup_free_ char *dir = xasprintf("%s/boards", dirname(copy));
	struct dirent **names;
	int n = scandir(dir, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		size_t len = strlen(name);

		if (name[0] != '.' && len > 5 && strcmp(name + len - 5, ".yaml") == 0)
			strvec_addf(out, "%s/%s", dir, name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

/* The one board beside the job that the job asks for. */
static int find_board(struct run *run, struct spec_messages *msgs, struct err *err)
{
	_cleanup_strvec_ struct strvec paths = STRVEC_INIT, fit = STRVEC_INIT;
	const char *want = run->job->device_type;

	list_boards(run->job_path, &paths);
	for (size_t i = 0; i < paths.n; i++) {
		_cleanup_board_spec_ struct board_spec *b = NULL;

		/* A broken one may be the one that is meant: say what is wrong with it.
		 */
		if (board_spec_load(paths.v[i], &b, msgs, err))
			continue;
		if (want && (!b->device_type || strcmp(want, b->device_type) != 0))
			continue;
		strvec_add(&fit, paths.v[i]);
		if (fit.n == 1)
			run->board = TAKE_PTR(b);
	}
	if (fit.n == 1) {
		strvec_release(&msgs->v);
		msgs->v = (struct strvec)STRVEC_INIT;
		*err = (struct err)ERR_INIT;
		return 0;
	}
	if (fit.n)
		strvec_addf(
			&msgs->v,
			"%s:1:1: %s and %s both fit this job; expected --board or $BOOTRIG_BOARD",
			run->job_path, fit.v[0], fit.v[1]);
	else
		strvec_addf(
			&msgs->v,
			"%s:1:1: no board in boards/*.yaml beside this file%s%s; expected --board or $BOOTRIG_BOARD",
			run->job_path, want ? " is a " : "", want ? want : "");
	return err_set(err, ERR_JOB, fit.n ? -ENOTUNIQ : -ENOENT, "%s",
		       msgs->v.v[msgs->v.n - 1]);
}

/* What a result is to be explained with must be there before a relay clicks. */
static int check_build_files(const struct job_spec *job, struct spec_messages *msgs,
			     struct err *err)
{
	const char *missing = NULL;

	for (size_t i = 0; i < job->modules.n; i++)
		if (access(job->modules.v[i], R_OK))
			missing = job->modules.v[i];
	if (job->vmlinux && access(job->vmlinux, R_OK))
		missing = job->vmlinux;
	if (!missing)
		return 0;
	strvec_addf(
		&msgs->v,
		"%s:%u:%u: %s cannot be read: %s; expected a file of the build that runs",
		job->path, job->vmlinux_mark.line, job->vmlinux_mark.col, missing,
		strerror(errno));
	return err_set(err, ERR_JOB, -ENOENT, "%s", msgs->v.v[msgs->v.n - 1]);
}

static int load(struct run *run, struct spec_messages *msgs, struct err *err)
{
	const char *env = getenv("BOOTRIG_BOARD");
	int r = job_spec_load(run->job_path, &run->job, msgs, err);

	if (r)
		return r;
	if (!run->board_path)
		run->board_path = env && *env ? env : NULL;
	r = run->board_path ? board_spec_load(run->board_path, &run->board, msgs, err)
			    : find_board(run, msgs, err);
	if (!r)
		r = board_spec_fits(run->board, run->job, msgs, err);
	if (!r)
		r = check_build_files(run->job, msgs, err);
	return r ? r : destinations_collect(NULL, &run->job->result_urls, &run->to, err);
}

static int write_json(const json_t *result, const char *path, struct err *err)
{
	_cleanup_free_ char *full = json_pretty(result, NULL);
	int r;

	if (strcmp(path, "-") == 0)
		r = io_write_all(STDOUT_FILENO, full, strlen(full));
	else
		r = io_atomic_write(path, full, strlen(full));
	return r ? err_set(err, ERR_LAB, r, "%s: %s", path, strerror(-r)) : 0;
}

static int write_result(const struct run_dir *dir, const json_t *result, struct err *err)
{
	size_t len;
	_cleanup_free_ char *text = json_pretty(result, &len);

	return run_dir_write(dir, "result.json", text, len, err);
}

/* Into the outbox, and one short try. What stays there is the next flush's. */
static void post(struct run *run, const json_t *result, const json_t *kcidb)
{
	_cleanup_spool_ struct spool *s = NULL;
	struct post_opts o = POST_OPTS_INIT;
	struct post_summary sum = { 0 };
	struct err err = ERR_INIT;
	int r;

	if (!run->to.n)
		return;
	r = spool_open(NULL, &s, &err);
	if (!r)
		r = post_enqueue(s, result, kcidb, &run->to, false, NULL, &err);
	o.run_id = json_get_str(result, "id", NULL);
	o.deadline = deadline_in_ms(POST_NOW_MS);
	o.connect_ms = o.request_ms = POST_NOW_MS;
	if (!r)
		r = post_flush(s, &o, &sum, &err);
	if (r)
		fprintf(stderr, "bootrig run: posting: %s\n", err.msg);
	else if (sum.pending)
		fprintf(stderr, "bootrig run: %zu result%s waiting in the outbox %s\n",
			sum.pending, sum.pending == 1 ? "" : "s", spool_path(s));
}

static int report(struct run *run, const struct run_dir *dir, struct live *live,
		  struct err *err)
{
	_cleanup_json_ json_t *result = NULL;
	_cleanup_json_ json_t *kcidb = NULL;
	int r = result_from_events(dir->dirfd, &result, err);

	if (!r)
		r = write_result(dir, result, err);
	if (!r)
		r = run_files_write(dir->dirfd, result, NULL, &kcidb, err);
	if (r)
		return r;
	live_verdict(live, result, dir->path);
	post(run, result, kcidb);
	if (run->json_path)
		r = write_json(result, run->json_path, err);
	return r ? r : (int)json_get_int(result, "exit_code", EXIT_OUR_BUG);
}

static int run_it(struct run *run)
{
	bool json_on_stdout = run->json_path && strcmp(run->json_path, "-") == 0;
	struct live *live =
		live_new(json_on_stdout ? STDERR_FILENO : STDOUT_FILENO, run->quiet);
	struct run_dir dir = RUN_DIR_INIT;
	struct err err = ERR_INIT;
	const struct session_opts opts = {
		.job = run->job,
		.board = run->board,
		.runs_dir = run->runs,
		.clear_wedged = run->clear_wedged,
		.cancel_fd = run->cancel_fd,
		.begin_ns = run->begin_ns,
		.on_console = run->quiet ? NULL : live_console,
		.on_shown = live_flush,
		.on_event = live_event,
		.on_progress = live_progress,
		.arg = live,
	};
	int r = session_run(&opts, &dir, &err);

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
		{ "json", required_argument, NULL, 'j' },
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
		else if (o == 'q')
			run->quiet = true;
		else if (o == 'w')
			run->clear_wedged = true;
		else {
			fputs(usage, o == 'h' ? stdout : stderr);
			return o == 'h' ? 0 : EXIT_USAGE;
		}
	}
	if (argc - optind != 1) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	run->job_path = argv[optind];
	return -1;
}

int cmd_run(int argc, char **argv)
{
	struct run run = { .runs = "runs",
			   .to = DESTINATIONS_INIT,
			   .begin_ns = clock_now_ns() };
	struct spec_messages msgs = { .v = STRVEC_INIT };
	struct err err = ERR_INIT;
	int status = parse_args(&run, argc, argv);

	if (status >= 0)
		return status;
	if (load(&run, &msgs, &err)) {
		status = print_messages(&msgs, &err);
	} else if (cmd_take_signals(0, &run.cancel_fd, &err)) {
		status = cmd_failed("run", &err);
	} else {
		status = run_it(&run);
		close(run.cancel_fd);
	}
	strvec_release(&msgs.v);
	destinations_release(&run.to);
	job_spec_free(run.job);
	board_spec_free(run.board);
	return status;
}
