// SPDX-License-Identifier: GPL-2.0-or-later
/* The whole job on one board, top to bottom, and the guarantee that the board ends as it
 * should. */
#include "session/session.h"

#include <errno.h>

#include "hw/stream.h"
#include "session/actions.h"
#include "session/board_lock.h"
#include "session/live_console.h"
#include "session/state.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { PREPARE_MS = 300000, OPEN_MS = 10000, CLAIM_MS = 1000 };

static void watch_event(void *arg, const json_t *event)
{
	struct session *s = arg;

	journal_event(s->journal, event);
	if (strcmp(json_get_str(event, "type", ""), "raise") == 0 && s->console)
		console_stop(s->console);
	if (s->opts->on_event)
		s->opts->on_event(s->opts->arg, event);
}

static void watch_fatal(void *arg, const struct incident *in)
{
	struct session *s = arg;

	s->latency_ns = console_now_ns(s->console) - in->decided_t_ns;
	console_stop(s->console);
}

/* A line at a time: the view shows a mark before the line that it is about. */
static void console_bytes(void *arg, const char *data, size_t len, uint64_t offset,
			  int64_t t_ns)
{
	struct session *s = arg;

	while (len) {
		const char *nl = memchr(data, '\n', len);
		size_t n = nl ? (size_t)(nl - data) + 1 : len;

		watch_bytes(s->watch, data, n, offset, t_ns);
		if (s->opts->on_console)
			s->opts->on_console(s->opts->arg, data, n);
		data += n;
		len -= n;
		offset += n;
	}
	if (s->opts->on_shown)
		s->opts->on_shown(s->opts->arg);
}

static void console_tick(void *arg, int64_t t_ns)
{
	struct session *s = arg;

	watch_tick(s->watch, t_ns);
	if (s->upload)
		upload_serve(s->upload);
}

static void console_gap(void *arg, int64_t gap_ms, uint64_t offset)
{
	struct session *s = arg;

	journal_action(s->journal, "gap", "{s:I}", "ms", (json_int_t)gap_ms);
}

static void console_line_errors(void *arg, const struct stream_errors *n, uint64_t offset)
{
	struct session *s = arg;

	journal_action(s->journal, "line-errors", "{s:I, s:I, s:I, s:I}", "overrun",
		       (json_int_t)n->overrun, "buf_overrun", (json_int_t)n->buf_overrun,
		       "frame", (json_int_t)n->frame, "parity", (json_int_t)n->parity);
}

static int console_reopen(void *arg, struct stream **out, struct err *err)
{
	struct session *s = arg;

	return stream_open(&s->board->console, deadline_in_ms(100), out, err);
}

static int write_inputs(struct session *s, struct err *err)
{
	_cleanup_free_ char *job = spec_masked_text(s->job->text, s->job->text_len);
	_cleanup_free_ char *board = spec_masked_text(s->board->text, s->board->text_len);
	int r = run_dir_write(s->dir, "job.yaml", job, strlen(job), err);

	return r ? r : run_dir_write(s->dir, "board.yaml", board, strlen(board), err);
}

int session_open_record(struct session *s, struct err *err)
{
	const struct watch_opts wo = { .fatal = &s->job->watch,
				       .event = watch_event,
				       .fatal_seen = watch_fatal,
				       .arg = s };
	const struct console_opts co = {
		.dirfd = s->dir->dirfd,
		.cancel_fd = s->opts->cancel_fd,
		.start_ns = s->start_ns,
		.gap_ms = s->board->limits.console_gap_ms,
		.max_bytes = s->board->limits.console_bytes,
		.reopen = s->board->console.transport == BOARD_CONSOLE_QEMU
				  ? NULL
				  : console_reopen,
		.gap = console_gap,
		.line_errors = console_line_errors,
		.arg = s,
	};
	const struct console_observer ob = { .bytes = console_bytes,
					     .tick = console_tick,
					     .arg = s };
	int r = write_inputs(s, err);

	if (!r)
		r = journal_new(s->dir, s->start_ns, &s->journal, err);
	if (!r)
		r = console_new(&co, &s->console, err);
	if (r)
		return r;
	s->watch = watch_new(&wo);
	journal_connect(s->journal, s->watch, s->console);
	console_observe(s->console, &ob);
	session_describe(s);
	return 0;
}

