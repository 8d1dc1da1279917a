// SPDX-License-Identifier: GPL-2.0-or-later
/* The recovery ladder. Evidence first: a warm start keeps RAM, so pstore is read there;
 * only then is the power cut. A board is back when it came up from power-off. Each rung
 * is proven by a prompt; when all fail the board is marked as wedged. */
#include <errno.h>

#include "session/board_state.h"
#include "session/recovery_int.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { REPAIR_MS = 600000 };

struct ladder {
	struct session *s;
	struct harvest h;
	struct deadline d;
	bool repaired;
	bool canceled;
	char last_reason[256]; /* why the last rung failed */
};

static void record_rung(struct ladder *l, const struct board_rung *rung, bool is_proof,
			int64_t begin, int r, const struct err *err)
{
	json_t *m = json_object();
	char why[64];

	snprintf(why, sizeof(why), "%s",
		 r == -ETIMEDOUT ? "no proof in time" : strerror(r < 0 ? -r : 0));
	json_put(m, "name", json_lossy_str(rung->name));
	json_put(m, "kind", json_string(board_rung_kind_to_str(rung->kind)));
	json_put(m, "ok", json_boolean(r == 0));
	if (is_proof)
		json_put(m, "proof", json_true());
	json_put(m, "duration_s",
		 json_real((double)((clock_now_ns() - begin) / 1000000) / 1e3));
	if (r) {
		snprintf(l->last_reason, sizeof(l->last_reason), "%.60s: %.180s",
			 rung->name, err->msg[0] ? err->msg : why);
		json_put(m, "reason", json_lossy_str(err->msg[0] ? err->msg : why));
	}
	journal_action_json(l->s->journal, "rung-end", m);
}

/* Where RAM is kept a harvest that broke off is a rung that failed: another may bring it.
 * Behind a cut of the power nothing is lost by going on: the board is back. */
static int harvest(struct ladder *l, const struct board_rung *rung, struct err *err)
{
	int r;

	l->h.rung = rung;
	r = session_harvest(&l->h, err);
	if (!r || r == -ECANCELED || board_rung_is_warm(rung->kind))
		return r;
	_cleanup_free_ char *text = xasprintf("the harvest broke off: %s",
					      err->msg[0] ? err->msg : strerror(-r));
	journal_action(l->s->journal, "warning", "{s:s}", "text", text);
	*err = (struct err)ERR_INIT;
	return 0;
}

/* 0 when the rung's prompt stands there. */
static int climb(struct ladder *l, const struct board_rung *rung, bool is_proof)
{
	struct session *s = l->s;
	struct deadline d = deadline_min(l->d, deadline_in_ms(rung->timeout_ms));
	int64_t begin = clock_now_ns();
	struct err err = ERR_INIT;
	int r;

	session_phase(s, "recovery:%s%s", rung->name, is_proof ? ":proof" : "");
	journal_action(s->journal, "rung", "{s:s}", "name", rung->name);
	console_resume(s->console);
	r = recovery_start(s, rung, d, &err);
	if (!r)
		r = session_login(s, &rung->auto_login, &rung->prompts, d, &err);
	if (!r && !is_proof)
		r = harvest(l, rung, &err);
	record_rung(l, rung, is_proof, begin, r, &err);
	l->canceled |= r == -ECANCELED;
	return r;
}

static bool goes_on(const struct ladder *l)
{
	return !l->canceled && !deadline_passed(l->d);
}

/* The gentlest that works is enough: what RAM held has been read. */
static bool gather(struct ladder *l)
{
	const struct board_spec *b = l->s->board;

	for (size_t i = 0; i < b->n_recovery && goes_on(l); i++)
		if (board_rung_is_warm(b->recovery[i].kind) &&
		    !climb(l, &b->recovery[i], false))
			return true;
	return false;
}

/* In the system that was just proven. A command that fails is told and no reason to stop:
 * fsck ends with 1 when it did its work. */
static void repair(struct ladder *l)
{
	const struct strvec *cmds = &l->s->board->repair;
	struct deadline d = deadline_min(l->d, deadline_in_ms(REPAIR_MS));
	struct err err = ERR_INIT;

	if (l->repaired || !cmds->n || !goes_on(l))
		return;
	session_phase(l->s, "recovery:repair");
	journal_action(l->s->journal, "detection", "{s:b}", "enabled", 0);
	for (size_t i = 0; i < cmds->n; i++) {
		_cleanup_free_ char *file = xasprintf("repair-%zu.txt", i + 1);
		int status = -1;
		int r = shell_capture(l->s, cmds->v[i], file, d, &status, &err);
		json_t *m = json_object();

		json_put(m, "command", json_lossy_str(cmds->v[i]));
		json_put(m, "exit", r ? json_null() : json_integer(status));
		if (r)
			json_put(m, "error",
				 json_lossy_str(err.msg[0] ? err.msg : "no end in time"));
		journal_action_json(l->s->journal, "repair", m);
		l->canceled |= r == -ECANCELED;
		if (r)
			break;
	}
	journal_action(l->s->journal, "detection", "{s:b}", "enabled", 1);
	l->repaired = true;
}

