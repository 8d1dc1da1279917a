// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns which of several open reports a line without a caller id continues.
 *
 * Two CPUs that report at once print their lines in turn. With CONFIG_PRINTK_CALLER each
 * line says whose it is. Without it, the order of a report's lines is all there is: every
 * kernel prints a report's sections in one order, each once (arch/arm64/mm/fault.c
 * die_kernel_fault, kernel/traps.c die, kernel/process.c __show_regs; kernel/panic.c
 * __warn), so that
 *   - a line goes to the report that it brings forward by the smallest step: x5 follows
 *     x6, not a header;
 *   - a report that has had such a line does not get another one;
 *   - a CPU line goes to the report whose header names that CPU;
 *   - from "Internal error" on die_lock keeps the others out: until a fault's own die()
 * no registers and no trace are its own, and die() goes to the fault with its ESR;
 *   - at equal steps the older report is first, but a trace goes on where it went on
 * last. Which of two traces that alternate frame by frame a frame belongs to cannot be
 * known. */
#include "parse/oops_reader.h"

/* In the order of printing. */
enum phase {
	PHASE_UNKNOWN,
	PHASE_RANGE,
	PHASE_ABORT,
	PHASE_ESR,
	PHASE_FAR,
	PHASE_EC,
	PHASE_SET,
	PHASE_EA,
	PHASE_FSC,
	PHASE_DATA,
	PHASE_ISV,
	PHASE_CM,
	PHASE_GCS,
	PHASE_PGTABLE,
	PHASE_PGD,
	PHASE_MODULES,
	PHASE_CPU,
	PHASE_TAINTED,
	PHASE_HARDWARE,
	PHASE_WORKQUEUE,
	PHASE_PSTATE,
	PHASE_PC,
	PHASE_LR,
	PHASE_SP,
	PHASE_X29,
	PHASE_X0 = PHASE_X29 + 29,
	PHASE_TRACE,
	PHASE_FRAME,
	PHASE_CODE,
	PHASE_END
};

static const struct {
	const char *word;
	enum phase phase;
} phases[] = {
	/* clang-format off */
	{ "KASAN: ", PHASE_RANGE },        { "Mem abort info", PHASE_ABORT },
	{ "ESR: ", PHASE_ESR },            { "FAR: ", PHASE_FAR },
	{ "ESR = ", PHASE_ESR },           { "EC = ", PHASE_EC },
	{ "SET = ", PHASE_SET },           { "EA = ", PHASE_EA },
	{ "FSC = ", PHASE_FSC },           { "Data abort info", PHASE_DATA },
	{ "ISV = ", PHASE_ISV },           { "CM = ", PHASE_CM },
	{ "GCS = ", PHASE_GCS },           { "user pgtable", PHASE_PGTABLE },
	{ "swapper pgtable", PHASE_PGTABLE }, { "Modules linked in", PHASE_MODULES },
	{ "CPU: ", PHASE_CPU },            { "Tainted: [", PHASE_TAINTED },
	{ "Hardware name", PHASE_HARDWARE }, { "Workqueue: ", PHASE_WORKQUEUE },
	{ "pstate: ", PHASE_PSTATE },      { "pc : ", PHASE_PC },
	{ "lr : ", PHASE_LR },             { "sp : ", PHASE_SP },
	{ "Call trace", PHASE_TRACE },     { "Call Trace", PHASE_TRACE },
	{ "Code: ", PHASE_CODE },          { "---[ end trace", PHASE_END },
	/* clang-format on */
};

static enum phase phase_of(const char *text)
{
	const char *t = lines_skip_blanks(text);
	struct symbol sym, from;
	bool reliable;

	for (size_t i = 0; i < ARRAY_SIZE(phases); i++)
		if (lines_starts(t, phases[i].word))
			return phases[i].phase;
	if (t[0] == 'x' && t[1] >= '0' && t[1] <= '9') {
		int n = t[1] - '0';

		if (t[2] >= '0' && t[2] <= '9')
			n = n * 10 + (t[2] - '0');
		return n <= 29 ? (enum phase)(PHASE_X0 - n) : PHASE_UNKNOWN;
	}
	if (*t == '[' && strstr(t, "] pgd="))
		return PHASE_PGD;
	return lines_frame(text, &sym, &reliable, &from) ? PHASE_FRAME : PHASE_UNKNOWN;
}

static bool is_candidate(const struct report *rep)
{
	return !rep->caller && !rep->is_done && !rep->has_end && !rep->is_tentative;
}