/* After a kill -9 the guard holds it until the board is off. */
int session_claim(struct session *s, struct err *err)
{
	struct deadline d = deadline_in_ms(CLAIM_MS);
	int r;

	while ((r = board_lock(s->board, &s->lock, err)) == -EBUSY &&
	       !deadline_passed(d)) {
		*err = (struct err)ERR_INIT;
		r = console_wait_fd(s->console, -1, deadline_in_ms(20), err);
		if (r)
			break;
	}
	return r;
}

/* Nobody may read along: no reason not to run. */
static void share_console(struct session *s)
{
	struct err why = ERR_INIT;
	int r = console_share(s->console, &why);

	if (!r)
		r = live_console_announce(s->board->board, s->dir, &why);
	if (r)
		journal_action(s->journal, "warning", "{s:s}", "text", why.msg);
}

int session_open_board(struct session *s, struct err *err)
{
	struct stream *stream = NULL;
	const struct power_env env = {
		.wait = session_power_wait,
		.expect = session_power_expect,
		.did = session_power_did,
		.warn = session_power_warn,
		.arg = s,
		.run_dir = s->dir->path,
		.tftp_root = s->board->boot.tftp_root,
		.hold_fds = { s->lock.file_fd, s->lock.name_fd },
	};

	int r = power_new(s->board, &env, &s->power, err);

	if (!r)
		r = power_check(s->power, err);
	if (!r && s->board->console.transport != BOARD_CONSOLE_QEMU) {
		r = stream_open(&s->board->console, deadline_in_ms(OPEN_MS), &stream,
				err);
		if (r) {
			s->self_check_ok = false;
			return r;
		}
		stream_forget_input(stream);
		console_attach(s->console, stream);
	}
	return r;
}

/* A repository travels in the ramdisk's overlay: without one it cannot get to the board.
 */
static int check_trees(const struct session *s, struct err *err)
{
	const struct job_deploy *d = NULL;

	for (size_t i = 0; i < s->job->n_actions && !d; i++)
		if (s->job->actions[i].kind == JOB_DEPLOY)
			d = &s->job->actions[i].deploy;
	for (size_t i = 0; i < s->definitions.n; i++) {
		const struct job_definition *spec = s->definitions.v[i].spec;

		if (!s->definitions.v[i].tree ||
		    (d && d->ramdisk.url && d->ramdisk.install_overlay))
			continue;
		return err_set(
			err, ERR_JOB, -EINVAL,
			"%s:%u:%u: a definition from git travels in the ramdisk, and none is deployed; expected deploy with a ramdisk, or from: inline or file",
			s->job->path, spec->mark.line, spec->mark.col);
	}
	return 0;
}

static int fetch_definitions(struct session *s, struct err *err)
{
	struct task t = TASK_INIT;

	t.deadline = deadline_min(s->job_deadline, deadline_in_ms(PREPARE_MS));
	t.cancel_fd = s->opts->cancel_fd;
	int r = definition_fetch_all(s->opts->job, &t, &s->definitions, err);
	return r ? r : check_trees(s, err);
}

static enum outcome boot_action(struct session *s, size_t at, struct err *err)
{
	const struct job_action *a = &s->job->actions[at];
	const struct job_action *deploy = deploy_of_boot(s->job, at);
	struct err ended = ERR_INIT;
	int r = 0;

	session_attempt_end(s, OUT_OK, &ended);
	if (a->boot.commands == JOB_COMMANDS_MEDIA) {
		session_unstage(s);
	} else if (a->boot.method == JOB_BOOT_UBOOT && deploy) {
		struct deadline d =
			deadline_min(s->job_deadline, deadline_in_ms(deploy->timeout_ms));

		r = session_stage(s, deploy, &a->boot, d, err);
	}
	if (r)
		return session_outcome(s, r, err, "the end of deploy");
	return session_boot(s, a, err);
}

static enum outcome one_action(struct session *s, size_t at, struct err *err)
{
	const struct job_action *a = &s->job->actions[at];
	enum outcome o = OUT_OK;

	for (uint32_t i = 0; i < a->repeat && o == OUT_OK; i++) {
		if (deadline_passed(s->job_deadline)) {
			err_set(err, ERR_NONE, -ETIMEDOUT, "the job's time is over");
			return OUT_TIMEOUT;
		}
		switch (a->kind) {
		case JOB_DEPLOY:
			break; /* staged with the boot action that uses it */
		case JOB_BOOT:
			o = boot_action(s, at, err);
			break;
		case JOB_TEST:
			o = session_test(s, a, err);
			break;
		case JOB_COMMAND:
			o = session_command(s, a, err);
			break;
		}
		/* Seen when nobody waited any more. */
		if (o == OUT_OK && watch_state(s->watch)->fatal_id >= 0)
			o = OUT_KERNEL;
	}
	return o;
}

