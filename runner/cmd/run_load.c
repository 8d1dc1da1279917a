// SPDX-License-Identifier: GPL-2.0-or-later
/* Job, board and receivers of a run: found, read and checked before a relay clicks. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>

#include "cmd/run_load.h"
#include "util/io.h"
#include "util/mem.h"

/* boards/NAME.yaml beside the job, in the order of their names. */
static void list_boards(const char *job_path, struct strvec *out)
{
	_cleanup_free_ char *copy = xstrdup(job_path);
	_cleanup_free_ char *dir = xasprintf("%s/boards", dirname(copy));
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;

	if (io_list_at(AT_FDCWD, dir, &names))
		return;
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i];
		size_t len = strlen(name);

		if (name[0] != '.' && len > 5 && strcmp(name + len - 5, ".yaml") == 0)
			strvec_addf(out, "%s/%s", dir, name);
	}
}

/* The one board beside the job that the job asks for. */
static int find_board(const char *job_path, struct run_loaded *l,
		      struct spec_messages *msgs, struct err *err)
{
	_cleanup_strvec_ struct strvec paths = STRVEC_INIT, fit = STRVEC_INIT;
	const char *want = l->job->device_type;

	list_boards(job_path, &paths);
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
			l->board = TAKE_PTR(b);
	}
	if (fit.n == 1) {
		l->board_path = xstrdup(fit.v[0]);
		strvec_release(&msgs->v);
		msgs->v = (struct strvec)STRVEC_INIT;
		*err = (struct err)ERR_INIT;
		return 0;
	}
	if (fit.n)
		strvec_addf(
			&msgs->v,
			"%s:1:1: %s and %s both fit this job; expected --board or $BOOTRIG_BOARD",
			job_path, fit.v[0], fit.v[1]);
	else
		strvec_addf(
			&msgs->v,
			"%s:1:1: no board in boards/*.yaml beside this file%s%s; expected --board or $BOOTRIG_BOARD",
			job_path, want ? " is a " : "", want ? want : "");
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

static int load(const char *job_path, struct run_loaded *l, struct spec_messages *msgs,
		struct err *err)
{
	int r = job_spec_load(job_path, &l->job, msgs, err);

	if (r)
		return r;
	r = l->board_path ? board_spec_load(l->board_path, &l->board, msgs, err)
			  : find_board(job_path, l, msgs, err);
	if (!r)
		r = board_spec_fits(l->board, l->job, msgs, err);
	if (!r)
		r = check_build_files(l->job, msgs, err);
	return r ? r : destinations_collect(NULL, &l->job->result_urls, &l->to, err);
}

int run_load(const char *command, const char *job_path, const char *board_path,
	     struct run_loaded *out)
{
	struct spec_messages msgs = { .v = STRVEC_INIT };
	const char *env = getenv("BOOTRIG_BOARD");
	struct err err = ERR_INIT;
	int r;

	if (!board_path && env && *env)
		board_path = env;
	out->board_path = xstrdup_or_null(board_path);
	r = load(job_path, out, &msgs, &err);
	if (r) {
		for (size_t i = 0; i < msgs.v.n; i++)
			fprintf(stderr, "%s\n", msgs.v.v[i]);
		if (!msgs.v.n)
			fprintf(stderr, "bootrig %s: %s\n", command, err.msg);
	}
	strvec_release(&msgs.v);
	return r;
}

void run_loaded_release(struct run_loaded *l)
{
	destinations_release(&l->to);
	job_spec_free(l->job);
	board_spec_free(l->board);
	free(l->board_path);
	*l = (struct run_loaded)RUN_LOADED_INIT;
}
