// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns one report's growth from its lines to the fields of an incident. Refuses to know
 * where reports begin, end and interleave: the reader (oops.c) decides that; kind and
 * title are oops_verdict.c's. */
#include "parse/oops_report.h"

#include "util/mem.h"
#include "util/num.h"
#include "util/strbuf.h"

static char *dup_slice(struct slice s)
{
	return s.len ? xstrndup(s.s, s.len) : NULL;
}

void report_set_once(char **field, struct slice s)
{
	if (!*field && s.len)
		*field = xstrndup(s.s, s.len);
}

void report_start_trace(struct report *r)
{
	int track = r->next_track;

	r->in_trace = true;
	r->next_track = 0;
	if (r->n_traces == REPORT_MAX_TRACES)
		return;
	memset(&r->traces[r->n_traces], 0, sizeof(r->traces[0]));
	r->traces[r->n_traces].is_aside = r->in_aside || r->in_other_cpu;
	r->traces[r->n_traces].track = track;
	r->n_traces++;
}

void report_free(struct report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_traces; i++)
		incident_frames_free(r->traces[i].frames, r->traces[i].n);
	incident_free(r->in);
	free(r->named);
	free(r->pc_function);
	free(r->pc_module);
	free(r->lr_function);
	free(r->lr_module);
	free(r->access);
	free(r->detail);
	free(r);
}

static void add_frame(struct report *r, const struct symbol *sym, bool reliable)
{
	struct report_trace *t;
	struct incident_frame *f;

	if (r->n_traces == 0)
		return;
	t = &r->traces[r->n_traces - 1];
	if (t->n == REPORT_MAX_FRAMES)
		return;
	if (t->n % 16 == 0)
		t->frames = xreallocarray(t->frames, t->n + 16, sizeof(*t->frames));
	f = &t->frames[t->n++];
	*f = (struct incident_frame){
		.function = xstrndup(sym->name.s, sym->name.len),
		.module = dup_slice(sym->module),
		.offset = sym->offset,
		.size = sym->size,
		.reliable = reliable,
	};
}

