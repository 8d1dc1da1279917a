// SPDX-License-Identifier: GPL-2.0-or-later
/* From power-on to U-Boot's prompt: by a key, a control key or a stop string, in the
 * countdown or, where there is none, from the first byte on. */
#include <errno.h>

#include "boot/uboot_int.h"

enum {
	INTERRUPT_TRIES = 10,
	INTERRUPT_MS = 700,
	EARLY_MS = 100,
	CLEAN_MS = 2000,
};

static int press(struct uboot *u, struct err *err)
{
	const char *keys = u->board->boot.interrupt_char;

	u->did(u->arg, "type", keys);
	return uboot_type(u, keys, err);
}

/* In the countdown: the keys go out until the prompt stands there. */
static int interrupt(struct uboot *u, struct pattern *prompt, int *n_pressed,
		     struct uboot_ear *ear, struct err *err)
{
	int64_t delay_ms = u->board->boot.interrupt_delay_ms;
	struct console_hit hit;
	int r = 0;

	u->did(u->arg, "reached", "autoboot");
	if (delay_ms)
		r = console_wait_fd(u->console, -1, deadline_in_ms(delay_ms), err);
	if (r)
		return r;
	r = -ETIMEDOUT;
	for (int i = 0; i < INTERRUPT_TRIES && r == -ETIMEDOUT; i++, ++*n_pressed) {
		r = press(u, err);
		if (!r)
			r = uboot_listen_early(u, &prompt, 1,
					       deadline_in_ms(INTERRUPT_MS), ear, &hit,
					       err);
	}
	return r;
}

/* No countdown (bootdelay 0): the key has to wait in the UART before U-Boot looks for it
 * once. Nothing is typed at a board that is still silent. */
static int interrupt_early(struct uboot *u, struct pattern *prompt, int *n_pressed,
			   struct deadline d, struct uboot_ear *ear, struct err *err)
{
	uint64_t from = console_offset(u->console);
	struct console_hit hit;
	int r = -ETIMEDOUT;

	while (r == -ETIMEDOUT && err->class == ERR_NONE) {
		r = uboot_listen_early(u, &prompt, 1,
				       deadline_min(d, deadline_in_ms(EARLY_MS)), ear,
				       &hit, err);
		if (r != -ETIMEDOUT || deadline_passed(d))
			return r;
		if (console_offset(u->console) == from)
			continue;
		if (!*n_pressed)
			u->did(u->arg, "reached", "autoboot");
		r = press(u, err);
		++*n_pressed;
		r = r ? r : -ETIMEDOUT;
	}
	return r;
}

/* More keys than one may have gone out, and then they stand at the prompt. */
static int clean_line(struct uboot *u, int n_pressed, struct deadline d, struct err *err)
{
	const char *keys = u->board->boot.interrupt_char;
	int r = 0;

	if (n_pressed > 1 || keys[1])
		r = uboot_fresh_prompt(u, deadline_min(d, deadline_in_ms(CLEAN_MS)), err);
	return r == -ETIMEDOUT ? 0 : r;
}

int uboot_stop_autoboot(struct uboot *u, struct deadline d, struct err *err)
{
	_cleanup_patterns_ struct uboot_patterns ps = { .n = 0 };
	struct console_hit hit = { .index = 0 };
	struct uboot_ear ear = { .fault = NULL };
	int n_pressed = 0, r = uboot_add_prompt(&ps, u, err);

	if (r)
		return r;
	if (u->board->boot.interrupt_prompt)
		uboot_add_literal(&ps, u->board->boot.interrupt_prompt);
	if (u->board->boot.interrupt_early)
		r = interrupt_early(u, ps.p[0], &n_pressed, d, &ear, err);
	else
		r = uboot_listen_early(u, ps.p, ps.n, d, &ear, &hit, err);
	if (!r && hit.index == 1)
		r = interrupt(u, ps.p[0], &n_pressed, &ear, err);
	if (!r)
		r = clean_line(u, n_pressed, d, err);
	if (!r)
		u->did(u->arg, "reached", "loader-prompt");
	return r;
}
