// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the table of report headers and the choice of the guilty function among frames.
 * Reads no lines beyond the header: the report collects those. */
#include "parse/oops_title.h"

#include "util/mem.h"
#include "util/strbuf.h"

/* For the search over raw bytes. Each starts with three bytes that are rare in logs; each
 * header and banner contains one of them. */
const char *const oops_literals[] = {
	"BUG:",
	"BUG ",
	"BUG at",
	"WARNING:",
	"INFO: ",
	"Unable to handle",
	"Internal error",
	"Oops",
	"- not syncing",
	"l protection f",
	"divide error",
	"invalid opcode",
	"int3:",
	"ck segment",
	"double fault",
	"SError",
	"Unhandled",
	"LOCKUP",
	"oom-kill",
	"Out of memory",
	"Hardware Error]",
	"Machine check",
	"unreferenced obj",
	"UBSAN:",
	"Bad mode in",
	"nobody cared",
	"unregister_netdevice: w",
	"kernel stack overflow",
	"DDR ",
	"U-Boot ",
	"g kernel ...",
	"Booting ",
	"Uncompressing Linux",
	"x version ",
	"BL31: v",
	"BL1: v",
	"BL2: v",
	"OP-TEE ver",
	"pc : ",
	"PC is at",
	"pc is at",
	"RIP: 0",
	"EIP is at",
	"d Kernel panic",
	"Retry count ex",
	"TFTP error",
	"Bad Linux",
	"SCRIPT FAIL",
	"Wrong Image",
	"t kernel image",
	"Wrong Ramdisk",
	"r retrieving kernel",
};
const size_t oops_n_literals = ARRAY_SIZE(oops_literals);

static const char *const skip_free[] = { "kmem_",  "slab_", "kfree",
					 "vunmap", "vfree", NULL };
static const char *const skip_alloc[] = {
	"kmemleak",      "alloc",   "mmap",          "kmem",     "slab",
	"create_object", "idr_get", "list_lru_init", "asprintf", "pcpu_create",
	"strdup",        "memdup",  "skb_clone",     NULL
};
static const char *const skip_rcu[] = { "rcu", "kmem", "slab", "alloc", NULL };
static const char *const skip_preempt[] = { "preempt", NULL };
static const char *const skip_key[] = { "stack", "lock", "IRQ", NULL };
static const char *const skip_stack_end[] = { "schedule", "retint_kernel", "stack_chk",
					      NULL };
static const char *const skip_ubsan[] = { "ubsan", "overflow", NULL };
static const char *const skip_list[] = { "list_", "usercopy", "__check", NULL };

#define K(k) INCIDENT_##k

