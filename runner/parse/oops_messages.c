// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the cut of a line into messages, and the mending of messages that were torn: by
 * the message of another CPU in the middle, or by a program that wraps lines. */
#include "parse/oops_reader.h"

#include "util/num.h"

enum {
	/* After a dump that somebody asked for, registers without a header are his. */
	ASKED_LINES = 400,
	/* Nobody wraps shorter lines. */
	WRAP_MIN = 56,
	SCREEN_WIDTH = 80
};

/* Dumps that were asked for: sysrq, allocation failures, fault injection. */
static bool is_asked_dump(const char *text)
{
	return strstr(text, "NMI backtrace for") || strstr(text, "sysrq: ") ||
	       strstr(text, "SysRq : ") || strstr(text, "FAULT_INJECTION") ||
	       strstr(text, "allocation failure");
}

/* Text without a stamp is the kernel's if a kernel runs, or may run; vague words only
 * where its stamps are off. */
static bool is_kernels(const struct oops_reader *r, const struct oops_header *h,
		       const struct message *m)
{
	if (m->prefix.has_stamp || m->prefix.is_syslog)
		return true;
	if (r->stage.stage >= STAGE_DDR && r->stage.stage <= STAGE_TFTP)
		return false;
	return !(r->stamps_seen && header_is_vague(h));
}

/* ---- torn lines ---- */

static void remember(struct oops_reader *r, struct report *rep, const struct message *m,
		     bool is_header)
{
	struct torn_line *t = &r->torn;

	if (t->text[0] && t->cut_line == r->line)
		return; /* the message that cuts in */
	t->text[0] = '\0';
	if ((!m->is_cut && m->line_len < WRAP_MIN) || strstr(m->text, " ]---"))
		return;
	snprintf(t->text, sizeof(t->text), "%s", m->text);
	t->rep = rep;
	t->is_held = false;
	t->is_header = is_header;
	t->ends_at_margin = m->is_cut || m->line_len % SCREEN_WIDTH == 0;
	t->line = r->line;
	t->cut_line = m->is_cut ? r->line : 0;
}

/* Half a register or half an address would be read as a whole one: wait for the rest.
 * What ends in a blank or is a mark ("<IRQ> ") is whole. */
static bool must_wait(const struct message *m)
{
	size_t n = strlen(m->text);

	return m->is_cut && n > 0 && m->text[n - 1] != ' ' && m->text[n - 1] != '>' &&
	       n < sizeof(((struct torn_line *)NULL)->text);
}

/* The torn line and what goes on in m, given to the torn line's report. */
static bool feed_joined(struct oops_reader *r, const struct message *m)
{
	struct torn_line *t = &r->torn;
	char text[sizeof(t->text) + LINE_MAX_BYTES];
	struct message whole = *m;
	bool taken;

	snprintf(text, sizeof(text), "%s%s%s", t->text,
		 t->ends_at_margin || !*m->text ? "" : " ", m->text);
	whole.text = text;
	taken = t->is_header ? reader_reread_header(r, t->rep, &whole)
			     : reader_feed_report(r, t->rep, &whole);
	if (taken && strlen(text) < sizeof(t->text))
		memcpy(t->text, text, strlen(text) + 1);
	t->ends_at_margin = m->line_len % SCREEN_WIDTH == 0;
	t->line = r->line;
	return taken;
}

/* What was held back goes to its report as it is: no rest came. The message that cuts in
 * stands on the same line. */
static void release(struct oops_reader *r)
{
	struct torn_line *t = &r->torn;
	struct message m = { .text = t->text, .prefix = { .stamp_s = -1 } };

	if (!t->is_held || t->line == r->line)
		return;
	t->is_held = false;
	if (!t->rep)
		return;
	m.prefix.caller = t->rep->caller;
	m.prefix.caller_id = t->rep->caller_id;
	m.end_offset = t->rep->in->last_offset;
	reader_feed_report(r, t->rep, &m);
}

/* Does m go on where a line was torn? Whole lines have a stamp, where stamps are on. */
static bool goes_on(const struct oops_reader *r, const struct message *m)
{
	const struct torn_line *t = &r->torn;

	return t->text[0] && t->rep && !m->prefix.has_stamp && !m->prefix.is_syslog &&
	       !m->prefix.is_foreign && r->line - t->line <= 2;
}

static void feed_body(struct oops_reader *r, const struct message *m)
{
	struct report *rep = reader_route(r, m);
	bool may_join = goes_on(r, m);

	if (may_join && r->torn.is_held) {
		r->torn.is_held = false;
		if (feed_joined(r, m))
			return;
		may_join = false;
	}
	release(r);
	if (!rep)
		return;
	if (must_wait(m) && !r->torn.is_held) {
		remember(r, rep, m, false);
		r->torn.is_held = true;
		return;
	}
	/* A list of modules goes on by itself. */
	if (may_join && r->stamps_seen && !rep->in_modules && feed_joined(r, m))
		return;
	/* Half a line may be none that the report knows. */
	if (reader_feed_report(r, rep, m) || !may_join)
		remember(r, rep, m, false);
	else if (!r->stamps_seen)
		feed_joined(r, m);
}

