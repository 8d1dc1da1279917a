// SPDX-License-Identifier: GPL-2.0-or-later
/* Reports as users paste them into bug trackers: consoles that print twice, labels before
 * the stamp, other architectures' words. Shortened, names changed. */
#include "oops_reading.h"

TEST(a_console_that_prints_everything_twice_tells_one_failure)
{
	CHECK_INCIDENTS(
		"[  349.166638] Unable to handle kernel paging request for data at address 0x00000000\n"
		"[  349.166638] Unable to handle kernel paging request for data at address 0x00000000\n"
		"[  349.168127] Oops: Kernel access of bad area, sig: 11 [#1]\n"
		"[  349.168127] Oops: Kernel access of bad area, sig: 11 [#1]\n"
		"[  349.174000] NIP [c00000000069d168] trigger_it+0x28/0x30\n"
		"[  349.174000] NIP [c00000000069d168] trigger_it+0x28/0x30\n"
		"[  349.174200] Call Trace:\n[  349.174200] Call Trace:\n"
		"[  349.174300] [c0003] [c0000] write_it+0xf8/0x290\n"
		"[  349.174300] [c0003] [c0000] write_it+0xf8/0x290\n",
		"null-deref|BUG: unable to handle kernel NULL pointer dereference in "
		"trigger_it|line 1|0x0|cut\n");
}

TEST(recursion_is_no_doubled_console)
{
	_cleanup_json_ json_t *all = read_json(
		"[    5.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008\n"
		"[    5.000000] RIP: 0010:walk+0x1/0x9\n[    5.000000] Call Trace:\n"
		"[    5.000000]  walk+0x5/0x9\n[    5.000000]  walk+0x5/0x9\n" END);

	CHECK_EQ(json_array_size(json_object_get(json_array_get(all, 0), "call_trace")),
		 2);
}

TEST(what_stands_before_every_stamp_is_no_part_of_a_message)
{
	CHECK_INCIDENTS(
		"[guest0/uart0] [    1.883359] \n"
		"[guest0/uart0] [    1.885337] Kernel panic - not syncing: No init found\n"
		"[guest0/uart0] [    1.889359] Call Trace:\n"
		"[guest0/uart0] [    1.901604]  panic+0x4a/0x68\n"
		"[guest0/uart0] [    1.901604]  start_it+0x4a/0x68\n",
		"panic|kernel panic: No init found|line 2|panicked\n");
	CHECK_INCIDENTS("  745 [    1.885337] Kernel panic - not syncing: No init found\n"
			"  746 [    1.901604] Call Trace:\n"
			"  747 [    1.901604]  panic+0x4a/0x68\n",
			"panic|kernel panic: No init found|line 1|panicked\n");
}

TEST(a_title_ends_with_its_line)
{
	CHECK_INCIDENTS(
		"BUG: KCSAN: data-race in finish_the_ordered_io / fill_the_stack_inode_item\n"
		"\nwrite to 0xffff9b7a10739418 of 8 bytes by task 4490 on cpu 14:\n"
		" finish_the_ordered_io+0xc1/0x150\n",
		"kcsan|KCSAN: data-race in finish_the_ordered_io / "
		"fill_the_stack_inode_item|line 1\n");
	CHECK_INCIDENTS(
		"UBSAN: array-index-out-of-bounds in drivers/input/mouse/util.c:135:35\n"
		"index 16 is out of range for type 'int [16]'\n",
		"ubsan|UBSAN: array-index-out-of-bounds in "
		"drivers/input/mouse/util.c:NUM:NUM|line 1|cut\n");
}

TEST(powerpc_says_the_bad_address_before_the_instructions)
{
	CHECK_INCIDENTS(
		"BUG: Kernel NULL pointer dereference on read at 0x00000038\n"
		"Faulting instruction address: 0xc0080000000312a4\n"
		"Oops: Kernel access of bad area, sig: 11 [#1]\n"
		"NIP [c0080000000312a4] read_it+0x2c/0x90 [foo]\n",
		"null-deref|BUG: unable to handle kernel NULL pointer dereference in "
		"read_it|line 1|0x38|cut|[foo]\n");
	CHECK_INCIDENTS(
		"[    9.000000] BUG: Unable to handle kernel instruction fetch\n"
		"[    9.000001] Faulting instruction address: 0xc008000000038000\n"
		"[    9.000002] Oops: Kernel access of bad area, sig: 11 [#1]\n",
		"paging-fault|BUG: unable to handle kernel paging request|line 1|"
		"0xc008000000038000|cut\n");
	CHECK_INCIDENTS("[    0.000000] Oops: Machine check, sig: 7 [#1]\n"
			"[    0.000000] NIP [c000000000003f5c] early_it+0x18/0xf0\n",
			"mce|Oops in early_it|line 1|cut\n");
}

TEST(mips_and_loongarch_name_the_caller_of_a_bad_pointer)
{
	CHECK_INCIDENTS(
		"<1>[ 3518.314337] CPU 0 Unable to handle kernel paging request at virtual "
		"address 702e7da4, epc == 702e7da4, ra == 80005dbc\n"
		"<4>[ 3518.325262] Oops[#1]:\n<4>[ 3518.382329] epc   : 702e7da4 0x702e7da4\n"
		"<4>[ 3518.386252] ra    : 80005dbc call_it+0x70/0x110\n",
		"paging-fault|BUG: unable to handle kernel paging request in call_it|"
		"line 1|0x702e7da4|cut\n");
	CHECK_INCIDENTS(
		"[    0.632863] CPU 6 Unable to handle kernel paging request at virtual "
		"address ffff80000000802e, era == 900000000410645c, ra == 90000000041310b8\n"
		"[    0.645489] Oops[#1]:\n"
		"[    0.730000]    ra: 90000000041310b8 probe_it+0x20/0x40\n"
		"[    0.730000]   ERA: 900000000410645c out_it+0x20/0x40\n",
		"paging-fault|BUG: unable to handle kernel paging request in out_it|"
		"line 1|0xffff80000000802e|cut\n");
}

