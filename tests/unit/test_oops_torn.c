// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines in pieces: another CPU's message in the middle, mail clients and screens that
 * wrap, logs that begin in the middle. */
#include "oops_reading.h"

#define NULL_20                                                                          \
	"null-deref|BUG: unable to handle kernel NULL pointer dereference|line 1|0x20|cut\n"

TEST(a_header_cut_by_another_cpus_message_is_joined)
{
	CHECK_INCIDENTS(
		"[   12.200000] Unable to handle kernel NULL poi[   12.300000] CPU1 "
		"is busy\nnter dereference at virtual address 0000000000000020\n",
		NULL_20);
	CHECK_INCIDENTS(
		"[   12.200000] Unable to handle kernel NULL pointer dereference at "
		"virtual address 00000000000[   12.300000] CPU1 is busy\n00020\n",
		NULL_20);
	CHECK_INCIDENTS("[   12.200000] WARNING: CPU: 0 PID: 9 at drivers/gpu/x.c:12 do_"
			"[   12.300000] usb 1-1: new\nit+0x10/0x20 [mod]\n",
			"warn|WARNING in do_it|line 1|cut|[mod]\n");
}

TEST(a_header_whose_very_words_are_cut_is_known_by_its_rest)
{
	CHECK_INCIDENTS(
		"[   12.200000] Unable to ha[   12.300000] CPU1 is busy\n"
		"ndle kernel NULL pointer dereference at virtual address "
		"0000000000000020\n",
		"null-deref|BUG: unable to handle kernel NULL pointer dereference|"
		"line 2|0x20|cut\n");
	CHECK_INCIDENTS(
		"[   12.200000] x\nA tool: NULL pointer dereference at virtual address "
		"0000000000000020\n",
		"");
}

TEST(half_a_register_is_not_taken_for_a_whole_one)
{
	_cleanup_json_ json_t *all = read_json(
		FAULT
		"[   20.000006] Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP\n"
		"[   20.000011] pc : attach_[   20.000012] usb 1-1: new device\n"
		"thing+0x44/0x100 [alpha]\n"
		"[   20.000014] x29: ffff800080003d00 x28: 00000000[   20.000015] usb 2\n"
		"00000001 x27: 0000000000000002\n"
		"[   20.000016] Call trace:\n[   20.000017]  attach_thing+0x44/0x1[   "
		"20.000018] usb 1-1: gone\n00 [alpha]\n" END);

	CHECK_FIELD(all, 0, "pc", "\"attach_thing+0x44/0x100 [alpha]\"");
	CHECK_FIELD(all, 0, "registers",
		    "{\"x29\":\"0xffff800080003d00\",\"x28\":\"0x1\",\"x27\":\"0x2\"}");
	CHECK_FIELD(
		all, 0, "call_trace",
		"[{\"function\":\"attach_thing\",\"offset\":\"0x44\",\"size\":\"0x100\","
		"\"module\":\"alpha\",\"reliable\":true}]");
}

TEST(lines_that_a_mail_client_wrapped_are_joined)
{
	_cleanup_json_ json_t *all = read_json(
		"[  233.001042] Unable to handle kernel NULL pointer dereference at virtual "
		"address\n0000000000000020\n"
		"[  233.001921] Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP\n"
		"[  233.002397] Modules linked in: midgard_kbase dw_hdmi_i2s_audio rockchip_saradc\n"
		"ip_tables x_tables\n"
		"[  233.004571] CPU: 0 PID: 143 Comm: scsi_eh_1 Tainted: G        W  O\n"
		"4.4.167-1213-rockchip #1\n"
		"[  233.004572] pc : a_function_with_a_name_that_is_long_enough_to_be+0x14/0x100\n"
		"[very_long_module]\n"
		"[  233.004573] x29: ffff800080003d00 x28: 0000000000000001 x27:\n"
		"0000000000000002\n"
		"[  233.004574] Code: aa0003f3 f9400400 b4000060 f9400800\n(f9401262)\n" END);

	CHECK_EQ(json_array_size(all), 1);
	CHECK_FIELD(all, 0, "fault_address", "\"0x20\"");
	CHECK_FIELD(all, 0, "kernel", "\"4.4.167-1213-rockchip\"");
	CHECK_FIELD(all, 0, "modules",
		    "[\"midgard_kbase\",\"dw_hdmi_i2s_audio\",\"rockchip_saradc\","
		    "\"ip_tables\",\"x_tables\"]");
	CHECK_FIELD(all, 0, "registers",
		    "{\"x29\":\"0xffff800080003d00\",\"x28\":\"0x1\",\"x27\":\"0x2\"}");
	CHECK_FIELD(all, 0, "code",
		    "{\"words\":[\"aa0003f3\",\"f9400400\",\"b4000060\",\"f9400800\","
		    "\"f9401262\"],\"faulting\":4}");
}

