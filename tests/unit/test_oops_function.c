// SPDX-License-Identifier: GPL-2.0-or-later
/* Which function is to blame. The bytes are those of 6.12.117 kernels that were crashed
 * in QEMU by lkdtm and by a module, shortened. */
#include "oops_reading.h"

#define DIE_OF(esr_)                                                                     \
	"[    1.756700] Internal error: Oops: " esr_ " [#1] PREEMPT SMP\n"               \
	"[    1.757038] CPU: 0 UID: 0 PID: 52 Comm: init Not tainted 6.12.117-vb2 #1 \n"

static void check_blame(const char *text, const char *function, const char *module,
			const char *pc)
{
	_cleanup_json_ json_t *all = read_json(text);

	CHECK_EQ(json_array_size(all), 1);
	CHECK_FIELD(all, 0, "function", function);
	CHECK_FIELD(all, 0, "module", module);
	CHECK_FIELD(all, 0, "pc", pc);
}

TEST(a_call_to_nowhere_is_blamed_on_the_caller_in_lr)
{
	check_blame(
		"[    1.755453] Unable to handle kernel NULL pointer dereference at "
		"virtual address 0000000000000000\n" DIE_OF(
			"0000000086000006") "[    1.757496] pc : 0x0\n"
					    "[    1.757710] lr : null_call+0x44/0x98 [crashme]\n"
					    "[    1.771614] Call trace:\n[    1.771712]  0x0\n"
					    "[    1.771829]  crashme_write+0x14/0x1c [crashme]\n" END,
		"\"null_call\"", "\"crashme\"", "\"0x0\"");
}

/* Found by fuzz_oops: the first was lost and its memory with it. */
TEST(a_bare_pc_stays_when_another_pc_follows)
{
	check_blame(
		"[    1.755453] Unable to handle kernel NULL pointer dereference at "
		"virtual address 0000000000000000\n" DIE_OF(
			"0000000086000006") "[    1.757496] pc : 0x0\n"
					    "[    1.757710] lr : null_call+0x44/0x98 [crashme]\n"
					    "[    1.757800] pc : other+0x4/0x10\n" END,
		"\"null_call\"", "\"crashme\"", "\"0x0\"");
}

TEST(a_leaf_without_a_frame_is_blamed_on_the_caller_in_lr)
{
	check_blame(
		"[    2.467097] Unable to handle kernel write to read-only memory at "
		"virtual address ffffb5fa4411dca4\n" DIE_OF(
			"000000009600004e") "[    2.483780] pc : __memcpy+0xd8/0x240\n"
					    "[    2.492972] lr : lkdtm_WRITE_KERN+0x48/0x78\n"
					    "[    2.495068] Call trace:\n"
					    "[    2.495213]  __memcpy+0xd8/0x240\n"
					    "[    2.495399]  lkdtm_do_action+0x18/0x30\n" END,
		"\"lkdtm_WRITE_KERN\"", "null", "\"__memcpy+0xd8/0x240\"");
}

/* The caller in lr is nearer, but syzbot names the bug after the trace. */
TEST(a_check_that_the_compiler_calls_leaves_the_blame_to_the_trace)
{
	check_blame(
		"[    2.467097] Unable to handle kernel paging request at virtual address "
		"efff800000000137\n" DIE_OF(
			"0000000096000005") "[    2.483780] pc : __hwasan_check_x0_1234+0x4/0x30\n"
					    "[    2.492972] lr : get_it+0x7c/0x3d4\n"
					    "[    2.495068] Call trace:\n"
					    "[    2.495213]  __hwasan_check_x0_1234+0x4/0x30\n"
					    "[    2.495399]  write_it+0xb0/0x174\n" END,
		"\"write_it\"", "null", "\"__hwasan_check_x0_1234+0x4/0x30\"");
}

