// SPDX-License-Identifier: GPL-2.0-or-later
/* A wedged kernel is asked by SysRq over serial BREAK what it hangs on, before anything
 * is reset. Each answer is bounded in time and bytes. What they mean is the watch's
 * business (watch_capture.c). */
#include <errno.h>
#include <sys/wait.h>

#include "hw/host_tool.h"
#include "session/state.h"
#include "util/mem.h"

enum {
	BREAK_MS = 250,    /* longer than a character at 300 baud */
	DEBUGGER_MS = 200, /* a FIQ debugger answers to the BREAK itself */
	SLICE_MS = 50,
	SEND_MS = 2000,
	ALL_TASKS_FACTOR = 4, /* of capture.bytes, for t */
};

static int run_break_command(struct session *s, struct err *err)
{
	const char *const argv[] = { "/bin/sh", "-c", s->board->console.break_command,
				     NULL };
	const struct host_tool_env env = { session_power_wait, s };
	struct deadline d = deadline_in_ms(s->board->limits.power_command_ms);
	int status = 0, r = host_tool_run(argv, &env, d, NULL, &status, err);

	if (r == -ETIMEDOUT)
		return err_set(err, ERR_LAB, r, "console.break_command did not end");
	if (!r && status)
		return err_set(err, ERR_LAB, -EIO,
			       "console.break_command failed (wait status 0x%x)",
			       (unsigned int)status);
	return r;
}

int session_break(struct session *s, struct err *err)
{
	if (s->board->console.break_command)
		return run_break_command(s, err);
	int r = power_send_break(s->power, err);
	if (r != -EOPNOTSUPP)
		return r;
	*err = (struct err)ERR_INIT;
	return console_break(s->console, BREAK_MS, err);
}

struct capture {
	struct session *s;
	uint32_t starts;  /* boots when it began: one more, and there is nobody to ask */
	bool in_debugger; /* a FIQ debugger has the console */
	const char *reason;
	struct err err;
};

/* The fault is known; what else stops a wait does not matter here, but a cancel does. */
static int serve(struct session *s, int64_t ms, struct err *err)
{
	console_resume(s->console);
	int r = console_wait_fd(s->console, -1, deadline_in_ms(ms), err);

	return r == -EINTR ? 0 : r;
}

static int wait_answer(struct capture *c, char key, struct err *err)
{
	const struct board_capture *bc = &c->s->board->capture;
	uint64_t from = console_offset(c->s->console), max = bc->bytes;
	int64_t since = console_now_ns(c->s->console);
	struct deadline d = deadline_in_ms(bc->timeout_ms);
	int r = 0;

	if (key == 't')
		max *= ALL_TASKS_FACTOR;
	while (!r && !deadline_passed(d)) {
		int64_t last = console_last_byte_ns(c->s->console);
		int64_t quiet =
			console_now_ns(c->s->console) - (last > since ? last : since);

		if (quiet >= bc->quiet_ms * 1000000 ||
		    console_offset(c->s->console) - from >= max ||
		    watch_state(c->s->watch)->starts != c->starts)
			break;
		r = serve(c->s, SLICE_MS, err);
	}
	return r;
}

/* Rockchip's vendor kernels: BREAK opens a debugger in the FIQ, which lives when the
 * kernel does not (drivers/staging/android/fiq_debugger). */
static int look_for_debugger(struct capture *c, struct err *err)
{
	struct pattern *p = pattern_new_literal("debug>");
	struct console_hit hit;
	struct deadline d = deadline_in_ms(DEBUGGER_MS);
	int r;

	do {
		console_resume(c->s->console);
		r = console_wait(c->s->console, &p, 1, d, &hit, err);
	} while (r == -EINTR);
	pattern_free(p);
	if (!r) {
		c->in_debugger = true;
		journal_action(c->s->journal, "fiq-debugger", NULL);
	}
	return r == -ETIMEDOUT ? 0 : r;
}

static int send_text(struct capture *c, const char *text, struct err *err)
{
	console_resume(c->s->console);
	return console_send(c->s->console, text, strlen(text),
			    c->s->board->console.type_delay_us, deadline_in_ms(SEND_MS),
			    err);
}

