// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the knowledge of which functions only report, copy, lock, count or wait for
 * others. Reads no text: frames come in, a name goes out. */
#include "parse/oops_culprit.h"

#include "parse/oops_lines.h"

static bool has_any(const char *name, const char *const *words)
{
	for (; words && *words; words++) {
		if (**words == '^' ? lines_starts(name, *words + 1)
				   : strstr(name, *words) != NULL)
			return true;
	}
	return false;
}

/* clang-format off */
const char *const skip_free[] = {
	"kmem_", "slab_", "kfree", "vunmap", "vfree", "free_pages", "free_unref",
	"free_page", "put_page", "bad_page", "object_err", "free_to_partial",
	"debug_processing", "check_object", "print_trailer", "check_bytes",
	"slab_pad_check", "on_freelist", "consistency_checks", NULL,
};
const char *const skip_alloc[] = {
	"kmemleak", "alloc", "mmap", "kmem", "slab", "create_object", "idr_get",
	"list_lru_init", "asprintf", "pcpu_create", "strdup", "memdup", NULL,
};
const char *const skip_rcu[] = {
	"rcu", "kmem", "slab", "kmalloc", "vmalloc", "kcalloc", "kzalloc", NULL,
};
/* clang-format on */
const char *const skip_preempt[] = { "preempt", "smp_processor_id", NULL };
/* clang-format off */
const char *const skip_key[] = {
	"stack", "lock", "IRQ", NULL,
};
const char *const skip_stack_end[] = {
	"^schedule", "^__schedule", "^preempt_schedule", "^_cond_resched",
	"retint_kernel", "stack_chk", "cond_resched", NULL,
};
const char *const skip_sleep[] = {
	"^schedule", "^__schedule", "^preempt_schedule", "cond_resched", "^do_nanosleep",
	"^msleep", "^usleep_", "^ssleep", "^fsleep", "^do_wait_for", "^wait_for_common",
	"^__wait_for_common", "^usb_start_wait_urb", NULL,
};
/* clang-format on */
const char *const skip_cant[] = { "cant_sleep", "cant_migrate", NULL };
const char *const skip_spl[] = { "spl_", NULL };
const char *const skip_ubsan[] = { "ubsan", "overflow", NULL };
/* clang-format off */
const char *const skip_list[] = {
	"list_", "usercopy", "__check", NULL,
};
const char *const skip_heap[] = {
	"krealloc", "kmalloc", "kzalloc", "kcalloc", "vmalloc", "vzalloc", "kmem_",
	"slab_", "kfree", "vfree", "alloc_pages", "alloc_frozen", NULL,
};
/* The allocators, and what only calls them for others. */
const char *const skip_object[] = {
	"krealloc", "kmalloc", "kzalloc", "kcalloc", "vmalloc", "vzalloc", "kmem_",
	"slab", "kfree", "vfree", "alloc_pages", "alloc_frozen", "strdup", "memdup",
	"stack_trace_save", "save_stack", "set_alloc_info", "set_free_info", NULL,
};
/* call_rcu() and the workqueues. */
const char *const skip_queue[] = {
	"rcu", "insert_work", "stack_trace_save", "save_stack", NULL,
};
/* clang-format on */

/* clang-format off */
static const char *const skip_debug_objects[] = {
	"debug_", "rcu", "hrtimer_", "timer_", "work_", "percpu_", "kmem_", "slab_",
	"kfree", "vunmap", "vfree", "__free_", "kobject_", "free_pages", NULL,
};
static const char *const skip_refcount[] = {
	"refcount", "kobject_", "kref_", NULL,
};
/* clang-format on */
static const char *const skip_kobject[] = { "kobject_", NULL };
static const char *const skip_proc[] = { "proc_", NULL };
static const char *const skip_usercopy[] = { "usercopy", "__check", NULL };
static const char *const skip_lockdep[] = { "lock_sock", "release_sock", NULL };
/* clang-format off */
static const char *const skip_urb[] = {
	"usb_submit_urb", "usb_start_wait_urb", "usb_bulk_msg", "usb_interrupt_msg",
	"usb_control_msg", NULL,
};
/* clang-format on */
static const char *const skip_srcu[] = { "rcu", NULL };
/* clang-format off */
static const char *const skip_fault[] = {
	"do_kernel_fault", "do_translation_fault", "do_mem_abort", "el1_abort",
	"el1h_64_sync", "do_page_fault", "do_kern_addr_fault", "exc_page_fault",
	"el1_sync", "^el1_da", "do_bad_area", NULL,
};
static const char *const skip_dcache[] = {
	"dput", "^d_", "__d_", NULL,
};
/* kernel/dma/debug.c and mapping.c: who maps and unmaps is at fault. */
static const char *const skip_dma[] = {
	"^check_unmap", "^check_sync", "^check_for_", "^check_sg_", "debug_dma_",
	"^add_dma_entry", "^active_cacheline", "^dma_map_", "^__dma_map_",
	"^dma_unmap_", "^dma_sync_", "^__dma_sync_", "^dma_alloc_", "^dma_free_",
	"^dmam_", NULL,
};
/* clang-format on */
static const char *const skip_cfi[] = { "__cfi_", "handle_cfi", "report_cfi", NULL };
static const char *const skip_irq_state[] = { "irq_restore", NULL };