/* The first that matches wins: the specific before the general. */
static const struct oops_header headers[] = {
	{ "BUG: KASAN: ", K(KASAN), HEADER_REPORT, PICK_NAMED, NULL, NULL },
	{ "BUG: KASan: ", K(KASAN), HEADER_REPORT, PICK_NAMED, NULL, NULL },
	{ "BUG: KFENCE: ", K(KFENCE), HEADER_REPORT, PICK_NAMED, NULL, NULL },
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
	  "BUG: scheduling while atomic", skip_stack_end },
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
	  "still has locks held", NULL },
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
	{ "BUG: Dentry ", K(BUG), HEADER_REPORT, PICK_LOCK, "BUG: Dentry still in use",
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
	{ "WARNING: held lock freed", K(LOCKDEP), HEADER_REPORT, PICK_LOCK,
	  "WARNING: held lock freed", NULL },
	{ "WARNING: lock held when returning to user space", K(LOCKDEP), HEADER_REPORT,
	  PICK_LOCK, "WARNING: lock held when returning to user space", NULL },
	{ "WARNING: Nested lock was not taken", K(LOCKDEP), HEADER_REPORT, PICK_TRACE,
	  "WARNING: Nested lock was not taken", NULL },
	{ "INFO: trying to register non-static key", K(LOCKDEP), HEADER_REPORT,
	  PICK_TRACE, "INFO: trying to register non-static key", skip_key },
	{ "WARNING: kernel stack ", K(WARN), HEADER_REPORT, PICK_NONE, NULL, NULL },
	{ "WARNING: can't dereference ", K(WARN), HEADER_REPORT, PICK_NONE, NULL, NULL },
	{ "WARNING: ", K(WARN), HEADER_REPORT, PICK_NAMED, "WARNING", NULL },
	{ "INFO: task ", K(HUNG_TASK), HEADER_STALL, PICK_HUNG, "INFO: task hung", NULL },
	{ "INFO: rcu_", K(RCU_STALL), HEADER_STALL, PICK_STALL,
	  "INFO: rcu detected stall", NULL },
	{ "Watchdog detected hard LOCKUP", K(HARD_LOCKUP), HEADER_STALL, PICK_PC,
	  "hard LOCKUP", NULL },
	{ "Watchdog CPU:", K(HARD_LOCKUP), HEADER_STALL, PICK_PC, "hard LOCKUP", NULL },
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
	  PICK_PC, "kernel stack overflow", NULL },
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
	{ "Out of memory and no killable", K(PANIC), HEADER_PANIC, PICK_NONE,
	  "Out of memory and no killable processes", NULL },
	{ "[Hardware Error]", K(MCE), HEADER_OOM, PICK_NONE, "Hardware Error", NULL },
	{ "Machine check in kernel", K(MCE), HEADER_FAULT, PICK_PC, "Machine check",
	  NULL },
	{ "Machine check: Processor", K(MCE), HEADER_OOM, PICK_NONE, "Machine check",
	  NULL },
	{ "unreferenced object 0x", K(LEAK), HEADER_REPORT, PICK_TRACE, "memory leak",
	  skip_alloc },
	{ ": nobody cared", K(OTHER), HEADER_REPORT, PICK_NONE, "irq: nobody cared",
	  NULL },
	{ "unregister_netdevice: waiting for", K(OTHER), HEADER_STALL, PICK_NONE,
	  "unregister_netdevice: waiting for DEV to become free", NULL },
	{ "BUG: ", K(BUG), HEADER_REPORT, PICK_TRACE, NULL, NULL },
	{ "BUG ", K(BUG), HEADER_REPORT, PICK_TRACE, NULL, skip_free },
	{ "end Kernel panic - not syncing", K(PANIC), HEADER_PANIC, PICK_NONE, NULL,
	  NULL },
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

