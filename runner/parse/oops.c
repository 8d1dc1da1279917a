// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the stream: bytes to candidate lines, candidate lines to reports, boots and resets
 * to incidents, and when a report is complete. Between reports it only searches for
 * literals; lines are cut while a report is open. Refuses to know what single lines mean
 * (oops_lines.c) and what a report amounts to (oops_verdict.c). */
#include "parse/oops.h"

#include "parse/line.h"
#include "parse/match.h"
#include "parse/oops_report.h"
#include "parse/prefix.h"
#include "parse/stage.h"
#include "util/mem.h"

enum {
	MAX_OPEN = 16,
	/* Lines of other people that a report survives: binder or audit may print dozens
	 * between two frames. After its end marker only a panic is waited for. */
	MAX_GAP_LINES = 128,
	MAX_GAP_AFTER_END = 40,
	/* A report's own lines: the rest of a dump of all tasks is not needed. */
	MAX_REPORT_LINES = 4000,
	/* After a dump that somebody asked for, registers without a header are his. */
	ASKED_LINES = 400,
	BOOT_LOOP_BOOTS = 3,
	SEGMENT_MIN = 1
};

struct oops_reader {
	struct oops_opts opts;
	struct oops_ops ops;
	void *arg;
	struct matcher matcher;
	struct stage_tracker stage;
	bool enabled;

	char stash[LINE_MAX_BYTES]; /* the line whose end has not come */
	size_t stash_len;
	bool in_piece;
	uint64_t offset; /* of the next byte to look at */
	uint64_t line;   /* its line, from 1 */
	int64_t t_ns;

	struct report *open[MAX_OPEN]; /* oldest first */
	size_t n_open;
	struct report *current; /* takes lines that no caller id assigns */
	uint64_t asked_until;   /* line */
	bool stamps_seen;
	bool has_lead_address; /* given by the lines before the header */
	uint64_t lead_address;

	uint32_t n_boots;
	bool boot_has_cause; /* a fatal incident explains the next reset */
	uint32_t n_unexplained;
	bool loop_reported;
	bool loader_failed; /* U-Boot said that it cannot boot */
	uint64_t failed_offset, failed_line;
	int64_t failed_t_ns;
};

struct oops_reader *oops_new(const struct oops_opts *opts, const struct oops_ops *ops,
			     void *arg)
{
	struct oops_reader *r = xcalloc(1, sizeof(*r));

	r->opts = *opts;
	r->ops = *ops;
	r->arg = arg;
	r->enabled = true;
	r->line = 1;
	matcher_init(&r->matcher, oops_literals, oops_n_literals);
	stage_init(&r->stage);
	return r;
}

void oops_free(struct oops_reader *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_open; i++)
		report_free(r->open[i]);
	free(r);
}

void oops_set_enabled(struct oops_reader *r, bool enabled)
{
	r->enabled = enabled;
}

bool oops_is_open(const struct oops_reader *r)
{
	for (size_t i = 0; i < r->n_open; i++)
		if (!r->open[i]->is_tentative)
			return true;
	return false;
}

/* ---- reports ---- */

static void close_report(struct oops_reader *r, size_t i)
{
	struct report *rep = r->open[i];

	r->n_open--;
	memmove(&r->open[i], &r->open[i + 1], (r->n_open - i) * sizeof(r->open[0]));
	if (r->current == rep)
		r->current = r->n_open ? r->open[r->n_open - 1] : NULL;
	if (!rep->is_tentative) {
		report_finish(rep);
		r->ops.closed(r->arg, rep->in);
	}
	report_free(rep);
}

static void close_all(struct oops_reader *r)
{
	while (r->n_open > 0)
		close_report(r, 0);
}

/* One segment of a line: a message with its prefix parsed. */
struct message {
	const char *text; /* NUL-terminated */
	struct prefix prefix;
	uint64_t offset, end_offset;
};

static void touch(struct oops_reader *r, struct report *rep, const struct message *m)
{
	rep->lines_since = 0;
	rep->last_t_ns = r->t_ns;
	rep->in->last_offset = m->end_offset;
	if (m->prefix.has_stamp)
		rep->last_printk_s = m->prefix.stamp_s;
}

static bool same_caller(const struct report *rep, const struct prefix *p)
{
	return rep->caller == p->caller && rep->caller_id == p->caller_id;
}

static struct report *find_by_caller(const struct oops_reader *r, const struct prefix *p)
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

	if (r->n_open == MAX_OPEN)
		close_report(r, 0);
	rep = report_new(h, m->text, after);
	rep->caller = m->prefix.caller;
	rep->caller_id = m->prefix.caller_id;
	rep->in->line = r->line;
	rep->in->offset = m->offset;
	rep->in->t_ns = r->t_ns;
	rep->in->printk_s = m->prefix.stamp_s;
	rep->in->boot = r->stage.boot;
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

