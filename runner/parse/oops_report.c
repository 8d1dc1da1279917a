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

void report_set_address(struct report *r, const char *s)
{
	uint64_t v = 0;

	s = lines_skip_blanks(s);
	if (r->in->has_fault_address)
		return;
	if (!lines_starts(s, "(null)") && lines_hex(s, &v) == 0)
		return;
	r->in->has_fault_address = true;
	r->in->fault_address = v;
}

/* The bad address, where header lines give it. */
void report_header_address(struct report *r, const char *text)
{
	/* clang-format off */
	static const char *const words[] = {
		"at virtual address ", "for address: ", "non-canonical address ",
		" address: ", "Faulting instruction address: ", " dereference at ",
		" paging request at ", " access at ", ") at 0x",
		"read-only memory at ", "data at address ", "for data at ",
		"accessing 0x", "(addr ", " at address ",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *p = lines_after(text, words[i]);

		if (p) {
			report_set_address(r, p);
			return;
		}
	}
}

void report_set_esr(struct report *r, uint64_t v)
{
	if (r->in->has_esr)
		return;
	r->in->has_esr = true;
	r->in->esr = v;
}

void report_start_trace(struct report *r)
{
	r->in_trace = true;
	if (r->n_traces == REPORT_MAX_TRACES)
		return;
	memset(&r->traces[r->n_traces], 0, sizeof(r->traces[0]));
	r->traces[r->n_traces].is_aside = r->in_aside || r->in_other_cpu;
	r->n_traces++;
}

static void free_frames(struct incident_frame *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(f[i].function);
		free(f[i].module);
	}
	free(f);
}

void report_free(struct report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_traces; i++)
		free_frames(r->traces[i].frames, r->traces[i].n);
	incident_free(r->in);
	free(r->named);
	free(r->pc_function);
	free(r->pc_module);
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
	return strstr(text, "</IRQ>") || strstr(text, "<EOI>") || strstr(text, "</NMI>");
}

static bool line_frame(struct report *r, const char *text)
{
	struct symbol sym, from;
	struct report_trace *t = r->n_traces ? &r->traces[r->n_traces - 1] : NULL;
	bool reliable;

	if (has_border_mark(text))
		mark_border(r);
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

static void on_register(void *arg, const char *name, uint64_t value)
{
	struct report *r = arg;
	struct incident *in = r->in;

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

	if (in->cpu < 0 && c->cpu >= 0)
		in->cpu = (int32_t)c->cpu;
	if (in->pid < 0 && c->pid >= 0)
		in->pid = (int32_t)c->pid;
	report_set_once(&in->comm, c->comm);
	report_set_once(&in->kernel, c->kernel);
	report_set_once(&in->tainted, c->tainted);
	r->seen_cpu_line = true;
}

static bool line_pc(struct report *r, const char *text)
{
	struct symbol sym;

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
		if (!r->pc_function) {
			r->pc_is_x86 = lines_starts(p, "RIP") || lines_starts(p, "EIP") ||
				       lines_starts(p, "IP");
			r->pc_function = dup_slice(sym.name);
			r->pc_module = dup_slice(sym.module);
			r->in->pc = dup_slice(sym.whole);
		}
		return true;
	}
	if (lines_lr(text, &sym)) {
		if (!r->in->lr && !r->in_other_cpu)
			r->in->lr = dup_slice(sym.whole);
		return true;
	}
	return false;
}

