// SPDX-License-Identifier: GPL-2.0-or-later
/* LAVA test actions: definitions' steps typed at the shell, each with its exit status;
 * interactive and monitors in files of their own; and `command:`, the board's user
 * commands. */
#include <errno.h>
#include <sys/wait.h>

#include "session/state.h"
#include "util/child.h"
#include "util/jsonx.h"
#include "util/mem.h"

static void report_step(struct session *s, const char *suite, size_t number,
			const char *step, const char *result, const char *reason)
{
	_cleanup_free_ char *name = xasprintf("step-%zu", number);
	json_t *members = json_object();

	json_put(members, "source", json_string("shell"));
	json_put(members, "suite", json_lossy_str(suite));
	json_put(members, "name", json_string(name));
	json_put(members, "result", json_string(result));
	json_put(members, "command", json_lossy(step, strnlen(step, 500)));
	if (reason)
		json_put(members, "reason", json_lossy_str(reason));
	json_put(members, "attempt", json_integer(s->attempt));
	journal_action_json(s->journal, "test", members);
}

/* lava-test-case and its friends: from the ramdisk's overlay, else typed once a boot. */
static int ready_helpers(struct session *s, struct deadline d, struct err *err)
{
	_cleanup_strvec_ struct strvec lines = STRVEC_INIT;
	int r = 0, status;

	if (s->helpers_ready)
		return 0;
	if (s->is_staged && s->staged.has_overlay)
		strvec_add(&lines, "PATH=" OVERLAY_BIN ":$PATH; export PATH");
	else
		overlay_shell_lines(&lines);
	for (size_t i = 0; i < lines.n && !r; i++)
		r = shell_run(s, lines.v[i], d, &status, err);
	s->helpers_ready = !r;
	return r;
}

static bool uses_helpers(const struct job_definition *def)
{
	for (size_t i = 0; i < def->steps.n; i++)
		if (strstr(def->steps.v[i], "lava-"))
			return true;
	return def->from == JOB_FROM_GIT;
}

/* Parameters as LAVA gives them: shell variables before the first step. */
static int set_params(struct session *s, const struct job_definition *def,
		      struct deadline d, struct err *err)
{
	int r = 0, status;

	for (size_t i = 0; i < def->n_params && !r; i++) {
		struct strbuf line = STRBUF_INIT;

		const char *value = def->params[i].value;

		strbuf_addf(&line, "%s=", def->params[i].name);
		strbuf_add_quoted(&line, value, strlen(value));
		strbuf_addf(&line, "; export %s", def->params[i].name);
		r = spec_is_secret_name(def->params[i].name)
			    ? shell_run_secret(s, line.buf, d, &status, err)
			    : shell_run(s, line.buf, d, &status, err);
		strbuf_release(&line);
	}
	return r;
}

static int enter_tree(struct session *s, const struct definition *fetched,
		      struct deadline d, struct err *err)
{
	int status, r;

	if (!fetched || !fetched->tree)
		return 0;
	_cleanup_free_ char *line = xasprintf("cd /lava/tests/%s", fetched->tree_name);
	r = shell_run(s, line, d, &status, err);
	if (!r && status != 0)
		return err_set(
			err, ERR_LAB, -ENOENT,
			"/lava/tests/%s is not on the board: its ramdisk is not the one that was staged",
			fetched->tree_name);
	return r;
}

static const char *failure_text(struct session *s, int r, struct err *err)
{
	if (r == -EINTR && watch_state(s->watch)->fatal_id >= 0)
		return watch_state(s->watch)->fatal_title;
	if (r == -EINTR)
		return watch_state(s->watch)->raise_message;
	return r == -ETIMEDOUT && !err->msg[0] ? "still ran when its time was over"
					       : err->msg;
}

/* What a shell needs before a definition's steps: once, and again when a step has ended
 * its shell (exit, set -e) and init or getty started another. */
static int prepare_shell(struct session *s, const struct job_definition *def,
			 struct deadline d, struct err *err)
{
	int r = 0;

	if (uses_helpers(def))
		r = ready_helpers(s, d, err);
	if (!r)
		r = enter_tree(s, definition_find(&s->definitions, def), d, err);
	return r ? r : set_params(s, def, d, err);
}

static int run_steps(struct session *s, const struct job_definition *def,
		     struct deadline d, struct err *err)
{
	char reason[64];

	for (size_t i = 0; i < def->steps.n; i++) {
		const char *step = def->steps.v[i];
		int status = 0;
		int r = s->shell_gone ? prepare_shell(s, def, d, err) : 0;

		if (!r)
			r = shell_run(s, step, d, &status, err);
		if (r == SHELL_GONE)
			err_set(err, ERR_NONE, r,
				"the step before ended the shell, and no other came");
		if (r == -ETIMEDOUT && stretch_is_over(s)) {
			report_step(s, def->name, i + 1, step, "pass",
				    "still ran when the boot's time was over");
			return r;
		}
		if (r) {
			report_step(s, def->name, i + 1, step,
				    r == -ECANCELED ? "unknown" : "fail",
				    failure_text(s, r, err));
			return r;
		}
		snprintf(reason, sizeof(reason), "exit status %d%s", status,
			 s->shell_gone ? ", and the end of the shell" : "");
		report_step(s, def->name, i + 1, step, status ? "fail" : "pass",
			    status ? reason : NULL);
	}
	return 0;
}

