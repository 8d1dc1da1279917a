// SPDX-License-Identifier: GPL-2.0-or-later
/* What we do to the board, recorded before it is done, and waits with the silence timer.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>

#include "session/state.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { SLICE_MS = 500, TYPE_MS = 30000, DEFAULT_PROBE_MS = 3000 };

void session_phase(struct session *s, const char *fmt, ...)
{
	struct strbuf name = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&name, fmt, ap);
	va_end(ap);
	_cleanup_free_ char *text = strbuf_take(&name);
	json_t *members = json_object();
	json_put(members, "name", json_lossy_str(text));
	journal_action_json(s->journal, "phase", members);
}

void session_reached(struct session *s, const char *what)
{
	journal_action(s->journal, "reached", "{s:s}", "what", what);
}

static void record_type(struct session *s, const char *text)
{
	json_t *members = json_object();

	json_put(members, "text", json_lossy_str(text));
	journal_action_json(s->journal, "type", members);
}

int session_type(struct session *s, const char *text, bool is_secret, struct err *err)
{
	_cleanup_free_ char *line = xasprintf("%s\n", text);

	record_type(s, is_secret ? "***" : text);
	return console_send(s->console, line, strlen(line),
			    s->board->console.type_delay_us, deadline_in_ms(TYPE_MS),
			    err);
}

static void record_echo(struct session *s, const char *text)
{
	json_t *members = json_object();

	json_put(members, "seen", json_lossy_str(text));
	journal_action_json(s->journal, "echo-wrong", members);
}

static void uboot_did(void *arg, const char *what, const char *text)
{
	struct session *s = arg;

	if (strcmp(what, "type") == 0)
		record_type(s, text);
	else if (strcmp(what, "echo-wrong") == 0)
		record_echo(s, text);
	else
		session_reached(s, text);
}

struct uboot session_uboot(struct session *s)
{
	return (struct uboot){
		.console = s->console,
		.board = s->board,
		.did = uboot_did,
		.arg = s,
	};
}

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

static bool silence_counts(const struct session *s)
{
	enum stage st = watch_state(s->watch)->stage;

	return st == STAGE_STARTING || st == STAGE_KERNEL || st == STAGE_USERSPACE;
}

/* The job's own word is for all stages of its kernel. */
static int64_t silence_limit_ns(const struct session *s)
{
	const struct board_limits *l = &s->board->limits;
	int64_t ms = l->silence_stage_ms[watch_state(s->watch)->stage];

	if (s->job->silence_ms)
		ms = s->job->silence_ms;
	return 1000000 * (ms ? ms : l->silence_ms);
}

static bool line_has(const char *line, size_t len, const char *word)
{
	return word && memmem(line, len, word, strlen(word));
}

/* A newline would stop a boot loader's countdown, or be a wrong password: the line that
 * stands there tells, also when the banners before it were lost. NULL = may be typed. */
static const char *no_probe_because(const struct session *s)
{
	const struct board_boot *b = &s->board->boot;
	const char *line;
	size_t len = watch_unfinished(s->watch, &line);

	if (line_has(line, len, b->interrupt_prompt) ||
	    line_has(line, len, "stop autoboot"))
		return "autoboot may be counting";
	if (b->loader_prompt && len >= strlen(b->loader_prompt) && s->board->has_boot &&
	    memcmp(line + len - strlen(b->loader_prompt), b->loader_prompt,
		   strlen(b->loader_prompt)) == 0)
		return "a boot loader's prompt stands there";
	if (line_has(line, len, "assword:"))
		return "a password is asked for";
	return NULL;
}

/* Ask the board whether it lives: 0 = it said something, 1 = one of the patterns matched,
 * -ETIMEDOUT = not a byte, or another code of console.h. */
static int probe_board(struct session *s, struct pattern *const patterns[], size_t n,
		       struct deadline d, struct console_hit *hit, struct err *err)
{
	const char *because = no_probe_because(s);
	int64_t probe_ms =
		s->job->silence_probe_ms ? s->job->silence_probe_ms : DEFAULT_PROBE_MS;
	struct deadline end = deadline_min(d, deadline_in_ms(probe_ms));
	uint64_t before = console_offset(s->console);
	int r = 0;

	journal_action(s->journal, "probe", "{s:s}", because ? "not" : "bytes",
		       because ? because : "\n");
	if (!because)
		r = console_send(s->console, "\n", 1, 0, end, err);
	while (!r && console_offset(s->console) == before) {
		r = console_wait(s->console, patterns, n,
				 deadline_min(end, deadline_in_ms(50)), hit, err);
		if (!r)
			return 1;
		if (r == -ETIMEDOUT && !deadline_passed(end))
			r = 0;
	}
	return r == -ETIMEDOUT && console_offset(s->console) != before ? 0 : r;
}

