// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the page that a person reads about one incident: what died, where, why we say so,
 * the lines that prove it, what to check next. Nothing here is computed. */
#include "cmd/oops_page.h"

#include <inttypes.h>

#include "cmd/oops_page_object.h"
#include "util/jsonx.h"

enum { LABEL = 13, WIDTH = 100, MAX_TRACE = 14, MAX_CANDIDATES = 5 };

struct page {
	FILE *out;
	bool color;
};

/* Console text is hostile: nothing of it reaches the terminal as a control. */
static void put_clean(const struct page *p, const char *s)
{
	for (; s && *s; s++)
		putc((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s, p->out);
}

static void label(const struct page *p, const char *name)
{
	if (*name && p->color)
		fprintf(p->out, "  \033[1m%-*s\033[0m", LABEL, name);
	else
		fprintf(p->out, "  %-*s", LABEL, name);
}

/* Text over as many lines as it takes, broken at blanks. */
static void put_wrapped(const struct page *p, const char *s, size_t indent)
{
	size_t room = WIDTH - indent;

	while (strlen(s) > room) {
		size_t n = room;

		while (n > room / 2 && s[n] != ' ')
			n--;
		if (s[n] != ' ')
			n = room;
		for (size_t i = 0; i < n; i++)
			put_clean(p, (char[]){ s[i], '\0' });
		fprintf(p->out, "\n%*s", (int)indent, "");
		s += s[n] == ' ' ? n + 1 : n;
	}
	put_clean(p, s);
	putc('\n', p->out);
}

static void row(const struct page *p, const char *name, const char *value)
{
	if (!value)
		return;
	label(p, name);
	put_wrapped(p, value, LABEL + 2);
}

static void list(const struct page *p, const char *name, const struct strvec *v)
{
	for (size_t i = 0; i < v->n; i++) {
		label(p, i ? "" : name);
		fputs("- ", p->out);
		put_wrapped(p, v->v[i], LABEL + 4);
	}
}

static void put_title(const struct page *p, const struct incident *in)
{
	if (p->color)
		fputs(in->fatal ? "\033[1;31m" : "\033[1;33m", p->out);
	fprintf(p->out, "%s: ", incident_kind_to_str(in->kind));
	put_clean(p, in->title);
	if (p->color)
		fputs("\033[0m", p->out);
	putc('\n', p->out);
	label(p, "line");
	fprintf(p->out, "%" PRIu64, in->line);
	if (in->printk_s >= 0)
		fprintf(p->out, " at [%.6f]", in->printk_s);
	if (in->boot)
		fprintf(p->out, ", boot %u", in->boot);
	fprintf(p->out, "%s%s%s", in->fatal ? "" : ", not fatal",
		in->panicked ? ", panicked" : "", in->truncated ? ", cut off" : "");
	if (in->n_secondary)
		fprintf(p->out, ", %u more of its kind followed", in->n_secondary);
	putc('\n', p->out);
}

static void put_source(const struct page *p, const struct diagnosis *d)
{
	for (size_t i = 0; i < d->n_source; i++) {
		label(p, i ? "" : "source");
		put_clean(p, d->source[i].file);
		fprintf(p->out, ":%u ", d->source[i].line);
		put_clean(p, d->source[i].function);
		fputs(i + 1 < d->n_source ? ", inlined into\n" : "\n", p->out);
	}
}

static void put_where(const struct page *p, const struct incident *in,
		      const struct diagnosis *d)
{
	if (in->pc)
		row(p, "where", in->pc);
	else
		row(p, "where", in->function);
	if (in->function && in->pc &&
	    strncmp(in->pc, in->function, strlen(in->function)) != 0)
		row(p, "to blame", in->function);
	put_source(p, d);
	if (d->n_source == 0)
		row(p, "source", in->source);
	row(p, "called by", in->lr);
}

static void put_access(const struct page *p, const struct incident *in,
		       const struct diagnosis *d)
{
	char text[INSN_TEXT_BYTES];

	if (in->has_fault_address) {
		label(p, "address");
		fprintf(p->out, "0x%" PRIx64, in->fault_address);
		if (in->has_real_range)
			fprintf(p->out, ", meant 0x%" PRIx64 " to 0x%" PRIx64,
				in->real_first, in->real_last);
		putc('\n', p->out);
	}
	if (!d->has_insn)
		return;
	insn_to_text(&d->insn, text);
	label(p, "instruction");
	fputs(text, p->out);
	if (d->has_base_value)
		fprintf(p->out, "   with %s = 0x%" PRIx64, insn_reg_name(d->base),
			d->base_value);
	putc('\n', p->out);
}

static void put_candidates(const struct page *p, const struct diagnosis *d)
{
	/* Nothing ties these to the fault but their number. */
	if (d->n_candidates && d->candidates[0].scope == CANDIDATE_ALL &&
	    !d->candidates_assumed) {
		label(p, "member");
		fprintf(p->out,
			"not known: the build has many at 0x%" PRIx64
			", none of them tied to this function (--json)\n",
			d->candidates[0].offset);
		return;
	}
	for (size_t i = 0; i < d->n_candidates && i < MAX_CANDIDATES; i++) {
		const struct candidate *c = &d->candidates[i];

		/* One that the base register's type proves needs no rivals. */
		if (i > 0 && d->candidates[0].scope == CANDIDATE_BASE &&
		    c->scope != CANDIDATE_BASE)
			break;
		label(p, i ? "" : "member");
		fprintf(p->out, "%u. ", c->rank);
		put_clean(p, c->type);
		putc('.', p->out);
		put_clean(p, c->member);
		fprintf(p->out, " at 0x%" PRIx64 "\n", c->offset);
		label(p, "");
		fputs("   ", p->out);
		put_wrapped(p, c->why, LABEL + 5);
	}
	if (d->n_candidates > MAX_CANDIDATES &&
	    d->candidates[0].scope != CANDIDATE_BASE) {
		label(p, "");
		fprintf(p->out, "… %zu more (--json)\n",
			d->n_candidates - MAX_CANDIDATES);
	}
	row(p, "assumed", d->assumption);
}

static void put_who(const struct page *p, const struct incident *in)
{
	if (in->cpu >= 0 || in->comm) {
		label(p, "on");
		if (in->cpu >= 0)
			fprintf(p->out, "CPU %d%s", in->cpu, in->comm ? ", " : "");
		put_clean(p, in->comm);
		if (in->comm && in->pid >= 0)
			fprintf(p->out, ":%d", in->pid);
		putc('\n', p->out);
	}
	row(p, "kernel", in->banner ? in->banner : in->kernel);
	row(p, "tainted", in->tainted);
	row(p, "hardware", in->hardware);
}

static void put_trace(const struct page *p, const struct incident *in,
		      const struct diagnosis *d)
{
	size_t n = in->n_frames <= MAX_TRACE + 1 ? in->n_frames : MAX_TRACE;

	for (size_t i = 0; i < n; i++) {
		const struct incident_frame *f = &in->frames[i];

		label(p, i ? "" : "trace");
		fputs(f->reliable ? "" : "? ", p->out);
		put_clean(p, f->function);
		if (f->size)
			fprintf(p->out, "+0x%" PRIx64 "/0x%" PRIx64, f->offset, f->size);
		if (f->module) {
			fputs(" [", p->out);
			put_clean(p, f->module);
			putc(']', p->out);
		}
		if (i < d->n_frame_lines && d->frame_lines[i]) {
			fputs("   ", p->out);
			put_clean(p, d->frame_lines[i]);
		}
		putc('\n', p->out);
	}
	if (n < in->n_frames) {
		label(p, "");
		fprintf(p->out, "… %zu more\n", in->n_frames - n);
	}
}

static void put_track(const struct page *p, const char *name,
		      const struct incident_track *t)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	if (!t->is_told)
		return;
	oops_page_say_track(&sb, t);
	row(p, name, strbuf_str(&sb));
}