static bool is_oops(const struct report *rep)
{
	return rep->header->class == HEADER_FAULT || rep->header->class == HEADER_DIE ||
	       rep->header->class == HEADER_HEADLESS;
}

/* The open report that a header's report is a part or a consequence of. */
static struct report *find_oops(const struct oops_reader *r, bool want_die)
{
	for (size_t i = r->n_open; i-- > 0;)
		if (is_oops(r->open[i]) && r->open[i]->has_die == want_die)
			return r->open[i];
	return NULL;
}

static void count_secondary(struct oops_reader *r, struct report *rep,
			    const struct message *m)
{
	rep->in->n_secondary++;
	if (report_has_frames(rep))
		rep->is_done = true;
	touch(r, rep, m);
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
	struct report *rep = find_oops(r, false);

	if (rep &&
	    (!rep->is_headless || (!report_has_frames(rep) && !rep->pc_function))) {
		report_die(rep, m->text);
		r->current = rep;
		touch(r, rep, m);
		return;
	}
	rep = find_oops(r, true);
	if (rep) {
		count_secondary(r, rep, m);
		return;
	}
	open_report(r, h, m, after);
}

static void on_fault(struct oops_reader *r, const struct oops_header *h,
		     const struct message *m, const char *after)
{
	struct report *rep = find_oops(r, true);

	if (!rep)
		rep = find_oops(r, false);
	if (!rep) {
		open_report(r, h, m, after);
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
	/* A second CPU in the same trouble, or a fault in the handling of the first. */
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
		"Attempted to kill", "UBSAN",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(reason, words[i]))
			return true;
	return false;
}

static void on_panic(struct oops_reader *r, const struct oops_header *h,
		     const struct message *m, const char *after)
{
	struct report *rep = find_by_caller(r, &m->prefix);

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
	if (rep->in->fatal)
		return;
	rep->in->fatal = true;
	r->boot_has_cause = true;
	if (r->ops.escalated)
		r->ops.escalated(r->arg, rep->in);
}

static void on_stall_or_report(struct oops_reader *r, const struct oops_header *h,
			       const struct message *m, const char *after)
{
	struct report *mine = find_by_caller(r, &m->prefix);
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
			return;
		}
		/* What a dying kernel still stumbles over; a part of SLUB's report. */
		if (rep->in->panicked || h->kind == INCIDENT_OTHER) {
			touch(r, rep, m);
			return;
		}
	}
	if (oops && (report_has_frames(oops) || mine == oops) &&
	    h->class == HEADER_REPORT && h->kind != INCIDENT_KASAN) {
		count_secondary(r, oops, m);
		return;
	}
	/* Without caller ids two reports follow each other: the older one is over. */
	if (mine && mine->caller == m->prefix.caller)
		close_one(r, mine);
	open_report(r, h, m, after);
}

static void feed_report(struct oops_reader *r, struct report *rep,
			const struct message *m)
{
	bool was_tentative = rep->is_tentative;

	if (!report_line(rep, m->text))
		return;
	touch(r, rep, m);
	if (was_tentative && !rep->is_tentative)
		announce(r, rep);
}

