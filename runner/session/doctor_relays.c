// SPDX-License-Identifier: GPL-2.0-or-later
/* Relay lines as the kernel and the keeper know them, the contact that leads to the boot
 * ROM, and the mark of a board that nothing brought back. */
#include <errno.h>

#include "hw/power_gpio.h"
#include "session/board_state.h"
#include "session/doctor_int.h"
#include "session/recovery_int.h"
#include "util/jsonx.h"

enum { MASKROM_MS = 20000 };

static void add_line(struct strbuf *out, const json_t *l)
{
	const char *kernel_name = json_get_str(l, "line", "");

	strbuf_addf(out, "%s%s is %s line %lld%s%s", out->len ? ", " : "",
		    json_get_str(l, "name", "?"), json_get_str(l, "path", "?"),
		    (long long)json_get_int(l, "offset", 0), kernel_name[0] ? " " : "",
		    kernel_name);
}

/* Where each line is; nothing is requested and nothing moves. */
int doctor_relay_lines(struct doctor *d, struct err *err)
{
	const struct power_env env = { .wait = session_power_wait,
				       .arg = d->s,
				       .run_dir = d->s->dir->path,
				       .hold_fds = { -1, -1 } };
	static const char name[] = "relay lines";
	static const char fix[] = "compare power.lines with `gpioinfo`; who holds a line "
				  "that is busy, `bootrig power status` says";
	_cleanup_json_ json_t *status = NULL;
	_cleanup_strbuf_ struct strbuf good = STRBUF_INIT;
	bool is_broken = false;
	const json_t *l;
	size_t i;

	if (d->o->board->power.backend != BOARD_POWER_GPIO)
		return 0;
	int r = power_gpio_status(d->o->board, &env, &status, err);
	if (r)
		return doctor_failed(d, name, fix, r, err);
	json_array_foreach(json_object_get(status, "lines"), i, l)
	{
		const char *error = json_get_str(l, "error", NULL);

		is_broken |= error != NULL;
		if (error)
			doctor_fail(d, name, fix, "%s", error);
		else
			add_line(&good, l);
	}
	if (!is_broken)
		doctor_pass(d, name, "%s", strbuf_str(&good));
	return 0;
}

const struct board_maskrom *doctor_maskrom_of(const struct board_spec *b)
{
	for (size_t i = 0; i < b->n_recovery; i++)
		if (b->recovery[i].maskrom)
			return b->recovery[i].maskrom;
	return NULL;
}

/* The contact is closed and the boot ROM shows up on its USB port; nothing is loaded. */
static int closes_contact(struct doctor *d, const struct board_maskrom *spec,
			  struct err *err)
{
	struct session *s = d->s;
	struct deadline end = deadline_in_ms(MASKROM_MS);
	struct maskrom m = {
		.spec = spec, .env = { session_power_wait, s }, .arg = s, .lock_fd = -1
	};
	int r = recovery_enter_maskrom(s, &m, end, err);

	if (!r)
		r = maskrom_wait(&m, end, err);
	maskrom_release(&m);
	return r;
}

int doctor_maskrom(struct doctor *d, struct err *err)
{
	static const char name[] = "maskrom";
	static const char fix[] =
		"the contact must be closed while reset or power lets the CPU start; is the "
		"OTG cable in the port that recovery's maskrom.usb names (lsusb -t)?";
	const struct board_maskrom *spec = doctor_maskrom_of(d->o->board);
	int64_t begin = clock_now_ns();
	int r;

	if (!spec)
		return 0;
	doctor_progress(d, "%s: the contact closes", name);
	d->at_prompt = false;
	r = closes_contact(d, spec, err);
	if (r)
		return doctor_failed(d, name, fix, r, err);
	doctor_pass(d, name,
		    "2207:350b is at USB port %s after %lld ms; nothing was loaded",
		    spec->usb, (long long)((clock_now_ns() - begin) / 1000000));
	return 0;
}

/* Only what was proven counts: a check that was skipped clears nobody. */
int doctor_mark(struct doctor *d, struct err *err)
{
	static const char name[] = "wedged mark";
	static const char fix[] =
		"put right what is broken above, and ask again; it goes "
		"when all is well";
	const char *board = d->o->board->board;
	struct board_state st;
	int r = board_state_load(board, &st, err);

	if (r)
		return doctor_failed(d, name, NULL, r, err);
	if (!st.is_wedged)
		return 0;
	if (!d->is_proven || doctor_count(d->report, DOCTOR_FAIL)) {
		doctor_warn(d, name, fix, "since %s, by run %s: %s", st.since, st.run,
			    st.reason);
		return 0;
	}
	r = board_state_clear(board, err);
	if (r)
		return doctor_failed(d, name, NULL, r, err);
	doctor_pass(d, name, "removed: it was set %s by run %s, and all is well now",
		    st.since, st.run);
	return 0;
}
