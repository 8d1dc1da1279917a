// SPDX-License-Identifier: GPL-2.0-or-later
/* Boots, resets and loops: who caused them, and which attempt they belong to. */
#include "watch_bench.h"

TEST(the_boot_after_a_panic_is_its_consequence)
{
	struct bench b;

	start_watching(&b, NULL);
	say_boot(&b);
	say_crash(&b);
	say(&b, firmware);
	pass_ms(&b, 6000);
	CHECK_EQ(count(&b, "incident-opened"), 1);
	CHECK_EQ(watch_state(b.w)->resets, 1);
	CHECK_EQ(watch_state(b.w)->attempt_boots, 2);
	CHECK_STR(cause(&b, 1), "panic");
	CHECK_EQ(watch_state(b.w)->fatal_kind, INCIDENT_NULL_DEREF);
	stop_watching(&b);
}

TEST(a_banner_while_the_kernel_runs_is_a_reset)
{
	struct bench b;

	start_watching(&b, NULL);
	say_boot(&b);
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
		CHECK_STR(cause(&b, 1), cases[i].cause);
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
		CHECK_STR(cause(&b, 1), "unknown");
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
	CHECK_CONTAINS(title(&b, 0), "USB-C PD");
	CHECK(watch_state(b.w)->supply_loop);
	stop_watching(&b);

	start_watching(&b, NULL);
	for (int i = 0; i < 3; i++)
		say_boot_with(&b, "resetting ...\r\n");
	CHECK_STR(title(&b, 0), "boot loop before any kernel started");
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
		say_boot(&b);
		for (size_t k = 0; k < 2 && moves[i][k]; k++)
			act(&b, "power", "{s:s}", "what", moves[i][k]);
		say(&b, firmware);
		CHECK_EQ(count(&b, "incident-opened"), 0);
		CHECK_EQ(watch_state(b.w)->resets, 0);
		CHECK_STR(cause(&b, 1), "commanded");
		stop_watching(&b);
	}
}

TEST(three_boots_without_the_goal_are_a_loop)
{
	struct bench b;

	start_watching(&b, NULL);
	for (int i = 0; i < 4; i++) {
		say_boot(&b);
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
		say_boot(&b);
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
		say_boot(&b);
		say_crash(&b);
	}
	pass_ms(&b, 6000);
	for (size_t i = 0; i < count(&b, "incident-opened"); i++)
		CHECK_STR(kind(&b, i), "null-deref");
	CHECK_EQ(watch_state(b.w)->fatal_id, 0);
	CHECK_EQ(watch_state(b.w)->fatal_kind, INCIDENT_NULL_DEREF);
	stop_watching(&b);
}

TEST(a_new_attempt_starts_with_a_clean_slate)
{
	struct bench b;

	start_watching(&b, NULL);
	say_boot(&b);
	say_crash(&b);
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
	say_boot(&b);
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

TEST(the_last_words_of_a_boot_are_not_the_next_attempts)
{
	struct bench b;

	start_watching(&b, NULL);
	say_boot(&b);
	act(&b, "attempt", "{s:i}", "n", 2);
	act(&b, "power", "{s:s}", "what", "off");
	say_crash(&b);
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

TESTS(T(the_boot_after_a_panic_is_its_consequence),
      T(a_banner_while_the_kernel_runs_is_a_reset),
      T(the_cause_of_a_reset_is_what_was_said_last),
      T(what_firmware_says_of_the_reset_is_better_than_a_guess),
      T(a_loop_before_any_kernel_is_the_supplys_unless_somebody_says_why),
      T(a_boot_that_we_commanded_is_no_reset), T(three_boots_without_the_goal_are_a_loop),
      T(the_goal_in_between_makes_it_no_loop), T(an_oops_explains_the_loop_that_it_makes),
      T(a_new_attempt_starts_with_a_clean_slate),
      T(what_the_former_system_said_before_the_power_on_is_old_news),
      T(last_words_after_the_power_was_cut_begin_no_boot),
      T(the_last_words_of_a_boot_are_not_the_next_attempts))
