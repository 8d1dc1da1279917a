// SPDX-License-Identifier: GPL-2.0-or-later
#include "parse/reset_words.h"

#include "tap.h"

static const char *told(const char *line)
{
	return reset_told(line, strlen(line)) ?: "(nothing)";
}

static const char *announced(const char *line, bool in_loader)
{
	return reset_announced(line, strlen(line), in_loader) ?: "(nothing)";
}

TEST(u_boot_tells_what_the_reset_register_holds)
{
	CHECK_STR(told("Reset cause: POR\r"), "power-on");
	CHECK_STR(told("Reset cause: WDOG"), "watchdog");
	CHECK_STR(told("Reset cause: THERMAL"), "thermal");
	CHECK_STR(told("Reset cause: RST"), "software");
	CHECK_STR(told("Reset cause: unknown reset"), "(nothing)");
	CHECK_STR(told("boot mode: panic"), "panic");
	CHECK_STR(told("boot mode: watchdog"), "watchdog");
	CHECK_STR(told("boot mode: None"), "(nothing)");
	CHECK_STR(told("PMIC:  RK8060 (on=0x10, off=0x00)"), "(nothing)");
}

TEST(a_system_that_goes_down_says_so)
{
	CHECK_STR(announced("[   10.0] reboot: Restarting system", false), "reboot");
	CHECK_STR(
		announced("[   10.0] watchdog: watchdog0: watchdog did not stop!", false),
		"watchdog");
	CHECK_STR(announced("[   10.0] watchdog: watchdog0: pretimeout event", false),
		  "watchdog");
	CHECK_STR(announced("[   10.0] reboot: HARDWARE PROTECTION shutdown (Temperature "
			    "too high)",
			    false),
		  "thermal");
	CHECK_STR(announced("[   10.0] sysrq: Resetting", false), "sysrq");
	CHECK_STR(announced("PANIC in EL3.", false), "firmware");
	CHECK_STR(announced("resetting ...", true), "loader");
	CHECK_STR(announced("\"Synchronous Abort\" handler, esr 0x96000044", true),
		  "(nothing)");
	CHECK_STR(announced("Resetting CPU ...", true), "loader");
	CHECK_STR(announced("resetting ...", false), "(nothing)");
}

TEST(the_cheap_look_finds_all_that_a_kernel_may_announce)
{
	static const char *const lines[] = {
		"reboot: HARDWARE PROTECTION shutdown (Temperature too high)",
		"reboot: Restarting system", "watchdog: watchdog0: pretimeout event",
		"sysrq: Resetting", "PANIC in EL3."
	};
	struct matcher m;

	reset_announced_init(&m);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		size_t n = strlen(lines[i]);

		CHECK(reset_announced(lines[i], n, false));
		CHECK(matcher_find(&m, lines[i], n, 0) < n);
	}
}

TEST(who_said_what_it_does_is_believed_more_than_a_register)
{
	CHECK_STR(reset_cause_of("reboot", "watchdog"), "reboot");
	CHECK_STR(reset_cause_of("panic", "power-on"), "panic");
	CHECK_STR(reset_cause_of("commanded", "power-on"), "commanded");
	CHECK_STR(reset_cause_of("unknown", "power-on"), "supply");
	CHECK_STR(reset_cause_of("unknown", "watchdog"), "watchdog");
	CHECK_STR(reset_cause_of("watchdog-or-panic", "panic"), "panic");
	CHECK_STR(reset_cause_of("supply", "watchdog"), "watchdog");
	CHECK_STR(reset_cause_of("software", "panic"), "panic");
}

TESTS(T(u_boot_tells_what_the_reset_register_holds), T(a_system_that_goes_down_says_so),
      T(the_cheap_look_finds_all_that_a_kernel_may_announce),
      T(who_said_what_it_does_is_believed_more_than_a_register))