/* Sections whose traces are not the culprit's. */
static bool line_section(struct report *r, const char *text)
{
	/* clang-format off */
	static const char *const aside[] = {
		"RCU grace-period kthread stack dump", "Allocated by task",
		"Freed by task", "Allocated:", "Freed:",
		"Last potentially related work", "Second to last potentially",
		"Uninit was stored", "Uninit was created", "Local variable",
		"kfence-#", "allocated by task", "freed by task",
		"Showing all locks held", "-> #", "the existing dependency chain",
		"page last free stack trace", "page last allocated via", "page_owner",
		"Preemption disabled at", "hardirqs last", "Stack depth limit",
	};
	/* clang-format on */
	const char *t = lines_skip_blanks(text);

	if (lines_starts(t, "rcu: "))
		t = lines_skip_blanks(t + 5);
	for (size_t i = 0; i < ARRAY_SIZE(aside); i++) {
		if (!lines_starts(t, aside[i]))
			continue;
		r->in_aside = true;
		/* Only this one goes on with a "Call trace:" of its own. */
		r->aside_has_call_trace = i == 0;
		report_start_trace(r);
		return true;
	}
	if (lines_starts(t, "stack backtrace:") || lines_starts(t, "other info that")) {
		r->in_aside = false;
		r->in_trace = false;
		return lines_starts(t, "other");
	}
	if (lines_starts(t, "Sending NMI")) {
		r->nmi_backtraces = true;
		r->in_trace = false;
		r->in_aside = false;
		return true;
	}
	if (lines_starts(t, "NMI backtrace for cpu") ||
	    lines_starts(t, "Task dump for CPU") || lines_starts(t, "Stack dump where")) {
		r->in_trace = false;
		r->in_aside = false;
		return true;
	}
	/* "CPU3: stopping", "CPU 3 stopping" of the panic's other CPUs. */
	if (lines_starts(t, "CPU") && strstr(t, ": stopping")) {
		r->in_other_cpu = true;
		r->in_trace = false;
		return true;
	}
	return false;
}

/* "(lock){+.+.}, at: [<..>] f+0x1/0x2" and the like. */
static void line_lock_at(struct report *r, const char *text)
{
	const char *p = lines_after(text, "at: ");
	const char *t = lines_skip_blanks(text);
	struct symbol sym, from;
	bool reliable;

	if (!r->wants_lock_at)
		return;
	/* The list of locks held names the culprit only where holding them is the bug. */
	if (lines_starts(t, "#") && !strstr(r->header->literal, "held"))
		return;
	if (p) {
		p = lines_skip_blanks(p);
		if (lines_frame(p, &sym, &reliable, &from) ||
		    lines_symbol(p, true, &sym)) {
			report_set_once(&r->named, sym.name);
			r->wants_lock_at = false;
		}
		return;
	}
	p = lines_after(text, "last function: ");
	if (p && lines_symbol(p, true, &sym)) {
		report_set_once(&r->named, sym.name);
		r->wants_lock_at = false;
		return;
	}
	/* "x/1 is trying to release lock (y) at:" is followed by "[<..>] f+0x.." */
	if (!r->in_trace && lines_frame(t, &sym, &reliable, &from)) {
		report_set_once(&r->named, sym.name);
		r->wants_lock_at = false;
	}
}