/* The entry into the kernel of the detector's own interrupt. */
static bool is_interrupt_entry(const char *name)
{
	/* clang-format off */
	static const char *const entries[] = {
		"apic_timer_interrupt", "asm_sysvec_apic_timer_interrupt", "el1_irq",
		"el0_irq", "el1h_64_irq", "el0t_64_irq", "__irq_svc", "__irq_usr",
		"decrementer_common", "handle_exception", "ret_from_exception",
		"smp_apic_timer_interrupt_entry_after_kaiser_bti",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		if (strcmp(name, entries[i]) == 0)
			return true;
	return false;
}

/* What follows was running before. The detector's own is the first. */
static void mark_border(struct report *r)
{
	struct report_trace *t = r->n_traces ? &r->traces[r->n_traces - 1] : NULL;

	if (t && (t->border == 0 || t->border == t->n))
		t->border = t->n;
}

static bool has_border_mark(const char *text)
{
	return strstr(text, "</IRQ>") || strstr(text, "<EOI>") ||
	       strstr(text, "</NMI>") || strstr(text, "<EOE>");
}

static bool line_frame(struct report *r, const char *text)
{
	struct symbol sym, from;
	struct report_trace *t = r->n_traces ? &r->traces[r->n_traces - 1] : NULL;
	bool reliable;

	if (has_border_mark(text))
		mark_border(r);
	/* x86 up to 4.8: "<EOI>  [<ffffffff81..>] f+0x1/0x2" */
	if (*lines_skip_blanks(text) == '<' && strstr(text, ">  ["))
		text = strstr(text, ">  [") + 1;
	if (!lines_frame(text, &sym, &reliable, &from)) {
		const char *p = lines_skip_blanks(text);

		return *p == '<' && (strstr(p, "IRQ>") || strstr(p, "TASK>") ||
				     strstr(p, "EOI>") || strstr(p, "NMI>"));
	}
	if (!t)
		return true;
	if (t->ends_in_caller && t->n > 0) {
		/* arm names each caller twice. */
		t->n--;
		free(t->frames[t->n].function);
		free(t->frames[t->n].module);
		t->ends_in_caller = false;
	}
	add_frame(r, &sym, reliable);
	if (reliable && t->n > 0 && is_interrupt_entry(t->frames[t->n - 1].function))
		mark_border(r);
	if (r->is_tentative && sym.name.len == 5 && memcmp(sym.name.s, "panic", 5) == 0)
		r->is_tentative = false;
	if (from.name.len && t->n < REPORT_MAX_FRAMES) {
		add_frame(r, &from, true);
		t->ends_in_caller = true;
	}
	return true;
}

/* x86: the address of the latest page fault, which other traps leave as it is. */
static void note_cr2(struct report *r, uint64_t value)
{
	struct incident *in = r->in;

	if (in->has_fault_address ||
	    (!r->is_page_fault && in->kind != INCIDENT_PAGING_FAULT &&
	     in->kind != INCIDENT_NULL_DEREF))
		return;
	in->has_fault_address = true;
	in->fault_address = value;
}

static void on_register(void *arg, const char *name, uint64_t value)
{
	struct report *r = arg;
	struct incident *in = r->in;

	if (!r->in_other_cpu && strcmp(name, "cr2") == 0)
		note_cr2(r, value);
	if (r->in_other_cpu || in->n_regs == INCIDENT_MAX_REGS)
		return;
	for (size_t i = 0; i < in->n_regs; i++)
		if (strcmp(in->regs[i].name, name) == 0)
			return;
	in->regs = xreallocarray(in->regs, in->n_regs + 1, sizeof(*in->regs));
	snprintf(in->regs[in->n_regs].name, sizeof(in->regs[0].name), "%s", name);
	in->regs[in->n_regs++].value = value;
}

static void line_modules(struct report *r, const char *p)
{
	struct strvec *mods = &r->in->modules;

	for (p = lines_skip_blanks(p); *p; p = lines_skip_blanks(p)) {
		size_t n = strcspn(p, " \t");
		size_t name = strcspn(p, " \t(");

		if (*p == '[')
			break; /* [last unloaded: x] */
		if (name > 0 && name < 64 && mods->n < INCIDENT_MAX_MODULES)
			strvec_add_take(mods, xstrndup(p, name));
		p += n;
	}
}

static void line_cpu(struct report *r, const struct cpu_line *c)
{
	struct incident *in = r->in;

	/* A hard lockup is reported, and panicked about, by another CPU. */
	if (r->header->kind == INCIDENT_HARD_LOCKUP && in->cpu >= 0 && c->cpu >= 0 &&
	    c->cpu != in->cpu) {
		r->in_aside = r->aside_has_call_trace = true;
		report_set_once(&in->kernel, c->kernel);
		report_set_once(&in->tainted, c->tainted);
		return;
	}
	if (in->cpu < 0 && c->cpu >= 0)
		in->cpu = (int32_t)c->cpu;
	if (in->pid < 0 && c->pid >= 0)
		in->pid = (int32_t)c->pid;
	report_set_once(&in->comm, c->comm);
	report_set_once(&in->kernel, c->kernel);
	report_set_once(&in->tainted, c->tainted);
	report_set_once(&in->build_id, c->build_id);
	r->seen_cpu_line = true;
}

/* "task:%-15.15s state:%c … pid:%-5d" (kernel/sched/core.c sched_show_task), and the line
 * of kernel/hung_task.c that is the CPU line's end: "      Tainted: G  O  6.12.5 #1". */
static bool line_task(struct report *r, const char *t)
{
	const char *state, *p;
	struct cpu_line c = { .cpu = -1, .pid = -1 };
	uint64_t v;

	if (r->header->class == HEADER_STALL &&
	    (lines_starts(t, "Tainted: ") || lines_starts(t, "Not tainted "))) {
		lines_taint(t, &c);
		line_cpu(r, &c);
		return true;
	}
	state = lines_starts(t, "task:") ? strstr(t, " state:") : NULL;
	if (!state)
		return false;
	p = lines_after(state, " pid:");
	c.comm = (struct slice){ t + 5, (size_t)(state - t) - 5 };
	while (c.comm.len > 0 && c.comm.s[c.comm.len - 1] == ' ')
		c.comm.len--;
	if (p && parse_u64n(p, strspn(p, "0123456789"), 10, INT32_MAX, &v) == 0)
		c.pid = (int64_t)v;
	/* The first task shown is the one that is stuck; idle ones tell nothing. */
	if (r->in->comm == NULL && (r->in->pid < 0 || r->in->pid == c.pid))
		line_cpu(r, &c);
	return true;
}

static bool line_pc(struct report *r, const char *text)
{
	struct symbol sym;
	struct slice raw;

	if (lines_pc(text, &sym)) {
		if (r->in_other_cpu)
			return true;
		/* x86 prints the interrupted RIP inside the trace. */
		const char *p = lines_skip_blanks(text);

		if (r->in_trace && lines_starts(p, "RIP: 0010:") && r->n_traces > 0 &&
		    r->traces[r->n_traces - 1].n > 0) {
			mark_border(r);
			add_frame(r, &sym, true);
			if (r->header->pick == PICK_STALL || r->header->pick == PICK_HUNG)
				return true;
		}
		/* A bare pc before it is this report's own: it stays. */
		if (!r->in->pc) {
			r->pc_is_x86 = lines_starts(p, "RIP") || lines_starts(p, "EIP") ||
				       lines_starts(p, "IP");
			r->pc_function = dup_slice(sym.name);
			r->pc_module = dup_slice(sym.module);
			r->in->pc = dup_slice(sym.whole);
			if (r->header->class == HEADER_FAULT)
				r->is_tentative = false;
		}
		return true;
	}
	if (lines_lr(text, &sym)) {
		if (!r->in->lr && !r->in_other_cpu) {
			r->in->lr = dup_slice(sym.whole);
			r->lr_function = dup_slice(sym.name);
			r->lr_module = dup_slice(sym.module);
		}
		return true;
	}
	if (lines_raw_pc(text, &raw)) {
		if (!r->in_other_cpu)
			report_set_once(&r->in->pc, raw);
		return true;
	}
	return false;
}

/* The first one counts, or the same when a torn line was mended. */
static void line_code(struct report *r, const char *t)
{
	struct incident *in = r->in;
	uint32_t words[INCIDENT_MAX_CODE];
	int32_t faulting;
	size_t n = lines_code(t, words, ARRAY_SIZE(words), &faulting);

	r->has_code = true;
	/* x86: ud2, which the compiler puts where BUG() stands. */
	if (strstr(t, "<0f> 0b") && strcmp(r->header->literal, "invalid opcode: ") == 0)
		r->says_bug = true;
	if (r->in_other_cpu || n <= in->n_code || in->code_faulting >= 0)
		return;
	in->code = xreallocarray(in->code, n, sizeof(*words));
	memcpy(in->code, words, n * sizeof(*words));
	in->n_code = n;
	in->code_faulting = faulting;
}

/* Where it ran, and on what. */
static bool line_state(struct report *r, const char *t)
{
	struct cpu_line cpu;
	const char *rest;

	if (lines_starts(t, "Modules linked in:")) {
		r->in_trace = false;
		if (r->in->modules.n == 0) {
			line_modules(r, t + strlen("Modules linked in:"));
			r->in_modules = true;
		}
		return true;
	}
	if (line_task(r, t))
		return true;
	if (lines_cpu(t, &cpu)) {
		/* "Preemption disabled at:" has one frame, and no end. */
		if (!r->aside_has_call_trace)
			r->in_aside = false;
		if (!r->in_other_cpu)
			line_cpu(r, &cpu);
		r->in_trace = false;
		return true;
	}
	if (lines_starts(t, "Hardware name: ")) {
		rest = t + strlen("Hardware name: ");
		report_set_once(&r->in->hardware, (struct slice){ rest, strlen(rest) });
		return true;
	}
	if (lines_starts(t, "Code: ")) {
		line_code(r, t);
		return true;
	}
	return lines_registers(t, on_register, r) > 0;
}

/* A trace whose "Call trace:" line was lost. */
static bool line_lost_trace(struct report *r, const char *text)
{
	const char *t = lines_skip_blanks(text);
	struct symbol sym, from;
	bool reliable;

	if (r->in_trace || (text == t && !lines_starts(t, "[<")) ||
	    !lines_frame(text, &sym, &reliable, &from))
		return false;
	report_start_trace(r);
	add_frame(r, &sym, reliable);
	return true;
}

/* mm/kmemleak.c prints its report on the console behind its name. */
static const char *without_name(const struct report *r, const char *text)
{
	bool is_named = r->header->kind == INCIDENT_LEAK &&
			lines_starts(lines_skip_blanks(text), "kmemleak: ");

	return is_named ? lines_skip_blanks(text) + strlen("kmemleak: ") : text;
}

bool report_line(struct report *r, const char *line)
{
	const char *text = without_name(r, line);
	const char *rest, *t = lines_skip_blanks(text);
	bool was_modules = r->in_modules;

	r->in_modules = false;
	if (*t == '\0')
		return false;
	if (report_line_end(r, t))
		return true;
	if (r->is_done)
		return false;
	if (report_line_owner(r, t))
		return true;
	if (report_line_object(r, t) || report_line_section(r, text))
		return true;
	if (lines_trace_start(text, &rest)) {
		if (!r->aside_has_call_trace)
			r->in_aside = false;
		r->aside_has_call_trace = false;
		report_start_trace(r);
		if (*lines_skip_blanks(rest))
			line_frame(r, rest);
		return true;
	}
	if (report_line_task(r, text) || report_line_lock_at(r, text))
		return true;
	if (line_pc(r, text))
		return true;
	if (r->in_trace && line_frame(r, text))
		return true;
	if (line_state(r, t))
		return true;
	if (report_line_access(r, text) || report_line_fault(r, text))
		return true;
	/* The list of locks held is long and no part of the story, but it is the
	 * report's. */
	if (lines_starts(t, "#") || strstr(t, " held by "))
		return true;
	if (line_lost_trace(r, text))
		return true;
	if (was_modules && strchr(t, ':') == NULL && strchr(t, '=') == NULL) {
		line_modules(r, t);
		r->in_modules = true;
		return true;
	}
	return false;
}
