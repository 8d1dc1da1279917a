// SPDX-License-Identifier: GPL-2.0-or-later
/* Moves of power, recorded before they are done; and what a power backend asks of its
 * session: to wait, to expect, to record a relay. */
#include <errno.h>
#include <poll.h>

#include "session/state.h"
#include "util/jsonx.h"

/* The console is gone or its record cannot be written: wait without it. */
static int wait_alone(int fd, struct deadline d, struct err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		int n = poll(&p, 1, deadline_poll_ms(d));

		if (n < 0 && errno != EINTR)
			return err_set(err, ERR_LAB, -errno, "poll: %s", strerror(errno));
		if (n > 0)
			return 0;
		if (deadline_passed(d))
			return fd < 0 ? 0 : -ETIMEDOUT;
	}
}

int session_power_wait(void *session, int fd, struct deadline d, struct err *err)
{
	struct session *s = session;
	bool stopped = false;
	int r;

	/* A fault that was just seen ends the next wait, not this one. */
	while ((r = console_wait_fd(s->console, fd, d, err)) == -EINTR) {
		stopped = true;
		console_resume(s->console);
	}
	if (stopped)
		console_stop(s->console);
	if (!r || r == -ETIMEDOUT || r == -ECANCELED)
		return r;
	*err = (struct err)ERR_INIT;
	return wait_alone(fd, d, err);
}

void session_power_did(void *session, const char *line, const char *act, int64_t ms)
{
	struct session *s = session;
	json_t *members = json_object();

	json_put(members, "line", json_lossy_str(line));
	json_put(members, "act", json_string(act));
	json_put(members, "ms", json_integer((json_int_t)ms));
	journal_action_json(s->journal, "relay", members);
}

void session_power_warn(void *session, const char *text)
{
	struct session *s = session;
	json_t *members = json_object();

	json_put(members, "text", json_lossy_str(text));
	journal_action_json(s->journal, "warning", members);
}

int session_power_expect(void *session, const char *text, struct deadline d,
			 struct err *err)
{
	struct session *s = session;
	struct pattern *pattern;
	struct console_hit hit;
	bool stopped = false;
	int r = pattern_new(text, &pattern, err);

	if (r)
		return r;
	console_mark(s->console);
	while ((r = console_wait(s->console, &pattern, 1, d, &hit, err)) == -EINTR) {
		stopped = true;
		console_resume(s->console);
	}
	if (stopped)
		console_stop(s->console);
	pattern_free(pattern);
	return r;
}

/* The console of a machine comes with its power; any other stays open. */
static void follow_console(struct session *s, const char *what)
{
	bool is_off = strcmp(what, "off") == 0;

	if (s->board->console.transport != BOARD_CONSOLE_QEMU)
		return;
	if (is_off) {
		console_detach(s->console);
		return;
	}
	int fd = power_take_console(s->power);
	if (fd >= 0)
		console_attach(s->console, stream_of_fd(fd));
	console_expect_eof(s->console, false);
}

/* An idle TX is high and feeds a board that is off through its protection diodes. */
static void hold_tx(struct session *s, bool is_low)
{
	struct err why = ERR_INIT;
	int r;

	if (!s->board->console.hold_tx_low || is_low == s->tx_held)
		return;
	journal_action(s->journal, "hold-tx", "{s:b}", "low", is_low);
	r = console_hold_tx_low(s->console, is_low, &why);
	s->tx_held = is_low && !r;
	if (!r || s->tx_warned)
		return;
	s->tx_warned = true;
	journal_action(
		s->journal, "warning", "{s:s}", "text",
		r == -EOPNOTSUPP
			? "this console has no BREAK: TX stays high while the board is off"
			: why.msg);
}

static void record_power(struct session *s, const char *what, int64_t begin, int r,
			 const struct err *err)
{
	json_t *members = json_object();

	json_put(members, "what", json_string(what));
	json_put(members, "ms",
		 json_real((double)((clock_now_ns() - begin) / 1000) / 1e3));
	if (r)
		json_put(members, "error", json_lossy_str(err->msg));
	journal_action_json(s->journal, "power-done", members);
}

void session_power_begin(struct session *s, const char *what)
{
	bool is_off = strcmp(what, "off") == 0;

	/* The last words of the boot before must not meet those who wait for the next. */
	if (!is_off)
		console_drain(s->console);
	journal_action(s->journal, "power", "{s:s}", "what", what);
	s->prompts = NULL;
	s->helpers_ready = s->shell_ready = s->shell_gone = false;
	console_resume(s->console);
	if (!is_off)
		console_mark(s->console);
	s->power_on_ns = console_now_ns(s->console);
	s->power_on_offset = console_offset(s->console);
}

int session_power(struct session *s, const char *what, struct err *err)
{
	bool is_off = strcmp(what, "off") == 0, is_on = strcmp(what, "on") == 0;
	int64_t begin = clock_now_ns(), settle_ms = 0;
	int r;

	session_power_begin(s, what);
	if (!is_on)
		console_mask_cancel(s->console, true);
	if (is_off)
		console_expect_eof(s->console, true);
	if (!is_off)
		hold_tx(s, false);
	r = power_run(s->power, what, err);
	follow_console(s, what);
	if (!is_off && !r)
		console_expect_eof(s->console, false);
	record_power(s, what, begin, r, err);
	if (is_off && !r)
		hold_tx(s, true);
	if (!r && is_on)
		settle_ms = s->board->power.on_settle_ms;
	if (!r && is_off)
		settle_ms = s->board->power.off_settle_ms;
	if (settle_ms)
		r = session_power_wait(s, -1, deadline_in_ms(settle_ms), err);
	console_mask_cancel(s->console, false);
	if (r && r != -ECANCELED)
		s->self_check_ok = false;
	return r;
}