static enum outcome run_actions(struct session *s, struct err *err)
{
	enum outcome o = OUT_OK;
	int r = fetch_definitions(s, err);

	if (!r)
		r = session_claim(s, err);
	if (!r)
		share_console(s);
	if (!r)
		r = session_refuse_wedged(s, err);
	if (!r)
		r = session_open_board(s, err);
	if (r)
		return session_outcome(s, r, err, "the board");
	for (size_t i = 0; i < s->job->n_actions && o == OUT_OK; i++)
		o = one_action(s, i, err);
	return o == OUT_OK && s->attempt_open ? stretch_finish(s, err) : o;
}

/* Off, whatever happened, and nothing of ours left in the TFTP root. */
void session_leave_board(struct session *s)
{
	struct err err = ERR_INIT;
	int r = -ENODEV;

	if (s->power) {
		console_resume(s->console);
		console_mask_cancel(s->console, true);
		session_undo_commands(s);
		console_mask_cancel(s->console, false);
		session_phase(s, "power-off");
		r = session_power(s, "off", &err);
		if (r)
			journal_action(s->journal, "left-on", "{s:s}", "reason", err.msg);
	}
	if (s->staged.kernel.name)
		session_unstage(s);
	journal_action(s->journal, "self-check", "{s:b, s:s}", "ok",
		       !r && s->self_check_ok, "reason", err.msg);
}

static void finish(struct session *s, enum outcome o, struct err *err)
{
	bool in_attempt = s->attempt_open;
	struct wall_time now;

	if (watch_state(s->watch)->fatal_id >= 0 && (o == OUT_OK || o == OUT_TEST))
		o = OUT_KERNEL;
	if (o == OUT_KERNEL || o == OUT_TIMEOUT)
		session_watch_on(s, o);
	session_attempt_end(s, o, err);
	if (o != OUT_OK && !in_attempt)
		journal_action(s->journal, "failed", "{s:s, s:s}", "outcome",
			       outcome_to_str(o), "reason", err->msg);
	if (s->power && session_needs_recovery(s, o))
		session_recover(s);
	if (console_was_canceled(s->console))
		journal_action(s->journal, "cancel", NULL);
	session_leave_board(s);
	watch_end(s->watch);
	now = clock_wall();
	journal_action(s->journal, "end", "{s:s, s:I, s:s}", "wall", now.str,
		       "console_bytes", (json_int_t)console_offset(s->console), "power",
		       s->power && !s->power->is_on ? "off" : "unknown");
}

void session_release(struct session *s)
{
	power_free(s->power);
	staged_release(&s->staged);
	session_forget_beside(s);
	live_console_withdraw(s->board->board, s->dir);
	console_free(s->console);
	journal_free(s->journal);
	watch_free(s->watch);
	definition_set_release(&s->definitions);
	strvec_release(&s->modules_unseen);
	free(s->append);
	free(s->commands_done);
	board_unlock(&s->lock);
}

void session_init(struct session *s, const struct session_opts *opts, struct run_dir *dir)
{
	*s = (struct session){
		.opts = opts,
		.job = opts->job,
		.board = opts->board,
		.dir = dir,
		.lock = BOARD_LOCK_INIT,
		.staged = STAGED_INIT,
		.self_check_ok = true,
		.latency_ns = -1,
		.start_ns = clock_now_ns(),
		.stretch_end = DEADLINE_NEVER,
		.job_deadline = deadline_in_ms(opts->job->job_timeout_ms),
	};
}

int session_run(const struct session_opts *opts, struct run_dir *dir, struct err *err)
{
	struct session s;
	struct err why = ERR_INIT;

	session_init(&s, opts, dir);
	int r = run_dir_create(opts->runs_dir, opts->board->board, opts->job->job_name,
			       dir, err);

	if (!r)
		r = session_open_record(&s, err);
	if (!r) {
		enum outcome o = run_actions(&s, &why);

		finish(&s, o, &why);
		r = journal_check(s.journal, err);
		if (!r)
			r = console_sync(s.console, err);
	}
	session_release(&s);
	return r;
}
