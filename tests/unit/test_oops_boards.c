// SPDX-License-Identifier: GPL-2.0-or-later
/* Reports as users of boards and phones paste them, shortened: what a field test with 120
 * of them showed. */
#include "oops_reading.h"

TEST(a_panic_on_a_serror_is_blamed_on_what_was_interrupted)
{
	_cleanup_json_ json_t *all = read_json(
		"[    1.250245] Kernel panic - not syncing: Asynchronous SError Interrupt\n"
		"[    1.250246] CPU: 3 PID: 1 Comm: swapper/0 Not tainted 6.6.22-v8-16k #1\n"
		"[    1.250250] Call trace:\n[    1.250251]  dump_backtrace+0x9c/0x100\n"
		"[    1.250264]  panic+0x328/0x390\n[    1.250269]  nmi_panic+0x94/0xa0\n"
		"[    1.250273]  arm64_serror_panic+0x78/0x90\n"
		"[    1.250276]  arm64_is_fatal_ras_serror+0x44/0xc0\n"
		"[    1.250279]  do_serror+0x64/0x80\n"
		"[    1.250281]  el1h_64_error_handler+0x30/0x48\n"
		"[    1.250285]  el1h_64_error+0x64/0x68\n"
		"[    1.250287]  pull_config_set+0x68/0xe8\n");

	CHECK_EQ(json_array_size(all), 1);
	CHECK_FIELD(all, 0, "kind", "\"serror\"");
	CHECK_FIELD(all, 0, "function", "\"pull_config_set\"");
}

TEST(registers_before_the_panic_on_a_serror_are_the_serrors)
{
	CHECK_INCIDENTS(
		"[   20.454843] pc : inherit+0x24/0x64\n[   20.454860] lr : el1_abort+0x2c/0x5c\n"
		"[   20.454958] x2 : 0000000096000210 x1 : 0000000096000210 x0 : ffffffc00834b720\n"
		"[   20.454969] Kernel panic - not syncing: Asynchronous SError Interrupt\n"
		"[   20.454973] CPU: 2 PID: 488 Comm: udevd Not tainted 5.15.80 #193\n",
		"serror|SError in inherit|line 1|cut|panicked\n");
}

TEST(bad_mode_with_the_syndrome_of_a_serror_is_one)
{
	CHECK_INCIDENTS(
		"[ 1325.979971] Bad mode in Error handler detected on CPU2, code 0xbf000002 -- SError\n"
		"[ 1325.989647] Internal error: Oops - bad mode: 0 [#4] SMP\n"
		"[ 1326.017942] PC is at read_it+0x20/0x34\n",
		"serror|Bad mode in read_it|line 1|cut\n");
}

TEST(a_programs_unhandled_fault_is_no_incident)
{
	CHECK_INCIDENTS(
		"[ 1479.750378] Unhandled fault: alignment exception (0x801) at 0x00579b4c\n"
		"[ 1479.757192] pgd = 56ee8009\n"
		"[ 1479.759936] [00579b4c] *pgd=43171835, *pte=4214c75f, *ppte=4214cc7f\n"
		"[ 1480.000000] usb 1-1: new device\n"
		"[ 1481.000000] Unhandled fault: alignment fault (0x92000021) at 0x00000000005e65c5\n",
		"");
}

TEST(the_kernels_unhandled_fault_is_the_one_that_dies)
{
	CHECK_INCIDENTS(
		"[  254.862893] Unhandled fault: imprecise external abort (0xc06) at 0x00071bcc\n"
		"[  254.869897] pgd = 92e2c000\n"
		"[  254.872615] [00071bcc] *pgd=92e1a835, *pte=872d859f, *ppte=872d8e7e\n"
		"[  254.920590] Unhandled fault: imprecise external abort (0xc06) at 0x76ef7e54\n"
		"[  254.927617] pgd = 80004000\n[  254.930348] [76ef7e54] *pgd=00000000\n"
		"[  254.933972] Internal error: : c06 [#1] SMP ARM\n"
		"[  254.968500] PC is at get_it+0x160/0x3d8\n",
		"oops-other|Unhandled fault in get_it|line 4|0x76ef7e54|cut\n");
}

