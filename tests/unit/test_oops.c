// SPDX-License-Identifier: GPL-2.0-or-later
#include "oops_reading.h"

TEST(header_internal_error_trace_and_panic_are_one_incident)
{
	CHECK_INCIDENTS(FAULT DIE END PANIC, NULL_TITLE "line 1|0x20|panicked|[alpha]\n");
}

TEST(every_field_of_an_oops_is_read)
{
	struct seen s = { .text = STRBUF_INIT, .shows_trace = true };

	read_cut(FAULT DIE END, strlen(FAULT DIE END), 4096, false, &s);
	CHECK_STR(strbuf_str(&s.text),
		  NULL_TITLE "line 1|0x20|[alpha]|attach_thing|caller_of_it|el0_svc\n");
	CHECK_EQ(s.opened_kind[0], INCIDENT_NULL_DEREF);
	strbuf_release(&s.text);
}

TEST(a_report_without_its_end_is_cut_off)
{
	CHECK_INCIDENTS(FAULT, "null-deref|BUG: unable to handle kernel NULL pointer "
			       "dereference|line 1|0x20|cut\n");
}

TEST(a_report_without_its_head_is_found)
{
	CHECK_INCIDENTS(DIE END,
			"paging-fault|BUG: unable to handle kernel paging request in "
			"attach_thing|line 1|cut|[alpha]\n");
	CHECK_INCIDENTS(
		"[   20.000011] pc : attach_thing+0x44/0x100 [alpha]\n"
		"[   20.000012] lr : caller_of_it+0x10/0x40\n" END,
		"oops-other|kernel report without its head in attach_thing|line 1|cut|"
		"[alpha]\n");
}

TEST(a_die_that_lost_its_words_has_a_title)
{
	CHECK_INCIDENTS("[    1.000000]  [#1] SMP\n",
			"oops-other|kernel report without its head|line 1|cut\n");
}

TEST(a_panic_whose_first_line_is_lost_is_told_by_its_trace)
{
	CHECK_INCIDENTS("[   20.000001] Call trace:\n"
			"[   20.000002]  dump_backtrace+0x10/0x20\n"
			"[   20.000003]  panic+0x12c/0x30c\n"
			"[   20.000004]  power_domain_on+0x10c/0x1cc\n",
			"panic|kernel panic in power_domain_on|line 1|cut\n");
	/* A trace alone is nobody's failure. */
	CHECK_INCIDENTS("[   20.000001] Call trace:\n"
			"[   20.000002]  dump_backtrace+0x10/0x20\n"
			"[   20.000004]  power_domain_on+0x10c/0x1cc\n",
			"");
}

TEST(a_panic_after_a_warning_makes_it_fatal_at_once)
{
	CHECK_INCIDENTS(
		"[    5.000000] WARNING: CPU: 2 PID: 9 at a/x.c:12 do_x+0x1/0x2\n"
		"[    5.000001] Kernel panic - not syncing: kernel: panic_on_warn set ...\n",
		"escalated WARNING in do_x\nwarn|WARNING in do_x|line 1|cut|panicked\n");
}

#define BOOT                                                                             \
	"U-Boot 2023.01 (Jan 01 2023)\nStarting kernel ...\n"                            \
	"[    0.000000] Booting Linux on physical CPU 0x0\n[    9.000000] running\n"

TEST(a_banner_after_the_kernel_is_a_reset_and_three_boots_are_a_loop)
{
	CHECK_INCIDENTS(BOOT BOOT, "reset|kernel restarted without a word|line 5\n");
	CHECK_INCIDENTS(BOOT BOOT BOOT BOOT,
			"reset|kernel restarted without a word|line 5\n"
			"boot-loop|boot loop|line 9\n");
}

TEST(an_oops_explains_the_reboots_that_follow_it)
{
	CHECK_INCIDENTS(BOOT FAULT DIE END PANIC BOOT FAULT DIE END PANIC BOOT,
			NULL_TITLE "line 5|0x20|panicked|[alpha]\n" NULL_TITLE
				   "line 33|0x20|panicked|[alpha]\n");
}

