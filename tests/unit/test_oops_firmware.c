// SPDX-License-Identifier: GPL-2.0-or-later
/* Firmware that dies below a kernel, and what only looks like it. */
#include "oops_reading.h"

#define LOADER                                                                           \
	"U-Boot SPL 2023.01 (Jan 12 2023)\nNOTICE:  BL31: v2.9(release):v2.9\n"          \
	"U-Boot 2023.01 (Jan 12 2023)\n"
#define START "\nStarting kernel ...\n\n"
#define RUNS "[    0.000000] Linux version 6.12.5 (a@b) #1 SMP\n[    1.000000] init\n"
#define X30 "x30            = 0x0000000000046a58\nx0             = 0x0000000000000000\n"

TEST(tf_as_panic_under_a_kernel_is_a_panic_of_the_firmware)
{
	CHECK_INCIDENTS(LOADER START RUNS "PANIC in EL3.\n" X30,
			"panic|firmware panic: PANIC in EL3 (TF-A)|line 9\n");
	CHECK_INCIDENTS(
		LOADER START RUNS "Unhandled Exception in EL3.\nx30 =\t\t0xff00fff0\n",
		"panic|firmware panic: Unhandled Exception in EL3 (TF-A)|line 9\n");
	CHECK_INCIDENTS(
		LOADER START RUNS "Unhandled Interrupt Exception in EL3.\r\n" X30,
		"panic|firmware panic: Unhandled Interrupt Exception in EL3 (TF-A)|line 9\n");
	CHECK_INCIDENTS(LOADER START RUNS "PANIC in EL3 at x30 = 0x0000000004023238\n",
			"panic|firmware panic: PANIC in EL3 (TF-A)|line 9\n");
}

TEST(it_may_break_into_a_line_and_other_cpus_may_print_between)
{
	CHECK_INCIDENTS(
		LOADER START RUNS
		"[   30.000000] psci: CPU4 kiPANIC in EL3.\n[   30.100000] other\n" X30,
		"panic|firmware panic: PANIC in EL3 (TF-A)|line 9\n");
	CHECK_INCIDENTS(LOADER START RUNS "root@rock:~# PANIC in EL3.\n" X30,
			"panic|firmware panic: PANIC in EL3 (TF-A)|line 9\n");
}

TEST(words_that_a_kernel_or_a_program_quotes_are_no_panic)
{
	CHECK_INCIDENTS(LOADER START RUNS "PANIC in EL3.\n[    2.000000] next\n", "");
	CHECK_INCIDENTS(LOADER START RUNS
			"[    2.000000] log: PANIC in EL3.\n[    2.100000] log: " X30,
			"");
	CHECK_INCIDENTS(
		LOADER START RUNS
		"[    2.000000] log: PANIC in EL3.\n[    2.100000] x30 = 0x46a58\n",
		"");
	CHECK_INCIDENTS(
		LOADER START RUNS
		"PANIC in EL3.\n[ 2.000000] a\n[ 2.100000] b\n[ 2.200000] c\n[ 2.300000] d\n" X30,
		"");
	CHECK_INCIDENTS(
		LOADER START RUNS "is it PANIC in EL3 at x30 = 0x0000000004023238\n", "");
	CHECK_INCIDENTS(LOADER START RUNS
			"### ERROR ### Please RESET the board ###\n"
			"\"Synchronous Abort\" handler, esr 0x96000210\n",
			"");
}

TEST(a_kernel_that_has_died_takes_the_firmware_with_it)
{
	CHECK_INCIDENTS(
		LOADER START RUNS
		"[   21.000000] Kernel panic - not syncing: sysrq triggered crash\n"
		"[   21.100000] Rebooting in 1 seconds..\nPANIC in EL3.\n" X30,
		"panic|kernel panic: sysrq triggered crash|line 9|panicked\n");
}

TEST(u_boots_own_vectors_catch_a_kernel_that_dies_in_its_first_steps)
{
	CHECK_INCIDENTS(LOADER START
			"\"Synchronous Abort\" handler, esr 0x8a000000, far 0x2080003\n"
			"Resetting CPU ...\n\n### ERROR ### Please RESET the board ###\n",
			"panic|U-Boot panic as the kernel started|line 7|0x2080003\n");
	CHECK_INCIDENTS(LOADER START "### ERROR ### Please RESET the board ###\n",
			"panic|U-Boot gave up as the kernel started|line 7\n");
}

TEST(firmware_that_crashes_before_any_kernel_is_no_kernels_failure)
{
	CHECK_INCIDENTS(LOADER "PANIC in EL3.\n" X30,
			"no-boot|firmware crashed before any kernel started|line 4\n");
	CHECK_INCIDENTS(LOADER "### ERROR ### Please RESET the board ###\n",
			"no-boot|firmware crashed before any kernel started|line 4\n");
	/* it started again, and then booted */
	CHECK_INCIDENTS(LOADER "PANIC in EL3.\n" X30 LOADER START RUNS, "");
}

TEST(the_restart_after_it_is_its_consequence)
{
	CHECK_INCIDENTS(LOADER START RUNS "PANIC in EL3.\n" X30 LOADER START RUNS,
			"panic|firmware panic: PANIC in EL3 (TF-A)|line 9\n");
}

TEST(a_log_that_begins_with_it_is_believed)
{
	CHECK_INCIDENTS("PANIC in EL3.\n" X30,
			"panic|firmware panic: PANIC in EL3 (TF-A)|line 1\n");
}

TESTS(T(tf_as_panic_under_a_kernel_is_a_panic_of_the_firmware),
      T(it_may_break_into_a_line_and_other_cpus_may_print_between),
      T(words_that_a_kernel_or_a_program_quotes_are_no_panic),
      T(a_kernel_that_has_died_takes_the_firmware_with_it),
      T(u_boots_own_vectors_catch_a_kernel_that_dies_in_its_first_steps),
      T(firmware_that_crashes_before_any_kernel_is_no_kernels_failure),
      T(the_restart_after_it_is_its_consequence),
      T(a_log_that_begins_with_it_is_believed))