/* What the literal alone cannot tell. */
static bool confirm(const struct oops_header *h, const char *text, const char *hit,
		    const char *after)
{
	switch (h->kind) {
	case INCIDENT_WARN:
		return h->pick == PICK_NONE || is_warn(after);
	case INCIDENT_HUNG_TASK:
		return strstr(after, " blocked ") ||
		       strstr(after, "can't die for more than");
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
			return strstr(after, "ainted") && strstr(after, "):");
		if (strcmp(h->literal, "BUG: ") == 0)
			return hit == text || hit[-1] == ' ' || hit[-1] == '[';
		return true;
	case INCIDENT_OOPS_OTHER:
		if (h->class == HEADER_HEADLESS) {
			struct symbol sym;

			return lines_pc(hit, &sym);
		}
		if (strcmp(h->literal, "Oops: ") == 0 ||
		    strcmp(h->literal, "Oops - ") == 0)
			return hit == text || strstr(after, "[#") != NULL;
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

	static const char *const ok[] = {
		"rcu: ", "watchdog: ", "NMI watchdog: ", "[ ",        "[",     "kernel: ",
		"---[ ", "BUG: ",      "traps: ",        "Watchdog ", "EDAC ", "mce: ",
		"CPU"
	};

	for (size_t i = 0; i < ARRAY_SIZE(ok); i++)
		if (lines_starts(text, ok[i]))
			return true;
	/* Blanks, lines of a box, half a character of line noise. */
	for (const char *p = text; p < hit; p++)
		if (is_word(*p))
			return false;
	return true;
}

const struct oops_header *header_find(const char *text, bool is_stamped, const char **at)
{
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		const struct oops_header *h = &headers[i];
		const char *hit = strstr(text, h->literal);
		const char *after;

		if (!hit)
			continue;
		after = hit + strlen(h->literal);
		if (h->literal[0] == '-' || h->literal[0] == ':' ||
		    h->literal[0] == 'i' || h->literal[0] == 's' ||
		    h->literal[0] == 'p' || h->literal[0] == 'P') {
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

/* ---- whose fault ---- */

/* Functions that report, copy, lock or count for others. Matched anywhere in the name, as
 * compilers and kernels vary what stands around (__, _raw_, _nested, .constprop). */
static const char *const helpers[] = {
	/* the checkers and the way to the report */
	"asan", "msan", "kcsan", "__sanitizer", "check_memory_region", "kfence",
	"read_word_at_a_time", "print_address_description", "print_report", "panic",
	"report_bug", "fixup_bug", "invalid_op", "do_error", "_trap", "dump_stack",
	"dump_backtrace", "show_stack", "unwind_backtrace", "warn_slowpath", "warn_alloc",
	"__warn", "debug_object", "_is_static_object", "fortify_panic",
	"program_check_exception", "program_check_common", "bug_handler", "brk_handler",
	"debug_monitors", "do_debug_exception", "el1_dbg", "el1_brk",
	/* locks */
	"lockdep", "lock_acquire", "lock_release", "lock_class", "held_lock", "spin_lock",
	"spin_trylock", "spin_unlock", "spin_dump", "spin_bug", "raw_read_", "raw_write_",
	"down_read", "down_write", "up_read", "up_write", "mutex_lock", "mutex_trylock",
	"mutex_unlock", "mutex_remove_waiter", "osq_lock", "osq_unlock", "__wake_up",
	/* counters, memory, strings, lists, user copies */
	"refcount_", "memcpy", "memcmp", "memset", "memchr", "memmove", "strcmp",
	"strncmp", "strcpy", "strlcpy", "strncpy", "strscpy", "strlen", "strnstr",
	"strnlen", "strchr", "strcat", "copy_to_user", "copy_from_user", "copy_user",
	"put_user", "get_user", "might_fault", "might_sleep", "list_add", "list_del",
	"list_replace", "list_move", "list_splice", "_indirect_thunk_", "vsnprintf",
	"snprintf", "printf", "printk", "string", "pointer", "dev_info", "dev_notice",
	"dev_warn", "dev_err", "dev_alert", "dev_crit", "dev_emerg",
	/* generic ends of timers, work, devices: their user is at fault */
	"perf_trace", "del_timer", "flush_work", "cancel_work", "cancel_delayed_work",
	"try_to_grab_pending", "drain_workqueue", "destroy_workqueue", "finish_wait",
	"kthread_stop", "kobject_del", "kobject_put", "kobject_uevent_env",
	"add_uevent_var", "get_device_parent", "device_add", "device_del",
	"device_unregister", "device_destroy", "hwrng_unregister", "i2c_del_adapter",
	"__unregister_client", "device_for_each_child", "rollback_registered",
	"unregister_netdev", "sysfs_remove", "device_remove_file",
	"tty_unregister_device", "dummy_urb_enqueue", "usb_kill_urb",
	"usb_kill_anchored_urbs", "usb_control_msg", "usb_hcd_submit_urb",
	"usb_submit_urb", NULL
};

static bool has_any(const char *name, const char *const *words)
{
	for (; words && *words; words++)
		if (strstr(name, *words))
			return true;
	return false;
}

bool title_is_helper(const char *name, const char *const *more)
{
	return strcmp(name, "down") == 0 || strcmp(name, "up") == 0 ||
	       has_any(name, helpers) || has_any(name, more);
}

/* What may stand in pc although its caller gave the bad pointer. */
bool title_is_leaf_helper(const char *name)
{
	static const char *const leafs[] = { "asan",
					     "msan",
					     "__sanitizer",
					     "check_memory_region",
					     "memcpy",
					     "memcmp",
					     "memset",
					     "memchr",
					     "memmove",
					     "strcmp",
					     "strncmp",
					     "strcpy",
					     "strlcpy",
					     "strncpy",
					     "strscpy",
					     "strlen",
					     "strnlen",
					     "strchr",
					     "copy_to_user",
					     "copy_from_user",
					     "copy_user",
					     "list_add",
					     "list_del",
					     "refcount_",
					     "report_bug",
					     "panic",
					     NULL };

	return has_any(name, leafs);
}

size_t title_pick_trace(const struct incident_frame *f, size_t n, const char *const *more)
{
	for (size_t i = 0; i < n; i++)
		if (f[i].reliable && !title_is_helper(f[i].function, more))
			return i;
	return n;
}

size_t title_pick_hung(const struct incident_frame *f, size_t n)
{
	/* Many victims wait for these two: they are the bug's name. */
	static const char *const meeting[] = { "rtnl_lock", "synchronize_rcu", NULL };
	static const char *const waits[] = { "sched",
					     "_lock",
					     "_slowlock",
					     "down",
					     "completion",
					     "kthread",
					     "wait",
					     "synchronize",
					     "context_switch",
					     "__switch_to",
					     "cancel_delayed_work",
					     "cancel_work",
					     "io_timeout",
					     "mutex",
					     NULL };

	for (size_t i = 0; i < n; i++)
		if (f[i].reliable && has_any(f[i].function, meeting))
			return i;
	for (size_t i = 0; i < n; i++)
		if (f[i].reliable && !has_any(f[i].function, waits))
			return i;
	return n;
}

/* Frames that hand on to whatever was registered: the frame before one of them names what
 * was asked for. A leading '^' anchors. */
static const char *const dispatchers[] = { "process_one_work",
					   "do_syscall_",
					   "do_fast_syscall_",
					   "sysenter_dispatch",
					   "tracesys_phase2",
					   "el0_svc",
					   "invoke_syscall",
					   "ret_fast_syscall",
					   "netif_receive_skb",
					   "do_softirq",
					   "call_timer_fn",
					   "_run_timers",
					   "run_timer_softirq",
					   "hrtimer_run",
					   "run_ksoftirqd",
					   "smpboot_thread_fn",
					   "^kthread",
					   "start_secondary",
					   "cpu_startup_entry",
					   "ret_from_fork",
					   "entry_SYSCALL",
					   "vfs_write",
					   "vfs_read",
					   "vfs_iter_read",
					   "vfs_iter_write",
					   "do_iter_read",
					   "do_iter_write",
					   "call_read_iter",
					   "call_write_iter",
					   "new_sync_",
					   "vfs_ioctl",
					   "blkdev_driver_ioctl",
					   "blkdev_ioctl",
					   "^call_mmap",
					   "mmap_region",
					   "do_mmap",
					   "do_dentry_open",
					   "vfs_open",
					   "^sock_sendmsg",
					   "^sock_recvmsg",
					   "^sock_release",
					   "^__sock_release",
					   "__sys_setsockopt",
					   "kernel_setsockopt",
					   "sock_common_setsockopt",
					   "__sys_listen",
					   "kernel_listen",
					   "sk_common_release",
					   "^sock_mmap",
					   "__sys_accept",
					   "kernel_accept",
					   "^sock_do_ioctl",
					   "^sock_ioctl",
					   "^compat_sock_ioctl",
					   "^nfnetlink_rcv_msg",
					   "__do_fault",
					   "handle_mm_fault",
					   "do_page_fault",
					   "^page_fault",
					   "exc_page_fault",
					   "__fput",
					   "task_work_run",
					   "exit_to_usermode",
					   "exit_to_user_mode",
					   NULL };

static bool is_dispatcher(const char *name)
{
	for (const char *const *d = dispatchers; *d; d++) {
		if (**d == '^' ? lines_starts(name, *d + 1) : strstr(name, *d) != NULL)
			return true;
	}
	/* The system calls that hand on to a protocol or a driver. */
	if (strstr(name, "_ioctl") || strstr(name, "_connect") ||
	    strstr(name, "_socketpair"))
		return lines_starts(name, "SYSC_") || lines_starts(name, "SyS_") ||
		       lines_starts(name, "__sys_") || lines_starts(name, "___sys_") ||
		       lines_starts(name, "__do_sys_") ||
		       lines_starts(name, "__se_sys_") ||
		       lines_starts(name, "__x64_sys_") ||
		       lines_starts(name, "__arm64_sys_") ||
		       lines_starts(name, "compat_SYSC_") ||
		       lines_starts(name, "compat_SyS_");
	return false;
}

const char *title_pick_stall(const struct incident_frame *f, size_t n)
{
	const char *prev = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *name = f[i].function;

		if (!f[i].reliable)
			continue;
		if (is_dispatcher(name))
			return prev ? prev : name;
		prev = name;
	}
	return NULL;
}

char *title_normalize(const char *s)
{
	struct strbuf sb = STRBUF_INIT;

	while (*s) {
		uint64_t v;
		size_t n;

		if (sb.len > 0 && is_word(sb.buf[sb.len - 1])) {
			strbuf_addch(&sb, *s++);
			continue;
		}
		n = lines_hex(s, &v);
		if (n >= 8 && !is_word(s[n])) {
			strbuf_addstr(&sb, "ADDR");
			s += n;
			continue;
		}
		n = s[0] == '0' && s[1] == 'x' ? n : strspn(s, "0123456789");
		if (n > 0 && !is_word(s[n])) {
			strbuf_addstr(&sb, "NUM");
			s += n;
			continue;
		}
		strbuf_addch(&sb, *s++);
	}
	while (sb.len > 0 && (sb.buf[sb.len - 1] == ' ' || sb.buf[sb.len - 1] == '!'))
		sb.buf[--sb.len] = '\0';
	return strbuf_take(&sb);
}