static const struct warn_sort warn_sorts[] = {
	{ "lib/debugobjects.c", "WARNING: ODEBUG bug", skip_debug_objects },
	{ "lib/refcount.c", "WARNING: refcount bug", skip_refcount },
	{ "include/linux/kref.h", "WARNING: refcount bug", skip_refcount },
	{ "lib/kobject.c", "WARNING: kobject bug", skip_kobject },
	{ "fs/proc/generic.c", "WARNING: proc registration bug", skip_proc },
	{ "lib/string_helpers.c", "WARNING: buffer overflow", NULL },
	{ "mm/usercopy.c", "WARNING: bad usercopy", skip_usercopy },
	{ "kernel/dma/debug.c", "WARNING: DMA-API bug", skip_dma },
	{ "kernel/locking/lockdep.c", "WARNING: locking bug", skip_lockdep },
	{ "kernel/locking/irqflag-debug.c", "WARNING", skip_irq_state },
	{ "drivers/usb/core/urb.c", "WARNING", skip_urb },
	{ "mm/vmalloc.c", "WARNING: zero-size vmalloc", skip_heap },
	{ "mm/page_alloc.c", "WARNING", skip_heap },
	{ "mm/slab", "WARNING: kmalloc bug", skip_heap },
	{ "mm/slub.c", "WARNING: kmalloc bug", skip_heap },
	{ "mm/util.c", "WARNING: kmalloc bug", skip_heap },
	{ "kernel/rcu/", "WARNING", skip_srcu },
	{ "mm/fault.c", "WARNING", skip_fault },
	{ "fs/dcache.c", "WARNING", skip_dcache },
	{ "kernel/cfi.c", "CFI failure", skip_cfi },
};

const struct warn_sort *culprit_warn_sort(const char *header_text)
{
	for (size_t i = 0; i < ARRAY_SIZE(warn_sorts); i++)
		if (strstr(header_text, warn_sorts[i].file))
			return &warn_sorts[i];
	return NULL;
}

/* The checkers and the way from the fault to the report. */
/* clang-format off */
static const char *const reporters[] = {
	"asan", "msan", "kcsan", "__sanitizer", "check_memory_region", "kfence",
	"read_word_at_a_time", "print_address_description", "print_report", "panic",
	"report_bug", "fixup_bug", "handle_bug", "invalid_op", "do_error", "_trap",
	"dump_stack", "dump_backtrace", "show_stack", "unwind_backtrace",
	"walk_stackframe", "warn_slowpath", "warn_alloc", "warn_bogus", "__warn",
	"debug_object", "debug_print_", "debug_check_no", "_is_static_object",
	"fortify_panic", "__fortify_report", "program_check_exception", "program_check_common",
	"bug_handler", "brk_handler", "do_debug_exception", "el1_dbg", "el1_brk",
	"^arm64_is_fatal_ras_serror", "^arm64_serror_panic", "^do_serror",
	"^el1h_64_error", "^el0t_64_error", "^el1_error", "^el0_error", "^__switch_to",
	"^end_report",
	"__virt_to_phys", "trace_hardirqs", "trace_softirqs", "instrument_",
	"watchdog_overflow_callback", "watchdog_timer_fn", "perf_event_overflow",
	"pmu_handle_irq", "perf_event_nmi_handler", "nmi_handle", "default_do_nmi",
	"^do_nmi", "end_repeat_nmi", "^exc_nmi", NULL,
};
/* clang-format on */

