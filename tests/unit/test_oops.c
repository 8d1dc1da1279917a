// SPDX-License-Identifier: GPL-2.0-or-later
#include "tap.h"

#include "parse/oops.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { MAX_SEEN = 16 };

struct seen {
	size_t n_opened, n_closed;
	enum incident_kind opened_kind[MAX_SEEN];
	int64_t opened_at[MAX_SEEN];
	struct strbuf text; /* one line for each closed incident */
	uint32_t boots;
	bool shows_trace;
};

static void on_opened(void *arg, const struct incident *in)
{
	struct seen *s = arg;

	if (s->n_opened < MAX_SEEN) {
		s->opened_kind[s->n_opened] = in->kind;
		s->opened_at[s->n_opened] = in->decided_t_ns;
	}
	s->n_opened++;
}

static void on_closed(void *arg, const struct incident *in)
{
	struct seen *s = arg;

	strbuf_addf(&s->text, "%s|%s|line %llu", incident_kind_to_str(in->kind),
		    in->title, (unsigned long long)in->line);
	if (in->has_fault_address)
		strbuf_addf(&s->text, "|0x%llx", (unsigned long long)in->fault_address);
	if (in->truncated)
		strbuf_addstr(&s->text, "|cut");
	if (in->panicked)
		strbuf_addstr(&s->text, "|panicked");
	if (in->n_secondary)
		strbuf_addf(&s->text, "|+%u", in->n_secondary);
	if (in->module)
		strbuf_addf(&s->text, "|[%s]", in->module);
	for (size_t i = 0; s->shows_trace && i < in->n_frames; i++)
		strbuf_addf(&s->text, "|%s", in->frames[i].function);
	strbuf_addch(&s->text, '\n');
	s->n_closed++;
}

static void on_booted(void *arg, uint32_t boot, uint64_t offset, int64_t t_ns)
{
	((struct seen *)arg)->boots = boot;
}

static void on_escalated(void *arg, const struct incident *in)
{
	struct seen *s = arg;

	strbuf_addf(&s->text, "escalated %s\n", in->title);
}

static const struct oops_ops ops = { .opened = on_opened,
				     .closed = on_closed,
				     .escalated = on_escalated,
				     .booted = on_booted };

static void read_cut(const char *text, size_t len, size_t step, bool no_resets,
		     struct seen *s)
{
	const struct oops_opts opts = { .no_resets = no_resets };
	struct oops_reader *r = oops_new(&opts, &ops, s);

	for (size_t i = 0; i < len; i += step)
		oops_feed(r, text + i, step < len - i ? step : len - i, 0);
	oops_end(r);
	oops_free(r);
	if (s->n_opened != s->n_closed)
		tap_fail(__FILE__, __LINE__, "%zu opened, %zu closed", s->n_opened,
			 s->n_closed);
}

/* However the bytes are cut, the incidents are the same. */
#define CHECK_INCIDENTS(log_, want_)                                                     \
	do {                                                                             \
		static const size_t steps[] = { 1, 7, 64, 4096, 1 << 20 };               \
                                                                                         \
		for (size_t i_ = 0; i_ < ARRAY_SIZE(steps); i_++) {                      \
			struct seen s_ = { .n_opened = 0 };                              \
                                                                                         \
			read_cut(log_, strlen(log_), steps[i_], false, &s_);             \
			CHECK_STR(strbuf_str(&s_.text), want_);                          \
			strbuf_release(&s_.text);                                        \
		}                                                                        \
	} while (0)

#define FAULT                                                                            \
	"[   20.000001] Unable to handle kernel NULL pointer dereference at virtual "    \
	"address 0000000000000020\n"                                                     \
	"[   20.000002] Mem abort info:\n"                                               \
	"[   20.000003]   ESR = 0x0000000096000004\n"                                    \
	"[   20.000004]   EC = 0x25: DABT (current EL), IL = 32 bits\n"                  \
	"[   20.000005] [0000000000000020] pgd=0000000000000000\n"