/* ---- messages ---- */

static void feed_message(struct oops_reader *r, const struct message *m, bool may_begin)
{
	const struct oops_header *h = NULL;
	const char *after = NULL;

	if (m->prefix.is_foreign)
		return;
	if (m->prefix.has_stamp)
		r->stamps_seen = true;
	if (may_begin) {
		stage_feed_text(&r->stage, m->text, strlen(m->text), m->prefix.has_stamp,
				m->offset, r->t_ns, reader_on_stage, r);
		reader_note_banner(r, m);
		reader_note_loader_failure(r, m);
		reader_note_firmware(r, m);
		if (is_asked_dump(m->text))
			r->asked_until = r->line + ASKED_LINES;
		h = header_find(m->text, m->prefix.has_stamp || m->prefix.is_syslog,
				&after);
	}
	if (!h && may_begin && !m->prefix.has_stamp && !goes_on(r, m))
		h = header_find_tail(m->text, &after);
	if (h && !is_kernels(r, h, m))
		h = NULL;
	if (!h) {
		feed_body(r, m);
		return;
	}
	release(r);
	reader_on_header(r, h, m, after);
	remember(r, r->current, m, r->current && r->current->in->line == r->line);
}

/* Two consoles on one port (keep_bootcon) print everything twice. Frames may stand twice
 * in any log (recursion): they are left out once whole messages were doubled. */
static bool is_doubled(struct oops_reader *r, const struct message *m)
{
	struct last_message *last = &r->last;
	struct symbol sym, from;
	bool is_reliable, is_same = m->prefix.has_stamp &&
				    m->prefix.stamp_s == last->stamp_s && *m->text &&
				    strncmp(m->text, last->text, sizeof(last->text)) == 0;

	if (is_same && !lines_frame(m->text, &sym, &is_reliable, &from))
		r->n_doubled++;
	else if (is_same && r->n_doubled < 2)
		is_same = false;
	if (is_same) {
		last->stamp_s = -1;
		return true;
	}
	last->stamp_s = m->prefix.has_stamp ? m->prefix.stamp_s : -1;
	if (m->prefix.has_stamp)
		snprintf(last->text, sizeof(last->text), "%s", m->text);
	return false;
}

/* "[guest0/uart0] [    1.234567] ", "node1 | ": what stands before the stamp of line
 * after line is no message. */
static bool is_label(struct oops_reader *r, const char *lead)
{
	bool is_same = strncmp(lead, r->label, sizeof(r->label)) == 0;
	const char *t = lines_skip_blanks(lead);
	size_t n = strspn(t, "0123456789");
	uint64_t number, before;

	/* An editor's line numbers. */
	if (n > 0 && t[n] == ' ' && parse_u64n(t, n, 10, UINT32_MAX, &number) == 0) {
		t = lines_skip_blanks(r->label);
		n = strspn(t, "0123456789");
		is_same |= parse_u64n(t, n, 10, UINT32_MAX, &before) == 0 &&
			   number == before + 1;
	}
	snprintf(r->label, sizeof(r->label), "%s", lead);
	return is_same && strlen(lead) + 1 < sizeof(r->label);
}

/* A line holds one message, or several where another CPU or a prompt cut in: each printk
 * stamp starts one. */
void reader_feed_line(struct oops_reader *r, const char *p, size_t len, uint64_t offset,
		      bool may_begin)
{
	char text[LINE_MAX_BYTES + 1];
	size_t n = line_clean(p, len, text, sizeof(text));
	size_t i = 0;

	/* What was wrapped goes on in the very next line. */
	if (n == 0 && !r->torn.is_held && r->torn.cut_line == 0)
		r->torn.text[0] = '\0';
	while (i < n) {
		struct message m = { .offset = offset,
				     .end_offset = offset + len,
				     .line_len = n };
		size_t next;
		char saved;

		prefix_parse(text + i, n - i, &m.prefix);
		next = prefix_next_stamp(text, n, i + m.prefix.text);
		saved = text[next];
		text[next] = '\0';
		m.text = text + i + m.prefix.text;
		m.is_cut = next < n;
		if (i == 0 && m.is_cut && !m.prefix.has_stamp && is_label(r, m.text))
			m.text = "";
		if ((m.prefix.has_stamp || next == n || *lines_skip_blanks(m.text)) &&
		    !is_doubled(r, &m))
			feed_message(r, &m, may_begin);
		text[next] = saved;
		i = next;
	}
}

void reader_end_lines(struct oops_reader *r)
{
	r->torn.line = 0;
	release(r);
}
