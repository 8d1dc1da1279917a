// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes and actions in, events out. */
#include "session/watch.h"

#include <stdarg.h>

#include "tap.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

#define NONCE "0123456789abcdef0123456789abcdef"

static const char firmware[] = "U-Boot SPL 2023.01 (Jan 12 2023 - 01:38:39 +0000)\r\n"
			       "Trying to boot from MMC1\r\n"
			       "U-Boot 2023.01+dfsg-2 (Jan 12 2023 - 01:38:39 +0000)\r\n"
			       "Hit any key to stop autoboot:  2 \b\b\b 0 \r\n"
			       "=> ";
static const char loads[] = "pxe boot\r\n"
			    "Bytes transferred = 20193792 (1342200 hex)\r\n"
			    "append: console=ttyAMA0 bootrig.nonce=" NONCE "\r\n"
			    "\r\nStarting kernel ...\r\n\r\n";
static const char boots[] =
	"[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x411fd070]\r\n"
	"[    0.000000] Linux version 6.12.0-test (a@b) (gcc 12.2.0) #1 SMP PREEMPT\r\n"
	"[    0.000000] Kernel command line: console=ttyAMA0 bootrig.nonce=" NONCE "\r\n"
	"[    1.234567] Freeing unused kernel memory: 8192K\r\n"
	"[    1.300000] Run /init as init process\r\n";
static const char oopses[] =
	"[   21.100000] Unable to handle kernel NULL pointer dereference at virtual "
	"address 0000000000000020\r\n"
	"[   21.100100] Mem abort info:\r\n"
	"[   21.100200]   ESR = 0x0000000096000004\r\n"
	"[   21.100300] Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP\r\n"
	"[   21.100400] CPU: 3 PID: 412 Comm: decoder Not tainted 6.12.0-test #1\r\n"
	"[   21.100500] pc : dma_resv_add_fence+0x54/0x2a0\r\n"
	"[   21.100600] lr : vb2_queue_fence+0x88/0x120\r\n"
	"[   21.100700] Call trace:\r\n"
	"[   21.100800]  dma_resv_add_fence+0x54/0x2a0\r\n"
	"[   21.100900]  vb2_queue_fence+0x88/0x120\r\n"
	"[   21.101000] ---[ end trace 0000000000000000 ]---\r\n";
static const char panics[] =
	"[   21.200000] Kernel panic - not syncing: Oops: Fatal exception\r\n"
	"[   21.300000] Rebooting in 5 seconds..\r\n";

struct bench {
	struct watch *w;
	struct strbuf events; /* one JSON line each */
	json_t *list;
	size_t n_fatal;
	uint64_t offset;
	int64_t t_ns;
};

static void on_event(void *arg, const json_t *event)
{
	struct bench *b = arg;
	_cleanup_free_ char *line = json_line(event, NULL);

	strbuf_addstr(&b->events, line);
	json_push(b->list, json_deep_copy(event));
}

static void on_fatal(void *arg, const struct incident *in)
{
	struct bench *b = arg;

	CHECK(in->title && in->title[0]);
	b->n_fatal++;
}

static void act(struct bench *b, const char *what, const char *fmt, ...)
{
	_cleanup_json_ json_t *a = NULL;
	va_list ap;

	va_start(ap, fmt);
	a = json_vpack_ex(NULL, 0, fmt, ap);
	va_end(ap);
	CHECK(a);
	json_put(a, "t", json_integer(b->t_ns));
	json_put(a, "offset", json_integer((json_int_t)b->offset));
	json_put(a, "do", json_string(what));
	watch_action(b->w, a);
}

static void start_watching(struct bench *b, const struct job_watch *fatal)
{
	const struct watch_opts o = {
		.fatal = fatal, .event = on_event, .fatal_seen = on_fatal, .arg = b
	};

	*b = (struct bench){ .w = watch_new(&o), .list = json_array() };
	act(b, "run", "{s:i}", "loop_boots", 3);
	act(b, "attempt", "{s:i}", "n", 1);
	act(b, "staged", "{s:s}", "nonce", NONCE);
	act(b, "power", "{s:s}", "what", "on");
}

static void stop_watching(struct bench *b)
{
	watch_free(b->w);
	strbuf_release(&b->events);
	json_decref(b->list);
}

