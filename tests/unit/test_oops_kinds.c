// SPDX-License-Identifier: GPL-2.0-or-later
#include "oops_reading.h"

TEST(kind_comes_from_the_address_not_from_the_words)
{
	CHECK_INCIDENTS(
		"[   20.000001] Unable to handle kernel paging request at virtual "
		"address dfff800000000004\n",
		"null-deref|BUG: unable to handle kernel NULL pointer dereference|"
		"line 1|0xdfff800000000004|cut\n");
	CHECK_INCIDENTS(
		"[   20.000001] Unable to handle kernel read from unreadable memory "
		"at virtual address 0000000000000018\n",
		"null-deref|BUG: unable to handle kernel NULL pointer dereference|"
		"line 1|0x18|cut\n");
	CHECK_INCIDENTS(
		"[   20.000001] Unable to handle kernel access to user memory outside "
		"uaccess routines at virtual address 0000ffffa0001000\n",
		"user-access|BUG: unable to handle kernel access to user memory|"
		"line 1|0xffffa0001000|cut\n");
	CHECK_INCIDENTS(
		"[   20.000001] Unable to handle kernel paging request at virtual "
		"address ffff8000deadbeef\n",
		"paging-fault|BUG: unable to handle kernel paging request|line 1|"
		"0xffff8000deadbeef|cut\n");
}

TEST(a_warning_of_any_kernel_names_its_function)
{
	CHECK_INCIDENTS("[    5.000000] WARNING: CPU: 2 PID: 9 at drivers/x.c:12 "
			"do_x+0x10/0x20 [mod]\n",
			"warn|WARNING in do_x|line 1|cut|[mod]\n");
	CHECK_INCIDENTS(
		"[    5.000000] WARNING: drivers/x.c:12 at do_x+0x10/0x20, CPU#0: a/1\n",
		"warn|WARNING in do_x|line 1|cut\n");
	CHECK_INCIDENTS("[    5.000000] refcount_t: underflow; use-after-free.\n"
			"[    5.000001] WARNING: CPU: 2 PID: 9 at lib/refcount.c:28 "
			"refcount_warn_saturate+0xf4/0x148\n"
			"[    5.000002] pc : refcount_warn_saturate+0xf4/0x148\n"
			"[    5.000003] Call trace:\n"
			"[    5.000004]  refcount_warn_saturate+0xf4/0x148 (P)\n"
			"[    5.000005]  put_my_object+0x40/0x50\n",
			"warn|WARNING: refcount bug in put_my_object|line 2\n");
}

TEST(stalls_name_what_was_running)
{
	CHECK_INCIDENTS(
		"[    5.000000] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! "
		"[ffmpeg:99]\n"
		"[    5.000001] pc : spin_for_ever+0x10/0x20\n"
		"[    5.000002] Call trace:\n[    5.000003]  spin_for_ever+0x10/0x20\n",
		"soft-lockup|BUG: soft lockup in spin_for_ever|line 1\n");
	CHECK_INCIDENTS(
		"[    5.000000] INFO: task a b:c:42 blocked for more than 120 seconds.\n"
		"[    5.000001] Call trace:\n[    5.000002]  __switch_to+0x1/0x2\n"
		"[    5.000003]  schedule+0x1/0x2\n[    5.000004]  mutex_lock+0x1/0x2\n"
		"[    5.000005]  my_driver_open+0x1/0x2\n",
		"hung-task|INFO: task hung in my_driver_open|line 1\n");
	CHECK_INCIDENTS(
		"[    5.000000] rcu: INFO: rcu_preempt self-detected stall on CPU\n"
		"[    5.000001] rcu: \tUnless rcu_preempt kthread gets sufficient CPU "
		"time, OOM is now expected behavior.\n"
		"[    5.000002] Call trace:\n[    5.000003]  dump_backtrace+0x1/0x2\n"
		"[    5.000004]  rcu_sched_clock_irq+0x1/0x2\n"
		"[    5.000005]  el1h_64_irq+0x1/0x2\n[    5.000006]  helper+0x1/0x2\n"
		"[    5.000007]  my_ioctl+0x1/0x2\n[    5.000008]  vfs_ioctl+0x1/0x2\n",
		"rcu-stall|INFO: rcu detected stall in my_ioctl|line 1\n");
}

