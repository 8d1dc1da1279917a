// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the table of the words that begin reports, and which of them count where. Reads no
 * lines beyond the header: the report collects those. */
#include "parse/oops_title.h"

#include "parse/oops_culprit.h"

#include "util/mem.h"
#include "util/strbuf.h"

/* For the search over raw bytes. Each starts with three bytes that are rare in logs; each
 * header and banner contains one of them. */
/* clang-format off */
const char *const oops_literals[] = {
	/* headers */
	"BUG:", "BUG ", "WARNING:", "INFO: ", "Unable to handle", "NULL pointer deref",
	"at virtual address", "fault for address:", "Internal error", "Oops", "[#1]",
	"- not syncing", "l protection f", "divide error", "invalid opcode", "int3:",
	"ck segment", "double fault", "SError", "Unhandled", "Bad mode in", "LOCKUP",
	"oom-kill", "Out of memory", "out of memory: K", "Hardware Error]",
	"Machine check", "unreferenced obj", "suspected memory leak", "UBSAN:",
	"nobody cared", "unregister_netdevice: w", "Insufficient st", "slab error in",
	"Slab corruption", "Busy inodes after", "MSR access error", "Badness at",
	/* bodies without a head */
	"Mem abort inf", "] pgd=", "cut here ]", "Call trace:", "Call Trace:", "pc : ",
	" is at ", "RIP: 0",
	/* banners of firmware, loader and kernel; what a loader says when it fails */
	"DDR ", "U-Boot ", "g kernel ...", "Booting ", "Uncompressing Linux",
	"x version ", "BL31: v", "BL1: v", "BL2: v", "OP-TEE ver", "Retry count ex",
	"TFTP error", "Bad Linux", "SCRIPT FAIL", "Wrong Image", "t kernel image",
	"Wrong Ramdisk", "r retrieving kernel",
};
/* clang-format on */
const size_t oops_n_literals = ARRAY_SIZE(oops_literals);

#define K(k) INCIDENT_##k