static void drop_tentative(struct oops_reader *r)
{
	for (size_t i = 0; i < r->n_open;) {
		if (r->open[i]->is_tentative) {
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

static void on_header(struct oops_reader *r, const struct oops_header *h,
		      const struct message *m, const char *after)
{
	struct report *mine;

	if (h->class != HEADER_HEADLESS && h->class != HEADER_TENTATIVE)
		drop_tentative(r);
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
		mine = find_by_caller(r, &m->prefix);
		if (!mine && r->n_open > 0)
			return; /* another CPU's part of what is open */
		if (mine) {
			if (report_line(mine, m->text))
				touch(r, mine, m);
		} else if (r->line >= r->asked_until) {
			open_report(r, h, m, after);
		}
		return;
	case HEADER_TENTATIVE:
		mine = find_by_caller(r, &m->prefix);
		if (mine && !mine->is_tentative)
			feed_report(r, mine, m);
		else if (r->n_open == 0)
			open_report(r, h, m, after);
		return;
	}
}

/* ---- boots ---- */

static void report_boot_kind(struct oops_reader *r, enum incident_kind kind,
			     const char *title, uint64_t offset, uint64_t line,
			     int64_t t_ns)
{
	struct incident *in = incident_new(kind);

	in->title = xstrdup(title);
	in->line = line;
	in->offset = in->last_offset = offset;
	in->t_ns = in->decided_t_ns = t_ns;
	in->boot = r->stage.boot;
	r->ops.opened(r->arg, in);
	r->ops.closed(r->arg, in);
	incident_free(in);
}

static void on_boot(struct oops_reader *r, const struct stage_event *e)
{
	close_all(r);
	r->n_boots++;
	r->loader_failed = false;
	if (r->ops.booted)
		r->ops.booted(r->arg, e->boot, e->offset, e->t_ns);
	if (r->opts.no_resets || !e->is_unexpected) {
		r->boot_has_cause = false;
		return;
	}
	if (!r->boot_has_cause) {
		r->n_unexplained++;
		if (r->n_unexplained == 1)
			report_boot_kind(r, INCIDENT_RESET,
					 "kernel restarted without a word", e->offset,
					 r->line, e->t_ns);
		if (r->n_unexplained + 1 >= BOOT_LOOP_BOOTS && !r->loop_reported) {
			r->loop_reported = true;
			report_boot_kind(r, INCIDENT_BOOT_LOOP, "boot loop", e->offset,
					 r->line, e->t_ns);
		}
	}
	r->boot_has_cause = false;
}

static void on_stage(void *arg, const struct stage_event *e)
{
	struct oops_reader *r = arg;

	if (e->is_boot)
		on_boot(r, e);
}

static void note_loader_failure(struct oops_reader *r, const struct message *m)
{
	/* clang-format off */
	static const char *const words[] = {
		"Retry count exceeded", "TFTP error:", "Bad Linux", "SCRIPT FAILED",
		"Wrong Image Format", "Wrong Image Type", "can't get kernel image",
		"Wrong Ramdisk Image", "for failure retrieving kernel",
	};
	/* clang-format on */

	if (r->loader_failed || r->stage.stage < STAGE_UBOOT ||
	    r->stage.stage > STAGE_TFTP)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strstr(m->text, words[i])) {
			r->loader_failed = true;
			r->failed_offset = m->offset;
			r->failed_line = r->line;
			r->failed_t_ns = r->t_ns;
			return;
		}
	}
}

/* ---- lines ---- */

/* Dumps that were asked for: sysrq, allocation failures, fault injection. */
static bool is_asked_dump(const char *text)
{
	return strstr(text, "NMI backtrace for") || strstr(text, "sysrq: ") ||
	       strstr(text, "FAULT_INJECTION") || strstr(text, "allocation failure");
}

/* Text without a stamp is the kernel's if a kernel runs, or may run; vague words only
 * where its stamps are off. */
static bool is_kernels(const struct oops_reader *r, const struct oops_header *h,
		       const struct message *m)
{
	if (m->prefix.has_stamp || m->prefix.is_syslog)
		return true;
	if (r->stage.stage >= STAGE_FIRMWARE && r->stage.stage <= STAGE_TFTP)
		return false;
	return !(r->stamps_seen && header_is_vague(h));
}

static void feed_message(struct oops_reader *r, const struct message *m, bool may_begin)
{
	const struct oops_header *h = NULL;
	const char *after = NULL;
	struct report *rep;

	if (m->prefix.is_foreign)
		return;
	if (m->prefix.has_stamp)
		r->stamps_seen = true;
	if (may_begin) {
		stage_feed_text(&r->stage, m->text, strlen(m->text), m->prefix.has_stamp,
				m->offset, r->t_ns, on_stage, r);
		note_loader_failure(r, m);
		if (is_asked_dump(m->text))
			r->asked_until = r->line + ASKED_LINES;
		h = header_find(m->text, m->prefix.has_stamp || m->prefix.is_syslog,
				&after);
	}
	if (h && !is_kernels(r, h, m))
		h = NULL;
	if (h) {
		on_header(r, h, m, after);
		return;
	}
	rep = find_by_caller(r, &m->prefix);
	if (rep)
		feed_report(r, rep, m);
}

/* A line holds one message, or several where another CPU or a prompt cut in: each printk
 * stamp starts one. */
static void feed_line(struct oops_reader *r, const char *p, size_t len, uint64_t offset,
		      bool may_begin)
{
	char text[LINE_MAX_BYTES + 1];
	size_t n = line_clean(p, len, text, sizeof(text));
	size_t i = 0;

	while (i < n) {
		struct message m = { .offset = offset, .end_offset = offset + len };
		size_t next;
		char saved;

		prefix_parse(text + i, n - i, &m.prefix);
		next = prefix_next_stamp(text, n, i + m.prefix.text);
		saved = text[next];
		text[next] = '\0';
		m.text = text + i + m.prefix.text;
		if (m.prefix.has_stamp || next == n || *lines_skip_blanks(m.text))
			feed_message(r, &m, may_begin);
		text[next] = saved;
		i = next;
	}
}