TEST(a_dentry_that_is_still_in_use_is_named_after_the_unmount)
{
	check_blame(
		"[   20.143962] BUG: Dentry ffff888119d8a000{i=0,n=.index}  still in "
		"use (1) [unmount of ramfs ramfs]\n"
		"[   20.175803] ------------[ cut here ]------------\n"
		"[   20.202650] WARNING: CPU: 0 PID: 367 at fs/dcache.c:1616 "
		"umount_check+0x18d/0x1d0\n"
		"[   20.352222] RIP: 0010:umount_check+0x18d/0x1d0\n"
		"[   20.462392] Call Trace:\n[   20.465694]  d_walk+0x309/0x540\n" END,
		"\"unmount\"", "null", "\"umount_check+0x18d/0x1d0\"");
}

TEST(a_return_address_at_a_functions_start_is_the_one_befores)
{
	check_blame(
		"[    1.140554] Kernel panic - not syncing: sysrq triggered crash\n"
		"[    1.141133] Call trace:\n[    1.141213]  dump_backtrace+0xa0/0xdc\n"
		"[    1.141723]  panic+0x35c/0x370\n"
		"[    1.141769]  sysrq_reset_seq_param_set+0x0/0x60\n"
		"[    1.141836]  __handle_sysrq+0xac/0x1d0\n",
		"\"__handle_sysrq\"", "null", "null");
}

TEST(a_modules_function_is_no_scheduler_whatever_its_name)
{
	check_blame(
		"[    7.685793] INFO: task init:56 blocked for more than 5 seconds.\n"
		"[    7.687111] Call trace:\n[    7.699538]  __switch_to+0xb8/0xdc\n"
		"[    7.700022]  schedule+0x30/0xbc\n[    7.700257]  mutex_lock+0x34/0x3c\n"
		"[    7.700305]  mutex_hold+0x50/0x64 [crashme]\n"
		"[    7.700601]  crashme_write+0x84/0xac [crashme]\n",
		"\"mutex_hold\"", "\"crashme\"", "null");
	check_blame("[    1.678770] BUG: scheduling while atomic: init/54/0x00000002\n"
		    "[    1.684345] Call trace:\n[    1.684735]  __schedule+0x424/0x500\n"
		    "[    1.684743]  schedule+0x30/0xbc\n"
		    "[    1.684748]  atomic_schedule+0x20/0x48 [crashme]\n"
		    "[    1.684985]  crashme_write+0x84/0xac [crashme]\n",
		    "\"atomic_schedule\"", "\"crashme\"", "null");
}

TEST(a_stall_in_a_delay_is_its_callers)
{
	check_blame(
		"[    6.783184] rcu: INFO: rcu_preempt self-detected stall on CPU\n"
		"[    6.784493] pc : __delay_cycles+0x40/0x5c\n"
		"[    6.785224] Call trace:\n[    6.785268]  __delay_cycles+0x40/0x5c\n"
		"[    6.785322]  __delay+0x7c/0xc0\n[    6.785339]  __const_udelay+0x28/0x30\n"
		"[    6.785344]  preempt_off+0x30/0x64 [crashme]\n"
		"[    6.785577]  crashme_write+0x84/0xac [crashme]\n"
		"[    6.785586]  full_proxy_write+0x5c/0xa8\n[    6.785597]  vfs_write+0xc0/0x1\n",
		"\"preempt_off\"", "\"crashme\"", "\"__delay_cycles+0x40/0x5c\"");
}

TEST(a_stalled_task_is_told_by_its_own_lines)
{
	_cleanup_json_ json_t *all = read_json(
		"[    6.752387] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n"
		"[    6.752823] rcu: \tTasks blocked on level-0 rcu_node (CPUs 0-1): P54\n"
		"[    6.753781] task:init            state:R  running task     stack:0     "
		"pid:54    tgid:54    ppid:1      flags:0x0\n"
		"[    6.754108] Call trace:\n[    6.754197]  dump_backtrace+0xa0/0xdc\n"
		"[    6.754679]  rcu_sched_clock_irq+0xd34/0xe00\n"
		"[    6.755535]  el1h_64_irq+0x64/0x68\n[    6.755585]  __delay_cycles+0x40/0x5c\n"
		"[    6.755741]  rcu_stall+0x24/0x3c [crashme]\n"
		"[    6.756102]  full_proxy_write+0x5c/0xa8\n[    6.760434]  vfs_write+0xc0/0x3\n");

	CHECK_FIELD(all, 0, "function", "\"rcu_stall\"");
	CHECK_FIELD(all, 0, "comm", "\"init\"");
	CHECK_FIELD(all, 0, "pid", "54");
}