/* The first that matches wins: the specific before the general. */
static const struct oops_header headers[] = {
	{ "BUG: KASAN: ", K(KASAN), HEADER_REPORT, PICK_NAMED, NULL, NULL },
	{ "BUG: KASan: ", K(KASAN), HEADER_REPORT, PICK_NAMED, NULL, NULL },
	{ "BUG: KFENCE: ", K(KFENCE), HEADER_REPORT, PICK_NAMED, NULL, skip_heap },
	{ "BUG: KMSAN: ", K(KMSAN), HEADER_REPORT, PICK_NAMED, NULL, NULL },
	{ "BUG: KCSAN: ", K(KCSAN), HEADER_REPORT, PICK_NAMED, NULL, NULL },
	{ "BUG: unable to handle", K(PAGING_FAULT), HEADER_FAULT, PICK_PC, NULL, NULL },
	{ "BUG: Unable to handle", K(PAGING_FAULT), HEADER_FAULT, PICK_PC, NULL, NULL },
	{ "BUG: kernel NULL pointer dereference", K(NULL_DEREF), HEADER_FAULT, PICK_PC,
	  NULL, NULL },
	{ "BUG: Kernel NULL pointer dereference", K(NULL_DEREF), HEADER_FAULT, PICK_PC,
	  NULL, NULL },
	{ "BUG: soft lockup", K(SOFT_LOCKUP), HEADER_STALL, PICK_PC, "BUG: soft lockup",
	  NULL },
	{ "BUG: workqueue lockup", K(WORKQUEUE_LOCKUP), HEADER_STALL, PICK_NONE,
	  "BUG: workqueue lockup", NULL },
	{ "BUG: workqueue leaked lock", K(BUG), HEADER_REPORT, PICK_LOCK,
	  "BUG: workqueue leaked lock or atomic", NULL },
	{ "BUG: sleeping function called from invalid context", K(ATOMIC_SLEEP),
	  HEADER_REPORT, PICK_TRACE, "BUG: sleeping function called from invalid context",
	  NULL },
	{ "BUG: scheduling while atomic", K(ATOMIC_SLEEP), HEADER_REPORT, PICK_TRACE,
	  "BUG: scheduling while atomic", skip_sleep },
	{ "BUG: spinlock ", K(LOCKDEP), HEADER_REPORT, PICK_TRACE, NULL, skip_key },
	{ "BUG: rwlock ", K(LOCKDEP), HEADER_REPORT, PICK_TRACE, NULL, skip_key },
	{ "BUG: rwlock-", K(LOCKDEP), HEADER_REPORT, PICK_TRACE, NULL, skip_key },
	{ "BUG: held lock freed", K(LOCKDEP), HEADER_REPORT, PICK_LOCK,
	  "BUG: held lock freed", NULL },
	{ "BUG: bad unlock balance detected", K(LOCKDEP), HEADER_REPORT, PICK_LOCK,
	  "BUG: bad unlock balance", NULL },
	{ "BUG: bad contention detected", K(LOCKDEP), HEADER_REPORT, PICK_LOCK,
	  "BUG: bad contention", NULL },
	{ "BUG: lock held when returning to user space", K(LOCKDEP), HEADER_REPORT,
	  PICK_LOCK, "BUG: lock held when returning to user space", NULL },
	{ "BUG: lock held at task exit time", K(LOCKDEP), HEADER_REPORT, PICK_LOCK,
	  "BUG: lock held at task exit time", NULL },
	{ "still has locks held", K(LOCKDEP), HEADER_REPORT, PICK_LOCK,
	  "WARNING: still has locks held", NULL },
	{ "BUG: Invalid wait context", K(LOCKDEP), HEADER_REPORT, PICK_LOCK,
	  "BUG: Invalid wait context", NULL },
	{ "BUG: MAX_LOCK", K(LOCKDEP), HEADER_REPORT, PICK_TRACE, NULL, NULL },
	{ "BUG: MAX_STACK_TRACE", K(LOCKDEP), HEADER_REPORT, PICK_TRACE, NULL, NULL },
	{ "BUG: memory leak", K(LEAK), HEADER_REPORT, PICK_TRACE, "memory leak",
	  skip_alloc },
	{ "BUG: Bad page state", K(BUG), HEADER_REPORT, PICK_TRACE, "BUG: Bad page state",
	  skip_free },
	{ "BUG: Bad page map", K(BUG), HEADER_REPORT, PICK_TRACE, "BUG: Bad page map",
	  skip_free },
	{ "BUG: Bad rss-counter", K(BUG), HEADER_REPORT, PICK_NONE,
	  "BUG: Bad rss-counter state", NULL },
	{ "BUG: non-zero ", K(BUG), HEADER_REPORT, PICK_NONE, NULL, NULL },
	{ "BUG: using ", K(BUG), HEADER_REPORT, PICK_TRACE, NULL, skip_preempt },
	{ "BUG: Dentry ", K(BUG), HEADER_REPORT, PICK_PC, "BUG: Dentry still in use",
	  NULL },
	{ "BUG: stack guard page was hit", K(OOPS_OTHER), HEADER_FAULT, PICK_PC,
	  "BUG: stack guard page was hit", NULL },
	{ "BUG: IRQ stack guard page", K(OOPS_OTHER), HEADER_FAULT, PICK_PC,
	  "BUG: stack guard page was hit", NULL },
	{ "BUG: TASK stack guard page", K(OOPS_OTHER), HEADER_FAULT, PICK_PC,
	  "BUG: stack guard page was hit", NULL },
	{ "kernel BUG at lib/list_debug.c", K(BUG), HEADER_FAULT, PICK_PC,
	  "BUG: corrupted list", skip_list },
	{ "kernel BUG at mm/usercopy.c", K(BUG), HEADER_FAULT, PICK_PC,
	  "BUG: bad usercopy", skip_list },
	{ "kernel BUG at include/linux/mm.h", K(BUG), HEADER_FAULT, PICK_PC, "kernel BUG",
	  skip_free },
	{ "kernel BUG at ", K(BUG), HEADER_FAULT, PICK_PC, "kernel BUG", NULL },
	{ "Kernel BUG at ", K(BUG), HEADER_FAULT, PICK_PC, "kernel BUG", NULL },
	{ "BUG: failure at ", K(BUG), HEADER_FAULT, PICK_PC, "kernel BUG", NULL },
	{ "BUG kmalloc-", K(BUG), HEADER_REPORT, PICK_TRACE, NULL, skip_free },
	{ "WARNING: suspicious RCU usage", K(LOCKDEP), HEADER_REPORT, PICK_TRACE,
	  "WARNING: suspicious RCU usage", skip_rcu },
	{ "INFO: suspicious RCU usage", K(LOCKDEP), HEADER_REPORT, PICK_TRACE,
	  "INFO: suspicious RCU usage", skip_rcu },
	{ "suspicious rcu_dereference", K(LOCKDEP), HEADER_REPORT, PICK_TRACE,
	  "INFO: suspicious RCU usage", skip_rcu },
	{ "possible circular locking dependency detected", K(LOCKDEP), HEADER_REPORT,
	  PICK_LOCK, "possible deadlock", NULL },
	{ "possible recursive locking detected", K(LOCKDEP), HEADER_REPORT, PICK_LOCK,
	  "possible deadlock", NULL },
	{ "possible irq lock inversion dependency detected", K(LOCKDEP), HEADER_REPORT,
	  PICK_LOCK, "possible deadlock", NULL },
	{ "-safe -> ", K(LOCKDEP), HEADER_REPORT, PICK_LOCK, "possible deadlock", NULL },
	{ "inconsistent lock state", K(LOCKDEP), HEADER_REPORT, PICK_LOCK,
	  "inconsistent lock state", NULL },
	{ "WARNING: bad unlock balance detected", K(LOCKDEP), HEADER_REPORT, PICK_LOCK,
	  "WARNING: bad unlock balance", NULL },
	{ "WARNING: bad contention detected", K(LOCKDEP), HEADER_REPORT, PICK_LOCK,
	  "WARNING: bad contention", NULL },
	{ "WARNING: held lock freed", K(LOCKDEP), HEADER_REPORT, PICK_LOCK,
	  "WARNING: held lock freed", NULL },
	{ "WARNING: lock held when returning to user space", K(LOCKDEP), HEADER_REPORT,
	  PICK_LOCK, "WARNING: lock held when returning to user space", NULL },
	{ "WARNING: Nested lock was not taken", K(LOCKDEP), HEADER_REPORT, PICK_TRACE,
	  "WARNING: Nested lock was not taken", NULL },
	{ "INFO: trying to register non-static key", K(LOCKDEP), HEADER_REPORT,
	  PICK_TRACE, "INFO: trying to register non-static key", skip_key },
	{ "WARNING: kernel stack frame pointer at ", K(WARN), HEADER_REPORT, PICK_NONE,
	  "WARNING: kernel stack frame pointer has bad value", NULL },
	{ "WARNING: kernel stack regs at ", K(WARN), HEADER_REPORT, PICK_NONE,
	  "WARNING: kernel stack regs has bad value", NULL },
	{ "WARNING: kernel stack ", K(WARN), HEADER_REPORT, PICK_NONE, NULL, NULL },
	{ "WARNING: can't dereference ", K(WARN), HEADER_REPORT, PICK_NONE, NULL, NULL },
	{ "WARNING: ", K(WARN), HEADER_REPORT, PICK_NAMED, "WARNING", NULL },
	{ "can't die for more than", K(HUNG_TASK), HEADER_STALL, PICK_HUNG,
	  "INFO: task can't die", NULL },
	{ "Badness at ", K(WARN), HEADER_REPORT, PICK_NAMED, "WARNING", NULL },
	{ "INFO: task ", K(HUNG_TASK), HEADER_STALL, PICK_HUNG, "INFO: task hung", NULL },
	{ "INFO: rcu_", K(RCU_STALL), HEADER_STALL, PICK_STALL,
	  "INFO: rcu detected stall", NULL },
	{ "Watchdog detected hard LOCKUP", K(HARD_LOCKUP), HEADER_STALL, PICK_PC,
	  "hard LOCKUP", NULL },
	{ "detected hard LOCKUP", K(HARD_LOCKUP), HEADER_STALL, PICK_PC, "hard LOCKUP",
	  NULL },
	{ "Watchdog CPU:", K(HARD_LOCKUP), HEADER_STALL, PICK_PC, "hard LOCKUP", NULL },
	{ "Kernel panic - not syncing: corrupted stack end", K(PANIC), HEADER_PANIC,
	  PICK_STALL, "kernel panic: corrupted stack end", skip_stack_end },
	{ "Kernel panic - not syncing", K(PANIC), HEADER_PANIC, PICK_TRACE, NULL,
	  skip_stack_end },
	{ "PANIC: double fault", K(OOPS_OTHER), HEADER_FAULT, PICK_PC,
	  "PANIC: double fault", NULL },
	{ "Unable to handle kernel", K(PAGING_FAULT), HEADER_FAULT, PICK_PC, NULL, NULL },
	{ "Unhandled fault", K(OOPS_OTHER), HEADER_FAULT, PICK_PC, "Unhandled fault",
	  NULL },
	{ "Unhandled prefetch abort", K(OOPS_OTHER), HEADER_FAULT, PICK_PC,
	  "Unhandled prefetch abort", NULL },
	{ "SError Interrupt on CPU", K(SERROR), HEADER_FAULT, PICK_PC, "SError", NULL },
	{ "Bad mode in ", K(OOPS_OTHER), HEADER_FAULT, PICK_PC, "Bad mode", NULL },
	{ "Insufficient stack space to handle exception", K(OOPS_OTHER), HEADER_FAULT,
	  PICK_STALL, "kernel stack overflow", NULL },
	{ "general protection fault", K(GPF), HEADER_FAULT, PICK_PC,
	  "general protection fault", NULL },
	{ "stack segment: ", K(OOPS_OTHER), HEADER_FAULT, PICK_PC, "stack segment fault",
	  NULL },
	{ "divide error: ", K(OOPS_OTHER), HEADER_FAULT, PICK_PC, "divide error", NULL },
	{ "invalid opcode: ", K(OOPS_OTHER), HEADER_DIE, PICK_PC, "invalid opcode",
	  NULL },
	{ "int3: ", K(OOPS_OTHER), HEADER_DIE, PICK_PC, "int3", NULL },
	{ "double fault: ", K(OOPS_OTHER), HEADER_DIE, PICK_PC, "double fault", NULL },
	{ "Internal error: ", K(OOPS_OTHER), HEADER_DIE, PICK_PC, "Internal error",
	  NULL },
	{ "Oops: ", K(OOPS_OTHER), HEADER_DIE, PICK_PC, "Oops", NULL },
	{ "Oops [#", K(OOPS_OTHER), HEADER_DIE, PICK_PC, "Oops", NULL },
	{ "Oops - ", K(OOPS_OTHER), HEADER_DIE, PICK_PC, "Oops", NULL },
	{ "UBSAN: ", K(UBSAN), HEADER_REPORT, PICK_TRACE, NULL, skip_ubsan },
	{ "invoked oom-killer", K(OOM), HEADER_OOM, PICK_NONE, "Out of memory", NULL },
	{ "oom-kill:", K(OOM), HEADER_OOM, PICK_NONE, "Out of memory", NULL },
	{ "Out of memory: Kill", K(OOM), HEADER_OOM, PICK_NONE, "Out of memory", NULL },
	{ "Memory cgroup out of memory: Kill", K(OOM), HEADER_OOM, PICK_NONE,
	  "Out of memory", NULL },
	{ "Out of memory and no killable", K(PANIC), HEADER_PANIC, PICK_NONE,
	  "Out of memory and no killable processes", NULL },
	{ "[Hardware Error]", K(MCE), HEADER_OOM, PICK_NONE, "Hardware Error", NULL },
	{ "Machine check in kernel", K(MCE), HEADER_FAULT, PICK_PC, "Machine check",
	  NULL },
	{ "Machine check: Processor", K(MCE), HEADER_OOM, PICK_NONE, "Machine check",
	  NULL },
	{ "unreferenced object 0x", K(LEAK), HEADER_REPORT, PICK_TRACE, "memory leak",
	  skip_alloc },
	{ "INFO: Freed in ", K(OTHER), HEADER_REPORT, PICK_NONE, NULL, NULL },
	{ "INFO: Allocated in ", K(OTHER), HEADER_REPORT, PICK_NONE, NULL, NULL },
	{ "new suspected memory leak", K(LEAK), HEADER_REPORT, PICK_NONE, "memory leak",
	  NULL },
	{ "slab error in ", K(BUG), HEADER_REPORT, PICK_TRACE, NULL, skip_free },
	{ "Slab corruption ", K(BUG), HEADER_REPORT, PICK_TRACE, "Slab corruption",
	  skip_free },
	{ "VFS: Busy inodes after unmount", K(OTHER), HEADER_REPORT, PICK_NONE,
	  "VFS: Busy inodes after unmount", NULL },
	{ "unchecked MSR access error: ", K(OTHER), HEADER_REPORT, PICK_TRACE,
	  "unchecked MSR access error", NULL },
	{ ": nobody cared", K(OTHER), HEADER_REPORT, PICK_NONE, "irq: nobody cared",
	  NULL },
	{ "unregister_netdevice: waiting for", K(OTHER), HEADER_STALL, PICK_NONE,
	  "unregister_netdevice: waiting for DEV to become free", NULL },
	{ "BUG: ", K(BUG), HEADER_REPORT, PICK_TRACE, NULL, NULL },
	{ "BUG ", K(BUG), HEADER_REPORT, PICK_TRACE, NULL, skip_free },
	{ "end Kernel panic - not syncing", K(PANIC), HEADER_PANIC, PICK_NONE, NULL,
	  NULL },
	/* die() of the other architectures: "words: code [#1] SMP", "words[#1]:". */
	{ "Kernel BUG [#", K(BUG), HEADER_DIE, PICK_PC, "kernel BUG", NULL },
	{ "Kernel bug detected[#", K(BUG), HEADER_DIE, PICK_PC, "kernel BUG", NULL },
	{ "[#", K(OOPS_OTHER), HEADER_DIE, PICK_PC, NULL, NULL },
	{ "Mem abort info:", K(OOPS_OTHER), HEADER_HEADLESS, PICK_PC,
	  "kernel report without its head", NULL },
	{ "] pgd=", K(OOPS_OTHER), HEADER_HEADLESS, PICK_PC,
	  "kernel report without its head", NULL },
	{ "[ cut here ]", K(OTHER), HEADER_TENTATIVE, PICK_NONE, "cut here", NULL },
	{ "Call trace:", K(PANIC), HEADER_TENTATIVE, PICK_TRACE, "kernel panic",
	  skip_stack_end },
	{ "Call Trace:", K(PANIC), HEADER_TENTATIVE, PICK_TRACE, "kernel panic",
	  skip_stack_end },
	{ "pc : ", K(OOPS_OTHER), HEADER_HEADLESS, PICK_PC,
	  "kernel report without its head", NULL },
	{ "PC is at ", K(OOPS_OTHER), HEADER_HEADLESS, PICK_PC,
	  "kernel report without its head", NULL },
	{ "pc is at ", K(OOPS_OTHER), HEADER_HEADLESS, PICK_PC,
	  "kernel report without its head", NULL },
	{ "RIP: 0010:", K(OOPS_OTHER), HEADER_HEADLESS, PICK_PC,
	  "kernel report without its head", NULL },
	{ "EIP is at ", K(OOPS_OTHER), HEADER_HEADLESS, PICK_PC,
	  "kernel report without its head", NULL },
};

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static bool is_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return n > 0;
}