TEST(the_other_kinds_have_names_too)
{
	CHECK_INCIDENTS(
		"[    5.000000] SError Interrupt on CPU6, code 0x00000000be000411 -- "
		"SError\n[    5.000001] pc : regmap_read+0x1/0x2\n",
		"serror|SError in regmap_read|line 1|cut\n");
	CHECK_INCIDENTS(
		"[    5.000000] kernel BUG at drivers/x.c:12!\n"
		"[    5.000001] Internal error: Oops - BUG: 00000000f2000800 [#1] SMP\n"
		"[    5.000002] pc : do_x+0x1/0x2\n" END,
		"bug|kernel BUG in do_x|line 1\n");
	CHECK_INCIDENTS(
		"[    5.000000] WARNING: possible circular locking dependency detected\n"
		"[    5.000001] x/1 is trying to acquire lock:\n"
		"[    5.000002] ffff0000 (a){+.+.}-{3:3}, at: take_a+0x1/0x2\n",
		"lockdep|possible deadlock in take_a|line 1|cut\n");
	CHECK_INCIDENTS(
		"[    5.000000] Kernel panic - not syncing: VFS: Unable to mount root fs "
		"on unknown-block(0,0)\n",
		"panic|kernel panic: VFS: Unable to mount root fs on "
		"unknown-block(NUM,NUM)|line 1|panicked\n");
	CHECK_INCIDENTS("[    5.000000] a invoked oom-killer: gfp_mask=0x1\n"
			"[    5.000001] Out of memory: Killed process 5 (a)\n",
			"oom|Out of memory|line 1\n");
}

TEST(userspace_and_firmware_are_no_incident)
{
	CHECK_INCIDENTS("INFO:    Preloader serial: 2\n"
			"WARNING: RO_VPD is uninitialized or empty.\n"
			"INFO: V0.24\n"
			"[    1.000000] usb 1-1: new device\n"
			"DEBUG: this is not it\nBoot_DEBUG: x\n"
			"myprog: BUG: could not open file\n"
			"grep: \"Kernel panic - not syncing\" seen in old log\n"
			"Jun 09 11:11:21 host app[12]: BUG: unable to handle kernel x\n"
			"[    2.000000] systemd[1]: WARNING: CPU: 1 quota\n"
			"[    2.000000] app[5]: Oops: something [#1]\n"
			"Oops: sorry\nstress-ng: info: [1] dispatching hogs\n"
			"traps: x[12] general protection fault ip:1 sp:2 error:0\n",
			"");
}

TEST(before_a_kernel_runs_its_words_are_the_firmwares)
{
	CHECK_INCIDENTS(
		"U-Boot 2023.01 (Jan 01 2023)\nWARNING: CPU: 0 PID: 1 at x.c:1 f+0x1/0x2\n"
		"BUG: failure at a.c:3\n",
		"");
	CHECK_INCIDENTS("[    1.000000] kernel\nBUG: a test program prints this\n", "");
	CHECK_INCIDENTS("BUG: corrupted thing, of a kernel without time stamps\n",
			"bug|BUG: corrupted thing|line 1|cut\n");
}

TEST(a_kernel_without_stamps_prints_behind_any_prompt)
{
	static const char *const prompts[] = { "root@board:~# ", "/ # ",
					       "sh-5.2$ ",       "[root@board ~]# ",
					       "virt:~# ",       "board login: " };

	for (size_t i = 0; i < ARRAY_SIZE(prompts); i++) {
		_cleanup_free_ char *text = xasprintf(
			"%sINFO: task cat:7 blocked for more than 120 seconds.\n",
			prompts[i]);

		CHECK_INCIDENTS(text, "hung-task|INFO: task hung|line 1|cut\n");
	}
	CHECK_INCIDENTS("[    1.000000] kernel\n"
			"we ran # INFO: task cat:7 blocked for more than 1 seconds.\n",
			"");
}

