// SPDX-License-Identifier: GPL-2.0-or-later
/* Begin and end of the stretch under test. */
#include "hw/power.h"
#include "session/state.h"
#include "util/mem.h"

enum {
	PROMPT_MS = 20000,
	SHUTDOWN_MS = 120000,
	SLICE_MS = 500,
	LINGER_MS = 300,
	LINGER_MAX_MS = 2000
};

void stretch_reset(struct session *s)
{
	const struct session_stretch *st = s->opts->stretch;

	s->stretch_begun = false;
	s->stretch_end = st && !st->test_ms ? deadline_in_ms(0) : DEADLINE_NEVER;
}

bool stretch_is_over(const struct session *s)
{
	return s->opts->stretch && deadline_passed(s->stretch_end);
}

static int type_commands(struct session *s, const struct session_stretch *st,
			 struct deadline d, struct err *err)
{
	int r = 0, status;

	for (size_t i = 0; st->commands && i < st->commands->n && !r; i++) {
		const char *line = st->commands->v[i];

		r = shell_run(s, line, d, &status, err);
		if (!r && status)
			r = err_set(err, ERR_JOB, -EREMOTEIO,
				    "level %s: \"%.200s\" ended with exit status %d",
				    st->level ? st->level : "", line, status);
	}
	return r == SHELL_GONE ? err_set(err, ERR_JOB, r,
					 "level %s: a command ended "
					 "the shell",
					 st->level ? st->level : "")
			       : r;
}

int stretch_begin(struct session *s, struct deadline d, struct err *err)
{
	const struct session_stretch *st = s->opts->stretch;

	if (!st || s->stretch_begun || stretch_is_over(s))
		return 0;
	int r = type_commands(s, st, d, err);

	s->stretch_begun = true;
	if (!r && st->test_ms > 0)
		s->stretch_end = deadline_in_ms(st->test_ms);
	return r;
}

/* The last step may have broken what dies a moment later: power stays on until the
 * console has been quiet for LINGER_MS, at most LINGER_MAX_MS. */
static int linger(struct session *s, struct err *err)
{
	struct deadline end = deadline_in_ms(LINGER_MAX_MS);
	int64_t quiet_ns = (int64_t)LINGER_MS * 1000000,
		since = console_now_ns(s->console);
	int r = 0;

	while (!r && !deadline_passed(end)) {
		int64_t last = console_last_byte_ns(s->console);

		if (console_now_ns(s->console) - (last > since ? last : since) >=
		    quiet_ns)
			break;
		r = console_wait_fd(s->console, -1, deadline_in_ms(20), err);
	}
	return r;
}

static void record_end(struct session *s, const char *how, bool ok)
{
	journal_action(s->journal, "ended", "{s:s, s:b}", "how", how, "ok", ok);
}

/* A prompt, also where a step still runs: some shells (busybox with our trap) end with
 * the step, and another login comes. None is no reason not to try. */
static int interrupt_step(struct session *s, struct err *err)
{
	int status, r;

	if (!stretch_is_over(s) || !s->stretch_begun)
		return 0;
	r = console_send(s->console, "\003", 1, 0, deadline_in_ms(PROMPT_MS), err);
	if (r)
		return r;
	s->shell_gone = true;
	s->shell_ready = s->helpers_ready = false;
	r = shell_run(s, "true", deadline_in_ms(PROMPT_MS), &status, err);
	if (r != -ETIMEDOUT && r != SHELL_GONE)
		return r;
	*err = (struct err)ERR_INIT;
	return 0;
}

/* Until the kernel says that it is down (kernel/reboot.c), or the machine is gone. */
static int wait_down(struct session *s, struct err *err)
{
	struct deadline end = deadline_in_ms(SHUTDOWN_MS);
	struct err gone = ERR_INIT;
	struct console_hit hit;
	struct pattern *p;
	int r = pattern_new("reboot: Power down|(reboot: )?System halted", &p, err);

	if (r)
		return r;
	do
		r = console_wait(s->console, &p, 1,
				 deadline_min(end, deadline_in_ms(SLICE_MS)), &hit, err);
	while (r == -ETIMEDOUT && !deadline_passed(end) && !power_check(s->power, &gone));
	pattern_free(p);
	return r == -ETIMEDOUT && !deadline_passed(end) ? 0 : r;
}

static int shut_down(struct session *s, struct err *err)
{
	const char *line = s->opts->stretch->shutdown;
	int r = interrupt_step(s, err);

	if (r)
		return r;
	console_mark(s->console);
	console_expect_eof(s->console, true);
	r = session_type(s, line ? line : "poweroff", false, err);
	if (!r)
		r = wait_down(s, err);
	if (r && r != -ETIMEDOUT)
		return r;
	record_end(s, "shutdown", !r);
	*err = (struct err)ERR_INIT;
	return 0;
}

enum outcome stretch_finish(struct session *s, struct err *err)
{
	enum job_soak_end end = s->opts->stretch ? s->opts->stretch->end : JOB_END_ANY;
	int r = 0;

	session_phase(s, "end");
	switch (end) {
	case JOB_END_ANY:
		r = linger(s, err);
		break;
	case JOB_END_CUT:
		record_end(s, "cut", true);
		break;
	case JOB_END_SHUTDOWN:
		r = shut_down(s, err);
		break;
	}
	return session_outcome(s, r, err, "the end");
}