/* "at f.c:12 sym", "CPU: 3 PID: 4 at f.c:12 sym", "f.c:12 at sym, CPU#3: x/1": the forms
 * of
 * __warn() over the years, told apart from other programs' warnings. */
static bool is_warn(const char *after)
{
	const char *at, *colon;

	if (lines_starts(after, "CPU: "))
		return true;
	if (lines_starts(after, "at "))
		return (colon = strchr(after, ':')) && is_digits(colon + 1, 1);
	at = strstr(after, " at ");
	colon = strchr(after, ':');
	if (at && colon && colon < at && is_digits(colon + 1, 1))
		return strstr(at, "CPU#") || strstr(at, "+0x");
	/* The message was cut off by another CPU. */
	return false;
}

static bool is_rcu_stall(const char *after)
{
	return strstr(after, "detected") != NULL && strstr(after, "stall") != NULL;
}

/* "<words>: 0000 [#1] PREEMPT SMP" or "<words>[#1]:" and nothing else. */
static bool is_die(const char *text, const char *hit)
{
	const char *p = hit + 2;

	if (hit == text)
		return false;
	for (const char *q = text; q < hit; q++)
		if (!is_word(*q) && !strchr(" :-()", *q))
			return false;
	p += strspn(p, "0123456789");
	if (p == hit + 2 || *p != ']')
		return false;
	p++;
	if (*p == ':')
		p++;
	/* "PREEMPT SMP KASAN PTI", "PREEMPT_{RT,(full)}" */
	return p[strspn(p,
			" ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789{},()dynamicfullazytr")] ==
	       '\0';
}

