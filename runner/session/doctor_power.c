// SPDX-License-Identifier: GPL-2.0-or-later
/* Relays, judged by what the UART says: on makes a banner appear, off in the middle of a
 * boot makes it stop, reset brings the next banner. */
#include <errno.h>

#include "session/doctor_int.h"

enum { QUIET_MS = 2000, SLICE_MS = 5, NOISE_PERCENT = 20, LOOP_BOOTS = 3 };

static const char still_on[] =
	"the relay switches nothing, or the board is fed otherwise: wrong contact (NO/NC) or "
	"active_low, USB VBUS, or the UART's idle-high TX (docs/wiring.md)";
static const char no_byte[] =
	"is the supply on, does the relay close, is the board's TX on our RX, is ground joined, "
	"does console.device name the right adapter?";
static const char wrong_rate[] =
	"RK3588 speaks 1500000 baud: is console.baud right, and can the adapter do it (CH340 "
	"cannot, FTDI and CP2102N can)?";
static const char no_banner[] =
	"is a boot medium in place? (a board in maskrom mode says nothing; lsusb shows 2207:350b)";
static const char bad_supply[] =
	"the supply restarts it: USB-C PD without an answer from U-Boot does this. Use a fixed-"
	"voltage supply, or a U-Boot that negotiates PD";

static bool has_uboot(const struct doctor *d)
{
	return d->o->board->has_boot && !d->o->board->boot.never_stop;
}

/* How much of it no boot loader would print. */
static unsigned noise_percent(const struct strbuf *tap)
{
	size_t n = 0;

	for (size_t i = 0; i < tap->len; i++) {
		unsigned char c = (unsigned char)tap->buf[i];

		n += c >= 0x7f || (c < 0x20 && !strchr("\r\n\t\b\033", c));
	}
	return tap->len ? (unsigned)(n * 100 / tap->len) : 0;
}

/* 0 and *n bytes that came in that time. */
static int listen_for(struct doctor *d, int64_t ms, uint64_t *n, struct err *err)
{
	uint64_t from = console_offset(d->s->console);
	int r = console_wait_fd(d->s->console, -1, deadline_in_ms(ms), err);

	*n = console_offset(d->s->console) - from;
	return r;
}

/* The input that sees the board's supply, where there is one. */
static int sense_says(struct doctor *d, bool want, struct err *err)
{
	bool is_powered = !want;
	int r = power_sense(d->s->power, &is_powered, err);

	if (r == -EOPNOTSUPP) {
		*err = (struct err)ERR_INIT;
		return 0;
	}
	if (r)
		return doctor_failed(d, "power sense", NULL, r, err);
	if (is_powered == want)
		doctor_pass(d, "power sense", "the board is seen to be %s",
			    want ? "on" : "off");
	else
		doctor_fail(d, "power sense",
			    "compare power.sense (line, powered) with the wiring",
			    "the board is seen to be %s after `%s`", want ? "off" : "on",
			    want ? "on" : "off");
	return 0;
}

/* Off, and nothing may come after its own settling time. */
static int goes_off(struct doctor *d, const char *name, const char *proves,
		    struct err *err)
{
	uint64_t n = 0;
	int r;

	doctor_progress(d, "%s: off, then %d s of silence", name, QUIET_MS / 1000);
	r = session_power(d->s, "off", err);
	if (!r)
		r = listen_for(d, QUIET_MS, &n, err);
	if (r)
		return doctor_failed(d, name, still_on, r, err);
	if (n)
		doctor_fail(
			d, name, still_on,
			"%llu bytes came in the %d s after `off`: the board still runs",
			(unsigned long long)n, QUIET_MS / 1000);
	else
		doctor_pass(d, name, "%s", proves);
	return sense_says(d, false, err);
}

static void blame_no_banner(struct doctor *d, const char *name, int64_t limit_ms)
{
	unsigned noise = noise_percent(&d->tap);

	if (!d->tap.len)
		doctor_fail(d, name, no_byte, "not a byte from the console within %lld s",
			    (long long)(limit_ms / 1000));
	else if (noise > NOISE_PERCENT)
		doctor_fail(d, name, wrong_rate,
			    "%zu bytes without a banner, %u %% of them are noise",
			    d->tap.len, noise);
	else
		doctor_fail(
			d, name, no_banner,
			"%zu bytes, but no banner of firmware or U-Boot within %lld s",
			d->tap.len, (long long)(limit_ms / 1000));
}

