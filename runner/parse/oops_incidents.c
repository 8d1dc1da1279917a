// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns which message belongs to which report: headers open, continue or end reports,
 * callers and age tell the rest. Refuses to know what single lines mean (oops_lines.c)
 * and what a report amounts to (oops_verdict.c). */
#include "parse/oops_reader.h"

#include "util/mem.h"

enum {
	/* Lines of other people that a report survives: binder or audit may print dozens
	 * between two frames. After its end marker only a panic is waited for. */
	MAX_GAP_LINES = 128,
	MAX_GAP_AFTER_END = 40,
	/* A stall is told again after other detectors and dumps of all tasks. */
	MAX_GAP_STALL = 512,
	/* A report's own lines: the rest of a dump of all tasks is not needed. */
	MAX_REPORT_LINES = 4000
};

static void close_report(struct oops_reader *r, size_t i)
{
	struct report *rep = r->open[i];

	r->n_open--;
	memmove(&r->open[i], &r->open[i + 1], (r->n_open - i) * sizeof(r->open[0]));
	if (r->current == rep)
		r->current = r->n_open ? r->open[r->n_open - 1] : NULL;
	if (r->torn.rep == rep)
		r->torn.rep = NULL;
	if (!rep->is_tentative) {
		report_finish(rep);
		r->ops.closed(r->arg, rep->in);
	}
	report_free(rep);
}

void reader_close_all(struct oops_reader *r)
{
	while (r->n_open > 0)
		close_report(r, 0);
}

/* m belongs to rep, which therefore lives on. */
static void prolong(struct oops_reader *r, struct report *rep, const struct message *m)
{
	rep->lines_since = 0;
	rep->last_t_ns = r->t_ns;
	rep->in->last_offset = m->end_offset;
	if (m->prefix.has_stamp)
		rep->last_printk_s = m->prefix.stamp_s;
}

static void touch(struct oops_reader *r, struct report *rep, const struct message *m)
{
	prolong(r, rep, m);
	report_note_evidence(rep, r->line, m->text);
}

static bool same_caller(const struct report *rep, const struct prefix *p)
{
	return rep->caller == p->caller && rep->caller_id == p->caller_id;
}

struct report *reader_find_by_caller(const struct oops_reader *r, const struct prefix *p)
{
	if (!p->caller)
		return r->current;
	for (size_t i = r->n_open; i-- > 0;)
		if (same_caller(r->open[i], p))
			return r->open[i];
	/* All CPUs answer an NMI under their own id; and a report from a line without
	 * caller id takes what comes. */
	for (size_t i = r->n_open; i-- > 0;)
		if (!r->open[i]->caller ||
		    (r->open[i]->nmi_backtraces && p->caller == 'C'))
			return r->open[i];
	return NULL;
}

static void announce(struct oops_reader *r, struct report *rep)
{
	report_settle_fields(rep);
	if (rep->in->fatal)
		r->boot_has_cause = true;
	rep->in->decided_t_ns = r->t_ns;
	r->ops.opened(r->arg, rep->in);
}

static void open_report(struct oops_reader *r, const struct oops_header *h,
			const struct message *m, const char *after)
{
	struct report *rep;

	if (r->n_open == READER_MAX_OPEN)
		close_report(r, 0);
	rep = report_new(h, m->text, after);
	rep->caller = m->prefix.caller;
	rep->caller_id = m->prefix.caller_id;
	rep->in->line = r->line;
	rep->in->offset = m->offset;
	rep->in->t_ns = r->t_ns;
	rep->in->printk_s = m->prefix.stamp_s;
	rep->in->boot = r->stage.boot;
	if (r->banner)
		rep->in->banner = xstrdup(r->banner);
	if (r->has_lead_address && !rep->in->has_fault_address &&
	    h->kind == INCIDENT_WARN) {
		rep->in->has_fault_address = true;
		rep->in->fault_address = r->lead_address;
	}
	r->has_lead_address = false;
	r->open[r->n_open++] = rep;
	r->current = rep;
	touch(r, rep, m);
	if (!rep->is_tentative)
		announce(r, rep);
}

