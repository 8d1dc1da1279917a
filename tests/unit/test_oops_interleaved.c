// SPDX-License-Identifier: GPL-2.0-or-later
#include "oops_reading.h"

TEST(two_tasks_with_caller_ids_are_told_apart)
{
	CHECK_INCIDENTS(
		"[   20.000001][   T11] BUG: KASAN: slab-use-after-free in foo+0x1/0x2\n"
		"[   20.000002][   T22] WARNING: CPU: 1 PID: 22 at a/b.c:5 bar+0x3/0x4\n"
		"[   20.000003][   T11] Read of size 8 at addr ffff000012345678 by task x/11\n"
		"[   20.000004][   T22] Call trace:\n"
		"[   20.000005][   T11] Call trace:\n"
		"[   20.000006][   T22]  bar+0x3/0x4\n"
		"[   20.000007][   T11]  foo+0x1/0x2\n",
		"uaf|KASAN: slab-use-after-free Read in foo|line 1|0xffff000012345678\n"
		"warn|WARNING in bar|line 2\n");
}

TEST(other_cpus_that_stop_are_not_the_culprit)
{
	CHECK_INCIDENTS("[    5.000000] Kernel panic - not syncing: out of luck\n"
			"[    5.000001] CPU: 0 PID: 1 Comm: init Not tainted 6.1.0 #1\n"
			"[    5.000002] Call trace:\n[    5.000003]  panic+0x1/0x2\n"
			"[    5.000004]  guilty+0x1/0x2\n"
			"[    5.000005] SMP: stopping secondary CPUs\n"
			"[    5.000006] CPU1: stopping\n"
			"[    5.000007] pc : innocent+0x1/0x2\n"
			"[    5.000008] Call trace:\n[    5.000009]  innocent+0x1/0x2\n",
			"panic|kernel panic: out of luck|line 1|panicked\n");
}

TEST(glued_prompts_replays_and_carriage_returns_hide_nothing)
{
	CHECK_INCIDENTS(
		"host login: [    5.000000] Kernel panic - not syncing: sysrq triggered "
		"crash\r\n",
		"panic|kernel panic: sysrq triggered crash|line 1|panicked\n");
	CHECK_INCIDENTS(
		"** 12 printk messages dropped ** [    5.000000] kernel BUG at a.c:1!\n",
		"bug|kernel BUG|line 1|cut\n");
	CHECK_INCIDENTS("\033[0;31m[    5.000000] kernel BUG at a.c:1!\033[0m\n",
			"bug|kernel BUG|line 1|cut\n");
}

TEST(repeated_stalls_are_counted_into_the_first)
{
	CHECK_INCIDENTS(
		"[    5.000000] INFO: task a:1 blocked for more than 120 seconds.\n"
		"[    5.000001] Call trace:\n[    5.000002]  wait_here+0x1/0x2\n"
		"[    5.000003]  my_fn+0x1/0x2\n"
		"[    5.000004] INFO: task b:2 blocked for more than 120 seconds.\n"
		"[    5.000005] Call trace:\n[    5.000006]  other_fn+0x1/0x2\n",
		"hung-task|INFO: task hung in my_fn|line 1|+1\n");
}

#define HEAD(addr_, esr_)                                                                 \
	"[   20.000001] Unable to handle kernel paging request at virtual address " addr_ \
	"\n[   20.000002] Mem abort info:\n[   20.000003]   ESR = 0x" esr_ "\n"
#define BODY(n_, esr_, cpu_, f_, x0_)                                                    \
	"[   20.000006] Internal error: Oops: " esr_ " [#" n_ "] PREEMPT SMP\n"          \
	"[   20.000007] Modules linked in: alpha(O)\n"                                   \
	"[   20.000008] CPU: " cpu_ " UID: 0 PID: 7 Comm: sh Not tainted 6.12.5-ci #1\n" \
	"[   20.000011] pc : " f_                                                        \
	"+0x44/0x100\n[   20.000015] x2 : 0000000000000003 x1 : "                        \
	"0000000000000004 x0 : " x0_ "\n[   20.000016] Call trace:\n[   20.000017]  " f_ \
	"+0x44/0x100\n[   20.000019]  el0_svc+0x30/0x100\n"                              \
	"[   20.000020] Code: aa0003f3 (f9401262) \n" END