/* What the literal alone cannot tell. */
static bool confirm(const struct oops_header *h, const char *text, const char *hit,
		    const char *after)
{
	switch (h->kind) {
	case INCIDENT_WARN:
		if (h->literal[0] == 'B')
			return strchr(after, '/') && strchr(after, ':');
		return h->pick == PICK_NONE || is_warn(after);
	case INCIDENT_HUNG_TASK:
		/* Not "is blocked on a mutex likely owned by": a line of the report. */
		return h->literal[0] == 'c' || strstr(after, " blocked for more than") ||
		       strstr(after, " blocked in I/O wait for");
	case INCIDENT_RCU_STALL:
		return is_rcu_stall(after);
	case INCIDENT_GPF:
		/* "traps: comm[1] general protection fault ip:" is a process's own. */
		return !lines_starts(text, "traps: ") && !strstr(after, " ip:");
	case INCIDENT_LOCKDEP:
		if (strcmp(h->literal, "-safe -> ") == 0)
			return strstr(after, "lock order detected") != NULL;
		return true;
	case INCIDENT_MCE:
		return !strstr(after, "corrected error") &&
		       !strstr(after, "Corrected error");
	case INCIDENT_BUG:
		if (strcmp(h->literal, "BUG ") == 0)
			/* SLUB: "BUG dentry (Tainted: G B): Object already free" */
			return strstr(after, "ainted") && strstr(after, "):") &&
			       !strstr(after, "kasan: bad access");
		if (strcmp(h->literal, "BUG: ") == 0)
			return hit - text < 2 || (hit[-2] == ':' && hit[-1] == ' ') ||
			       hit[-1] == '[' || hit[-2] == '[';
		return true;
	case INCIDENT_OOPS_OTHER:
		if (h->class == HEADER_HEADLESS) {
			struct symbol sym;

			if (h->literal[0] == 'M' || h->literal[0] == ']')
				return true;

			return lines_pc(hit, &sym);
		}
		if (strcmp(h->literal, "[#") == 0)
			return is_die(text, hit);
		if (strcmp(h->literal, "Oops: ") == 0 ||
		    strcmp(h->literal, "Oops - ") == 0)
			return strstr(after, "[#") != NULL;
		if (strcmp(h->literal, "Internal error: ") == 0)
			return strstr(after, "[#") != NULL || lines_starts(after, "Oops");
		return true;
	default:
		return true;
	}
}