TEST(an_fp_instruction_in_the_kernel_and_its_die_are_one)
{
	CHECK_INCIDENTS(
		"[ 7846.585133] BUG: unsupported FP instruction in kernel mode\n"
		"[ 7846.595177] Internal error: Oops - undefined instruction: 0 [#1] PREEMPT ARM\n"
		"[ 7846.657859] PC is at save_it+0x0/0x28\n",
		"oops-other|BUG: FP instruction in kernel mode in save_it|line 1|cut\n");
}

TEST(a_die_without_its_head_is_named_by_its_words)
{
	CHECK_INCIDENTS("Internal error: Oops - BTI: 0000000036000001 [#1] PREEMPT SMP\n",
			"oops-other|Oops - BTI|line 1|cut\n");
	CHECK_INCIDENTS(
		"Message from syslogd@pi at Sep 17 13:56:02 ...\n"
		" kernel:[14802.137324] Internal error: Oops - undefined instruction: 0 [#1] PREEMPT ARM\n",
		"oops-other|Oops - undefined instruction|line 2|cut\n");
}

TEST(two_stacks_that_overflow_at_once_have_an_address_each)
{
	CHECK_INCIDENTS(
		"[    0.838310] Insufficient stack space to handle exception!\n"
		"[    0.838313] Insufficient stack space to handle exception!\n"
		"[    0.838321] ESR: 0x0000000096000047 -- DABT (current EL)\n"
		"[    0.838322] ESR: 0x0000000096000047 -- DABT (current EL)\n"
		"[    0.838331] FAR: 0xffff800081627ff0\n"
		"[    0.838331] FAR: 0xffff80008162fff0\n",
		"oops-other|kernel stack overflow|line 1|0xffff800081627ff0|cut\n"
		"oops-other|kernel stack overflow|line 2|0xffff80008162fff0|cut\n");
}

TEST(a_trace_behind_the_frame_that_disabled_preemption_is_the_reports)
{
	CHECK_INCIDENTS(
		"[    2.985859] BUG: scheduling while atomic: swapper/0/0/0x00000002\n"
		"[    2.985885] Preemption disabled at:[<c0447f2d>] off+0x15/0x16\n"
		"[    2.985894] CPU: 0 PID: 0 Comm: swapper/0 Not tainted 4.4.144-rt161 #1\n"
		"[    2.985922] [<c0061afd>] (unwind_backtrace) from [<c005f683>] (show_stack+0xb/0xc)\n"
		"[    2.985962] [<c007dd49>] (__schedule_bug) from [<c044795d>] (__schedule+0x4d/0x26c)\n"
		"[    2.985976] [<c044795d>] (__schedule) from [<c0447bdf>] (wait_for_common+0x63/0x88)\n"
		"[    2.985987] [<c0447bdf>] (wait_for_common) from [<c04489f3>] (choose_freq+0xff/0x1f4)\n",
		"atomic-sleep|BUG: scheduling while atomic in choose_freq|line 1\n");
}

TEST(zfs_panics_stop_a_thread_and_are_reports)
{
	CHECK_INCIDENTS(
		"```Aug 19 11:58:37 server kernel: VERIFY3S(remove(hdr), >, 0) failed (0 > 0)\n"
		"Aug 19 11:58:37 server kernel: PANIC at arc.c:7026:arc_done()\n"
		"Aug 19 11:58:37 server kernel: Showing stack for process 2225\n"
		"Aug 19 11:58:37 server kernel: CPU: 7 UID: 0 PID: 2225 Comm: z_wr_int_0 Tainted: P 6.12.101 #1\n"
		"Aug 19 11:58:37 server kernel: Call Trace:\n"
		"Aug 19 11:58:37 server kernel:  spl_panic+0xf4/0x10b [spl]\n"
		"Aug 19 11:58:37 server kernel:  arc_done+0x43f/0x530 [zfs]\n",
		"bug|SPL panic in arc_done|line 2|[zfs]\n");
	CHECK_INCIDENTS("[    1.000000] PANIC at the disco: track 2\n", "");
}