#define ESR_A "0000000096000006"
#define ESR_B "0000000096000046"

/* 6.12.117 in QEMU, two CPUs in a module's read and write of NULL: the second head came
 * before the first die(), which was the second's. */
TEST(two_cpus_that_fault_at_once_are_two_incidents_each_with_its_own_syndrome)
{
	_cleanup_json_ json_t *all = read_json(
		HEAD("0000000000000020", ESR_A) HEAD("0000000000000028", ESR_B)
			BODY("1", ESR_B, "1", "write_it", "0000000000000000")
				BODY("2", ESR_A, "0", "read_it", "0000000000000000"));

	CHECK_EQ(json_array_size(all), 2);
	CHECK_FIELD(all, 0, "function", "\"read_it\"");
	CHECK_FIELD(all, 0, "fault_address", "\"0x20\"");
	CHECK_FIELD(all, 0, "cpu", "0");
	CHECK_FIELD(all, 1, "function", "\"write_it\"");
	CHECK_FIELD(all, 1, "fault_address", "\"0x28\"");
	CHECK_FIELD(all, 1, "cpu", "1");
}

/* The same in turns, line by line. */
TEST(heads_that_alternate_line_by_line_are_told_apart)
{
	_cleanup_json_ json_t *all = read_json(
		"[   20.000001] Unable to handle kernel NULL pointer dereference at virtual "
		"address 0000000000000020\n"
		"[   20.000001] Unable to handle kernel paging request at virtual address "
		"ffff800012345678\n"
		"[   20.000002] Mem abort info:\n[   20.000002] Mem abort info:\n"
		"[   20.000003]   ESR = 0x" ESR_A "\n[   20.000003]   ESR = 0x" ESR_B "\n"
		"[   20.000004] [0000000000000020] pgd=0\n"
		"[   20.000004] [ffff800012345678] pgd=0\n" BODY(
			"1", ESR_A, "0", "read_it", "0000000000000000")
			BODY("2", ESR_B, "1", "write_it", "ffff800012345600"));

	CHECK_EQ(json_array_size(all), 2);
	CHECK_FIELD(all, 0, "kind", "\"null-deref\"");
	CHECK_FIELD(all, 0, "function", "\"read_it\"");
	CHECK_FIELD(all, 0, "esr",
		    "{\"value\":\"0x96000006\",\"ec\":37,\"ec_name\":\"data "
		    "abort (current EL)\",\"dfsc\":6,\"dfsc_name\":\"level 2 "
		    "translation fault\",\"level\":2,\"wnr\":false,\"fnv\":false,"
		    "\"s1ptw\":false,\"ea\":false}");
	CHECK_FIELD(all, 1, "kind", "\"paging-fault\"");
	CHECK_FIELD(all, 1, "function", "\"write_it\"");
	CHECK_FIELD(all, 1, "fault_address", "\"0xffff800012345678\"");
}

/* 6.12.117: "kernel BUG" of one CPU between head and die() of another's fault. */
TEST(a_bug_between_head_and_die_of_a_fault_is_its_own_incident)
{
	CHECK_INCIDENTS(
		FAULT
		"[   20.000001] ------------[ cut here ]------------\n"
		"[   20.000002] kernel BUG at a/b.c:1!\n" BODY(
			"1", "0000000096000004", "0", "read_it", "0000000000000000")
			BODY("2", "00000000f2000800", "1", "bug_it", "0000000000000000"),
		"null-deref|BUG: unable to handle kernel NULL pointer dereference in "
		"read_it|line 1|0x20\n"
		"bug|kernel BUG in bug_it|line 7\n");
}

/* 6.12.117: the header of CPU 0 cut in between x6 and x5 of CPU 1, with an older stamp.
 */