/* `on` or `reset`, until a banner comes. *ok: it did. */
static int brings_banner(struct doctor *d, const char *name, const char *what, bool *ok,
			 struct err *err)
{
	struct session *s = d->s;
	int64_t limit_ms = s->board->limits.firmware_ms;
	struct deadline end = deadline_in_ms(limit_ms);
	uint32_t boots = watch_state(s->watch)->boots;
	int64_t first_ns = 0;
	int r;

	*ok = false;
	doctor_progress(d, "%s: waiting for a banner", name);
	doctor_tap_reset(d);
	r = session_power(s, what, err);
	while (!r && watch_state(s->watch)->boots == boots && !deadline_passed(end)) {
		r = console_wait_fd(s->console, -1, deadline_in_ms(SLICE_MS), err);
		if (!first_ns && d->tap.len)
			first_ns = console_last_byte_ns(s->console);
	}
	if (r)
		return doctor_failed(d, name, no_byte, r, err);
	*ok = watch_state(s->watch)->boots > boots;
	if (!*ok)
		blame_no_banner(d, name, limit_ms);
	else
		doctor_pass(d, name, "%s: first byte after %lld ms, banner after %lld ms",
			    what, (long long)((first_ns - s->power_on_ns) / 1000000),
			    (long long)((console_now_ns(s->console) - s->power_on_ns) /
					1000000));
	return strcmp(what, "on") == 0 ? sense_says(d, true, err) : 0;
}

/* A supply that gives up under load looks like a boot loop of its own. */
static int reaches_prompt(struct doctor *d, struct err *err)
{
	static const char fix[] = "compare boot.interrupt_prompt, interrupt_char and "
				  "loader_prompt with what the console shows";
	struct session *s = d->s;
	struct uboot u = session_uboot(s);
	uint32_t boots = watch_state(s->watch)->boots;
	int64_t limit_ms = s->board->limits.firmware_ms;
	int r;

	doctor_progress(d, "autoboot: on, and stop it");
	doctor_tap_reset(d);
	r = session_power(s, "on", err);
	if (!r)
		r = uboot_stop_autoboot(&u, deadline_in_ms(limit_ms), err);
	boots = watch_state(s->watch)->boots - boots;
	if (r && boots >= LOOP_BOOTS && err->class != ERR_CANCELED) {
		doctor_fail(d, "supply", bad_supply,
			    "the board began to boot %u times within %lld s of one `on`",
			    boots, (long long)(limit_ms / 1000));
		return 0;
	}
	if (r == -ETIMEDOUT && !err->msg[0])
		err_set(err, ERR_LAB, r,
			"U-Boot's prompt \"%s\" did not come within %lld s",
			s->board->boot.loader_prompt, (long long)(limit_ms / 1000));
	if (r)
		return doctor_failed(d, "autoboot", fix, r, err);
	if (boots > 1)
		doctor_warn(d, "supply", bad_supply, "the board began to boot %u times",
			    boots);
	doctor_pass(d, "autoboot", "stopped; U-Boot's prompt after %lld ms",
		    (long long)((console_now_ns(s->console) - s->power_on_ns) / 1000000));
	d->at_prompt = d->is_proven = true;
	return 0;
}

static int resets(struct doctor *d, struct err *err)
{
	struct uboot u = session_uboot(d->s);
	bool ok;
	int r = brings_banner(d, "reset", "reset", &ok, err);

	d->at_prompt = false;
	if (r || !ok)
		return r;
	r = uboot_stop_autoboot(&u, deadline_in_ms(d->s->board->limits.firmware_ms), err);
	if (r)
		return doctor_failed(d, "reset", NULL, r, err);
	d->at_prompt = true;
	return 0;
}

int doctor_power(struct doctor *d, struct err *err)
{
	bool is_on = false;
	int r = goes_off(d, "power off", "nothing comes from the console after `off`",
			 err);

	if (!r)
		r = brings_banner(d, "power on", "on", &is_on, err);
	if (!r && is_on)
		r = goes_off(d, "power cut",
			     "`off` in the middle of a boot stops it at once", err);
	if (r || !is_on)
		return r;
	if (!has_uboot(d)) {
		d->is_proven = true;
		doctor_skip(d, "U-Boot", "%s",
			    d->o->board->has_boot
				    ? "boot.never_stop: nothing is typed at it"
				    : "the board file has no `boot:`");
		return 0;
	}
	r = reaches_prompt(d, err);
	if (!r && d->at_prompt && power_can_reset(d->s->power))
		r = resets(d, err);
	else if (!r && d->at_prompt)
		doctor_skip(d, "reset", "the board file has no `power.reset`");
	return r;
}