static bool line_mem_abort(struct report *r, const char *text)
{
	const char *t = lines_skip_blanks(text), *p;
	uint64_t v;

	if (lines_starts(t, "ESR = ") || lines_starts(t, "ESR: ")) {
		p = t + 6;
		while (*p == ' ' || *p == '=')
			p++;
		if (lines_hex(p, &v) >= 8)
			report_set_esr(r, v);
		return true;
	}
	/* "[0000000000000020] pgd=…", "[000fffc081e0daf0] address between user and
	 * kernel" */
	if (*t == '[' && (p = strchr(t, ']')) &&
	    (lines_starts(p, "] pgd=") || lines_starts(p, "] *pgd=") ||
	     lines_starts(p, "] address between") ||
	     lines_starts(p, "] user address but"))) {
		report_set_address(r, t + 1);
		return true;
	}
	/* Wrapped by a mail client, or in a warning about a fault. */
	if ((p = lines_after(t, "virtual address ")) ||
	    (lines_starts(t, "paging request at ") && (p = t + 18)) ||
	    (lines_starts(t, "NULL pointer dereference at ") && (p = t + 28))) {
		report_set_address(r, p);
		return true;
	}
	if (lines_starts(t, "FAR: ") || lines_starts(t, "FAR_EL1: ")) {
		report_set_address(r, strchr(t, ' '));
		return true;
	}

	/* clang-format off */
	static const char *const words[] = {
		"Mem abort info", "EC = ", "SET = ", "EA = ", "FSC = ", "Data abort info",
		"ISV = ", "CM = ", "GCS = ", "user pgtable:", "swapper pgtable:", "pgd = ",
		"Exception class", "pstate: ", "PGD ", "#PF: ",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (lines_starts(t, words[i]))
			return true;
	return false;
}

/* KASAN's second line: "Read of size 8 at addr ffff.. by task x/1"; KCSAN's "write to
 * 0xffff.. of 8 bytes by task"; "KASAN: null-ptr-deref in range [..]". */
static bool line_access(struct report *r, const char *text)
{
	const char *t = lines_skip_blanks(text), *p;
	bool is_read = lines_starts(t, "Read of size"),
	     is_write = lines_starts(t, "Write of size");

	if (is_read || is_write) {
		if (!r->access)
			r->access = xstrdup(is_read ? "Read" : "Write");
		p = lines_after(t, "at addr ");
		if (p)
			report_set_address(r, p);
		return true;
	}
	p = lines_after(t, "KASAN: ");
	if (p && lines_after(p, "in range [")) {
		if (lines_starts(p, "null-ptr-deref"))
			r->says_null = true;
		if (strstr(p, "user-memory-access"))
			r->says_user = true;
		return true;
	}
	p = lines_after(t, "CR2: ");
	if (p && r->header->class == HEADER_FAULT && r->in->kind != INCIDENT_GPF &&
	    r->in->kind != INCIDENT_BUG)
		report_set_address(r, p);
	return false;
}

static bool line_end(struct report *r, const char *text)
{
	const char *p;
	uint64_t v;

	if (strstr(text, "---[ end trace") || strstr(text, "---[ end Kernel panic")) {
		r->has_end = true;
		r->in_trace = false;
		return true;
	}
	p = lines_after(text, "Rebooting in ");
	if (p && parse_u64n(p, strspn(p, "0123456789"), 10, 1000000, &v) == 0) {
		r->in->says_reboot = true;
		r->in->reboot_in_s = (uint32_t)v;
		r->has_end = true;
		return true;
	}
	return false;
}

bool report_line(struct report *r, const char *text)
{
	const char *rest, *t = lines_skip_blanks(text);
	struct cpu_line cpu;
	bool was_modules = r->in_modules;

	r->in_modules = false;
	if (*t == '\0')
		return false;
	if (line_end(r, t))
		return true;
	if (r->is_done)
		return false;
	if (line_section(r, text))
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
	line_lock_at(r, text);
	if (line_pc(r, text))
		return true;
	if (r->in_trace && line_frame(r, text))
		return true;
	if (lines_starts(t, "Modules linked in:")) {
		r->in_trace = false;
		if (r->in->modules.n == 0) {
			line_modules(r, t + strlen("Modules linked in:"));
			r->in_modules = true;
		}
		return true;
	}
	if (lines_cpu(t, &cpu)) {
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
		if (r->in->n_code == 0 && !r->in_other_cpu) {
			uint32_t words[INCIDENT_MAX_CODE];
			size_t n = lines_code(t, words, ARRAY_SIZE(words),
					      &r->in->code_faulting);

			r->in->code = n ? xreallocarray(NULL, n, sizeof(*words)) : NULL;
			if (n)
				memcpy(r->in->code, words, n * sizeof(*words));
			r->in->n_code = n;
		}
		r->has_code = true;
		return true;
	}
	if (lines_registers(t, on_register, r) > 0)
		return true;
	if (line_access(r, text) || line_mem_abort(r, text))
		return true;
	/* The list of locks held is long and no part of the story, but it is the
	 * report's. */
	if (lines_starts(t, "#") || strstr(t, " held by "))
		return true;
	/* A trace whose "Call trace:" line was lost. */
	if (!r->in_trace && (text != t || lines_starts(t, "[<"))) {
		struct symbol sym, from;
		bool reliable;

		if (lines_frame(text, &sym, &reliable, &from)) {
			report_start_trace(r);
			add_frame(r, &sym, reliable);
			return true;
		}
	}
	if (was_modules && strchr(t, ':') == NULL && strchr(t, '=') == NULL) {
		line_modules(r, t);
		r->in_modules = true;
		return true;
	}
	return false;
}