/* The open report that a header's report is a part or a consequence of. */
static struct report *find_oops(const struct oops_reader *r, bool want_die)
{
	for (size_t i = r->n_open; i-- > 0;)
		if (report_is_oops(r->open[i]) && r->open[i]->has_die == want_die)
			return r->open[i];
	return NULL;
}

static void count_secondary(struct oops_reader *r, struct report *rep,
			    const struct message *m)
{
	rep->in->n_secondary++;
	if (report_has_frames(rep))
		rep->is_done = true;
	prolong(r, rep, m);
}

static void close_one(struct oops_reader *r, const struct report *rep)
{
	for (size_t i = 0; i < r->n_open; i++) {
		if (r->open[i] == rep) {
			close_report(r, i);
			return;
		}
	}
}

/* The first was over, and time has passed: another failure. */
static bool is_later(const struct report *rep, const struct message *m)
{
	return rep->has_end && !rep->in->panicked && rep->in->printk_s >= 0 &&
	       m->prefix.stamp_s > rep->last_printk_s + 1.0;
}

static void on_die(struct oops_reader *r, const struct oops_header *h,
		   const struct message *m, const char *after)
{
	struct report *rep = reader_find_dying(r, m);

	if (rep &&
	    (!rep->is_headless || (!report_has_frames(rep) && !rep->pc_function))) {
		bool was_tentative = rep->is_tentative;

		report_die(rep, m->text);
		if (m->prefix.caller) {
			rep->caller = m->prefix.caller;
			rep->caller_id = m->prefix.caller_id;
		}
		r->current = rep;
		touch(r, rep, m);
		if (was_tentative)
			announce(r, rep);
		return;
	}
	rep = find_oops(r, true);
	if (rep) {
		count_secondary(r, rep, m);
		return;
	}
	open_report(r, h, m, after);
}

/* Can the message be the report's, going by caller ids? */
static bool is_callers(const struct report *rep, const struct message *m)
{
	return !rep->caller || !m->prefix.caller || same_caller(rep, &m->prefix);
}

static void on_fault(struct oops_reader *r, const struct oops_header *h,
		     const struct message *m, const char *after)
{
	struct report *rep = find_oops(r, true);

	if (!rep)
		rep = find_oops(r, false);
	if (!rep) {
		open_report(r, h, m, after);
		reader_pass_over(r, r->current);
		return;
	}
	if (rep->is_headless && !report_has_frames(rep) && !rep->pc_function) {
		/* Its first lines came through another CPU's. */
		report_adopt(rep, h, m->text);
		touch(r, rep, m);
		return;
	}
	if (is_later(rep, m) ||
	    (rep->has_end && !rep->in->panicked && h != rep->header)) {
		close_one(r, rep);
		open_report(r, h, m, after);
		return;
	}
	/* The head of a fault that has not died, or that another caller prints: two CPUs
	 * in trouble at once. */
	if (!rep->is_headless && (!rep->has_die || !is_callers(rep, m)) &&
	    !rep->has_end) {
		open_report(r, h, m, after);
		return;
	}
	/* A fault in the wake of the first. */
	if (!report_has_frames(rep))
		report_adopt(rep, NULL, m->text);
	count_secondary(r, rep, m);
}

/* Panics that only say which report they follow. */
static bool is_follow_up(const char *reason)
{
	/* clang-format off */
	static const char *const words[] = {
		"panic_on_warn", "Fatal exception", "Oops", "hung_task", "softlockup",
		"RCU Stall", "Hard LOCKUP", "KASAN", "BUG", "stack-protector",
		"Fatal exception in interrupt", "NMI: Not continuing", "Aiee",
		"Asynchronous SError", "Unhandled exception", "kernel stack overflow",
		"Attempted to kill", "UBSAN", "Out of memory", "deadlocked on memory",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(reason, words[i]))
			return true;
	return false;
}

static void escalate(struct oops_reader *r, struct report *rep)
{
	rep->is_survived = false;
	if (rep->in->fatal)
		return;
	rep->in->fatal = true;
	r->boot_has_cause = true;
	if (r->ops.escalated)
		r->ops.escalated(r->arg, rep->in);
}