/* Sources: 6.12's kernel/, mm/, lib/ and arch/{arm,arm64,x86,riscv,powerpc,s390,mips}. */
TEST(every_header_begins_its_kind_with_and_without_a_stamp)
{
	static const struct {
		const char *kind, *line;
	} cases[] = {
		/* clang-format off */
		{ "bug", "Kernel BUG [#1]" },
		{ "null-deref", "CPU 0 Unable to handle kernel paging request at virtual address 0000000000000010, era == 9000000000221234, ra == 9000000000221234" },
		{ "oops-other", "Oops[#1]:" },
		{ "bug", "Kernel bug detected[#1]:" },
		{ "oops-other", "Reserved instruction in kernel code[#1]:" },
		{ "oops-other", "Break instruction in kernel code[#1]:" },
		{ "oops-other", "Unhandled kernel unaligned access[#1]:" },
		{ "oops-other", "illegal operation: 0001 ilc:1 [#1] SMP" },
		{ "oops-other", "specification exception: 0006 ilc:2 [#1] SMP" },
		{ "oops-other", "monitor event: 0040 ilc:2 [#1] SMP" },
		{ "paging-fault", "Unable to handle kernel pointer dereference in virtual kernel address space" },
		{ "oops-other", "Oops: Exception in kernel mode, sig: 5 [#1]" },
		{ "paging-fault", "Unable to handle kernel paging request for data at address 0xc0000000deadbeef" },
		{ "paging-fault", "BUG: Unable to handle kernel data access at 0xc0000000deadbeef" },
		{ "null-deref", "BUG: Kernel NULL pointer dereference on read at 0x00000010" },
		{ "oops-other", "alignment check: 0000 [#1] SMP" },
		{ "oops-other", "bounds: 0000 [#1] SMP" },
		{ "oops-other", "simd exception: 0000 [#1] SMP" },
		{ "oops-other", "invalid TSS: 0000 [#1] SMP" },
		{ "oops-other", "segment not present: 0000 [#1] SMP" },
		{ "oops-other", "control protection fault: 0000 [#1] SMP" },
		{ "oops-other", "kernel stack overflow (double-fault): 0000 [#1] SMP" },
		{ "oops-other", "BUG: TASK stack guard page was hit at 00000000 (stack is 000..000)" },
		{ "oops-other", "traps: PANIC: double fault, error_code: 0x0" },
		{ "hard-lockup", "watchdog: CPU 8 detected hard LOCKUP on other CPUs 9" },
		{ "hard-lockup", "watchdog: CPU 8 self-detected hard LOCKUP @ foo+0x10/0x20" },
		{ "hard-lockup", "watchdog: CPU1: Watchdog detected hard LOCKUP on cpu 1" },
		{ "hard-lockup", "NMI watchdog: Watchdog detected hard LOCKUP on cpu 1" },
		{ "soft-lockup", "watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [syz-executor:123]" },
		{ "soft-lockup", "BUG: soft lockup - CPU#0 stuck for 67s! [swapper/0:1]" },
		{ "leak", "kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)" },
		{ "bug", "slab error in cache_free_debugcheck(): cache `kmalloc-64': double free, or memory outside object was overwritten" },
		{ "bug", "Slab corruption (Not tainted): kmalloc-64 start=ffff88001, len=64" },
		{ "other", "VFS: Busy inodes after unmount of sda1 (ext4)" },
		{ "other", "unchecked MSR access error: WRMSR to 0x48 (tried to write 0x0000000000000000) at rIP: 0xffffffff81 (native_write_msr+0x4/0x20)" },
		{ "rcu-stall", "rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-.... } 2683 jiffies s: 1733 root: 0x2/." },
		{ "rcu-stall", "INFO: rcu_sched_state detected stalls on CPUs/tasks: { 1} (detected by 0, t=60002 jiffies)" },
		{ "rcu-stall", "rcu: INFO: rcu_tasks detected stalls on tasks:" },
		{ "lockdep", "[ BUG: Invalid wait context ]" },
		{ "lockdep", "BUG: MAX_LOCKDEP_CHAINS too low!" },
		{ "lockdep", "BUG: MAX_LOCKDEP_ENTRIES too low!" },
		{ "lockdep", "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected" },
		{ "lockdep", "WARNING: SOFTIRQ-READ-safe -> SOFTIRQ-READ-unsafe lock order detected" },
		{ "lockdep", "WARNING: possible irq lock inversion dependency detected" },
		{ "lockdep", "WARNING: bad contention detected!" },
		{ "lockdep", "WARNING: inconsistent lock state" },
		{ "lockdep", "WARNING: Nested lock was not taken" },
		{ "lockdep", "WARNING: syz-executor/123 still has locks held!" },
		{ "lockdep", "[ INFO: inconsistent lock state ]" },
		{ "lockdep", "[ INFO: suspicious RCU usage. ]" },
		{ "bug", "BUG: Bad page cache in process syz pfn:123" },
		{ "bug", "BUG: recent printk recursion!" },
		{ "bug", "BUG: atomic counter underflow at:" },
		{ "lockdep", "BUG: rwlock bad magic on CPU#0, x/1, ffff" },
		{ "lockdep", "BUG: spinlock cpu recursion on CPU#0, x/1" },
		{ "lockdep", "BUG: spinlock lockup suspected on CPU#0, x/1" },
		{ "uaf", "BUG: KASAN: slab-use-after-free in f+0x1/0x2" },
		{ "invalid-free", "BUG: KASAN: double-free in f+0x1/0x2" },
		{ "invalid-free", "BUG: KASAN: double-free or invalid-free in f+0x1/0x2" },
		{ "kasan", "BUG: KASAN: vmalloc-out-of-bounds in f+0x1/0x2" },
		{ "kasan", "BUG: KASAN: invalid-access in f+0x1/0x2" },
		{ "kmsan", "BUG: KMSAN: kernel-infoleak in f+0x1/0x2" },
		{ "kcsan", "BUG: KCSAN: assert: race in f / g" },
		{ "kcsan", "BUG: KCSAN: data-race in f+0x1/0x2" },
		{ "kfence", "BUG: KFENCE: use-after-free read in f+0x1/0x2" },
		{ "kfence", "BUG: KFENCE: invalid free in f+0x1/0x2" },
		{ "ubsan", "UBSAN: Undefined behaviour in lib/x.c:1:2" },
		{ "ubsan", "UBSAN: shift-out-of-bounds in ./include/linux/log2.h:67:13" },
		{ "ubsan", "Internal error: UBSAN: array index out of bounds: 00000000f2005512 [#1] PREEMPT SMP" },
		{ "kasan", "Internal error: Oops - KASAN: 00000000f2000939 [#1] PREEMPT SMP" },
		{ "bug", "Internal error: Oops - CFI: 00000000f2008260 [#1] PREEMPT SMP" },
		{ "oops-other", "Internal error: Oops - BTI: 0000000036000001 [#1] PREEMPT SMP" },
		{ "oops-other", "Internal error: Oops - FPAC: 0000000072000000 [#1] PREEMPT SMP" },
		{ "oops-other", "Internal error: Oops - Undefined instruction: 0000000002000000 [#1] PREEMPT SMP" },
		{ "oops-other", "Internal error: Oops - undefined instruction: 0 [#1] SMP ARM" },
		{ "bug", "Internal error: Oops - BUG: 0 [#1] SMP ARM" },
		{ "oops-other", "Internal error: synchronous external abort: 0000000096000210 [#1] PREEMPT SMP" },
		{ "oops-other", "Internal error: SP/PC alignment exception: 000000008a000000 [#1] PREEMPT SMP" },
		{ "paging-fault", "Internal error: Oops: 17 [#1] SMP ARM" },
		{ "oops-other", "Unhandled fault: alignment exception (0x001) at 0xe1234567" },
		{ "oops-other", "Unhandled fault: imprecise external abort (0x1406) at 0x00000000" },
		{ "serror", "SError Interrupt on CPU6, code 0x00000000be000411 -- SError" },
		{ "serror", "Kernel panic - not syncing: Asynchronous SError Interrupt" },
		{ "serror", "Bad mode in Error handler detected on CPU4, code 0xbf000002 -- SError" },
		{ "oops-other", "Oops - illegal instruction [#1]" },
		{ "oops-other", "Oops - load access fault [#1]" },
		{ "oops-other", "Oops - load address misaligned [#1]" },
		{ "oops-other", "Oops [#1]" },
		{ "hung-task", "INFO: task kworker/0:1:123 blocked in I/O wait for more than 120 seconds." },
		{ "hung-task", "INFO: task syz:1 can't die for more than 143 seconds." },
		{ "atomic-sleep", "BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580" },
		{ "warn", "WARNING: CPU: 1 PID: 2 at f" },
		{ "warn", "WARNING: at kernel/x.c:12 f+0x1/0x2()" },
		{ "warn", "WARNING: kernel/x.c:12 at f+0x1/0x2, CPU#1: x/1" },
		{ "warn", "WARNING: CPU: 1 PID: 2 at f+0x1/0x2" },
		{ "warn", "WARNING: net/core/dev.c:1234 at 0x0, CPU#1: x/1" },
		{ "warn", "Badness at kernel/x.c:12" },
		{ "oom", "Out of memory: Killed process 123 (x) total-vm:1kB" },
		{ "oom", "Memory cgroup out of memory: Killed process 123 (x)" },
		{ "panic", "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b" },
		{ "panic", "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: f+0x1/0x2" },
		{ "mce", "{1}[Hardware Error]: event severity: fatal" },
		{ "mce", "mce: [Hardware Error]: CPU 0: Machine Check Exception: 4 Bank 4: b200000000070f0f" },
		{ "null-deref", "BUG: kernel NULL pointer dereference, address: 0000000000000000" },
		{ "paging-fault", "BUG: unable to handle page fault for address: ffffc90000dd0ff8" },
		{ "null-deref", "BUG: unable to handle kernel NULL pointer dereference at           (null)" },
		{ "gpf", "general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] PREEMPT SMP" },
		{ "gpf", "Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP" },
		{ "gpf", "Oops: general protection fault, kernel NULL pointer dereference 0x8: 0000 [#1] SMP" },
		{ "oops-other", "Oops: divide error: 0000 [#1] SMP" },
		{ "oops-other", "Oops: invalid opcode: 0000 [#1] SMP" },
		{ "oops-other", "Oops: int3: 0000 [#1] SMP" },
		{ "oops-other", "Oops: stack segment: 0000 [#1] SMP" },
		{ "other", "unregister_netdevice: waiting for lo to become free. Usage count = 2" },
		{ "oops-other", "Unhandled 64-bit el1h sync exception on CPU2, ESR 0x0000000002000000 -- Unknown/Uncategorized" },
		{ "serror", "Unhandled 64-bit el1h error exception on CPU2, ESR 0x00000000be000411 -- SError" },
		{ "atomic-sleep", "BUG: scheduling in a non-blocking section: sh/412/0" },
		{ "bug", "BUG: assuming atomic context at drivers/x.c:34" },
		{ "bug", "BUG: workqueue leaked atomic, lock or RCU: kworker/2:1[412]" },
		{ "none", "x[512]: unhandled exception: DABT (lower EL), ESR 0x0000000092000046, level 2 translation fault in x[aaaab0000000+1000]" },
		{ "none", "Unhandled hw breakpoint ops 3" },
		{ "none", "usb 1-1: Product: Oops [#1] Keyboard" },
		{ "none", "usb 1-1: Manufacturer: Kernel panic - not syncing Inc." },
		{ "none", "input: BUG: Mouse as /devices/platform/usb/input0" },
		{ "none", "INFO: lockdep is turned off." },
		{ "none", "INFO: NMI handler (perf_event_nmi_handler) took too long to run: 1.2 msecs" },
		{ "none", "perf: interrupt took too long (2500 > 2500), lowering" },
		{ "none", "systemd[1]: Started Kernel Oops catcher." },
		{ "none", "Warning: unable to open an initial console." },
		{ "none", "WARNING: nvidia: module license" },
		{ "none", "usb 1-1: WARN Event TRB" },
		{ "none", "traps: foo[123] general protection fault ip:5555 sp:7ffc error:0 in foo" },
		{ "none", "foo[123]: segfault at 0 ip 0000 sp 000 error 4 in libc" },
		{ "none", "foo[123]: unhandled level 2 translation fault (11) at 0x00000000, esr 0x92000006" },
		{ "none", "Booting with BUG: workarounds" },
		{ "none", "random: crng init done, INFO: x" },
		{ "none", "thermal: Oops Monitor enabled" },
		{ "none", "ERROR: Kernel has BUG handling" },
		{ "none", "pstore: Using crash dump compression: deflate" },
		{ "none", "Kernel log: Oops rate limited" },
		{ "none", "ramoops: using 0x40000@0x110000, ecc: 0" },
		{ "none", "EDAC MC0: 1 CE memory read error" },
		{ "none", "mce: [Hardware Error]: Machine check events logged (corrected error)" },
		{ "none", "{1}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 0" },
		{ "none", "{1}[Hardware Error]: event severity: corrected" },
		{ "none", "{1}[Hardware Error]:   section_type: memory error" },
		{ "none", "PCIe Bus Error: severity=Corrected, type=Physical Layer" },
		{ "none", "hung_task: INFO: disabled" },
		/* clang-format on */
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = xasprintf(
			"%s%s\n", i % 2 ? "[   12.345678] " : "", cases[i / 2].line);
		json_t *all = read_json(text);
		const char *kind = json_get_str(json_array_get(all, 0), "kind", "none");

		if (strcmp(kind, cases[i / 2].kind) != 0)
			tap_fail(__FILE__, __LINE__, "%s: %s", kind, text);
		json_decref(all);
	}
}

TESTS(T(every_header_begins_its_kind_with_and_without_a_stamp),
      T(kind_comes_from_the_address_not_from_the_words),
      T(a_warning_of_any_kernel_names_its_function), T(stalls_name_what_was_running),
      T(the_other_kinds_have_names_too), T(userspace_and_firmware_are_no_incident),
      T(before_a_kernel_runs_its_words_are_the_firmwares),
      T(a_kernel_without_stamps_prints_behind_any_prompt))