/* A clean boot by the first rung that takes the board as it is. */
static bool prove(struct ladder *l, const struct board_rung *fallback)
{
	const struct board_spec *b = l->s->board;
	const struct board_rung *by = fallback;

	for (size_t i = b->n_recovery; i-- > 0;)
		if (b->recovery[i].kind == RUNG_POWER_CYCLE ||
		    b->recovery[i].kind == RUNG_LABEL)
			by = &b->recovery[i];
	return goes_on(l) && !climb(l, by, true);
}

/* From power-off, until one comes up. Behind a loader that only USB brought into RAM, and
 * behind a repair, the proof is another start. */
static bool restore(struct ladder *l)
{
	const struct board_spec *b = l->s->board;

	for (size_t i = 0; i < b->n_recovery && goes_on(l); i++) {
		const struct board_rung *rung = &b->recovery[i];
		bool had_repair = l->repaired;

		if (board_rung_is_warm(rung->kind) || climb(l, rung, false))
			continue;
		repair(l);
		if (had_repair == l->repaired && rung->kind != RUNG_MASKROM)
			return true;
		if (prove(l, rung))
			return true;
	}
	return false;
}

static bool has_cold_rung(const struct board_spec *b)
{
	return b->n_recovery && !board_rung_is_warm(b->recovery[b->n_recovery - 1].kind);
}

static void mark_wedged(struct ladder *l)
{
	struct session *s = l->s;
	struct err err = ERR_INIT;

	journal_action(s->journal, "wedged", "{s:s}", "reason", l->last_reason);
	if (board_state_mark_wedged(s->board->board, s->dir->id, l->last_reason, &err))
		journal_action(s->journal, "warning", "{s:s}", "text", err.msg);
}

static struct ladder begin(struct session *s)
{
	struct ladder l = { .s = s,
			    .d = deadline_in_ms(s->board->limits.recovery_ms),
			    .last_reason = "the time of the ladder was over" };

	l.h = (struct harvest){ .s = s, .ladder = l.d, .n = s->n_harvested };
	return l;
}

void session_recover(struct session *s)
{
	struct ladder l = begin(s);
	bool recovered;

	journal_action(s->journal, "recovery", "{s:b}", "running", 1);
	recovered = gather(&l);
	if (recovered)
		repair(&l);
	if (has_cold_rung(s->board))
		recovered = restore(&l);
	if (!recovered && !l.canceled)
		mark_wedged(&l);
	s->n_harvested = l.h.n;
	journal_action(s->journal, "recovery", "{s:b, s:b}", "running", 0, "recovered",
		       recovered);
}

/* Before another attempt cuts the power. */
void session_keep_evidence(struct session *s, enum outcome o)
{
	struct ladder l = begin(s);

	if (!session_needs_recovery(s, o) ||
	    !board_rung_is_warm(s->board->recovery[0].kind))
		return;
	journal_action(s->journal, "recovery", "{s:b, s:b}", "running", 1, "evidence", 1);
	(void)gather(&l);
	s->n_harvested = l.h.n;
	journal_action(s->journal, "recovery", "{s:b, s:b}", "running", 0, "evidence", 1);
}

bool session_needs_recovery(const struct session *s, enum outcome o)
{
	if (!s->board->n_recovery || s->job->recover == 0 ||
	    console_was_canceled(s->console))
		return false;
	return o == OUT_KERNEL ||
	       (o == OUT_TIMEOUT && watch_state(s->watch)->kernel_seen);
}

int session_refuse_wedged(struct session *s, struct err *err)
{
	struct board_state state;
	int r = s->opts->clear_wedged ? board_state_clear(s->board->board, err)
				      : board_state_load(s->board->board, &state, err);

	if (r || s->opts->clear_wedged || !state.is_wedged)
		return r;
	s->self_check_ok = false;
	return err_set(
		err, ERR_LAB, -EHOSTDOWN,
		"board %s is marked as wedged since %s by run %s (%.200s); put it right, then: bootrig run --clear-wedged",
		s->board->board, state.since, state.run, state.reason);
}