TEST(s390s_failing_address_counts)
{
	CHECK_INCIDENTS(
		"[    1.707778] Unable to handle kernel pointer dereference in virtual kernel address space\n"
		"[    1.707942] Failing address: 000000000133b000 TEID: 000000000133b407\n"
		"[    1.709436] Oops: 0004 ilc:2 [#1] SMP \n"
		"[    1.710420] Krnl PSW : 0704d00180000000 00000000009e59e4 (print_it+0x464/0x5d0)\n",
		"paging-fault|BUG: unable to handle kernel paging request in print_it|"
		"line 1|0x133b000|cut\n");
}

TEST(an_x86_oops_without_its_head_is_told_by_its_code_and_cr2)
{
	CHECK_INCIDENTS(
		"[   38.343978] Oops: 0002 [#9] PREEMPT SMP \n"
		"[   38.343978] RIP: 0010:free_it+0xd7/0x4c0\n"
		"[   38.343978] CR2: 0000000000000008 CR3: 00000000796d8000\n",
		"null-deref|BUG: unable to handle kernel NULL pointer dereference in "
		"free_it|line 1|0x8|cut\n");
	CHECK_INCIDENTS(
		"[   38.343978] invalid opcode: 0000 [#1] SMP PTI\n"
		"[   38.343978] RIP: 0010:free_it+0xd7/0x4c0\n"
		"[   38.343978] Code: c0 96 d0 ff 0f 0b 48 89 c1 <0f> 0b 48 89 fe\n",
		"bug|kernel BUG in free_it|line 1|cut\n");
}

TEST(a_panic_of_a_detector_is_what_it_detected)
{
	CHECK_INCIDENTS(
		"[46223.649832] Kernel panic - not syncing: Hard LOCKUP\n"
		"[46223.661106] Call Trace:\n"
		"[46223.663898]  <NMI>  [<ffffffffa7313562>] dump_stack+0x19/0x1b\n"
		"[46223.666675]  [<ffffffffa730cc7f>] panic+0xe8/0x20d\n"
		"[46223.672227]  [<ffffffffa6d44411>] watchdog_overflow_callback+0x121/0x140\n"
		"[46223.690452]  [<ffffffffa731cd69>] end_repeat_nmi+0x1e/0x81\n"
		"[46223.692890]  <<EOE>>  [<ffffffffa6c6aa09>] spin_it+0x9/0x60\n",
		"hard-lockup|kernel panic: Hard LOCKUP|line 1|panicked\n");
}

TEST(a_memory_group_without_a_victim_is_no_panic)
{
	CHECK_INCIDENTS(
		"kernel: Out of memory and no killable processes...\n"
		"kernel: init invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0\n",
		"oom|Out of memory|line 1\n");
}

TEST(dumps_that_were_asked_for_are_no_report)
{
	CHECK_INCIDENTS(
		"[  229.187808] NMI backtrace for cpu 7\n"
		"[  229.188979] CPU: 7 PID: 0 Comm: swapper/7 Not tainted 6.6.25 #20\n"
		"[  229.190947] epc : enable_it+0xc/0x14\n",
		"");
	CHECK_INCIDENTS(
		"[  229.187808] sysrq: Show backtrace of all active CPUs\n"
		"[  229.188979] CPU: 7 PID: 0 Comm: swapper/7 Not tainted 6.6.25 #20\n"
		"[  229.190947] RIP: 0010:idle_it+0xc/0x14\n",
		"");
}

TEST(a_hardware_error_that_was_survived_is_not_fatal)
{
	static const struct {
		const char *text, *fatal;
	} examples[] = {
		{ "mce: [Hardware Error]: Machine check events logged\n", "false" },
		{ "mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 6: cc59214000041152\n"
		  "mce: [Hardware Error]: TSC 0 ADDR 143200200 MISC 7022004086 \n",
		  "false" },
		{ "mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 6: be00000000800400\n",
		  "true" },
		{ "mce: [Hardware Error]: Machine check events logged\n"
		  "mce: [Hardware Error]: CPU 7: Machine Check Exception: 5 Bank 0\n",
		  "true" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		_cleanup_json_ json_t *all = read_json(examples[i].text);

		CHECK_EQ(json_array_size(all), 1);
		CHECK_FIELD(all, 0, "fatal", examples[i].fatal);
	}
}

TESTS(T(a_console_that_prints_everything_twice_tells_one_failure),
      T(recursion_is_no_doubled_console),
      T(what_stands_before_every_stamp_is_no_part_of_a_message),
      T(a_title_ends_with_its_line),
      T(powerpc_says_the_bad_address_before_the_instructions),
      T(mips_and_loongarch_name_the_caller_of_a_bad_pointer),
      T(s390s_failing_address_counts),
      T(an_x86_oops_without_its_head_is_told_by_its_code_and_cr2),
      T(a_panic_of_a_detector_is_what_it_detected),
      T(a_memory_group_without_a_victim_is_no_panic),
      T(dumps_that_were_asked_for_are_no_report),
      T(a_hardware_error_that_was_survived_is_not_fatal))