TEST(slubs_report_and_the_warning_that_ends_it_are_one_incident)
{
	_cleanup_json_ json_t *all = read_json(
		"[    2.546285] BUG kmalloc-64 (Tainted: G           O      ): Object already "
		"free\n"
		"[    2.546609] Allocated in double_free+0x20/0x3c [crashme] age=0 cpu=1 pid=54\n"
		"[    2.547093]  __kmalloc_cache_noprof+0x1d0/0x238\n"
		"[    2.569653] ------------[ cut here ]------------\n"
		"[    2.569753] WARNING: CPU: 1 PID: 54 at mm/slub.c:1127 object_err+0x1e4/0x2b8\n"
		"[    2.570379] CPU: 1 UID: 0 PID: 54 Comm: init Tainted: G    B      O       "
		"6.12.117-vb2 #1 \n"
		"[    2.570904] pc : object_err+0x1e4/0x2b8\n[    2.581111] Call trace:\n"
		"[    2.581199]  object_err+0x1e4/0x2b8\n"
		"[    2.581327]  free_to_partial_list+0x3a8/0x58c\n"
		"[    2.581500]  kfree+0x150/0x234\n[    2.581569]  double_free+0x30/0x3c [crashme]\n"
		"[    2.582622] ---[ end trace 0000000000000000 ]---\n");

	CHECK_EQ(json_array_size(all), 1);
	CHECK_FIELD(all, 0, "kind", "\"invalid-free\"");
	CHECK_FIELD(all, 0, "title",
		    "\"BUG kmalloc-64: Object already free in double_free\"");
	CHECK_FIELD(all, 0, "comm", "\"init\"");
}

TEST(lockdep_names_who_wants_the_lock_unless_that_is_a_helper)
{
	CHECK_INCIDENTS(
		"[   49.713322] WARNING: possible circular locking dependency detected\n"
		"[   49.735409]  (event_mutex){+.+.}, at: [<0>] perf_trace_init+0x58/0xab0\n"
		"[   49.743358] but task is already holding lock:\n"
		"[   49.749293]  (&ctx->mutex){+.+.}, at: [<0>] perf_event_init_task+0x25b/0x1\n",
		"lockdep|possible deadlock in perf_event_init_task|line 1|cut\n");
}

TEST(an_oom_and_the_panic_it_was_asked_for_are_one_incident)
{
	CHECK_INCIDENTS(
		"[    3.447220] tail invoked oom-killer: gfp_mask=0x1\n"
		"[    3.454201] Kernel panic - not syncing: Out of memory: system-wide "
		"panic_on_oom is enabled\n",
		"escalated Out of memory\noom|Out of memory|line 1|panicked\n");
}

/* 6.12.117 with PROVE_LOCKING: no trace by design. */
TEST(a_leaked_lock_names_task_kernel_and_module)
{
	_cleanup_json_ json_t *all = read_json(
		"[    1.700000][   T53] WARNING: lock held when returning to user space!\n"
		"[    1.700001][   T53] 6.12.117-zoo #3 Tainted: G           O      \n"
		"[    1.700002][   T53] ------------------------------------------------\n"
		"[    1.700003][   T53] init/53 is leaving the kernel with locks still held!\n"
		"[    1.700004][   T53] 1 lock held by init/53:\n"
		"[    1.700005][   T53]  #0: ffff (l){+.+.}-{3:3}, at: lock_leak+0x1c/0x24 [m]\n");

	CHECK_FIELD(all, 0, "function", "\"lock_leak\"");
	CHECK_FIELD(all, 0, "module", "\"m\"");
	CHECK_FIELD(all, 0, "comm", "\"init\"");
	CHECK_FIELD(all, 0, "pid", "53");
	CHECK_FIELD(all, 0, "kernel", "\"6.12.117-zoo\"");
	CHECK_FIELD(all, 0, "truncated", "false");
}