static void on_panic(struct oops_reader *r, const struct oops_header *h,
		     const struct message *m, const char *after)
{
	struct report *rep = reader_find_by_caller(r, &m->prefix);

	if (!rep && r->n_open > 0)
		rep = r->open[r->n_open - 1];
	if (rep && !rep->in->fatal && !is_follow_up(after))
		rep = NULL;
	if (!rep) {
		open_report(r, h, m, after);
		return;
	}
	report_line(rep, m->text);
	if (strncmp(h->literal, "end", 3) == 0) {
		rep->in->panicked = true;
	} else {
		report_panic(rep, after);
		if (rep->header->class != HEADER_PANIC && report_has_frames(rep))
			rep->is_done = true;
	}
	touch(r, rep, m);
	escalate(r, rep);
}

/* fs/dcache.c umount_check() prints its line, mm/slub.c object_err() a whole report; then
 * both warn, which brings the trace. */
static bool ends_in_warn(const struct report *rep, const char *warning)
{
	const char *head = rep->header->literal;

	if (report_has_frames(rep))
		return false;
	return (strcmp(head, "BUG: Dentry ") == 0 && strstr(warning, "fs/dcache.c")) ||
	       (lines_starts(head, "BUG ") && strstr(warning, "mm/slub.c"));
}

/* A warning of another CPU while the first is still being printed. */
static bool cuts_in(const struct report *first, const struct oops_header *h,
		    const struct message *m)
{
	int32_t cpu = header_cpu(m->text);
	double since = m->prefix.stamp_s - first->last_printk_s;

	return first->header->kind == INCIDENT_WARN && h->kind == INCIDENT_WARN &&
	       !first->caller && !first->has_end && first->in->cpu >= 0 && cpu >= 0 &&
	       cpu != first->in->cpu && first->lines_since < 8 && since < 1 && since > -1;
}

static void on_stall_or_report(struct oops_reader *r, const struct oops_header *h,
			       const struct message *m, const char *after)
{
	struct report *mine = reader_find_by_caller(r, &m->prefix);
	struct report *oops = find_oops(r, true);

	for (size_t i = r->n_open; i-- > 0;) {
		struct report *rep = r->open[i];

		/* The same stall goes on, or the same event's next line. */
		if (rep->header->kind == h->kind &&
		    (h->class == HEADER_STALL || h->class == HEADER_OOM ||
		     (h->kind == INCIDENT_LEAK && !report_has_frames(rep)))) {
			if (h->class == HEADER_STALL)
				count_secondary(r, rep, m);
			touch(r, rep, m);
			if (rep->is_survived && !report_is_mild(m->text))
				escalate(r, rep);
			return;
		}
		/* What a dying kernel still stumbles over; a part of SLUB's report. */
		if (rep->in->panicked || h->kind == INCIDENT_OTHER) {
			if (h->kind == INCIDENT_OTHER)
				report_line(rep, m->text);
			touch(r, rep, m);
			return;
		}
	}
	if (oops && (report_has_frames(oops) || mine == oops) &&
	    h->class == HEADER_REPORT && h->kind != INCIDENT_KASAN) {
		count_secondary(r, oops, m);
		return;
	}
	if (mine && h->kind == INCIDENT_WARN && ends_in_warn(mine, m->text)) {
		touch(r, mine, m);
		return;
	}
	/* Without caller ids two reports follow each other: the older one is over, unless
	 * another CPU cut in. */
	if (mine && mine->caller == m->prefix.caller && !cuts_in(mine, h, m) &&
	    !(report_is_oops(mine) && !mine->has_die) &&
	    !(mine->header->class == HEADER_STALL && h->class == HEADER_STALL))
		close_one(r, mine);
	open_report(r, h, m, after);
	/* A stall may be repeated behind another detector's report. */
	if (h->class == HEADER_STALL)
		reader_pass_over(r, r->current);
}