static void say_n(struct bench *b, const char *text, size_t len)
{
	watch_bytes(b->w, text, len, b->offset, b->t_ns);
	b->offset += len;
}

static void say(struct bench *b, const char *text)
{
	say_n(b, text, strlen(text));
}

static void pass_ms(struct bench *b, int64_t ms)
{
	for (; ms > 0; ms -= 200) {
		b->t_ns += INT64_C(200000000);
		watch_tick(b->w, b->t_ns);
	}
}

static const json_t *nth(const struct bench *b, const char *type, size_t n)
{
	size_t i;
	json_t *e;

	json_array_foreach(b->list, i,
			   e) if (strcmp(json_get_str(e, "type", ""), type) == 0 &&
				  n-- == 0) return e;
	return NULL;
}

static size_t count(const struct bench *b, const char *type)
{
	size_t n = 0;

	while (nth(b, type, n))
		n++;
	return n;
}

static const char *kind(const struct bench *b, size_t n)
{
	return json_get_str(nth(b, "incident-opened", n), "kind", "(none)");
}

static const char *const whole_run[] = {
	firmware,
	loads,
	boots,
	oopses,
	panics,
	firmware,
	loads,
	boots,
	"<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a RESULT=fail>\r\n",
	firmware,
	"tail without an end"
};

static void end_run(struct bench *b)
{
	b->t_ns += INT64_C(9000000000);
	watch_tick(b->w, b->t_ns);
	watch_end(b->w);
}

static void check_cuts(const char *const parts[], size_t n, size_t n_incidents)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct bench whole;

	for (size_t i = 0; i < n; i++)
		strbuf_addstr(&text, parts[i]);
	start_watching(&whole, NULL);
	say(&whole, text.buf);
	end_run(&whole);
	CHECK_EQ(count(&whole, "incident"), n_incidents);
	for (size_t cut = 1; cut < text.len; cut++) {
		struct bench b;

		start_watching(&b, NULL);
		say_n(&b, text.buf, cut);
		say_n(&b, text.buf + cut, text.len - cut);
		end_run(&b);
		if (strcmp(b.events.buf, whole.events.buf) != 0)
			tap_fail(__FILE__, __LINE__, "a cut at %zu changes the events",
				 cut);
		stop_watching(&b);
	}
	stop_watching(&whole);
}

TEST(bytes_cut_at_every_place_give_the_same_events)
{
	/* Resets and a loop, which no text reports. */
	static const char *const loop[] = { firmware, loads,    boots, firmware, loads,
					    boots,    firmware, loads, "tail" };

	check_cuts(whole_run, ARRAY_SIZE(whole_run), 1);
	check_cuts(loop, ARRAY_SIZE(loop), 2);
}

TEST(bytes_one_by_one_give_the_same_events)
{
	struct bench whole, single;

	start_watching(&whole, NULL);
	start_watching(&single, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(whole_run); i++) {
		say(&whole, whole_run[i]);
		for (const char *p = whole_run[i]; *p; p++)
			say_n(&single, p, 1);
	}
	end_run(&whole);
	end_run(&single);
	CHECK_STR(single.events.buf, whole.events.buf);
	stop_watching(&whole);
	stop_watching(&single);
}

TEST(a_boot_shows_its_stages_transfer_banner_and_nonce)
{
	static const char *const stages[] = {
		"off", "spl", "u-boot", "tftp", "starting-kernel", "kernel", "userspace"
	};
	struct bench b;
	size_t at = 0;

	start_watching(&b, NULL);
	say(&b, firmware);
	say(&b, loads);
	say(&b, boots);
	act(&b, "reached", "{s:s}", "what", "prompt");
	for (size_t i = 0; nth(&b, "stage", i); i++) {
		const char *s = json_get_str(nth(&b, "stage", i), "stage", "");

		/* In this order, none twice. */
		while (at < ARRAY_SIZE(stages) && strcmp(stages[at], s) != 0)
			at++;
		CHECK(at < ARRAY_SIZE(stages));
	}
	CHECK_EQ(watch_state(b.w)->stage, STAGE_USERSPACE);
	CHECK_EQ(count(&b, "boot"), 1);
	CHECK_STR(json_get_str(nth(&b, "boot", 0), "cause", ""), "commanded");
	CHECK_EQ(json_get_int(nth(&b, "transfer", 0), "bytes", 0), 20193792);
	CHECK_STR(json_get_str(nth(&b, "kernel", 0), "release", ""), "6.12.0-test");
	CHECK_EQ(count(&b, "incident-opened"), 0);
	CHECK(watch_state(b.w)->kernel_seen);
	stop_watching(&b);
}