TEST(the_session_derives_resets_itself)
{
	struct seen s = { .text = STRBUF_INIT };

	read_cut(BOOT BOOT BOOT, strlen(BOOT BOOT BOOT), 100, true, &s);
	CHECK_EQ(s.n_closed, 0);
	CHECK_EQ(s.boots, 3);
	strbuf_release(&s.text);
}

TEST(a_loader_that_finds_no_kernel_is_no_boot)
{
	CHECK_INCIDENTS(
		"U-Boot 2023.01 (Jan 01 2023)\nTFTP error: 'File not found' (1)\n=> ",
		"no-boot|boot loader found no kernel to start|line 2\n");
}

TEST(an_incident_is_opened_by_the_very_bytes_that_decide_it)
{
	static const struct oops_opts opts = { .has_times = true };
	static const char line[] = "[    5.000000] Kernel panic - not syncing: x\n";
	struct seen s = { .text = STRBUF_INIT };
	struct oops_reader *r = oops_new(&opts, &ops, &s);

	oops_feed(r, line, strlen(line) - 1, 1000);
	CHECK_EQ(s.n_opened, 0);
	oops_feed(r, "\n", 1, 2000);
	CHECK_EQ(s.n_opened, 1);
	CHECK_EQ(s.opened_at[0], 2000);
	CHECK(oops_is_open(r));
	oops_tick(r, 2000 + OOPS_SETTLE_QUIET_NS - 1);
	CHECK_EQ(s.n_closed, 0);
	oops_tick(r, 2000 + OOPS_SETTLE_QUIET_NS);
	CHECK_EQ(s.n_closed, 1);
	CHECK(!oops_is_open(r));
	oops_free(r);
	strbuf_release(&s.text);
}

TEST(old_messages_count_for_nothing_while_disabled)
{
	static const struct oops_opts opts = { .has_times = true };
	struct seen s = { .text = STRBUF_INIT };
	struct oops_reader *r = oops_new(&opts, &ops, &s);

	oops_set_enabled(r, false);
	oops_feed(r, PANIC, strlen(PANIC), 1);
	oops_set_enabled(r, true);
	oops_feed(r, FAULT, strlen(FAULT), 2);
	oops_end(r);
	CHECK_CONTAINS(strbuf_str(&s.text), "|line 4|0x20");
	CHECK_EQ(s.n_closed, 1);
	oops_free(r);
	strbuf_release(&s.text);
}

TEST(a_line_without_end_and_a_million_opens_stay_small)
{
	static const char *const open[] = {
		"[    5.000000][ T1] BUG: KASAN: x in f\n",
		"[    5.000000][ T1] BUG: KASAN: x in g\n",
	};
	struct seen s = { .text = STRBUF_INIT };
	const struct oops_opts opts = { .no_resets = true };
	struct oops_reader *r = oops_new(&opts, &ops, &s);
	char *junk = xmalloc(1 << 20);

	memset(junk, 'B', 1 << 20);
	for (int i = 0; i < 16; i++)
		oops_feed(r, junk, 1 << 20, 0);
	oops_feed(r, "\n", 1, 0);
	CHECK_EQ(s.n_opened, 0);
	for (int i = 0; i < 50000; i++) {
		oops_feed(r, open[i & 1], strlen(open[i & 1]), 0);
		strbuf_reset(&s.text);
	}
	oops_end(r);
	CHECK_EQ(s.n_opened, 50000);
	CHECK_EQ(s.n_closed, 50000);
	oops_free(r);
	free(junk);
	strbuf_release(&s.text);
}

TESTS(T(header_internal_error_trace_and_panic_are_one_incident),
      T(every_field_of_an_oops_is_read), T(a_report_without_its_end_is_cut_off),
      T(a_report_without_its_head_is_found), T(a_die_that_lost_its_words_has_a_title),
      T(a_panic_whose_first_line_is_lost_is_told_by_its_trace),
      T(a_panic_after_a_warning_makes_it_fatal_at_once),
      T(a_banner_after_the_kernel_is_a_reset_and_three_boots_are_a_loop),
      T(an_oops_explains_the_reboots_that_follow_it),
      T(the_session_derives_resets_itself), T(a_loader_that_finds_no_kernel_is_no_boot),
      T(an_incident_is_opened_by_the_very_bytes_that_decide_it),
      T(old_messages_count_for_nothing_while_disabled),
      T(a_line_without_end_and_a_million_opens_stay_small))
