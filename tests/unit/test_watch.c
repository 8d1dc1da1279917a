// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes and actions in, events out. */
#include "watch_bench.h"

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
	say_boot(&b);
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
	CHECK_STR(cause(&b, 0), "commanded");
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
	say_boot(&b);
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

TEST(silence_is_an_incident_of_the_stage_it_fell_in)
{
	struct bench b;

	start_watching(&b, NULL);
	say_boot(&b);
	act(&b, "silence", "{s:f, s:s}", "seconds", 60.0, "stage", "kernel");
	CHECK_STR(kind(&b, 0), "silence");
	CHECK_STR(title(&b, 0), "silence in kernel");
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
	CHECK_CONTAINS(title(&b, 0), "Bad Linux ARM64 Image magic!");
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
	say_boot(&b);
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
	say_boot(&b);
	act(&b, "recovery", "{s:b}", "running", 1);
	say_boot(&b);
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
	say_boot(&b);
	act(&b, "detection", "{s:b}", "enabled", 0);
	say_crash(&b);
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
	say_boot(&b);
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
	say_boot(&b);
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
	say_boot(&b);
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

static const char dies_in_el3[] = "PANIC in EL3.\r\n"
				  "x30            = 0x0000000000046a58\r\n"
				  "x0             = 0x0000000000000000\r\n";

TEST(firmware_that_dies_under_the_kernel_is_told_at_once_and_its_registers_are_waited_for)
{
	struct bench b;

	start_watching(&b, NULL);
	say_boot(&b);
	say(&b, dies_in_el3);
	CHECK_EQ(b.n_fatal, 1);
	CHECK_STR(kind(&b, 0), "panic");
	CHECK(watch_state(b.w)->incident_open);
	CHECK_EQ(count(&b, "incident"), 0);
	pass_ms(&b, 2200);
	CHECK(!watch_state(b.w)->incident_open);
	CHECK_EQ(count(&b, "incident"), 1);
	say(&b, firmware);
	CHECK_STR(json_get_str(nth(&b, "boot", 1), "cause", ""), "firmware");
	CHECK_EQ(count(&b, "incident"), 1);
	stop_watching(&b);
}

TEST(firmware_that_dies_before_the_kernel_is_noted_until_it_starts_again)
{
	struct bench b;

	start_watching(&b, NULL);
	say(&b, firmware);
	CHECK(!watch_state(b.w)->firmware_fault);
	say(&b, dies_in_el3);
	CHECK(watch_state(b.w)->firmware_fault);
	CHECK_STR(watch_state(b.w)->firmware_words, "=> PANIC in EL3.");
	CHECK_EQ(b.n_fatal, 0);
	say(&b, firmware);
	CHECK(!watch_state(b.w)->firmware_fault);
	say(&b, dies_in_el3);
	act(&b, "power", "{s:s}", "what", "off");
	CHECK(!watch_state(b.w)->firmware_fault);
	stop_watching(&b);
}

static const char loads_tree[] =
	"TFTP from server 10.0.2.2; our IP address is 10.0.2.15\r\n"
	"Filename 'sub/bootrig-r1/dtbs/q/v.dtb'.\r\n"
	"Bytes transferred = 448 (1c0 hex)\r\n";

TEST(a_device_tree_that_was_loaded_only_to_be_summed_is_not_the_one_that_boots)
{
	struct bench b;

	start_watching(&b, NULL);
	act(&b, "staged", "{s:{s:s}}", "fdtdir", "path", "sub/bootrig-r1/dtbs");
	say(&b, firmware);
	say(&b, loads_tree);
	CHECK_STR(watch_state(b.w)->loaded_dtb, "q/v.dtb");
	act(&b, "ram", "{s:s}", "path", "sub/bootrig-r1/dtbs/q/v.dtb");
	CHECK_STR(watch_state(b.w)->loaded_dtb, "");
	CHECK(!watch_asked_dtb(b.w));
	say(&b, loads_tree);
	CHECK_STR(watch_state(b.w)->loaded_dtb, "q/v.dtb");
	stop_watching(&b);
}

TESTS(T(firmware_that_dies_under_the_kernel_is_told_at_once_and_its_registers_are_waited_for),
      T(firmware_that_dies_before_the_kernel_is_noted_until_it_starts_again),
      T(a_device_tree_that_was_loaded_only_to_be_summed_is_not_the_one_that_boots),
      T(bytes_cut_at_every_place_give_the_same_events),
      T(bytes_one_by_one_give_the_same_events),
      T(a_boot_shows_its_stages_transfer_banner_and_nonce),
      T(the_nonce_of_another_label_tells_its_name),
      T(the_nonce_proves_a_kernel_only_where_a_kernel_says_it),
      T(an_oops_and_its_panic_are_one_incident_known_at_once),
      T(silence_is_an_incident_of_the_stage_it_fell_in),
      T(what_u_boot_could_not_boot_is_an_incident_with_its_words),
      T(the_job_raises_and_lowers_what_is_fatal),
      T(recovery_counts_no_boots_and_blames_nobody), T(what_a_harvest_prints_is_old_news),
      T(results_belong_to_the_phase_and_a_raise_is_known),
      T(an_action_is_an_event_with_its_members),
      T(the_end_of_the_record_closes_what_is_open),
      T(many_failures_in_a_row_are_no_trouble),
      T(a_phase_name_that_is_cut_in_a_character_is_still_text))