/* SErrors, overflown stacks and unhandled exceptions panic without die(). */
static bool awaits_die(const struct report *rep)
{
	return rep->header->class == HEADER_FAULT && !rep->has_die &&
	       rep->header->kind != INCIDENT_SERROR &&
	       !lines_starts(rep->header->literal, "Insufficient stack") &&
	       strcmp(rep->header->literal, "Unhandled ") != 0;
}

static bool fits(const struct report *rep, enum phase p, const char *text)
{
	struct cpu_line cpu;

	if (!is_candidate(rep) || p == PHASE_UNKNOWN)
		return false;
	if (awaits_die(rep) && p >= PHASE_MODULES)
		return false;
	if (p == PHASE_CPU && rep->in->cpu >= 0 && lines_cpu(text, &cpu) &&
	    cpu.cpu >= 0 && cpu.cpu != rep->in->cpu)
		return false;
	return (int)p > rep->phase || (p == PHASE_FRAME && rep->phase == PHASE_FRAME);
}

static struct report *best_fit(const struct oops_reader *r, const char *text)
{
	enum phase p = phase_of(text);
	struct report *best = NULL;

	if (p == PHASE_FRAME && r->current && fits(r->current, p, text))
		return r->current;
	for (size_t i = 0; i < r->n_open; i++) {
		struct report *rep = r->open[i];

		if (fits(rep, p, text) && (!best || rep->phase > best->phase))
			best = rep;
	}
	return best ? best : r->current;
}

/* Lines of a fault's head go to the caller's fault that has not died, whatever else that
 * caller has reported since. */
static struct report *find_head(const struct oops_reader *r, const struct message *m)
{
	enum phase p = PHASE_UNKNOWN;

	for (size_t i = r->n_open; i-- > 0;) {
		struct report *rep = r->open[i];

		if (rep->header->class != HEADER_FAULT || rep->has_die ||
		    rep->caller != m->prefix.caller ||
		    rep->caller_id != m->prefix.caller_id)
			continue;
		if (p == PHASE_UNKNOWN)
			p = phase_of(m->text);
		return p > PHASE_UNKNOWN && p < PHASE_MODULES ? rep : NULL;
	}
	return NULL;
}

struct report *reader_route(const struct oops_reader *r, const struct message *m)
{
	size_t n = 0;

	if (m->prefix.caller) {
		struct report *head = find_head(r, m);

		return head ? head : reader_find_by_caller(r, &m->prefix);
	}
	for (size_t i = 0; i < r->n_open; i++)
		n += is_candidate(r->open[i]);
	if (n == 0 || (n == 1 && r->current && is_candidate(r->current)))
		return r->current;
	return best_fit(r, m->text);
}

void reader_pass_over(struct oops_reader *r, const struct report *by)
{
	for (size_t i = 0; i < r->n_open; i++) {
		struct report *rep = r->open[i];

		if (rep != by && !rep->caller && !report_is_oops(rep) &&
		    (report_has_frames(rep) || rep->header->pick == PICK_NONE))
			rep->phase = PHASE_END;
	}
}

void reader_advance(struct oops_reader *r, struct report *rep, const struct message *m)
{
	enum phase p;

	if (m->prefix.caller)
		return;
	p = phase_of(m->text);
	if (p != PHASE_UNKNOWN)
		rep->phase = (int)p;
	r->current = rep;
}

/* How well a die() fits a fault that has not died yet; negative: not at all. */
static int die_score(const struct report *rep, const struct message *m, uint64_t esr)
{
	bool is_bug = strstr(m->text, "Oops - BUG") != NULL;
	int score = 0;

	if (m->prefix.caller && rep->caller) {
		/* A broken preempt count changes the caller id between head and die(). */
		if (m->prefix.caller != rep->caller ||
		    m->prefix.caller_id != rep->caller_id)
			return rep->in->has_esr && rep->in->esr == esr ? 0 : -1;
		score += 8;
	}
	if (rep->in->has_esr)
		score += esr == rep->in->esr ? 4 : -2;
	else
		score += is_bug == (rep->header->kind == INCIDENT_BUG);
	return score + 2;
}

struct report *reader_find_dying(const struct oops_reader *r, const struct message *m)
{
	struct report *best = NULL;
	uint64_t esr = 0;
	int best_score = -1;

	lines_die_code(m->text, &esr);
	for (size_t i = 0; i < r->n_open; i++) {
		struct report *rep = r->open[i];
		int score;

		if (!report_is_oops(rep) || rep->has_die)
			continue;
		score = die_score(rep, m, esr);
		if (score > best_score) {
			best = rep;
			best_score = score;
		}
	}
	return best;
}
