// SPDX-License-Identifier: GPL-2.0-or-later
/* After a failure: the report settles, and a board that boots again is watched until it
 * is clear what it does. Bringing it back is recovery.c's. */
#include <errno.h>

#include "session/state.h"

enum {
	SETTLE_MS = 6000,
	REBOOT_EXTRA_S = 30,
	MAX_GOALS = 18,
};

/* A report ends with its boot: one that a loop opens again and again would never settle.
 */
static void settle(struct session *s)
{
	const struct watch_state *st = watch_state(s->watch);
	struct err err = ERR_INIT;
	struct deadline d = deadline_in_ms(SETTLE_MS);
	uint32_t boots = st->attempt_boots;
	int r = 0;

	while (st->incident_open && st->attempt_boots == boots && !deadline_passed(d) &&
	       !r) {
		console_resume(s->console);
		r = console_wait_fd(s->console, -1, deadline_in_ms(50), &err);
		if (r == -EINTR)
			r = 0;
	}
	/* The evidence is safe before the board is touched. A disk that refuses is told
	 * at the end of the run. */
	if (console_sync(s->console, &err))
		s->self_check_ok = false;
}

/* The goal again: a prompt, or the login prompt before it. */
static size_t goal_patterns(const struct job_boot *boot, struct pattern *p[MAX_GOALS])
{
	struct err ignored = ERR_INIT; /* they compiled before the boot */
	size_t n = 0;

	for (size_t i = 0; i < boot->prompts.n && n < MAX_GOALS - 1; i++)
		if (!pattern_new(boot->prompts.v[i], &p[n], &ignored))
			n++;
	if (boot->auto_login.username &&
	    !pattern_new(boot->auto_login.login_prompt ? boot->auto_login.login_prompt
						       : "login:",
			 &p[n], &ignored))
		n++;
	return n;
}

static bool boots_by_itself(const struct watch_state *st)
{
	return st->says_reboot || st->resets || st->fatal_kind == INCIDENT_RESET ||
	       st->fatal_kind == INCIDENT_BOOT_LOOP;
}

void session_watch_on(struct session *s, enum outcome o)
{
	const struct watch_state *st = watch_state(s->watch);
	struct pattern *p[MAX_GOALS];
	struct err err = ERR_INIT;
	struct console_hit hit;
	uint32_t boots = 0;
	int r = 0;

	/* What comes behind the fault may be the goal again, already while its report
	 * settles. */
	if (st->fatal_id >= 0)
		console_mark_at(s->console, st->fatal_offset);
	else
		console_mark(s->console);
	settle(s);
	session_capture(s, o);
	if (!s->boot || !boots_by_itself(st))
		return;
	journal_action(s->journal, "watch-on", "{s:i}", "reboot_in_s",
		       (int)st->reboot_in_s);
	size_t n = goal_patterns(s->boot, p);
	struct deadline d = DEADLINE_NEVER;
	while (!r && st->attempt_boots < s->job->loop_boots) {
		if (st->attempt_boots != boots || d.at_ns == INT64_MAX) {
			boots = st->attempt_boots;
			d = deadline_in_ms(((int64_t)st->reboot_in_s + REBOOT_EXTRA_S) *
					   1000);
		}
		console_resume(s->console);
		d = deadline_min(d, s->job_deadline);
		r = console_wait(s->console, p, n, deadline_min(d, deadline_in_ms(200)),
				 &hit, &err);
		if (!r) {
			session_reached(s, "prompt");
			break;
		}
		if (r == -EINTR || (r == -ETIMEDOUT && !deadline_passed(d)))
			r = 0;
	}
	if (st->attempt_boots < s->job->loop_boots)
		settle(s);
	for (size_t i = 0; i < n; i++)
		pattern_free(p[i]);
	journal_action(s->journal, "watch-on-end", "{s:i, s:b}", "boots",
		       (int)st->attempt_boots, "goal",
		       r == 0 && st->attempt_boots < s->job->loop_boots);
}
