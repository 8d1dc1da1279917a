// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the lines that say what the next lines are: whose trace follows, which lock, which
 * access, that the report ends. Refuses to know frames and registers (oops_report.c). */
#include "parse/oops_culprit.h"
#include "parse/oops_report.h"

#include "util/mem.h"
#include "util/num.h"

/* Sections whose traces are not the culprit's. */
bool report_line_section(struct report *r, const char *text)
{
	/* clang-format off */
	static const char *const aside[] = {
		"RCU grace-period kthread stack dump", "Allocated by task",
		"Freed by task", "Allocated:", "Freed:", "Allocated in ", "Freed in ",
		"INFO: Allocated in ", "INFO: Freed in ",
		"Last potentially related work", "Second to last potentially",
		"Uninit was stored", "Uninit was created", "Local variable",
		"kfence-#", "allocated by task", "freed by task",
		"rcu freeing by task", "Last call_rcu", "Second to last call_rcu",
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
	/* "{IN-SOFTIRQ-W} state was registered at:" */
	if (*t == '{' && strstr(t, "} state was registered at:")) {
		r->in_aside = true;
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

/* A helper is kept only until something better is named: then it is who holds the lock
 * already. */
static void name_locker(struct report *r, const struct symbol *sym)
{
	char *name = xstrndup(sym->name.s, sym->name.len);
	bool is_helper = culprit_is_helper(name, NULL);

	if (!is_helper || !r->named) {
		free(r->named);
		r->named = name;
	} else {
		free(name);
	}
	r->wants_lock_at = is_helper;
	report_set_once(&r->in->module, sym->module);
}

/* "(lock){+.+.}, at: [<..>] f+0x1/0x2" and the like. */
bool report_line_lock_at(struct report *r, const char *text)
{
	const char *p = lines_after(text, "at: ");
	const char *t = lines_skip_blanks(text);
	struct symbol sym, from;
	bool reliable;

	if (!r->wants_lock_at)
		return false;
	/* The list of locks held names the culprit only where holding them is the bug. */
	if (lines_starts(t, "#") && !strstr(r->header->literal, "held"))
		return false;
	if (p) {
		p = lines_skip_blanks(p);
		if (lines_frame(p, &sym, &reliable, &from) || lines_symbol(p, true, &sym))
			name_locker(r, &sym);
		return false;
	}
	/* "workqueue leaked": until 6.9, and since */
	p = lines_after(text, "last function: ");
	if (!p)
		p = lines_after(text, " workfn=");
	if (p) {
		if (lines_symbol(p, true, &sym))
			name_locker(r, &sym);
		return false;
	}
	/* "x/1 is trying to release lock (y) at:" is followed by "[<..>] f+0x.." */
	if (r->in_trace || !lines_frame(t, &sym, &reliable, &from))
		return false;
	name_locker(r, &sym);
	return true;
}

/* lib/ubsan.c: the line below the header is no rest of it. */
static bool line_ubsan(const char *t)
{
	/* clang-format off */
	static const char *const words[] = {
		"index ", "shift exponent ", "left shift of ", "signed integer overflow",
		"load of ", "store to ", "member access ", "division of ", "negation of ",
	};
	/* clang-format on */

	return lines_starts_any(t, words, ARRAY_SIZE(words));
}

/* KASAN's second line: "Read of size 8 at addr ffff.. by task x/1", "Free of addr ..";
 * KCSAN's "write to 0xffff.. of 8 bytes by task"; "KASAN: null-ptr-deref in range [..]".
 */
bool report_line_access(struct report *r, const char *text)
{
	const char *t = lines_skip_blanks(text), *p;
	if (lines_starts(t, "Free of addr ")) {
		report_set_address(r, t + strlen("Free of addr "));
		return true;
	}
	bool is_read = lines_starts(t, "Read of size") || lines_starts(t, "Read at addr"),
	     is_write =
		     lines_starts(t, "Write of size") || lines_starts(t, "Write at addr");

	if (is_read || is_write) {
		if (!r->access)
			r->access = xstrdup(is_read ? "Read" : "Write");
		p = lines_after(t, "at addr ");
		if (p)
			report_set_address(r, p);
		return true;
	}
	if (r->header->kind == INCIDENT_UBSAN && line_ubsan(t))
		return true;
	p = lines_after(t, "KASAN: ");
	if (p && lines_after(p, "in range [")) {
		report_set_range(r, lines_after(p, "in range ["));
		if (lines_starts(p, "null-ptr-deref"))
			r->says_null = true;
		return true;
	}
	return false;
}

/* "Kernel Offset: 0x2b6ee0000 from 0xffff800080000000" (arch/arm64/kernel/setup.c), after
 * the panic's own lines. */
static bool line_kaslr(struct report *r, const char *text)
{
	const char *p = lines_after(text, "Kernel Offset: ");

	if (!p)
		return false;
	if (!r->in->has_kaslr_offset && lines_starts(p, "0x") &&
	    lines_hex(p, &r->in->kaslr_offset) > 0)
		r->in->has_kaslr_offset = true;
	return true;
}

bool report_line_end(struct report *r, const char *text)
{
	const char *p;
	uint64_t v;

	if (strstr(text, "---[ end trace") || strstr(text, "---[ end Kernel panic")) {
		r->has_end = true;
		r->in_trace = false;
		return true;
	}
	if (line_kaslr(r, text))
		return true;
	p = lines_after(text, "Rebooting in ");
	if (p && parse_u64n(p, strspn(p, "0123456789"), 10, 1000000, &v) == 0) {
		r->in->says_reboot = true;
		r->in->reboot_in_s = (uint32_t)v;
		r->has_end = true;
		return true;
	}
	return false;
}

/* kernel/hung_task.c debug_show_blocker(): "INFO: task x:1 is blocked on a mutex likely
 * owned by task y:2.", "… on an rw-semaphore likely owned by task y:2 <writer>", "… on a
 * semaphore likely last held by task y:2". comm may hold blanks and colons. */
bool report_line_owner(struct report *r, const char *text)
{
	const char *p = lines_after(text, " is blocked on "), *end, *pid;
	uint64_t v;

	p = p ? lines_after(p, " likely ") : NULL;
	p = p ? lines_after(p, " task ") : NULL;
	if (!p || r->in->owner_comm)
		return p != NULL;
	end = strstr(p, " <");
	if (!end)
		end = p + strlen(p);
	while (end > p && (end[-1] == '.' || end[-1] == ' '))
		end--;
	pid = end;
	while (pid > p && pid[-1] >= '0' && pid[-1] <= '9')
		pid--;
	if (pid == p || pid[-1] != ':' ||
	    parse_u64n(pid, (size_t)(end - pid), 10, INT32_MAX, &v) < 0)
		return true;
	r->in->owner_pid = (int32_t)v;
	r->in->owner_comm = xstrndup(p, (size_t)(pid - 1 - p));
	return true;
}

static void set_pid(struct report *r, const char *p)
{
	uint64_t v;

	if (r->in->pid < 0 &&
	    parse_u64n(p, strspn(p, "0123456789"), 10, INT32_MAX, &v) == 0)
		r->in->pid = (int32_t)v;
}

/* kernel/locking/lockdep.c: "6.12.5-ci #1 Tainted: G        W", "init/53 is leaving the
 * kernel with locks still held!", "sh/54 is trying to acquire lock:". */
static bool line_lockdep(struct report *r, const char *t)
{
	const char *is = strstr(t, " is "), *slash = is, *kernel = strstr(t, " #");

	if (*t >= '0' && *t <= '9' && kernel && strstr(kernel, "ainted")) {
		struct cpu_line c = { .cpu = -1 };
		const char *taint = strstr(kernel, "Tainted: ");

		report_set_once(&r->in->kernel, (struct slice){ t, strcspn(t, " ") });
		if (taint) {
			lines_taint(taint, &c);
			report_set_once(&r->in->tainted, c.tainted);
		}
		return true;
	}
	while (slash && slash > t && slash[-1] != '/')
		slash--;
	if (!is || slash == t || (size_t)(is - slash) != strspn(slash, "0123456789"))
		return false;
	report_set_once(&r->in->comm, (struct slice){ t, (size_t)(slash - 1 - t) });
	set_pid(r, slash);
	return true;
}

/* kernel/workqueue.c: "    in-flight: 9:slow_fn [crashme]"; the worker is the culprit. */
static bool line_in_flight(struct report *r, const char *t)
{
	const char *p = lines_after(t, "in-flight: "), *fn;
	struct symbol sym;

	fn = p ? strchr(p, ':') : NULL;
	if (!fn || r->named || !lines_symbol(fn + 1, true, &sym))
		return p != NULL;
	set_pid(r, p);
	report_set_once(&r->named, sym.name);
	report_set_once(&r->in->module, sym.module);
	return true;
}

/* mm/kmemleak.c: '  comm "init", pid 54, jiffies 4294894018' */
static bool line_leak_task(struct report *r, const char *t)
{
	const char *end = lines_starts(t, "comm \"") ? strstr(t, "\", pid ") : NULL;

	if (!end)
		return false;
	report_set_once(&r->in->comm, (struct slice){ t + 6, (size_t)(end - t) - 6 });
	set_pid(r, end + strlen("\", pid "));
	return true;
}

bool report_line_task(struct report *r, const char *text)
{
	const char *t = lines_skip_blanks(text);

	switch (r->header->kind) {
	case INCIDENT_LOCKDEP:
		return line_lockdep(r, t);
	case INCIDENT_WORKQUEUE_LOCKUP:
		return line_in_flight(r, t);
	case INCIDENT_LEAK:
		return line_leak_task(r, t);
	default:
		return false;
	}
}