TEST(the_nonce_of_another_label_tells_its_name)
{
	struct bench b;

	start_watching(&b, NULL);
	act(&b, "staged", "{s:s, s:[{s:s, s:s}]}", "nonce", NONCE, "labels", "name",
	    "vanilla", "nonce", "0123abcd");
	say(&b, "U-Boot 2023.01 (Jan 01 2023 - 00:00:00)\r\n"
		"append: quiet bootrig.nonce=0123abcd\r\n");
	const json_t *e = nth(&b, "nonce", 0);
	CHECK_STR(json_get_str(e, "label", ""), "vanilla");
	CHECK_STR(json_get_str(e, "where", ""), "u-boot");
	CHECK_STR(watch_state(b.w)->other_label, "vanilla");
	CHECK(!watch_state(b.w)->nonce_seen);
	stop_watching(&b);
}

TEST(the_nonce_proves_a_kernel_only_where_a_kernel_says_it)
{
	struct bench b;

	start_watching(&b, NULL);
	say(&b, firmware);
	say(&b, loads);
	CHECK_STR(json_get_str(nth(&b, "nonce", 0), "where", ""), "u-boot");
	CHECK(!watch_state(b.w)->nonce_seen);
	say(&b, boots);
	CHECK_STR(json_get_str(nth(&b, "nonce", 1), "where", ""), "console");
	CHECK(watch_state(b.w)->nonce_seen);
	act(&b, "attempt", "{s:i}", "n", 2);
	CHECK(!watch_state(b.w)->nonce_seen);
	act(&b, "power", "{s:s}", "what", "on");
	say(&b, "# cat /proc/cmdline\r\nquiet bootrig.nonce=" NONCE "\r\n# ");
	CHECK_STR(json_get_str(nth(&b, "nonce", 2), "where", ""), "cmdline");
	CHECK(watch_state(b.w)->nonce_seen);
	stop_watching(&b);
}

TEST(an_oops_and_its_panic_are_one_incident_known_at_once)
{
	struct bench b;

	start_watching(&b, NULL);
	say(&b, firmware);
	say(&b, loads);
	say(&b, boots);
	say(&b, oopses);
	CHECK_EQ(b.n_fatal, 1);
	CHECK_STR(kind(&b, 0), "null-deref");
	CHECK(watch_state(b.w)->incident_open);
	CHECK_EQ(count(&b, "incident"), 0);
	say(&b, panics);
	pass_ms(&b, 6000);
	CHECK(!watch_state(b.w)->incident_open);
	CHECK_EQ(count(&b, "incident-opened"), 1);
	CHECK_EQ(count(&b, "incident"), 1);
	const json_t *in = json_object_get(nth(&b, "incident", 0), "incident");
	CHECK_STR(json_get_str(in, "function", ""), "dma_resv_add_fence");
	CHECK_EQ(json_get_int(in, "boot", -1), 1);
	CHECK_EQ(json_get_int(in, "attempt", -1), 1);
	CHECK(json_get_bool(in, "fatal", false));
	const struct watch_state *st = watch_state(b.w);
	CHECK(st->panicked);
	CHECK(st->says_reboot);
	CHECK_EQ(st->reboot_in_s, 5);
	CHECK_EQ(st->fatal_id, 0);
	CHECK_CONTAINS(st->fatal_title, "dma_resv_add_fence");
	stop_watching(&b);
}

