// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the reports that are open: they are opened, go on with each message that is
 * theirs, and are over by their age. Refuses to know whose a message is. */
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

static void close_at(struct oops_reader *r, size_t i)
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
		r->boot_panicked |= rep->in->panicked;
		r->ops.closed(r->arg, rep->in);
	}
	report_free(rep);
}

void reader_close_all(struct oops_reader *r)
{
	while (r->n_open > 0)
		close_at(r, 0);
	reader_close_firmware(r);
}

void reader_prolong(struct oops_reader *r, struct report *rep, const struct message *m)
{
	rep->lines_since = 0;
	rep->last_t_ns = r->t_ns;
	rep->in->last_offset = m->end_offset;
	if (m->prefix.has_stamp)
		rep->last_printk_s = m->prefix.stamp_s;
}

void reader_touch(struct oops_reader *r, struct report *rep, const struct message *m)
{
	reader_prolong(r, rep, m);
	report_note_evidence(rep, r->line, m->text);
}

void reader_announce(struct oops_reader *r, struct report *rep)
{
	report_settle_fields(rep);
	if (rep->in->fatal)
		r->boot_has_cause = true;
	rep->in->decided_t_ns = r->t_ns;
	r->ops.opened(r->arg, rep->in);
}

void reader_open_report(struct oops_reader *r, const struct oops_header *h,
			const struct message *m, const char *after)
{
	struct report *rep;

	if (r->n_open == READER_MAX_OPEN)
		close_at(r, 0);
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
	reader_touch(r, rep, m);
	if (!rep->is_tentative)
		reader_announce(r, rep);
}

void reader_close_report(struct oops_reader *r, const struct report *rep)
{
	for (size_t i = 0; i < r->n_open; i++) {
		if (r->open[i] == rep) {
			close_at(r, i);
			return;
		}
	}
}

bool reader_feed_report(struct oops_reader *r, struct report *rep,
			const struct message *m)
{
	bool was_tentative = rep->is_tentative;

	if (!report_line(rep, m->text))
		return false;
	report_recover(rep);
	reader_touch(r, rep, m);
	reader_advance(r, rep, m);
	if (was_tentative && !rep->is_tentative)
		reader_announce(r, rep);
	return true;
}

void reader_drop_tentative(struct oops_reader *r, const struct oops_header *h)
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
			close_at(r, i);
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
	reader_prolong(r, rep, m);
	return true;
}

void reader_close_rebooted(struct oops_reader *r)
{
	for (size_t i = 0; i < r->n_open;) {
		if (r->open[i]->in->says_reboot)
			close_at(r, i);
		else
			i++;
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
			close_at(r, i);
		else
			i++;
	}
}

void reader_settle(struct oops_reader *r, int64_t t_ns)
{
	reader_settle_firmware(r, t_ns);
	if (!r->opts.has_times)
		return;
	for (size_t i = 0; i < r->n_open;) {
		struct report *rep = r->open[i];

		if (t_ns - rep->last_t_ns >= OOPS_SETTLE_QUIET_NS ||
		    t_ns - rep->in->t_ns >= OOPS_SETTLE_MAX_NS)
			close_at(r, i);
		else
			i++;
	}
}