TEST(registers_go_on_where_they_stopped)
{
	_cleanup_json_ json_t *all = read_json(
		"[    3.1] -\n[    3.134248] WARNING: CPU: 1 PID: 55 at m.c:165 f+0x18/0x24 [m]\n"
		"[    3.134641] Modules linked in: m(O)\n"
		"[    3.135534] CPU: 1 UID: 0 PID: 55 Comm: one Not tainted 6.12.1 #1\n"
		"[    3.136193] pc : f+0x18/0x24 [m]\n"
		"[    3.137454] x8 : 00000000ffffefff x7 : 0000000000000017 x6 : 0000000000000016\n"
		"[    3.131652] WARNING: CPU: 0 PID: 54 at m.c:165 g+0x18/0x24 [m]\n"
		"[    3.146183] x5 : 0000000000000015 x4 : 0000000000000014 x3 : 0000000000000013\n"
		"[    3.146646] Call trace:\n[    3.146769]  f+0x18/0x24 [m]\n"
		"[    3.146958]  caller_of_f+0x84/0xac [m]\n"
		"[    3.148025] ---[ end trace 0000000000000000 ]---\n"
		"[    3.149474] Modules linked in: m(O)\n"
		"[    3.149656] CPU: 0 UID: 0 PID: 54 Comm: two Not tainted 6.12.1 #1\n"
		"[    3.150120] pc : g+0x18/0x24 [m]\n"
		"[    3.151466] x5 : 0000000000000005 x4 : 0000000000000004 x3 : 0000000000000003\n"
		"[    3.151743] Call trace:\n[    3.151792]  g+0x18/0x24 [m]\n"
		"[    3.151880]  caller_of_g+0x84/0xac [m]\n"
		"[    3.152619] ---[ end trace 0000000000000000 ]---\n");

	CHECK_EQ(json_array_size(all), 2);
	CHECK_FIELD(all, 0, "comm", "\"one\"");
	CHECK_FIELD(
		all, 0, "registers",
		"{\"x8\":\"0xffffefff\",\"x7\":\"0x17\",\"x6\":\"0x16\",\"x5\":\"0x15\","
		"\"x4\":\"0x14\",\"x3\":\"0x13\"}");
	CHECK_FIELD(all, 0, "signature", "\"warn f < caller_of_f\"");
	CHECK_FIELD(all, 1, "comm", "\"two\"");
	CHECK_FIELD(all, 1, "registers",
		    "{\"x5\":\"0x5\",\"x4\":\"0x4\",\"x3\":\"0x3\"}");
	CHECK_FIELD(all, 1, "signature", "\"warn g < caller_of_g\"");
}

TEST(two_tasks_that_fault_at_once_with_caller_ids_are_two_incidents)
{
	CHECK_INCIDENTS(
		"[   20.000001][   T11] Unable to handle kernel paging request at virtual "
		"address ffff800000000010\n"
		"[   20.000002][   T22] Unable to handle kernel paging request at virtual "
		"address ffff800000000020\n"
		"[   20.000003][   T22] Internal error: Oops: 0000000096000004 [#1] SMP\n"
		"[   20.000004][   T22] pc : second+0x1/0x2\n"
		"[   20.000005][   T11] Internal error: Oops: 0000000096000004 [#2] SMP\n"
		"[   20.000006][   T11] pc : first+0x1/0x2\n",
		"paging-fault|BUG: unable to handle kernel paging request in first|line 1|"
		"0xffff800000000010|cut\n"
		"paging-fault|BUG: unable to handle kernel paging request in second|line 2|"
		"0xffff800000000020|cut\n");
}

TESTS(T(two_cpus_that_fault_at_once_are_two_incidents_each_with_its_own_syndrome),
      T(heads_that_alternate_line_by_line_are_told_apart),
      T(a_bug_between_head_and_die_of_a_fault_is_its_own_incident),
      T(registers_go_on_where_they_stopped),
      T(two_tasks_that_fault_at_once_with_caller_ids_are_two_incidents),
      T(two_tasks_with_caller_ids_are_told_apart),
      T(other_cpus_that_stop_are_not_the_culprit),
      T(glued_prompts_replays_and_carriage_returns_hide_nothing),
      T(repeated_stalls_are_counted_into_the_first))