TEST(the_mark_that_ends_a_panic_is_no_part_of_its_title)
{
	CHECK_INCIDENTS(
		"[    1.54273 ---[ end Kernel panic - not syncing: VFS: no root fs on block(179,2) ]---\n"
		"\n"
		"Note that this was typed from the screen, and that the card is a new one.\n",
		"panic|kernel panic: VFS: no root fs on block(NUM,NUM)|line 1|panicked\n");
}

TEST(a_manuals_table_is_no_incident)
{
	CHECK_INCIDENTS(
		"Unable to handle kernel NULL pointer dereference | a driver is too early |\n"
		"SError Interrupt on CPU | an unclocked register |\n",
		"");
}

/* Samsung, Huawei, MediaTek: CPU, pid and name behind the stamp. */
TEST(vendors_words_before_a_frame_do_not_hide_it)
{
	CHECK_INCIDENTS(
		"[  265.998708] [4: RTW_CMD:17046] **Kernel panic - not syncing: CFI failure (target: 0x0)**\n"
		"[  265.998748] [4: RTW_CMD:17046] Call trace:\n"
		"[  265.998795] [4: RTW_CMD:17046]  dump_stack+0xd0/0x10c\n"
		"[  265.998806] [4: RTW_CMD:17046]  panic+0x194/0x3f4\n"
		"[  265.998840] [4: RTW_CMD:17046]  cmd_thread+0x250/0x3f0 [wlan]\n",
		"panic|kernel panic: CFI failure (target: NUM)|line 1|panicked|[wlan]\n");
	CHECK_INCIDENTS(
		"[    0.000000] [pid:0,cpu0,swapper/0]BUG: KASAN: slab-out-of-bounds in get_it+0x48/0x3b8\n"
		"[    0.000000] [pid:0,cpu0,swapper/0]Read at addr fcff19f30000d91c by task swapper/0/0\n"
		"[    0.000000] [pid:0,cpu0,swapper/0]Call trace:\n"
		"[    0.000000] [pid:0,cpu0,swapper/0] get_it+0x48/0x3b8\n",
		"kasan|KASAN: slab-out-of-bounds Read in get_it|line 1|0xfcff19f30000d91c\n");
}

TEST(lines_that_dmesg_t_stamped_behind_a_code_fence_count)
{
	CHECK_INCIDENTS(
		"`[Sat Jun  1 17:40:26 2019] INFO: task kworker/2:1:7143 blocked for more than 120 seconds.\n"
		"[Sat Jun  1 17:40:26 2019] [<8082642c>] (__schedule) from [<80826a9c>] (schedule+0x50/0xa8)\n"
		"[Sat Jun  1 17:40:26 2019] [<80826a9c>] (schedule) from [<8067cc9c>] (claim_it+0x120/0x228)\n",
		"hung-task|INFO: task hung in claim_it|line 1\n");
}

TESTS(T(a_panic_on_a_serror_is_blamed_on_what_was_interrupted),
      T(registers_before_the_panic_on_a_serror_are_the_serrors),
      T(bad_mode_with_the_syndrome_of_a_serror_is_one),
      T(a_programs_unhandled_fault_is_no_incident),
      T(the_kernels_unhandled_fault_is_the_one_that_dies),
      T(an_fp_instruction_in_the_kernel_and_its_die_are_one),
      T(a_die_without_its_head_is_named_by_its_words),
      T(two_stacks_that_overflow_at_once_have_an_address_each),
      T(a_trace_behind_the_frame_that_disabled_preemption_is_the_reports),
      T(zfs_panics_stop_a_thread_and_are_reports),
      T(the_mark_that_ends_a_panic_is_no_part_of_its_title),
      T(a_manuals_table_is_no_incident), T(vendors_words_before_a_frame_do_not_hide_it),
      T(lines_that_dmesg_t_stamped_behind_a_code_fence_count))
