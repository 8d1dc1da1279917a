// SPDX-License-Identifier: GPL-2.0-or-later
/* The texts, as data. */
#include "parse/reset_words.h"

#include "util/compiler.h"

struct words {
	const char *text, *cause;
};

static const char *find(const struct words *w, size_t n, const char *text, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (memmem(text, len, w[i].text, strlen(w[i].text)))
			return w[i].cause;
	return NULL;
}

/* kernel/reboot.c; drivers/watchdog/watchdog_dev.c and watchdog_pretimeout.c;
 * drivers/tty/sysrq.c; TF-A bl31/aarch64/crash_reporting.S */
static const struct words announced[] = {
	{ "HARDWARE PROTECTION shutdown (Temperature", "thermal" },
	{ "reboot: Restarting system", "reboot" },
	{ "reboot: Power down", "reboot" },
	{ "watchdog did not stop!", "watchdog" },
	{ "pretimeout event", "watchdog" },
	{ "sysrq: Resetting", "sysrq" },
	{ "PANIC in EL3", "firmware" },
};

static const char *const hints[] = { "reboot: ", "watchdog", "sysrq: Res",
				     "HARDWARE PROT", "PANIC in EL3" };

void reset_announced_init(struct matcher *m)
{
	matcher_init(m, hints, ARRAY_SIZE(hints));
}

const char *reset_announced(const char *text, size_t len, bool in_loader)
{
	/* U-Boot's cmd/boot.c and drivers/sysreset; arch/arm/lib/interrupts_64.c. */
	static const struct words loader[] = { { "resetting ...", "loader" },
					       { "Resetting CPU", "loader" } };

	return in_loader ? find(loader, ARRAY_SIZE(loader), text, len)
			 : find(announced, ARRAY_SIZE(announced), text, len);
}

const char *reset_told(const char *text, size_t len)
{
	/* U-Boot arch/arm/mach-rockchip/cpu-info.c get_reset_cause(); i.MX has POR and
	 * WDOG, too. Rockchip's own U-Boot: arch/arm/mach-rockchip/boot_mode.c. */
	static const struct words told[] = {
		{ "Reset cause: POR", "power-on" },
		{ "Reset cause: RST", "software" },
		{ "Reset cause: THERMAL", "thermal" },
		{ "Reset cause: WDOG", "watchdog" },
		{ "boot mode: panic", "panic" },
		{ "boot mode: watchdog", "watchdog" },
	};

	return find(told, ARRAY_SIZE(told), text, len);
}

static bool is_guess(const char *cause)
{
	static const char *const guesses[] = { "supply", "unknown", "watchdog-or-panic",
					       "software" };

	for (size_t i = 0; i < ARRAY_SIZE(guesses); i++)
		if (strcmp(cause, guesses[i]) == 0)
			return true;
	return false;
}

const char *reset_cause_of(const char *guess, const char *told)
{
	if (!is_guess(guess))
		return guess;
	return strcmp(told, "power-on") == 0 ? "supply" : told;
}