/* The letter counts within five seconds of the BREAK (SYSRQ_TIMEOUT of serial_core.h). */
static int send_key(struct capture *c, char key, struct err *err)
{
	const char letter[2] = { key, '\0' };
	_cleanup_free_ char *line = xasprintf("sysrq %c\n", key);
	int r = 0;

	if (!c->in_debugger) {
		console_mark(c->s->console);
		console_resume(c->s->console);
		r = session_break(c->s, err);
		if (!r)
			r = look_for_debugger(c, err);
	}
	return r ? r : send_text(c, c->in_debugger ? line : letter, err);
}

int session_sysrq(struct session *s, char key, struct err *err)
{
	struct capture c = { .s = s };

	return send_key(&c, key, err);
}

static int ask(struct capture *c, char key, struct err *err)
{
	const char letter[2] = { key, '\0' };

	journal_action(c->s->journal, "sysrq", "{s:s}", "key", letter);
	int r = send_key(c, key, err);
	return r ? r : wait_answer(c, key, err);
}

/* Why the next key is not worth asking, or NULL. */
static const char *is_over(const struct capture *c, size_t n_asked)
{
	const struct watch_state *st = watch_state(c->s->watch);

	if (st->starts != c->starts)
		return "the board started again meanwhile";
	if (st->capture_answer == SYSRQ_DISABLED)
		return "kernel.sysrq forbids it; sysrq_always_enabled on the kernel's command line allows it";
	if (st->capture_answer == SYSRQ_NONE && n_asked == 1)
		return "no answer to SysRq by BREAK: the processors stand still, SysRq is off, or BREAK does not get there";
	return NULL;
}

static const char *ask_all(struct capture *c)
{
	const char *keys = c->s->board->capture.keys, *over = NULL;

	for (size_t i = 0; keys[i] && !over; i++) {
		int r = ask(c, keys[i], &c->err);

		if (r == -EOPNOTSUPP)
			return "this console cannot send a BREAK; console.break_command can";
		if (r)
			return c->err.msg[0] ? c->err.msg : "it broke off";
		over = is_over(c, i + 1);
	}
	return over;
}

static void leave_debugger(struct capture *c)
{
	struct err ignored = ERR_INIT;

	if (c->in_debugger && !send_text(c, "console\n", &ignored))
		(void)!serve(c->s, DEBUGGER_MS, &ignored);
}

/* Where the kernel lives as far as anyone knows, and has not dumped its state itself. */
static bool is_wedge(const struct session *s, enum outcome o)
{
	static const enum incident_kind wedges[] = {
		INCIDENT_SILENCE,     INCIDENT_HUNG_TASK, INCIDENT_SOFT_LOCKUP,
		INCIDENT_HARD_LOCKUP, INCIDENT_RCU_STALL, INCIDENT_WORKQUEUE_LOCKUP,
	};
	const struct watch_state *st = watch_state(s->watch);
	bool is_up = st->stage == STAGE_STARTING || st->stage == STAGE_KERNEL ||
		     st->stage == STAGE_USERSPACE;

	if (!is_up || st->panicked || st->says_reboot || st->resets)
		return false;
	if (st->fatal_id < 0)
		return o == OUT_TIMEOUT && st->kernel_seen;
	for (size_t i = 0; i < ARRAY_SIZE(wedges); i++)
		if (st->fatal_kind == wedges[i])
			return true;
	return false; /* the others said what they are */
}

void session_capture(struct session *s, enum outcome o)
{
	const struct board_spec *b = s->board;
	struct capture c = { .s = s,
			     .starts = watch_state(s->watch)->starts,
			     .err = ERR_INIT };

	if ((!b->capture.given && !b->n_recovery) || !b->capture.keys[0] || !s->power ||
	    s->job->recover == 0 || !is_wedge(s, o) || !console_is_attached(s->console) ||
	    console_was_canceled(s->console))
		return;
	session_phase(s, "capture");
	journal_action(s->journal, "capture", "{s:b}", "running", 1);
	const char *reason = ask_all(&c);
	leave_debugger(&c);
	if (reason)
		journal_action(s->journal, "capture", "{s:b, s:s}", "running", 0,
			       "reason", reason);
	else
		journal_action(s->journal, "capture", "{s:b}", "running", 0);
}