/* Locks: their user is at fault. */
/* clang-format off */
static const char *const locks[] = {
	"lockdep", "lock_is_held", "validate_chain", "check_deadlock", "raw_spin_rq", "rt_mutex_", "owner_on_cpu", "^down_", "percpu_down", "percpu_up", "lock_acquire", "lock_release", "lock_class", "held_lock",
	"mark_lock", "spin_lock", "spin_trylock", "spin_unlock", "spin_dump",
	"spin_bug", "raw_read_", "raw_write_", "down_read", "down_write", "up_read",
	"up_write", "mutex_lock", "mutex_trylock", "mutex_unlock",
	"mutex_remove_waiter", "mutex_optimistic", "ww_mutex", "osq_lock",
	"osq_unlock", "__wake_up", "_write_lock", "lock_sock", "qspinlock",
	"wait_for_completion", "print_circular", "check_prev", "check_noncircular",
	"print_unlock_imbalance", "print_usage_bug", "^print_lock_", "^print_bad_irq",
	"^print_deadlock", "^print_irq_inversion", "^print_freed_lock",
	"^print_held_locks", "^print_collision", NULL,
};
/* clang-format on */

/* Counters, bits, memory, strings, lists, tables, user copies. */
/* clang-format off */
static const char *const tools[] = {
	"refcount_", "^atomic_read", "^atomic_set",
	"^atomic_add", "^atomic_sub", "^atomic_inc", "^atomic_dec", "^atomic_fetch",
	"^atomic_xchg", "^atomic_cmpxchg", "^atomic_try", "^atomic_long_", "^atomic64_", "^arch_atomic", "^raw_atomic",
	"^test_bit", "^set_bit", "^clear_bit", "^test_and_", "^_test_", "^__set_bit",
	"^__delay", "^__const_udelay", "^__udelay", "^__ndelay", "^delay_", "^_find_", "memcpy", "memcmp", "memset", "memchr", "memmove", "strcmp",
	"strncmp", "strcpy", "strlcpy", "strncpy", "strscpy", "strlen", "strnstr",
	"strnlen", "strchr", "strstr", "strcat", "copy_to_user", "copy_from_user", "copy_user",
	"copy_to_iter", "copy_from_iter", "copyout", "copyin", "put_user", "get_user",
	"might_fault", "might_resched", "cond_resched", "might_sleep", "list_add",
	"list_del", "list_replace", "list_move", "list_splice", "rhashtable", "^rht_",
	"^hlist_", "^rb_", "__rb_", "_indirect_thunk_", "vsnprintf", "snprintf",
	"printf", "printk", "^string", "^pointer", "^_dev_", "^dev_info",
	"^dev_notice", "^dev_warn", "^dev_err", "^dev_alert", "^dev_crit",
	"^dev_emerg", "check_heap_object", "check_object_size", "usercopy_abort",
	"kmem_cache_alloc", "kmem_cache_free", "slab_alloc", "slab_free", "^__kmalloc",
	"^kmalloc", "^kzalloc", "^kcalloc", NULL,
};
/* clang-format on */

/* Generic ends of timers, work and devices: whoever owns the object is at fault. */
/* clang-format off */
static const char *const services[] = {
	"perf_trace", "^perf_tp_", "perf_try_init", "perf_event_alloc", "del_timer",
	"timer_delete", "lock_timer_base", "sk_stop_timer", "^queue_work",
	"^__queue_work", "^queue_delayed", "^mod_delayed", "flush_work", "cancel_work",
	"cancel_delayed_work", "try_to_grab_pending", "drain_workqueue",
	"destroy_workqueue", "finish_wait", "kthread_stop", "kobject_del",
	"kobject_put", "kobject_uevent_env", "add_uevent_var", "^get_device_parent",
	"^device_add", "^device_del", "^device_unregister", "^device_destroy",
	"hwrng_unregister", "i2c_del_adapter", "__unregister_client",
	"device_for_each_child", "rollback_registered", "unregister_netdev",
	"sysfs_remove", "device_remove_file", "^proc_register", "^proc_create", "tty_unregister_device",
	"dummy_urb_enqueue", "usb_kill_urb", "usb_kill_anchored_urbs",
	"usb_control_msg", "usb_hcd_submit_urb", "usb_submit_urb", NULL,
};
/* clang-format on */