TEST(the_boot_after_a_panic_is_its_consequence)
{
	struct bench b;

	start_watching(&b, NULL);
	say(&b, firmware);
	say(&b, loads);
	say(&b, boots);
	say(&b, oopses);
	say(&b, panics);
	say(&b, firmware);
	pass_ms(&b, 6000);
	CHECK_EQ(count(&b, "incident-opened"), 1);
	CHECK_EQ(watch_state(b.w)->resets, 1);
	CHECK_EQ(watch_state(b.w)->attempt_boots, 2);
	CHECK_STR(json_get_str(nth(&b, "boot", 1), "cause", ""), "panic");
	CHECK_EQ(watch_state(b.w)->fatal_kind, INCIDENT_NULL_DEREF);
	stop_watching(&b);
}

TEST(a_banner_while_the_kernel_runs_is_a_reset)
{
	struct bench b;

	start_watching(&b, NULL);
	say(&b, firmware);
	say(&b, loads);
	say(&b, boots);
	say(&b, firmware);
	CHECK_EQ(count(&b, "incident"), 1);
	CHECK_STR(kind(&b, 0), "reset");
	CHECK_EQ(watch_state(b.w)->fatal_kind, INCIDENT_RESET);
	CHECK_EQ(b.n_fatal, 1);
	stop_watching(&b);
}

