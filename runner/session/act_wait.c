// SPDX-License-Identifier: GPL-2.0-or-later
/* Waits with the silence timer: how long a board may be quiet, and whether it lives when
 * it is asked. */
#include <errno.h>

#include "session/state.h"

enum { SLICE_MS = 500, DEFAULT_PROBE_MS = 3000 };

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

/* What crashed before any kernel, and did not start again. */
static const struct loader_fault *crashed(const struct session *s, int64_t quiet_ns)
{
	const struct watch_state *st = watch_state(s->watch);

	return st->stage < STAGE_STARTING &&
			       quiet_ns >= LOADER_LAST_WORDS_MS * INT64_C(1000000)
		       ? st->firmware_fault
		       : NULL;
}

static int say_crashed(const struct session *s, const struct loader_fault *f,
		       struct err *err)
{
	return err_set(err, ERR_LAB, -EREMOTEIO,
		       "no kernel started: %.150s (the board: %s)",
		       watch_state(s->watch)->firmware_words, f->means);
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
		const struct loader_fault *fault = crashed(s, quiet);
		if (fault)
			return say_crashed(s, fault, err);
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