static void age_reports(struct oops_reader *r)
{
	for (size_t i = 0; i < r->n_open;) {
		struct report *rep = r->open[i];
		uint32_t max =
			rep->has_end || rep->is_done ? MAX_GAP_AFTER_END : MAX_GAP_LINES;

		if (++rep->lines_since > max ||
		    r->line - rep->in->line > MAX_REPORT_LINES)
			close_report(r, i);
		else
			i++;
	}
}

static void settle(struct oops_reader *r, int64_t t_ns)
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

/* Has a kernel spoken among these bytes? Only asked until one has. */
static void look_for_stamp(struct oops_reader *r, const char *p, size_t len)
{
	size_t at;

	if (r->stage.stage >= STAGE_KERNEL && r->stamps_seen)
		return;
	at = prefix_next_stamp(p, len, 0);
	if (at == len)
		return;
	r->stamps_seen = true;
	if (r->stage.stage < STAGE_KERNEL)
		stage_feed_text(&r->stage, "", 0, true, r->offset + at, r->t_ns, on_stage,
				r);
}

static void skip(struct oops_reader *r, const char *p, size_t len)
{
	look_for_stamp(r, p, len);
	r->line += match_count_byte(p, len, '\n');
	r->offset += len;
}

/* p holds whole lines, or one piece of a line that is longer than LINE_MAX_BYTES. */
static void scan(struct oops_reader *r, const char *p, size_t len)
{
	size_t pos = 0, hit = 0;
	bool have_hit = false;

	while (pos < len) {
		size_t start = pos, n;
		const char *lf;

		if (!have_hit || hit < pos) {
			hit = matcher_find(&r->matcher, p, len, pos);
			have_hit = true;
		}
		if (r->n_open == 0) {
			const char *before;

			if (hit == len)
				break;
			before = memrchr(p + pos, '\n', hit - pos);
			if (before)
				start = (size_t)(before + 1 - p);
			/* Pieces of a long line are cut at the same places wherever the
			 * chunks end. */
			start += (hit - start) / LINE_MAX_BYTES * LINE_MAX_BYTES;
			skip(r, p + pos, start - pos);
		}
		n = len - start < LINE_MAX_BYTES ? len - start : LINE_MAX_BYTES;
		lf = memchr(p + start, '\n', n);
		if (lf)
			n = (size_t)(lf - (p + start));
		/* A line that is looked at tells its own stamp, after its banner. */
		if (hit >= start + n)
			look_for_stamp(r, p + start, n);
		feed_line(r, p + start, n, r->offset, hit < start + n);
		age_reports(r);
		if (lf) {
			r->line++;
			n++;
		}
		r->offset += n;
		pos = start + n;
	}
	if (pos < len)
		skip(r, p + pos, len - pos);
}

static void scan_stash(struct oops_reader *r)
{
	size_t n = r->stash_len;

	r->stash_len = 0;
	scan(r, r->stash, n);
}

/* Bytes of a line that goes on from, or into, another chunk. Returns how many it took. */
static size_t hold(struct oops_reader *r, const char *p, size_t len)
{
	size_t taken = 0;

	while (taken < len) {
		size_t room = sizeof(r->stash) - r->stash_len, n = len - taken;
		const char *lf;

		if (room == 0) {
			scan_stash(r);
			continue;
		}
		if (n > room)
			n = room;
		lf = memchr(p + taken, '\n', n);
		if (lf)
			n = (size_t)(lf + 1 - (p + taken));
		memcpy(r->stash + r->stash_len, p + taken, n);
		r->stash_len += n;
		taken += n;
		if (lf) {
			scan_stash(r);
			return taken;
		}
	}
	return taken;
}

void oops_feed(struct oops_reader *r, const void *data, size_t len, int64_t t_ns)
{
	const char *p = data;
	size_t used = 0, whole;
	const char *last;

	if (len == 0)
		return;
	settle(r, t_ns);
	r->t_ns = t_ns;
	if (!r->enabled) {
		scan_stash(r);
		r->line += match_count_byte(p, len, '\n');
		r->offset += len;
		return;
	}
	if (r->stash_len > 0)
		used = hold(r, p, len);
	last = memrchr(p + used, '\n', len - used);
	whole = last ? (size_t)(last + 1 - p) : used;
	if (whole > used)
		scan(r, p + used, whole - used);
	if (whole < len)
		hold(r, p + whole, len - whole);
}

void oops_tick(struct oops_reader *r, int64_t t_ns)
{
	settle(r, t_ns);
}

void oops_end(struct oops_reader *r)
{
	scan_stash(r);
	close_all(r);
	if (!r->opts.no_resets && r->loader_failed && !r->stage.kernel_seen)
		report_boot_kind(r, INCIDENT_NO_BOOT,
				 "boot loader found no kernel to start", r->failed_offset,
				 r->failed_line, r->failed_t_ns);
}