TEST(the_cause_of_a_reset_is_what_was_said_last)
{
	static const struct {
		const char *said, *cause;
		bool with_kernel;
	} cases[] = {
		{ "[   30.0] reboot: Restarting system\r\n", "reboot", true },
		{ "[   30.0] watchdog: watchdog0: watchdog did not stop!\r\n", "watchdog",
		  true },
		{ "[   29.0] watchdog: watchdog0: watchdog did not stop!\r\n"
		  "[   30.0] reboot: Restarting system\r\n",
		  "reboot", true },
		{ "[   30.0] usb 1-1: new device\r\n", "unknown", true },
		{ "resetting ...\r\n", "loader", false },
		{ "", "supply", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bench b;

		start_watching(&b, NULL);
		say(&b, firmware);
		if (cases[i].with_kernel) {
			say(&b, loads);
			say(&b, boots);
		}
		say(&b, cases[i].said);
		say(&b, firmware);
		CHECK_STR(json_get_str(nth(&b, "boot", 1), "cause", ""), cases[i].cause);
		CHECK_EQ(count(&b, "incident"), cases[i].with_kernel);
		stop_watching(&b);
	}
}

static void say_boot_with(struct bench *b, const char *words)
{
	say(b, "U-Boot SPL 2024.10 (Oct 01 2024)\r\nU-Boot 2024.10 (Oct 01 2024)\r\n");
	say(b, words);
}

TEST(what_firmware_says_of_the_reset_is_better_than_a_guess)
{
	static const struct {
		const char *told, *cause;
	} cases[] = {
		{ "Reset cause: POR\r\n", "supply" },
		{ "Reset cause: WDOG\r\n", "watchdog" },
		{ "boot mode: panic\r\n", "panic" },
		{ "boot mode: watchdog\r\n", "watchdog" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bench b;

		start_watching(&b, NULL);
		say_boot_with(&b, "Reset cause: POR\r\n"); /* by our hand */
		CHECK_EQ(count(&b, "reset-cause"), 0);
		say(&b, loads);
		say(&b, boots);
		say_boot_with(&b, cases[i].told);
		CHECK_STR(json_get_str(nth(&b, "boot", 1), "cause", ""), "unknown");
		CHECK_EQ(count(&b, "reset-cause"), 1);
		const json_t *e = nth(&b, "reset-cause", 0);
		CHECK_STR(json_get_str(e, "cause", ""), cases[i].cause);
		CHECK_EQ(json_get_int(e, "boot", 0), 2);
		CHECK(strstr(cases[i].told, json_get_str(e, "said", "?")));
		stop_watching(&b);
	}
}

TEST(a_loop_before_any_kernel_is_the_supplys_unless_somebody_says_why)
{
	struct bench b;

	start_watching(&b, NULL);
	for (int i = 0; i < 3; i++)
		say(&b, "DDR 9fffbe1e78 cym 24/02/04-10:09:20,fwver: v1.16\r\n");
	CHECK_STR(kind(&b, 0), "boot-loop");
	CHECK_CONTAINS(json_get_str(nth(&b, "incident-opened", 0), "title", ""),
		       "USB-C PD");
	CHECK(watch_state(b.w)->supply_loop);
	stop_watching(&b);

	start_watching(&b, NULL);
	for (int i = 0; i < 3; i++)
		say_boot_with(&b, "resetting ...\r\n");
	CHECK_STR(json_get_str(nth(&b, "incident-opened", 0), "title", ""),
		  "boot loop before any kernel started");
	CHECK(!watch_state(b.w)->supply_loop);
	stop_watching(&b);

	start_watching(&b, NULL);
	say_boot_with(&b, "");
	say_boot_with(&b, "Reset cause: WDOG\r\n");
	say_boot_with(&b, "");
	CHECK(!watch_state(b.w)->supply_loop);
	stop_watching(&b);
}

TEST(a_boot_that_we_commanded_is_no_reset)
{
	static const char *const moves[][2] = { { "off", "on" }, { "reset", NULL } };

	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		struct bench b;

		start_watching(&b, NULL);
		say(&b, firmware);
		say(&b, loads);
		say(&b, boots);
		for (size_t k = 0; k < 2 && moves[i][k]; k++)
			act(&b, "power", "{s:s}", "what", moves[i][k]);
		say(&b, firmware);
		CHECK_EQ(count(&b, "incident-opened"), 0);
		CHECK_EQ(watch_state(b.w)->resets, 0);
		CHECK_STR(json_get_str(nth(&b, "boot", 1), "cause", ""), "commanded");
		stop_watching(&b);
	}
}

TEST(three_boots_without_the_goal_are_a_loop)
{
	struct bench b;

	start_watching(&b, NULL);
	for (int i = 0; i < 4; i++) {
		say(&b, firmware);
		say(&b, loads);
		say(&b, boots);
	}
	CHECK_EQ(count(&b, "incident-opened"), 2);
	CHECK_STR(kind(&b, 0), "reset");
	CHECK_STR(kind(&b, 1), "boot-loop");
	CHECK_EQ(watch_state(b.w)->fatal_kind, INCIDENT_BOOT_LOOP);
	stop_watching(&b);
}

TEST(the_goal_in_between_makes_it_no_loop)
{
	struct bench b;

	start_watching(&b, NULL);
	for (int i = 0; i < 4; i++) {
		say(&b, firmware);
		say(&b, loads);
		say(&b, boots);
		act(&b, "reached", "{s:s}", "what", "prompt");
	}
	CHECK_EQ(count(&b, "incident-opened"), 1);
	CHECK_STR(kind(&b, 0), "reset");
	stop_watching(&b);
}

TEST(an_oops_explains_the_loop_that_it_makes)
{
	struct bench b;

	start_watching(&b, NULL);
	for (int i = 0; i < 4; i++) {
		say(&b, firmware);
		say(&b, loads);
		say(&b, boots);
		say(&b, oopses);
		say(&b, panics);
	}
	pass_ms(&b, 6000);
	for (size_t i = 0; i < count(&b, "incident-opened"); i++)
		CHECK_STR(kind(&b, i), "null-deref");
	CHECK_EQ(watch_state(b.w)->fatal_id, 0);
	CHECK_EQ(watch_state(b.w)->fatal_kind, INCIDENT_NULL_DEREF);
	stop_watching(&b);
}

TEST(silence_is_an_incident_of_the_stage_it_fell_in)
{
	struct bench b;

	start_watching(&b, NULL);
	say(&b, firmware);
	say(&b, loads);
	say(&b, boots);
	act(&b, "silence", "{s:f, s:s}", "seconds", 60.0, "stage", "kernel");
	CHECK_STR(kind(&b, 0), "silence");
	CHECK_STR(json_get_str(nth(&b, "incident-opened", 0), "title", ""),
		  "silence in kernel");
	CHECK_EQ(count(&b, "incident"), 1);
	CHECK_EQ(b.n_fatal, 1);
	CHECK_EQ(watch_state(b.w)->fatal_kind, INCIDENT_SILENCE);
	/* A late oops says why it was silent, and decides. */
	say(&b, oopses);
	CHECK_EQ(watch_state(b.w)->fatal_kind, INCIDENT_NULL_DEREF);
	stop_watching(&b);
}

TEST(what_u_boot_could_not_boot_is_an_incident_with_its_words)
{
	struct bench b;

	start_watching(&b, NULL);
	say(&b, firmware);
	act(&b, "no-boot", "{s:s}", "reason", "Bad Linux ARM64 Image magic!");
	CHECK_STR(kind(&b, 0), "no-boot");
	CHECK_CONTAINS(json_get_str(nth(&b, "incident-opened", 0), "title", ""),
		       "Bad Linux ARM64 Image magic!");
	stop_watching(&b);
}

TEST(a_new_attempt_starts_with_a_clean_slate)
{
	struct bench b;

	start_watching(&b, NULL);
	say(&b, firmware);
	say(&b, loads);
	say(&b, boots);
	say(&b, oopses);
	say(&b, panics);
	say(&b, firmware);
	pass_ms(&b, 6000);
	act(&b, "attempt", "{s:i}", "n", 2);
	const struct watch_state *st = watch_state(b.w);
	CHECK_EQ(st->fatal_id, -1);
	CHECK_EQ(st->attempt_boots, 0);
	CHECK_EQ(st->boots, 2);
	CHECK_EQ(st->resets, 0);
	CHECK(!st->panicked && !st->says_reboot && !st->kernel_seen && !st->nonce_seen);
	stop_watching(&b);
}

TEST(what_the_former_system_said_before_the_power_on_is_old_news)
{
	struct bench b;

	start_watching(&b, NULL);
	act(&b, "attempt", "{s:i}", "n", 2);
	say(&b, boots);
	say(&b, oopses);
	act(&b, "power", "{s:s}", "what", "off");
	say(&b, panics);
	CHECK_EQ(b.n_fatal, 0);
	CHECK(!json_get_bool(nth(&b, "incident-opened", 0), "fatal", true));
	act(&b, "power", "{s:s}", "what", "on");
	CHECK_EQ(count(&b, "incident"), 1);
	CHECK(!json_get_bool(json_object_get(nth(&b, "incident", 0), "incident"), "fatal",
			     true));
	CHECK_EQ(watch_state(b.w)->boots, 0);
	CHECK(!watch_state(b.w)->kernel_seen && !watch_state(b.w)->says_reboot);
	say(&b, firmware);
	say(&b, loads);
	say(&b, boots);
	CHECK_EQ(watch_state(b.w)->boots, 1);
	say(&b, oopses);
	CHECK_EQ(b.n_fatal, 1);
	stop_watching(&b);
}

TEST(last_words_after_the_power_was_cut_begin_no_boot)
{
	struct bench b;

	start_watching(&b, NULL);
	say(&b, boots);
	act(&b, "power", "{s:s}", "what", "off");
	say(&b, panics);
	CHECK_EQ(watch_state(b.w)->boots, 1);
	act(&b, "power", "{s:s}", "what", "on");
	say(&b, "[    0.100000] a quiet kernel without banner\r\n");
	CHECK_EQ(watch_state(b.w)->boots, 2);
	stop_watching(&b);
}

TEST(the_job_raises_and_lowers_what_is_fatal)
{
	struct job_watch fatal;
	struct bench b;

	memset(fatal.fatal, -1, sizeof(fatal.fatal));
	fatal.fatal[INCIDENT_NULL_DEREF] = 0;
	fatal.fatal[INCIDENT_WARN] = 1;
	start_watching(&b, &fatal);
	say(&b, firmware);
	say(&b, loads);
	say(&b, boots);
	say(&b, oopses);
	CHECK_STR(kind(&b, 0), "null-deref");
	CHECK(!json_get_bool(nth(&b, "incident-opened", 0), "fatal", true));
	CHECK_EQ(b.n_fatal, 0);
	CHECK_EQ(watch_state(b.w)->fatal_id, -1);
	pass_ms(&b, 6000);
	say(&b, "[   40.000000] ------------[ cut here ]------------\r\n"
		"[   40.000100] WARNING: CPU: 1 PID: 7 at kernel/x.c:12 foo+0x10/0x20\r\n"
		"[   40.000200] ---[ end trace 0000000000000000 ]---\r\n");
	CHECK_STR(kind(&b, 1), "warn");
	CHECK_EQ(b.n_fatal, 1);
	CHECK_EQ(watch_state(b.w)->fatal_kind, INCIDENT_WARN);
	stop_watching(&b);
}

TEST(recovery_counts_no_boots_and_blames_nobody)
{
	struct bench b;

	start_watching(&b, NULL);
	say(&b, firmware);
	say(&b, loads);
	say(&b, boots);
	act(&b, "recovery", "{s:b}", "running", 1);
	say(&b, firmware);
	say(&b, loads);
	say(&b, boots);
	say(&b, oopses);
	say(&b, "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a RESULT=pass>\r\n");
	pass_ms(&b, 6000);
	CHECK_EQ(watch_state(b.w)->boots, 1);
	CHECK_EQ(watch_state(b.w)->fatal_id, -1);
	CHECK_EQ(b.n_fatal, 0);
	CHECK_EQ(count(&b, "test"), 0);
	CHECK(json_get_bool(nth(&b, "incident-opened", 0), "recovery", false));
	act(&b, "recovery", "{s:b}", "running", 0);
	act(&b, "power", "{s:s}", "what", "reset");
	say(&b, firmware);
	CHECK_EQ(watch_state(b.w)->boots, 2);
	CHECK(!json_get_bool(nth(&b, "boot", 2), "recovery", false));
	stop_watching(&b);
}

TEST(what_a_harvest_prints_is_old_news)
{
	struct bench b;

	start_watching(&b, NULL);
	say(&b, firmware);
	say(&b, loads);
	say(&b, boots);
	act(&b, "detection", "{s:b}", "enabled", 0);
	say(&b, oopses);
	say(&b, panics);
	pass_ms(&b, 6000);
	act(&b, "detection", "{s:b}", "enabled", 1);
	CHECK_EQ(count(&b, "incident-opened"), 0);
	say(&b, oopses);
	CHECK_EQ(count(&b, "incident-opened"), 1);
	stop_watching(&b);
}

TEST(results_belong_to_the_phase_and_a_raise_is_known)
{
	struct bench b;

	start_watching(&b, NULL);
	say(&b, firmware);
	say(&b, loads);
	say(&b, boots);
	act(&b, "phase", "{s:s}", "name", "smoke");
	say(&b, "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=speed RESULT=pass MEASUREMENT=12.5 "
		"UNITS=MB/s>\r\n"
		"<LAVA_SIGNAL_TESTRAISE no network>\r\n");
	const json_t *t = nth(&b, "test", 0);
	CHECK_STR(json_get_str(t, "suite", ""), "smoke");
	CHECK_STR(json_get_str(t, "name", ""), "speed");
	CHECK_STR(json_get_str(t, "result", ""), "pass");
	CHECK_STR(json_get_str(t, "measurement", ""), "12.5");
	CHECK_STR(json_get_str(t, "units", ""), "MB/s");
	CHECK(watch_state(b.w)->raised);
	CHECK_STR(watch_state(b.w)->raise_message, "no network");
	stop_watching(&b);
}

TEST(an_action_is_an_event_with_its_members)
{
	struct bench b;

	start_watching(&b, NULL);
	b.t_ns = 1234567890;
	act(&b, "type", "{s:s}", "text", "uname -a");
	const json_t *e = nth(&b, "type", 0);
	CHECK_STR(json_get_str(e, "text", ""), "uname -a");
	CHECK(!json_object_get(e, "do"));
	CHECK_EQ((int64_t)(json_real_value(json_object_get(e, "t")) * 1e6 + 0.5),
		 1234567);
	stop_watching(&b);
}

TEST(the_end_of_the_record_closes_what_is_open)
{
	struct bench b;

	start_watching(&b, NULL);
	say(&b, firmware);
	say(&b, loads);
	say(&b, boots);
	say_n(&b, oopses, strlen(oopses) / 2);
	CHECK_EQ(count(&b, "incident"), 0);
	watch_end(b.w);
	CHECK_EQ(count(&b, "incident-opened"), 1);
	CHECK_EQ(count(&b, "incident"), 1);
	CHECK(!watch_state(b.w)->incident_open);
	stop_watching(&b);
}

TEST(many_failures_in_a_row_are_no_trouble)
{
	struct bench b;

	start_watching(&b, NULL);
	say(&b, firmware);
	say(&b, loads);
	say(&b, boots);
	for (int i = 0; i < 300; i++) {
		say(&b, oopses);
		pass_ms(&b, i % 3 ? 0 : 6000);
	}
	watch_end(b.w);
	CHECK(count(&b, "incident-opened") >= 100);
	CHECK_EQ(count(&b, "incident-opened"), count(&b, "incident"));
	CHECK_EQ(b.n_fatal, 1);
	stop_watching(&b);
}

TEST(the_last_words_of_a_boot_are_not_the_next_attempts)
{
	struct bench b;

	start_watching(&b, NULL);
	say(&b, firmware);
	say(&b, loads);
	say(&b, boots);
	act(&b, "attempt", "{s:i}", "n", 2);
	act(&b, "power", "{s:s}", "what", "off");
	say(&b, oopses);
	say(&b, panics);
	CHECK_EQ(watch_state(b.w)->fatal_id, -1);
	act(&b, "power", "{s:s}", "what", "on");
	say(&b, firmware);
	pass_ms(&b, 6000);
	CHECK_EQ(count(&b, "incident"), 1);
	CHECK_EQ(json_get_int(json_object_get(nth(&b, "incident", 0), "incident"),
			      "attempt", -1),
		 1);
	CHECK_EQ(watch_state(b.w)->fatal_id, -1);
	CHECK(!watch_state(b.w)->panicked && !watch_state(b.w)->says_reboot);
	CHECK_EQ(watch_state(b.w)->attempt_boots, 1);
	CHECK_EQ(b.n_fatal, 0);
	say(&b, loads);
	say(&b, boots);
	say(&b, oopses);
	CHECK_EQ(b.n_fatal, 1);
	stop_watching(&b);
}

TEST(a_phase_name_that_is_cut_in_a_character_is_still_text)
{
	struct bench b;
	char name[100];

	memset(name, 'x', sizeof(name));
	snprintf(name + 78, sizeof(name) - 78, "\xc3\xa9 and more");
	start_watching(&b, NULL);
	act(&b, "phase", "{s:s}", "name", name);
	say(&b, firmware);
	say(&b, boots);
	say(&b, "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=one RESULT=pass>\r\n");
	say(&b, oopses);
	watch_end(b.w);
	CHECK_EQ(count(&b, "test"), 1);
	CHECK_EQ(count(&b, "incident"), 1);
	stop_watching(&b);
}

TESTS(T(bytes_cut_at_every_place_give_the_same_events),
      T(bytes_one_by_one_give_the_same_events),
      T(a_boot_shows_its_stages_transfer_banner_and_nonce),
      T(the_nonce_of_another_label_tells_its_name),
      T(the_nonce_proves_a_kernel_only_where_a_kernel_says_it),
      T(an_oops_and_its_panic_are_one_incident_known_at_once),
      T(the_boot_after_a_panic_is_its_consequence),
      T(a_banner_while_the_kernel_runs_is_a_reset),
      T(the_cause_of_a_reset_is_what_was_said_last),
      T(what_firmware_says_of_the_reset_is_better_than_a_guess),
      T(a_loop_before_any_kernel_is_the_supplys_unless_somebody_says_why),
      T(a_boot_that_we_commanded_is_no_reset), T(three_boots_without_the_goal_are_a_loop),
      T(the_goal_in_between_makes_it_no_loop), T(an_oops_explains_the_loop_that_it_makes),
      T(silence_is_an_incident_of_the_stage_it_fell_in),
      T(what_u_boot_could_not_boot_is_an_incident_with_its_words),
      T(a_new_attempt_starts_with_a_clean_slate),
      T(what_the_former_system_said_before_the_power_on_is_old_news),
      T(last_words_after_the_power_was_cut_begin_no_boot),
      T(the_job_raises_and_lowers_what_is_fatal),
      T(recovery_counts_no_boots_and_blames_nobody), T(what_a_harvest_prints_is_old_news),
      T(results_belong_to_the_phase_and_a_raise_is_known),
      T(an_action_is_an_event_with_its_members),
      T(the_end_of_the_record_closes_what_is_open),
      T(many_failures_in_a_row_are_no_trouble),
      T(the_last_words_of_a_boot_are_not_the_next_attempts),
      T(a_phase_name_that_is_cut_in_a_character_is_still_text))