/* A screen of 80 columns cuts inside the address. */
TEST(lines_cut_at_the_screens_margin_are_joined_without_a_blank)
{
	CHECK_INCIDENTS(
		"kernel: Unable to handle kernel paging request at virtual address 00000000000012\n"
		"60\n",
		"paging-fault|BUG: unable to handle kernel paging request|line 1|0x1260|cut\n");
}

TEST(the_first_stamp_of_a_log_ends_no_report)
{
	CHECK_INCIDENTS(
		"BUG: unable to handle kernel NULL pointer dereference at 00000008\n"
		"IP: [<f83f9f24>] radeon_audio_detect+0x54/0x140 [radeon]\n"
		"[    1.000000] usb 1-1: new device\n"
		"Oops: 0000 [#1] SMP \nCall Trace:\n"
		" [<f83f9f24>] radeon_audio_detect+0x54/0x140 [radeon]\n",
		"null-deref|BUG: unable to handle kernel NULL pointer dereference in "
		"radeon_audio_detect|line 1|0x8|cut|[radeon]\n");
}

/* loglevel=5 and panic=1: no banner between the boots. */
TEST(what_reports_after_rebooting_is_the_next_boot)
{
	CHECK_INCIDENTS(FAULT DIE END PANIC
			"[   20.000030] Rebooting in 1 seconds..\n" FAULT DIE END,
			NULL_TITLE "line 1|0x20|panicked|[alpha]\n" NULL_TITLE
				   "line 26|0x20|[alpha]\n");
}

/* What "cut here" and the registers leave no doubt of, although its line was lost. */
TEST(a_warning_whose_first_line_is_lost_is_a_warning)
{
#define CUT_HERE                                                                         \
	"[    5.000000] ------------[ cut here ]------------\n"                          \
	"[    5.000001] refcount_t: underflow; use-after-free.\n"                        \
	"[    5.000002] Modules linked in: m(O)\n"                                       \
	"[    5.000003] CPU: 2 UID: 0 PID: 7 Comm: sh Not tainted 6.12.5 #1\n"           \
	"[    5.000004] pc : refcount_warn_saturate+0xf4/0x144\n"                        \
	"[    5.000005] lr : refcount_warn_saturate+0xf4/0x144\n"                        \
	"[    5.000006] Call trace:\n"                                                   \
	"[    5.000007]  refcount_warn_saturate+0xf4/0x144 (P)\n"                        \
	"[    5.000008]  user_of_it+0x10/0x20 [m]\n"
	CHECK_INCIDENTS(CUT_HERE END, "warn|WARNING in user_of_it|line 1|cut|[m]\n");
	/* Without its end nobody knows. */
	CHECK_INCIDENTS(CUT_HERE, "");
	CHECK_INCIDENTS(
		CUT_HERE "[    5.000009] Code: aa0003f3 (d4210000) \n" END,
		"oops-other|kernel report without its head in user_of_it|line 1|cut|[m]\n");
}

TEST(where_the_kernel_was_entered_is_nobodys_fault)
{
	CHECK_INCIDENTS(
		FAULT "[   20.000006] Internal error: Oops: 0000000096000004 [#1] "
		      "PREEMPT SMP\n"
		      "** 23 printk messages dropped **\n"
		      "[   20.000019]  ret_from_fork+0x10/0x20\n" END,
		"null-deref|BUG: unable to handle kernel NULL pointer dereference|line "
		"1|0x20\n");
}

/* A fuzzer's: the taint's parenthesis stands behind what the title ends at. */
TEST(a_slab_report_whose_words_are_in_another_order_is_read)
{
	CHECK_INCIDENTS("BUG kmalloc-):[ (", "bug|BUG kmalloc-):|line 1|cut\n");
}

TESTS(T(where_the_kernel_was_entered_is_nobodys_fault),
      T(a_warning_whose_first_line_is_lost_is_a_warning),
      T(a_header_cut_by_another_cpus_message_is_joined),
      T(a_header_whose_very_words_are_cut_is_known_by_its_rest),
      T(half_a_register_is_not_taken_for_a_whole_one),
      T(lines_that_a_mail_client_wrapped_are_joined),
      T(lines_cut_at_the_screens_margin_are_joined_without_a_blank),
      T(the_first_stamp_of_a_log_ends_no_report),
      T(what_reports_after_rebooting_is_the_next_boot),
      T(a_slab_report_whose_words_are_in_another_order_is_read))
