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

TESTS(T(kind_comes_from_the_address_not_from_the_words),
      T(a_warning_of_any_kernel_names_its_function), T(stalls_name_what_was_running),
      T(the_other_kinds_have_names_too), T(userspace_and_firmware_are_no_incident),
      T(before_a_kernel_runs_its_words_are_the_firmwares),
      T(a_kernel_without_stamps_prints_behind_any_prompt))