/* "systemd[1]: …" or "init: …" through /dev/kmsg. */
static bool is_other_program(const char *text, const char *hit)
{
	const char *p = text;

	while (p < hit && *p != ' ' && *p != '[' && *p != ':')
		p++;
	if (p < hit && *p == '[' && p > text) {
		const char *d = p + 1;

		while (d < hit && *d >= '0' && *d <= '9')
			d++;
		return d > p + 1 && d + 1 < hit && d[0] == ']' && d[1] == ':';
	}
	return false;
}

/* Where may the literal stand? At the start, or after the words that kernels put there
 * ("rcu: ", "watchdog: ", "[ ", "=== [ cut", a CPU number). */
static bool is_at_start(const char *text, const char *hit, bool is_stamped)
{
	size_t before = (size_t)(hit - text);
	const char *quote;

	if (before == 0)
		return true;
	if (is_word(hit[-1]) || hit[-1] == '"' || hit[-1] == '\'' || hit[-1] == '`')
		return false;
	if (before > 100 || is_other_program(text, hit))
		return false;
	if (is_stamped)
		return true;
	quote = memchr(text, '"', before);
	if (quote)
		return false;

	/* clang-format off */
	static const char *const ok[] = {
		"rcu: ", "watchdog: ", "NMI watchdog: ", "[ ", "[", "kernel: ",
		"---[ ", "BUG: ", "Oops: ", "segment-related ", "kmemleak: ", "traps: ", "Watchdog ", "EDAC ", "mce: ", "CPU",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(ok); i++)
		if (lines_starts(lines_skip_blanks(text), ok[i]))
			return true;
	/* Blanks, lines of a box, half a character of line noise. */
	for (const char *p = text; p < hit; p++)
		if (is_word(*p))
			return false;
	return true;
}