bool culprit_is_helper(const char *name, const char *const *more)
{
	return strcmp(name, "down") == 0 || strcmp(name, "up") == 0 ||
	       has_any(name, reporters) || has_any(name, locks) || has_any(name, tools) ||
	       has_any(name, services) || has_any(name, more);
}

bool culprit_is_entry(const char *name)
{
	/* clang-format off */
	static const char *const entries[] = {
		"el0_svc", "^el0t_", "^el1h_", "invoke_syscall", "^do_syscall_",
		"^do_fast_syscall_", "^do_int80", "^do_SYSENTER", "^entry_", "^asm_",
		"^x64_sys_call", "ret_fast_syscall", "ret_from_fork", "^kthread",
		"^worker_thread", "^smpboot_thread_fn", "^start_secondary", "^secondary_",
		"^__secondary_", "^start_kernel", "^rest_init", "^kernel_init",
		"^kernel_thread_helper", "^child_rip", "^ret_from_", "^system_call",
		"^sysenter_", "^handle_exception", "^do_trap_ecall", NULL,
	};
	/* clang-format on */

	return has_any(name, entries);
}

bool culprit_is_leaf(const char *name)
{
	/* clang-format off */
	static const char *const leafs[] = {
		"asan", "msan", "__sanitizer", "check_memory_region", "memcpy",
		"memcmp", "memset", "memchr", "memmove", "strcmp", "strncmp", "strcpy",
		"strlcpy", "strncpy", "strscpy", "strlen", "strnlen", "strchr",
		"copy_to_user", "copy_from_user", "copy_user", "list_add", "list_del",
		"refcount_", "report_bug", "panic", NULL,
	};
	/* clang-format on */

	return has_any(name, leafs);
}

size_t culprit_in_trace(const struct incident_frame *f, size_t n, const char *const *more)
{
	size_t start = n;

	for (size_t i = 0; i < n; i++) {
		/* What lies in a module is not the machinery of the core that more names.
		 */
		if (!f[i].reliable ||
		    culprit_is_helper(f[i].function, f[i].module ? NULL : more))
			continue;
		/* A return address at a function's very start belongs to the one before:
		 * its last call (panic()) never returns. */
		if (i == 0 || f[i].offset > 0 || f[i].size == 0)
			return i;
		if (start == n)
			start = i;
	}
	return start;
}

const char *culprit_meeting(const char *name)
{
	/* clang-format off */
	static const char *const rcu[] = {
		"synchronize_rcu", "synchronize_srcu", "synchronize_net",
		"synchronize_sched", NULL,
	};
	/* clang-format on */

	if (has_any(name, rcu))
		return "synchronize_rcu";
	if (lines_starts(name, "rtnl_lock"))
		return "rtnl_lock";
	/* The CPU that does not answer is at fault, and is unknown. */
	if (lines_starts(name, "smp_call_function"))
		return "smp_call_function";
	return name;
}

const char *culprit_hung(const struct incident_frame *f, size_t n)
{
	/* clang-format off */
	static const char *const waits[] = {
		"schedule", "^sched_", "_lock", "_slowlock", "^down", "^__down",
		"rwsem_down", "ldsem_down", "percpu_down", "completion", "kthread",
		"wait", "synchronize", "context_switch", "__switch_to",
		"cancel_delayed_work", "cancel_work", "flush_work", "mutex",
		"^sync_buffer", "^sync_page", "^sleep_on_", NULL,
	};
	/* clang-format on */

	for (size_t i = 0; i < n; i++) {
		const char *m = f[i].reliable ? culprit_meeting(f[i].function) : NULL;

		if (m && (m != f[i].function || strcmp(m, "rtnl_lock") == 0))
			return m;
	}
	for (size_t i = 0; i < n; i++)
		if (f[i].reliable && (f[i].module || !has_any(f[i].function, waits)))
			return f[i].function;
	return NULL;
}

/* Frames that hand on to whatever was registered: the frame before one of them names what
 * was asked for. */
