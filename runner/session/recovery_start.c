// SPDX-License-Identifier: GPL-2.0-or-later
/* How each rung of the ladder starts the board, and what it boots. */
#include <errno.h>

#include "session/actions.h"
#include "session/recovery_int.h"
#include "util/mem.h"

enum {
	FRESH_PROMPT_MS = 3000,
	SHELL_MS = 5000,
	START_MS = 60000, /* services stop first */
	SLICE_MS = 50,
	MAX_PROMPTS = 16,
};

/* The old system's own prompt: something that reads what is typed. */
static int find_shell(struct session *s, struct err *err)
{
	const struct strvec *prompts = s->boot ? &s->boot->prompts : NULL;
	struct pattern *p[MAX_PROMPTS];
	struct console_hit hit;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; prompts && i < prompts->n && n < MAX_PROMPTS && !r; i++) {
		r = pattern_new(prompts->v[i], &p[n], err);
		n += !r;
	}
	console_mark(s->console);
	if (!r)
		r = session_type(s, "", false, err);
	if (!r)
		r = console_wait(s->console, p, n, deadline_in_ms(SHELL_MS), &hit, err);
	for (size_t i = 0; i < n; i++)
		pattern_free(p[i]);
	return r == -ETIMEDOUT && err->class == ERR_NONE
		       ? err_set(err, ERR_LAB, r, "no shell answers")
		       : r;
}

/* A start that only the console can show. */
static int wait_start(struct session *s, uint32_t starts, struct deadline d,
		      struct err *err)
{
	int r = 0;

	d = deadline_min(d, deadline_in_ms(START_MS));
	while (!r && watch_state(s->watch)->starts == starts) {
		if (deadline_passed(d))
			return err_set(err, ERR_LAB, -ETIMEDOUT,
				       "the board did not start again");
		r = console_wait_fd(s->console, -1, deadline_in_ms(SLICE_MS), err);
		if (r == -EINTR) {
			console_resume(s->console);
			r = 0;
		}
	}
	return r;
}

static int soft_start(struct session *s, const struct board_rung *rung, struct deadline d,
		      struct err *err)
{
	uint32_t starts = watch_state(s->watch)->starts;
	bool by_shell = rung->kind == RUNG_SOFT_REBOOT;
	int r = by_shell ? find_shell(s, err) : 0;

	if (r)
		return r;
	session_power_begin(s, by_shell ? "soft-reboot" : "sysrq-b");
	r = by_shell ? session_type(s, "reboot", false, err) : session_sysrq(s, 'b', err);
	if (!r)
		r = wait_start(s, starts, d, err);
	/* Without a boot loader's prompt to wait for, the old shell's last one must not
	 * pass for the new one's. */
	if (!r && !rung->commands.n && !rung->label)
		console_mark_at(s->console, watch_state(s->watch)->start_offset);
	return r;
}

static int cold_start(struct session *s, const struct board_rung *rung, struct deadline d,
		      struct err *err)
{
	int64_t more_ms = rung->off_ms - s->board->power.off_settle_ms;
	int r = session_power(s, "off", err);

	if (!r && more_ms > 0)
		r = session_power_wait(s, -1, deadline_in_ms(more_ms), err);
	if (!r && rung->mux) {
		journal_action(s->journal, "mux", "{s:s}", "sequence", rung->mux);
		r = power_run(s->power, rung->mux, err);
	}
	if (!r && rung->kind == RUNG_MASKROM)
		return recovery_maskrom(s, rung, d, err);
	return r ? r : session_power(s, "on", err);
}

static int start(struct session *s, const struct board_rung *rung, struct deadline d,
		 struct err *err)
{
	switch (rung->kind) {
	case RUNG_SOFT_REBOOT:
	case RUNG_SYSRQ_B:
		return soft_start(s, rung, d, err);
	case RUNG_WARM_RESET:
		return session_power(s, "reset", err);
	case RUNG_POWER_CYCLE:
	case RUNG_LABEL:
	case RUNG_MEDIA:
	case RUNG_MASKROM:
		return cold_start(s, rung, d, err);
	}
	BUG("rung %d", (int)rung->kind);
}

static int type_commands(struct session *s, const struct board_rung *rung,
			 struct deadline d, struct err *err)
{
	struct uboot u = session_uboot(s);
	int r = uboot_stop_autoboot(&u, d, err);

	/* What was typed at a dead kernel may come out of the UART now. */
	if (!r)
		r = uboot_fresh_prompt(
			&u, deadline_min(d, deadline_in_ms(FRESH_PROMPT_MS)), err);
	for (size_t i = 0; i < rung->commands.n && !r; i++)
		r = i + 1 == rung->commands.n
			    ? uboot_boot(&u, rung->commands.v[i], NULL, d, err)
			    : uboot_command(&u, rung->commands.v[i], d, err);
	return r;
}

/* The known-good set is staged before the board starts: a loader that nobody stops must
 * find it, and one that waits at its prompt may have a watchdog. */
int recovery_start(struct session *s, const struct board_rung *rung, struct deadline d,
		   struct err *err)
{
	struct job_action deploy, boot;
	int r = 0;

	if (rung->label) {
		label_actions(rung, &deploy, &boot);
		s->label = rung->label;
		r = session_stage(s, &deploy, &boot.boot, d, err);
	}
	if (!r)
		r = start(s, rung, d, err);
	if (!r && rung->label)
		r = session_talk_to_loader(s, &boot, d, err);
	else if (!r && rung->commands.n)
		r = type_commands(s, rung, d, err);
	s->label = NULL;
	return r;
}