/* Literals that begin with a small letter or a sign stand inside a sentence. */
static bool is_mid_sentence(const char *literal)
{
	char c = literal[0];

	if (lines_starts(literal, "slab "))
		return false;
	return c == '-' || c == ':' || c == 'c' || c == 'i' || c == 's' || c == 'p' ||
	       c == 'P' || c == ']' || c == '[';
}

/* A kernel without stamps prints right behind a prompt: "board login: ",
 * "root@board:~# ", "/ # ", "sh-5.2$ ". */
static const char *after_prompt(const char *text)
{
	const char *login = strstr(text, " login: ");
	size_t n = strcspn(text, "#$");

	if (login && login - text < 80)
		return login + strlen(" login: ");
	if (n == 0 || n > 80 || !text[n] || text[n + 1] != ' ')
		return text;
	for (size_t i = 0; i + 1 < n; i++)
		if (text[i] == ' ' && text[0] != '[')
			return text;
	if (text[n - 1] == ' ' && text[0] != '/' && text[0] != '~')
		return text;
	return text + n + 2;
}

const struct oops_header *header_find(const char *text, bool is_stamped, const char **at)
{
	if (!is_stamped)
		text = after_prompt(text);
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		const struct oops_header *h = &headers[i];
		const char *hit = strstr(text, h->literal);
		const char *after;

		if (!hit)
			continue;
		after = hit + strlen(h->literal);
		if (is_mid_sentence(h->literal)) {
			/* The middle of its sentence: judged by its other words. */
			if (is_other_program(text, hit) || hit - text > 100)
				continue;
			if (!is_stamped && h->class == HEADER_REPORT &&
			    !strstr(text, "INFO:") && !strstr(text, "WARNING:") &&
			    !strstr(text, "BUG:") && h->literal[0] != ':')
				continue;
		} else if (!is_at_start(text, hit, is_stamped)) {
			continue;
		}
		if (!confirm(h, text, hit, after))
			continue;
		*at = after;
		return h;
	}
	return NULL;
}