TEST(a_workqueue_lockup_names_the_work)
{
	_cleanup_json_ json_t *all = read_json(
		"[   36.000000] BUG: workqueue lockup - pool cpus=0 node=0 stuck for 31s!\n"
		"[   36.000001] Showing busy workqueues and worker pools:\n"
		"[   36.000002]   pwq 2: cpus=0 node=0 flags=0x0 nice=0 active=1 refcnt=2\n"
		"[   36.000003]     in-flight: 9:slow_fn [crashme]\n");

	CHECK_FIELD(all, 0, "function", "\"slow_fn\"");
	CHECK_FIELD(all, 0, "module", "\"crashme\"");
	CHECK_FIELD(all, 0, "pid", "9");
	CHECK_FIELD(all, 0, "title", "\"BUG: workqueue lockup\"");
}

TEST(a_hard_lockup_is_not_blamed_on_the_cpu_that_reports_it)
{
	_cleanup_json_ json_t *all = read_json(
		"[   14.000000] Watchdog detected hard LOCKUP on cpu 1\n"
		"[   14.000001] Kernel panic - not syncing: Hard LOCKUP\n"
		"[   14.000002] CPU: 0 UID: 0 PID: 0 Comm: swapper/0 Not tainted 6.12.117-zoo #3\n"
		"[   14.000003] Call trace:\n[   14.000004]  panic+0x35c/0x370\n"
		"[   14.000005]  watchdog_hardlockup_check+0x1/0x2\n");

	CHECK_EQ(json_array_size(all), 1);
	CHECK_FIELD(all, 0, "cpu", "1");
	CHECK_FIELD(all, 0, "function", "null");
	CHECK_FIELD(all, 0, "comm", "null");
	CHECK_FIELD(all, 0, "kernel", "\"6.12.117-zoo\"");
}

/* The preempt count is broken, so die() has another caller id than its head. */
TEST(a_head_and_a_die_with_the_same_syndrome_are_one_fault)
{
	CHECK_INCIDENTS(
		"[    1.685354][    C0] Unable to handle kernel paging request at virtual "
		"address 00000000005d4898\n"
		"[    1.685396][    C0]   ESR = 0x000000009200000b\n"
		"[    1.685400][    C0] WARNING: CPU: 0 PID: 53 at a/b.c:5 other+0x3/0x4\n"
		"[    1.685522][    C0] [00000000005d4898] pgd=0800000041826003\n"
		"[    1.685699][   T53] Internal error: Oops: 000000009200000b [#1] PREEMPT SMP\n"
		"[    1.685700][   T53] pc : 000000000041da30\n"
		"[    1.694917][   T53] ---[ end trace 0000000000000000 ]---\n",
		"paging-fault|BUG: unable to handle kernel paging request|line 1|0x5d4898\n"
		"warn|WARNING in other|line 3|cut\n");
}