bool reader_feed_report(struct oops_reader *r, struct report *rep,
			const struct message *m)
{
	bool was_tentative = rep->is_tentative;

	if (!report_line(rep, m->text))
		return false;
	touch(r, rep, m);
	reader_advance(r, rep, m);
	if (was_tentative && !rep->is_tentative)
		announce(r, rep);
	return true;
}

/* A fault that a program may have run into waits for its die(). */
static void drop_tentative(struct oops_reader *r, const struct oops_header *h)
{
	for (size_t i = 0; i < r->n_open;) {
		if (r->open[i]->is_tentative &&
		    !(h->class == HEADER_DIE &&
		      r->open[i]->header->class == HEADER_FAULT)) {
			/* A WARN's message stands between "cut here" and its header. */
			if (r->open[i]->in->has_fault_address) {
				r->has_lead_address = true;
				r->lead_address = r->open[i]->in->fault_address;
			}
			close_report(r, i);
		} else {
			i++;
		}
	}
}

bool reader_reread_header(struct oops_reader *r, struct report *rep,
			  const struct message *m)
{
	const char *after;
	const struct oops_header *h = header_find(m->text, true, &after);

	if (!h || h->kind != rep->header->kind)
		return report_line(rep, m->text);
	report_reread(rep, h, m->text, after);
	prolong(r, rep, m);
	return true;
}

/* "Rebooting in N seconds.." are a kernel's last words: what reports now is the next
 * boot, whose banner a loglevel may hide. */
static void close_rebooted(struct oops_reader *r)
{
	for (size_t i = 0; i < r->n_open;) {
		if (r->open[i]->in->says_reboot)
			close_report(r, i);
		else
			i++;
	}
}

void reader_on_header(struct oops_reader *r, const struct oops_header *h,
		      const struct message *m, const char *after)
{
	struct report *mine;

	close_rebooted(r);
	if (h->class != HEADER_HEADLESS && h->class != HEADER_TENTATIVE)
		drop_tentative(r, h);
	switch (h->class) {
	case HEADER_DIE:
		on_die(r, h, m, after);
		return;
	case HEADER_FAULT:
		on_fault(r, h, m, after);
		return;
	case HEADER_PANIC:
		on_panic(r, h, m, after);
		return;
	case HEADER_REPORT:
	case HEADER_STALL:
	case HEADER_OOM:
		on_stall_or_report(r, h, m, after);
		return;
	case HEADER_HEADLESS:
		mine = reader_route(r, m);
		if (!mine && r->n_open > 0)
			return; /* another CPU's part of what is open */
		if (mine)
			reader_feed_report(r, mine, m);
		else if (r->line >= r->asked_until)
			open_report(r, h, m, after);
		return;
	case HEADER_TENTATIVE:
		mine = reader_route(r, m);
		if (mine && !mine->is_tentative)
			reader_feed_report(r, mine, m);
		else if (r->n_open == 0)
			open_report(r, h, m, after);
		return;
	}
}

static uint32_t max_gap(const struct report *rep)
{
	if (rep->has_end || (rep->is_done && rep->header->class != HEADER_STALL))
		return MAX_GAP_AFTER_END;
	return rep->header->class == HEADER_STALL ? MAX_GAP_STALL : MAX_GAP_LINES;
}

void reader_age_reports(struct oops_reader *r)
{
	for (size_t i = 0; i < r->n_open;) {
		struct report *rep = r->open[i];
		uint32_t max = max_gap(rep);

		if (++rep->lines_since > max ||
		    r->line - rep->in->line > MAX_REPORT_LINES)
			close_report(r, i);
		else
			i++;
	}
}

void reader_settle(struct oops_reader *r, int64_t t_ns)
{
	if (!r->opts.has_times)
		return;
	for (size_t i = 0; i < r->n_open;) {
		struct report *rep = r->open[i];

		if (t_ns - rep->last_t_ns >= OOPS_SETTLE_QUIET_NS ||
		    t_ns - rep->in->t_ns >= OOPS_SETTLE_MAX_NS)
			close_report(r, i);
		else
			i++;
	}
}