/* Headers whose first half another CPU's message cut off. */
static const char *const cut_headers[] = {
	/* clang-format off */
	"Unable to handle kernel NULL pointer dereference at virtual address ",
	"Unable to handle kernel paging request at virtual address ",
	"Unable to handle kernel read from unreadable memory at virtual address ",
	"Unable to handle kernel write to read-only memory at virtual address ",
	"Unable to handle kernel execute from non-executable memory at virtual address ",
	"Unable to handle kernel access to user memory outside uaccess routines at virtual address ",
	"BUG: unable to handle kernel NULL pointer dereference at ",
	"BUG: unable to handle kernel paging request at ",
	"BUG: unable to handle page fault for address: ",
	"BUG: kernel NULL pointer dereference, address: ",
	/* clang-format on */
};

const struct oops_header *header_find_tail(const char *text, const char **at)
{
	enum { TAIL_MIN = 24 };
	const struct oops_header *h = NULL;

	for (size_t i = 0; !h && i < ARRAY_SIZE(headers); i++)
		if (strcmp(headers[i].literal, "Unable to handle kernel") == 0)
			h = &headers[i];
	for (size_t i = 0; i < ARRAY_SIZE(cut_headers); i++) {
		const char *whole = cut_headers[i];
		size_t n = strlen(whole);

		for (size_t k = 4; n - k >= TAIL_MIN; k++) {
			if (!lines_starts(text, whole + k))
				continue;
			*at = text + n - k;
			return h;
		}
	}
	return NULL;
}

bool header_is_vague(const struct oops_header *h)
{
	return strcmp(h->literal, "BUG: ") == 0 || strcmp(h->literal, "BUG ") == 0 ||
	       strcmp(h->literal, ": nobody cared") == 0;
}