static void put_life(const struct page *p, const struct incident *in)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	if (in->object.sort != INCIDENT_NO_OBJECT || in->object.pointer_tag >= 0) {
		oops_page_say_object(&sb, &in->object);
		row(p, "object", strbuf_str(&sb));
	}
	put_track(p, "allocated", &in->tracks[INCIDENT_ALLOCATED]);
	put_track(p, "queued", &in->tracks[INCIDENT_QUEUED]);
	put_track(p, "freed", &in->tracks[INCIDENT_FREED]);
}

static void put_evidence(const struct page *p, const struct incident *in)
{
	for (size_t i = 0; i < in->n_evidence; i++) {
		label(p, i ? "" : "evidence");
		fprintf(p->out, "%6" PRIu64 "  ", in->evidence[i].line);
		put_clean(p, in->evidence[i].text);
		putc('\n', p->out);
	}
}

/* "function: pc is in f, not in g: falsified" */
static bool is_clause_of(const char *reason, const char *verdict)
{
	size_t n = strlen(reason), k = strlen(verdict);

	return n > k && strcmp(reason + n - k, verdict) == 0;
}

/* The clauses that decided: of a falsified one those that fell, of an undecided one those
 * that are open. */
static void put_hypotheses(const struct page *p, const json_t *verdicts)
{
	const json_t *v, *reason;
	size_t i, k;

	json_array_foreach(verdicts, i, v)
	{
		const char *verdict = json_get_str(v, "verdict", "");

		label(p, i ? "" : "hypotheses");
		put_clean(p, json_get_str(v, "name", ""));
		fprintf(p->out, ": %s%s%s\n", p->color ? "\033[1m" : "", verdict,
			p->color ? "\033[0m" : "");
		json_array_foreach(json_object_get(v, "reasons"), k, reason)
		{
			if (!is_clause_of(json_string_value(reason), verdict))
				continue;
			label(p, "");
			fputs("- ", p->out);
			put_wrapped(p, json_string_value(reason), LABEL + 4);
		}
	}
}

void oops_page_print(FILE *out, bool color, const struct incident *in,
		     const struct diagnosis *d, const json_t *verdicts)
{
	const struct page p = { .out = out, .color = color };

	put_title(&p, in);
	list(&p, "WARNING", &d->warnings);
	put_where(&p, in, d);
	put_access(&p, in, d);
	put_candidates(&p, d);
	list(&p, "why", &d->reasons);
	put_hypotheses(&p, verdicts);
	put_who(&p, in);
	put_trace(&p, in, d);
	put_life(&p, in);
	put_evidence(&p, in);
	list(&p, "next", &d->next);
}