#define DIE                                                                                  \
	"[   20.000006] Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP\n"           \
	"[   20.000007] Modules linked in: alpha(O) beta\n"                                  \
	"[   20.000008] CPU: 3 UID: 0 PID: 77 Comm: my task Tainted: G        W  O       "   \
	"6.12.5-ci #1 PREEMPT\n"                                                             \
	"[   20.000009] Hardware name: Some Board (DT)\n"                                    \
	"[   20.000010] pstate: 60400009 (nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)\n"   \
	"[   20.000011] pc : attach_thing+0x44/0x100 [alpha]\n"                              \
	"[   20.000012] lr : caller_of_it+0x10/0x40\n"                                       \
	"[   20.000013] sp : ffff800080003d00\n"                                             \
	"[   20.000014] x29: ffff800080003d00 x28: 0000000000000001 x27: 0000000000000002\n" \
	"[   20.000015] x2 : 0000000000000003 x1 : 0000000000000004 x0 : 0000000000000000\n" \
	"[   20.000016] Call trace:\n"                                                       \
	"[   20.000017]  attach_thing+0x44/0x100 [alpha] (P)\n"                              \
	"[   20.000018]  caller_of_it+0x10/0x40\n"                                           \
	"[   20.000019]  el0_svc+0x30/0x100\n"                                               \
	"[   20.000020] Code: aa0003f3 f9400400 b4000060 f9400800 (f9401262) \n"

#define END "[   20.000021] ---[ end trace 0000000000000000 ]---\n"

#define PANIC                                                                            \
	"[   20.000022] Kernel panic - not syncing: Oops: Fatal exception\n"             \
	"[   20.000023] SMP: stopping secondary CPUs\n"                                  \
	"[   20.000024] ---[ end Kernel panic - not syncing: Oops: Fatal exception ]---\n"

#define NULL_TITLE                                                                       \
	"null-deref|BUG: unable to handle kernel NULL pointer dereference in "           \
	"attach_thing|"

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
			"attach_thing|line 1|[alpha]\n");
	CHECK_INCIDENTS(
		"[   20.000011] pc : attach_thing+0x44/0x100 [alpha]\n"
		"[   20.000012] lr : caller_of_it+0x10/0x40\n" END,
		"oops-other|kernel report without its head in attach_thing|line 1|cut|"
		"[alpha]\n");
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

TEST(a_panic_after_a_warning_makes_it_fatal_at_once)
{
	CHECK_INCIDENTS(
		"[    5.000000] WARNING: CPU: 2 PID: 9 at a/x.c:12 do_x+0x1/0x2\n"
		"[    5.000001] Kernel panic - not syncing: kernel: panic_on_warn set ...\n",
		"escalated WARNING in do_x\nwarn|WARNING in do_x|line 1|cut|panicked\n");
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
	static const char open[] = "[    5.000000][ T1] BUG: KASAN: x in f\n";
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
		oops_feed(r, open, strlen(open), 0);
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
      T(a_report_without_its_head_is_found),
      T(a_panic_whose_first_line_is_lost_is_told_by_its_trace),
      T(kind_comes_from_the_address_not_from_the_words),
      T(two_tasks_with_caller_ids_are_told_apart),
      T(a_warning_of_any_kernel_names_its_function), T(stalls_name_what_was_running),
      T(repeated_stalls_are_counted_into_the_first), T(the_other_kinds_have_names_too),
      T(userspace_and_firmware_are_no_incident),
      T(before_a_kernel_runs_its_words_are_the_firmwares),
      T(a_panic_after_a_warning_makes_it_fatal_at_once),
      T(glued_prompts_replays_and_carriage_returns_hide_nothing),
      T(a_kernel_without_stamps_prints_behind_any_prompt),
      T(other_cpus_that_stop_are_not_the_culprit),
      T(a_banner_after_the_kernel_is_a_reset_and_three_boots_are_a_loop),
      T(an_oops_explains_the_reboots_that_follow_it),
      T(the_session_derives_resets_itself), T(a_loader_that_finds_no_kernel_is_no_boot),
      T(an_incident_is_opened_by_the_very_bytes_that_decide_it),
      T(old_messages_count_for_nothing_while_disabled),
      T(a_line_without_end_and_a_million_opens_stay_small))