static int64_t firmware_limit_ms(const struct session *s)
{
	int64_t ms = s->board->limits.silence_stage_ms[watch_state(s->watch)->stage];

	return ms ? ms : s->board->limits.firmware_ms;
}

/* Firmware and boot loaders are never quiet for long, and nothing may be typed at them:
 * without a kernel this is the lab's. A board that we did not switch on may stand
 * anywhere. */
static bool is_dead_before_kernel(const struct session *s, int64_t quiet_ns)
{
	return s->board->power.backend != BOARD_POWER_NONE && !silence_counts(s) &&
	       quiet_ns >= firmware_limit_ms(s) * 1000000;
}

static int say_dead(struct session *s, int64_t last_byte_ns, struct err *err)
{
	const char *stage = stage_to_str(watch_state(s->watch)->stage);

	if (last_byte_ns > s->power_on_ns)
		return err_set(err, ERR_LAB, -ENODATA,
			       "silence in %s for %lld ms, and no kernel had started",
			       stage, (long long)firmware_limit_ms(s));
	s->self_check_ok = false;
	return err_set(
		err, ERR_LAB, -ENODATA,
		"not a byte from the console since power-on: UART, cable or relay");
}

int session_wait(struct session *s, struct pattern *const patterns[], size_t n,
		 struct deadline d, bool probe, struct console_hit *hit, struct err *err)
{
	int64_t since = console_now_ns(s->console);

	for (;;) {
		int r = console_wait(s->console, patterns, n,
				     deadline_min(d, deadline_in_ms(SLICE_MS)), hit, err);

		if (r != -ETIMEDOUT || deadline_passed(d))
			return r;
		if (power_check(s->power, err)) {
			s->self_check_ok = false;
			return err->code;
		}
		int64_t last = console_last_byte_ns(s->console);
		int64_t quiet =
			console_now_ns(s->console) - (last > since ? last : since);
		if (is_dead_before_kernel(s, quiet))
			return say_dead(s, last, err);
		if (!probe || !silence_counts(s) || quiet < silence_limit_ns(s))
			continue;
		r = probe_board(s, patterns, n, d, hit, err);
		if (r == 1)
			return 0;
		since = console_now_ns(s->console);
		if (!r)
			continue;
		if (r != -ETIMEDOUT)
			return r;
		journal_action(s->journal, "silence", "{s:f, s:s}", "seconds",
			       (double)(quiet / 1000000) / 1e3, "stage",
			       stage_to_str(watch_state(s->watch)->stage));
	}
}

const char *outcome_to_str(enum outcome o)
{
	switch (o) {
	case OUT_OK:
		return "ok";
	case OUT_KERNEL:
		return "kernel";
	case OUT_TIMEOUT:
		return "timeout";
	case OUT_TEST:
		return "test";
	case OUT_LAB:
		return "lab";
	case OUT_JOB:
		return "job";
	case OUT_CANCELED:
		return "canceled";
	case OUT_BUG:
		return "bug";
	}
	BUG("outcome %d", (int)o);
}

enum outcome session_outcome(struct session *s, int r, struct err *err,
			     const char *waiting_for)
{
	struct err why = ERR_INIT;

	if (!r)
		return OUT_OK;
	if (r == -EINTR && s->latency_ns >= 0) {
		journal_action(s->journal, "verdict", "{s:i, s:I}", "incident",
			       (int)watch_state(s->watch)->fatal_id, "latency_us",
			       (json_int_t)(s->latency_ns / 1000));
		s->latency_ns = -1;
	}
	if (r == -EINTR)
		return watch_state(s->watch)->raised &&
				       watch_state(s->watch)->fatal_id < 0
			       ? OUT_TEST
			       : OUT_KERNEL;
	if (r == -ETIMEDOUT && err->class == ERR_NONE) {
		if (power_check(s->power, &why)) {
			*err = why;
			return OUT_LAB;
		}
		err->code = r;
		snprintf(err->msg, sizeof(err->msg), "%s did not come in time",
			 waiting_for);
		return OUT_TIMEOUT;
	}
	switch (err->class) {
	case ERR_CANCELED:
		return OUT_CANCELED;
	case ERR_JOB:
		return OUT_JOB;
	case ERR_BUG:
		return OUT_BUG;
	case ERR_NONE:
	case ERR_LAB:
		break;
	}
	if (r == -ENOLINK && power_check(s->power, &why))
		*err = why;
	if (r == -ENOLINK)
		s->self_check_ok = false;
	return OUT_LAB;
}