static enum outcome run_definition(struct session *s, const struct job_definition *def,
				   struct deadline d, struct err *err)
{
	int r;

	session_phase(s, "%s", def->name);
	r = prepare_shell(s, def, d, err);
	if (!r)
		r = run_steps(s, def, d, err);
	return r == SHELL_GONE ? OUT_TEST
			       : session_outcome(s, r, err, "the end of a test step");
}

static enum outcome run_all(struct session *s, const struct job_test *t,
			    struct deadline d, struct err *err)
{
	enum outcome o = OUT_OK;

	for (size_t i = 0; i < t->n_definitions && o == OUT_OK; i++)
		o = run_definition(s, &t->definitions[i], d, err);
	for (size_t i = 0; i < t->n_interactive && o == OUT_OK; i++)
		o = session_interactive(s, &t->interactive[i], d, err);
	for (size_t i = 0; i < t->n_monitors && o == OUT_OK; i++)
		o = session_monitor(s, &t->monitors[i], d, err);
	return o;
}

/* cut: what the tests had still to say was not theirs to say any more. */
static void say_tests_end(struct session *s, bool cut)
{
	if (cut)
		journal_action(s->journal, "under-test", "{s:b, s:b}", "begins", 0, "cut",
			       1);
	else
		journal_action(s->journal, "under-test", "{s:b}", "begins", 0);
}

enum outcome session_test(struct session *s, const struct job_action *action,
			  struct err *err)
{
	struct deadline d =
		deadline_min(s->job_deadline, deadline_in_ms(action->timeout_ms));
	int r = stretch_begin(s, d, err);

	if (r)
		return session_outcome(s, r, err, "the end of a level's command");
	if (stretch_is_over(s))
		return OUT_OK;
	journal_action(s->journal, "under-test", "{s:b}", "begins", 1);
	enum outcome o = run_all(s, &action->test, deadline_min(d, s->stretch_end), err);
	say_tests_end(s, o == OUT_TIMEOUT && stretch_is_over(s));
	if (o == OUT_OK)
		o = session_outcome(s, session_prove_again(s, d, err), err,
				    "the build ids of modules");
	if (o == OUT_TIMEOUT && (action->skip_on_timeout || stretch_is_over(s)) &&
	    !deadline_passed(s->job_deadline)) {
		*err = (struct err)ERR_INIT;
		return OUT_OK;
	}
	return o;
}

static const struct board_user_command *find_command(const struct session *s,
						     const char *name)
{
	for (size_t i = 0; i < s->board->n_user_commands; i++)
		if (strcmp(s->board->user_commands[i].name, name) == 0)
			return &s->board->user_commands[i];
	return NULL;
}

/* must_run: an undo, which neither a cancel nor a console that failed may stop. */
static int run_line(struct session *s, const char *name, const char *line,
		    struct deadline d, bool must_run, struct err *err)
{
	const char *const argv[] = { "/bin/sh", "-c", line, NULL };
	struct child_opts opts = CHILD_OPTS_INIT;
	struct child c = CHILD_INIT;
	int status = 0, r;

	opts.own_group = true;
	opts.env_add = power_user_env(s->power);
	r = child_spawn(&c, argv, &opts, err);
	if (!r)
		r = console_wait_fd(s->console, c.pidfd, d, err);
	if (r && r != -ETIMEDOUT && must_run && c.pid > 0) {
		*err = (struct err)ERR_INIT;
		r = 0;
	}
	if (!r)
		r = child_wait(&c, d, -1, &status, err);
	child_kill(&c, SIGKILL);
	if (!r && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
		r = err_set(err, ERR_LAB, -EIO,
			    "user command %s%s failed (wait status 0x%x)", name,
			    must_run ? " (undo)" : "", (unsigned int)status);
	return r;
}

enum outcome session_command(struct session *s, const struct job_action *action,
			     struct err *err)
{
	const struct board_user_command *uc = find_command(s, action->command.name);
	struct deadline d =
		deadline_min(s->job_deadline, deadline_in_ms(action->timeout_ms));
	if (!uc)
		BUG("user command %s passed the check of the board",
		    action->command.name);
	session_phase(s, "%s", uc->name);
	journal_action(s->journal, "user-command", "{s:s}", "name", uc->name);
	if (!s->commands_done)
		s->commands_done =
			xcalloc(s->board->n_user_commands, sizeof(*s->commands_done));
	s->commands_done[uc - s->board->user_commands] = true;
	int r = run_line(s, uc->name, uc->run, d, false, err);
	return session_outcome(s, r, err, "the end of a user command");
}

void session_undo_commands(struct session *s)
{
	for (size_t i = s->board->n_user_commands; i-- > 0 && s->commands_done;) {
		const struct board_user_command *uc = &s->board->user_commands[i];
		struct deadline d = deadline_in_ms(s->board->limits.power_command_ms);
		struct err err = ERR_INIT;

		if (!s->commands_done[i] || !uc->undo)
			continue;
		session_phase(s, "undo:%s", uc->name);
		journal_action(s->journal, "user-command", "{s:s, s:b}", "name", uc->name,
			       "undo", 1);
		int r = run_line(s, uc->name, uc->undo, d, true, &err);
		if (r)
			journal_action(s->journal, "warning", "{s:s}", "text",
				       err.msg[0] ? err.msg
						  : "an undo did not end in time");
	}
	free(s->commands_done);
	s->commands_done = NULL;
}
