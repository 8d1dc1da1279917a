// SPDX-License-Identifier: GPL-2.0-or-later
/* Watchdogs, RCU, hung tasks, workqueues and the OOM killer, line by line as the input
 * chooses. */
#include "log_grammar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* clang-format off */
static const char *const lines[] = {
	"watchdog: BUG: soft lockup - CPU#%d stuck for %ds! [%s:%d]",
	"BUG: soft lockup - CPU#%d stuck for %ds! [%r:%d]",
	"watchdog: Watchdog detected hard LOCKUP on cpu %d",
	"watchdog: CPU%d: Watchdog detected hard LOCKUP on cpu %d",
	"NMI watchdog: Watchdog detected hard LOCKUP on cpu %d", "irq event stamp: %d",
	"hardirqs last  enabled at (%d): [<%x>] %s+0x%x/0x%x",
	"softirqs last disabled at (%d): [<%x>] %s+0x%x/0x%x",
	"rcu: INFO: rcu_preempt self-detected stall on CPU",
	"rcu: INFO: rcu_sched detected stalls on CPUs/tasks:",
	"rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { %d-.... } %d jiffies s: %d root: 0x%x/.",
	"INFO: rcu_sched self-detected stall on CPU { %d}  (t=%d jiffies g=%d c=%d q=%d)",
	"rcu: \t%d-....: (%d ticks this GP) idle=%x/1/0x4000000000000000 softirq=%d/%d fqs=%d",
	"rcu: \t%d-...!: (0 ticks this GP) idle=%x/0/0x0 softirq=%d/%d fqs=0 (false positive?)",
	"rcu: \t(t=%d jiffies g=%d q=%d ncpus=%d)",
	"rcu: \t(detected by %d, t=%d jiffies, g=%d, q=%d ncpus=%d)",
	"rcu: \tTasks blocked on level-0 rcu_node (CPUs 0-3): P%d/1:b..l",
	"rcu: rcu_preempt kthread starved for %d jiffies! g%d f0x%x RCU_GP_WAIT_FQS(5) ->state=0x%x ->cpu=%d",
	"rcu: rcu_preempt kthread timer wakeup didn't happen for %d jiffies! g%d f0x%x",
	"rcu: \tUnless rcu_preempt kthread gets sufficient CPU time, OOM is now expected behavior.",
	"rcu: RCU grace-period kthread stack dump:", "rcu: Stack dump where RCU GP kthread last ran:",
	"Sending NMI from CPU %d to CPUs %d:", "NMI backtrace for cpu %d",
	"NMI backtrace for cpu %d skipped: idling at %s+0x%x/0x%x", "Task dump for CPU %d:",
	"task:%s state:D stack:%d pid:%d tgid:%d ppid:%d flags:0x%x",
	"task:%r           state:R  running task     stack:0     pid:%d",
	"INFO: task %s:%d blocked for more than %d seconds.",
	"INFO: task %r:%d blocked in I/O wait for more than %d seconds.",
	"INFO: task %s:%d can't die for more than %d seconds.",
	"      Not tainted 6.12.5 #1", "      Tainted: G        W          6.12.5 #1",
	"\"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this message.",
	"INFO: task %s:%d is blocked on a mutex likely owned by task %s:%d.",
	"INFO: task %s:%d <writer> blocked on an rw-semaphore likely owned by task %r:%d <reader>",
	"Future hung task reports are suppressed, see sysctl kernel.hung_task_warnings",
	"Showing all locks held in the system:", "%d locks held by %s/%d:", "1 lock held by %s/%d:",
	" #%d: %x (%s){+.+.}-{3:3}, at: %s+0x%x/0x%x", "=============================================",
	"BUG: workqueue lockup - pool cpus=%d node=0 flags=0x0 nice=0 stuck for %ds!",
	"Showing busy workqueues and worker pools:", "workqueue events: flags=0x0",
	"  pwq %d: cpus=%d node=0 flags=0x0 nice=0 active=%d refcnt=%d", "    in-flight: %d:%s",
	"    pending: %s, %s", "pool %d: cpus=%d node=0 flags=0x0 nice=0 hung=%ds workers=%d idle: %d",
	"Showing backtraces of running workers in stalled CPU-bound worker pools:",
	"%s invoked oom-killer: gfp_mask=0x%x(GFP_KERNEL), order=%d, oom_score_adj=0", "Mem-Info:",
	"active_anon:%d inactive_anon:%d isolated_anon:0", "Node 0 DMA32 free:%dkB min:%dkB",
	"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
	"[   %d]     0   %d     %d      %d    %d        0             0 %s",
	"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=%s,pid=%d,uid=0",
	"oom-kill:constraint=CONSTRAINT_MEMCG,task=%r,pid=%d,uid=%d",
	"Out of memory: Killed process %d (%s) total-vm:%dkB, anon-rss:%dkB, file-rss:0kB",
	"Memory cgroup out of memory: Killed process %d (%r) total-vm:%dkB",
	"oom_reaper: reaped process %d (%s), now anon-rss:0kB", "Out of memory and no killable processes...",
	"%s: page allocation failure: order:%d, mode:0x%x(GFP_ATOMIC), nodemask=(null)",
	"unregister_netdevice: waiting for %s to become free. Usage count = %d",
	"Kernel panic - not syncing: hung_task: blocked tasks",
	"Kernel panic - not syncing: softlockup: hung tasks", "Kernel panic - not syncing: RCU Stall",
	"Kernel panic - not syncing: Hard LOCKUP", "Kernel panic - not syncing: System is deadlocked on memory",
	"Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled",
	"sched: RT throttling activated", "clocksource: timekeeping watchdog on CPU%d: Marking clocksource 'tsc' as unstable",
	"Unable to handle kernel NULL pointer dereference at virtual address %x",
	"Internal error: Oops: %x [#%d] PREEMPT SMP", "WARNING: CPU: %d PID: %d at %s.c:%d %s+0x%x/0x%x",
};
/* clang-format on */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct log_lines own = { lines, ARRAY_SIZE(lines) };

	log_grammar_check(own, data, size);
	return 0;
}