/* Their machinery is never the culprit: the bytes of 6.12, shortened. */
TEST(checkers_are_passed_over_for_their_users)
{
	static const char *const cases[][2] = {
		{ "WARNING: CPU: 2 PID: 412 at kernel/dma/debug.c:1037 check_unmap+0x5a8/0x8dc\n"
		  "Call trace:\n check_unmap+0x5a8/0x8dc (P)\n debug_dma_unmap_page+0x6c/0x94\n"
		  " dma_unmap_page_attrs+0x1a0/0x290\n user+0x20/0x80\n",
		  "WARNING: DMA-API bug in user" },
		{ "BUG kmalloc-64 (Not tainted): Right Redzone overwritten\n"
		  "Call trace:\n print_trailer+0x144/0x1b8\n check_bytes_and_report+0x110/0x150\n"
		  " check_object+0x2b4/0x300\n free_to_partial_list+0x124/0x1b0\n"
		  " kfree+0x2a4/0x33c\n user+0x20/0x80\n",
		  "BUG kmalloc-64: Right Redzone overwritten in user" },
		{ "BUG: scheduling in a non-blocking section: sh/412/0\n"
		  "Call trace:\n __schedule_bug+0x74/0x98\n __schedule+0x7c4/0x8dc\n"
		  " schedule+0x34/0x104\n msleep+0x30/0x40\n user+0x20/0x80\n",
		  "BUG: scheduling in a non-blocking section in user" },
		{ "BUG: assuming atomic context at drivers/x.c:34\n"
		  "Call trace:\n __cant_sleep+0x64/0x98\n user+0x20/0x80\n",
		  "BUG: assuming atomic context at drivers/x.c:NUM in user" },
		{ "BUG: workqueue leaked atomic, lock or RCU: kworker/2:1[412]\n"
		  "     preempt=0x00000000 lock=0->1 RCU=0->0 workfn=user [m]\n"
		  "Call trace:\n process_one_work+0x4bc/0x6a0\n worker_thread+0x2cc/0x3e0\n",
		  "BUG: workqueue leaked lock or atomic in user" },
		{ "WARNING: Nested lock was not taken\n"
		  "sh/412 is trying to lock:\n"
		  "ffff000102 (&rk->lock){+.+.}-{4:4}, at: user+0x20/0x80\n"
		  "stack backtrace:\nCall trace:\n print_lock_nested_lock_not_held+0x1/0x2\n"
		  " lock_acquire+0x1c/0x2\n",
		  "WARNING: Nested lock was not taken in user" },
		{ "Unhandled 64-bit el1h sync exception on CPU2, ESR 0x0000000002000000 -- "
		  "Unknown/Uncategorized\npc : user+0x20/0x80\nlr : other+0x20/0x80\n"
		  "Kernel panic - not syncing: Unhandled exception\n"
		  "Call trace:\n panic+0x138/0x334\n __panic_unhandled+0x70/0x74\n",
		  "Unhandled exception in user" },
		{ "BUG: Bad page cache in process sh  pfn:102030\n"
		  "Call trace:\n user+0x20/0x80\n",
		  "BUG: Bad page cache in user" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *all = read_json(cases[i][0]);

		CHECK_EQ(json_array_size(all), 1);
		CHECK_STR(json_get_str(json_array_get(all, 0), "title", ""), cases[i][1]);
		CHECK(!json_get_bool(json_array_get(all, 0), "truncated", true));
		json_decref(all);
	}
}

TESTS(T(checkers_are_passed_over_for_their_users),
      T(a_leaked_lock_names_task_kernel_and_module), T(a_workqueue_lockup_names_the_work),
      T(a_hard_lockup_is_not_blamed_on_the_cpu_that_reports_it),
      T(a_head_and_a_die_with_the_same_syndrome_are_one_fault),
      T(a_call_to_nowhere_is_blamed_on_the_caller_in_lr),
      T(a_bare_pc_stays_when_another_pc_follows),
      T(a_leaf_without_a_frame_is_blamed_on_the_caller_in_lr),
      T(a_check_that_the_compiler_calls_leaves_the_blame_to_the_trace),
      T(a_dentry_that_is_still_in_use_is_named_after_the_unmount),
      T(a_return_address_at_a_functions_start_is_the_one_befores),
      T(a_modules_function_is_no_scheduler_whatever_its_name),
      T(a_stall_in_a_delay_is_its_callers), T(a_stalled_task_is_told_by_its_own_lines),
      T(slubs_report_and_the_warning_that_ends_it_are_one_incident),
      T(lockdep_names_who_wants_the_lock_unless_that_is_a_helper),
      T(an_oom_and_the_panic_it_was_asked_for_are_one_incident))
