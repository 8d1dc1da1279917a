// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns which message belongs to which report: headers open, continue or end reports,
 * callers tell the rest. Refuses to know what single lines mean (oops_lines.c) and what a
 * report amounts to (oops_verdict.c). */
#include "parse/oops_reader.h"

static bool same_caller(const struct report *rep, const struct prefix *p)
{
	return rep->caller == p->caller && rep->caller_id == p->caller_id;
}

bool reader_is_callers(const struct report *rep, const struct message *m)
{
	return !rep->caller || !m->prefix.caller || same_caller(rep, &m->prefix);
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
	reader_prolong(r, rep, m);
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
		reader_touch(r, rep, m);
		if (was_tentative)
			reader_announce(r, rep);
		return;
	}
	rep = find_oops(r, true);
	if (rep) {
		/* Its head was counted. */
		rep->in->n_secondary -= rep->wake_has_head;
		rep->wake_has_head = false;
		count_secondary(r, rep, m);
		return;
	}
	reader_open_report(r, h, m, after);
	reader_pass_over(r, r->current);
}

static void on_fault(struct oops_reader *r, const struct oops_header *h,
		     const struct message *m, const char *after)
{
	struct report *rep = find_oops(r, true);

	if (!rep)
		rep = find_oops(r, false);
	if (!rep) {
		reader_open_report(r, h, m, after);
		reader_pass_over(r, r->current);
		return;
	}
	if (rep->is_headless && !report_has_frames(rep) && !rep->pc_function) {
		/* Its first lines came through another CPU's. */
		report_adopt(rep, h, m->text);
		reader_touch(r, rep, m);
		return;
	}
	if (is_later(rep, m) ||
	    (rep->has_end && !rep->in->panicked && h != rep->header)) {
		reader_close_report(r, rep);
		reader_open_report(r, h, m, after);
		return;
	}
	/* The head of a fault that has not died, or that another caller prints: two CPUs
	 * in trouble at once. */
	if (!rep->is_headless && (!rep->has_die || !reader_is_callers(rep, m)) &&
	    !rep->has_end) {
		reader_open_report(r, h, m, after);
		return;
	}
	/* A fault in the wake of the first. */
	if (!report_has_frames(rep))
		report_adopt(rep, NULL, m->text);
	rep->wake_has_head = true;
	count_secondary(r, rep, m);
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
	if (rep && !reader_ends_in_panic(rep, m, after))
		rep = NULL;
	if (!rep) {
		reader_open_report(r, h, m, after);
		reader_pass_over(r, r->current);
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
	reader_touch(r, rep, m);
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

static bool is_slub_part(const struct oops_header *h)
{
	return lines_starts(h->literal, "INFO: Freed in ") ||
	       lines_starts(h->literal, "INFO: Allocated in ");
}

/* "kmemleak: 3 new suspected memory leaks" ends what it printed. */
static bool is_leak_count(const struct oops_header *h)
{
	return lines_starts(h->literal, "new suspected memory leak");
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
		     (h->kind == INCIDENT_LEAK &&
		      (!report_has_frames(rep) || is_leak_count(h))))) {
			if (h->class == HEADER_STALL)
				count_secondary(r, rep, m);
			reader_touch(r, rep, m);
			if (rep->is_survived && !report_is_mild(m->text))
				escalate(r, rep);
			return;
		}
		/* What a dying kernel still stumbles over; a part of SLUB's report. */
		if (rep->in->panicked || is_slub_part(h)) {
			if (is_slub_part(h))
				report_line(rep, m->text);
			reader_touch(r, rep, m);
			return;
		}
	}
	if (oops && (report_has_frames(oops) || mine == oops) &&
	    h->class == HEADER_REPORT && h->kind != INCIDENT_KASAN) {
		count_secondary(r, oops, m);
		return;
	}
	if (mine && h->kind == INCIDENT_WARN && ends_in_warn(mine, m->text)) {
		reader_touch(r, mine, m);
		return;
	}
	/* Without caller ids two reports follow each other: the older one is over, unless
	 * another CPU cut in. */
	if (mine && mine->caller == m->prefix.caller && !cuts_in(mine, h, m) &&
	    !(report_is_oops(mine) && !mine->has_die) &&
	    !(mine->header->class == HEADER_STALL && h->class == HEADER_STALL))
		reader_close_report(r, mine);
	reader_open_report(r, h, m, after);
	/* A stall may be repeated behind another detector's report. */
	if (h->class == HEADER_STALL)
		reader_pass_over(r, r->current);
}

void reader_on_header(struct oops_reader *r, const struct oops_header *h,
		      const struct message *m, const char *after)
{
	struct report *mine;

	reader_close_rebooted(r);
	if (h->class != HEADER_HEADLESS && h->class != HEADER_TENTATIVE)
		reader_drop_tentative(r, h);
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
			reader_open_report(r, h, m, after);
		return;
	case HEADER_TENTATIVE:
		mine = reader_route(r, m);
		if (mine && !mine->is_tentative)
			reader_feed_report(r, mine, m);
		else if (r->n_open == 0)
			reader_open_report(r, h, m, after);
		return;
	}
}