/* clang-format off */
static const char *const dispatchers[] = {
	"process_one_work", "do_syscall_", "do_fast_syscall_", "sysenter_dispatch",
	"tracesys_phase2", "el0_svc", "invoke_syscall", "ret_fast_syscall",
	"entry_SYSCALL", "netif_receive_skb", "do_softirq", "call_timer_fn",
	"_run_timers", "run_timer_softirq", "__run_hrtimer", "run_ksoftirqd",
	"smpboot_thread_fn", "^kthread", "start_secondary", "cpu_startup_entry",
	"ret_from_fork", "vfs_write", "vfs_read", "vfs_iter_read", "vfs_iter_write",
	"do_iter_read", "do_iter_write", "^call_read_iter", "^call_write_iter",
	"new_sync_", "vfs_ioctl", "blkdev_driver_ioctl", "blkdev_ioctl", "^call_mmap",
	"mmap_region", "do_mmap", "do_dentry_open", "vfs_open", "^sock_sendmsg",
	"^sock_recvmsg", "^sock_release", "^__sock_release", "__sys_setsockopt",
	"kernel_setsockopt", "sock_common_setsockopt", "__sys_listen", "kernel_listen",
	"sk_common_release", "^sock_mmap", "__sys_accept", "kernel_accept",
	"^sock_do_ioctl", "^sock_ioctl", "^compat_sock_ioctl", "^nfnetlink_rcv_msg",
	"^rtnetlink_rcv_msg", "^netlink_dump", "__do_fault", "__fput", "task_work_run",
	"exit_to_usermode", "exit_to_user_mode", NULL,
};
/* clang-format on */

static bool is_dispatcher(const char *name)
{
	/* clang-format off */
	static const char *const calls[] = {
		"^SYSC_", "^SyS_", "^__sys_", "^___sys_", "^__do_sys_", "^__se_sys_",
		"^__x64_sys_", "^__arm64_sys_", "^compat_SYSC_", "^compat_SyS_", NULL,
	};
	/* clang-format on */

	if (has_any(name, dispatchers))
		return true;
	/* The system calls that hand on to a protocol or a driver. */
	return (strstr(name, "_ioctl") || strstr(name, "_connect") ||
		strstr(name, "_socketpair")) &&
	       has_any(name, calls);
}

/* lo_compat_ioctl calls lo_ioctl: the same request, from a 32-bit process. */
static bool is_compat_of(const char *name, const char *prev)
{
	const char *compat = strstr(name, "compat_");
	size_t n = compat ? (size_t)(compat - name) : 0;

	return compat && prev && strncmp(prev, name, n) == 0 &&
	       strcmp(prev + n, compat + strlen("compat_")) == 0;
}

const char *culprit_stalled(const struct incident_frame *f, size_t n)
{
	/* A page fault may come from user space, or from a copy on behalf of a system
	 * call that is the better answer. */
	/* clang-format off */
	static const char *const fault_entries[] = {
		"handle_mm_fault", "do_page_fault", "^page_fault", "exc_page_fault",
		NULL,
	};
	/* clang-format on */
	const char *prev = NULL, *before_fault = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *name = f[i].function;

		if (!f[i].reliable)
			continue;
		if (has_any(name, fault_entries) && prev && !before_fault)
			before_fault = prev;
		if (is_dispatcher(name) || is_compat_of(name, prev))
			return prev ? prev : name;
		if (culprit_meeting(name) != name)
			return culprit_meeting(name);
		prev = name;
	}
	return before_fault;
}

const char *culprit_plain(const char *name)
{
	/* clang-format off */
	static const char *const whole[] = {
		"__do_sys_", "__se_sys_", "SYSC_", "SyS_", "compat_SYSC_",
		"compat_SyS_", "__do_compat_sys_", "__se_compat_sys_", "sys_",
	};
	static const char *const arch[] = {
		"__x64_", "__ia32_", "__arm64_", "__s390x_", "__riscv_",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(whole); i++)
		if (lines_starts(name, whole[i]) && name[strlen(whole[i])])
			return name + strlen(whole[i]);
	for (size_t i = 0; i < ARRAY_SIZE(arch); i++)
		if (lines_starts(name, arch[i]) &&
		    lines_starts(name + strlen(arch[i]), "sys_"))
			return name + strlen(arch[i]);
	return name;
}
