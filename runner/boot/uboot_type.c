// SPDX-License-Identifier: GPL-2.0-or-later
/* How a line gets into U-Boot whole: real UARTs drop bytes while U-Boot is busy, and it
 * cuts what is too long without a word. Knows nothing of what the lines mean. */
#include <errno.h>

#include "boot/uboot_int.h"

enum { ECHO_MS = 3000, ECHO_TRIES = 3, SEND_MS = 10000 };

int uboot_type(struct uboot *u, const char *text, struct err *err)
{
	return console_send(u->console, text, strlen(text),
			    u->board->console.type_delay_us, deadline_in_ms(SEND_MS),
			    err);
}

/* What stands there instead, for the record. */
static void say_wrong_echo(struct uboot *u)
{
	struct err ignored = ERR_INIT;
	struct console_hit hit = { .text = "" };
	struct pattern *any;

	if (pattern_new("[^\\r\\n]+", &any, &ignored))
		BUG("%s", ignored.msg);
	if (console_wait(u->console, &any, 1, deadline_in_ms(1), &hit, &ignored))
		hit.text[0] = '\0';
	pattern_free(any);
	u->did(u->arg, "echo-wrong", hit.text);
}

static int check_length(const struct uboot *u, const char *command, struct err *err)
{
	size_t len = strlen(command), max = u->board->boot.line_max;

	if (!max || len <= max)
		return 0;
	return err_set(
		err, ERR_JOB, -E2BIG,
		"U-Boot takes %zu bytes in a line (boot.line_max), and this one has "
		"%zu: \"%.60s…\"",
		max, len, command);
}

/* The pause that some boards need behind each prompt. */
static int pause_before(struct uboot *u, struct err *err)
{
	int64_t ms = u->board->boot.line_delay_ms;

	return ms ? console_wait_fd(u->console, -1, deadline_in_ms(ms), err) : 0;
}

static int type_once(struct uboot *u, const char *command, struct pattern *echo,
		     struct err *err)
{
	struct console_hit hit;

	console_mark(u->console);
	u->did(u->arg, "type", command);
	int r = uboot_type(u, command, err);
	return r ? r
		 : console_wait(u->console, &echo, 1, deadline_in_ms(ECHO_MS), &hit, err);
}

static int type_checked(struct uboot *u, const char *command, struct pattern *echo,
			struct err *err)
{
	for (int i = 0; i < ECHO_TRIES; i++) {
		int r = type_once(u, command, echo, err);

		if (!r)
			return uboot_type(u, "\n", err);
		if (r != -ETIMEDOUT)
			return r;
		say_wrong_echo(u);
		r = uboot_fresh_prompt(u, deadline_in_ms(ECHO_MS), err);
		if (r && r != -ETIMEDOUT)
			return r;
	}
	return err_set(
		err, ERR_LAB, -EREMOTEIO,
		"typed \"%.100s\" %d times at U-Boot and its echo never came back whole",
		command, ECHO_TRIES);
}

int uboot_type_line(struct uboot *u, const char *command, struct err *err)
{
	int r = check_length(u, command, err);

	u->fault = NULL;
	if (!r)
		r = pause_before(u, err);
	if (r)
		return r;
	if (!u->board->console.echo_check) {
		u->did(u->arg, "type", command);
		r = uboot_type(u, command, err);
		return r ? r : uboot_type(u, "\n", err);
	}
	struct pattern *echo = pattern_new_literal(command);
	r = type_checked(u, command, echo, err);
	pattern_free(echo);
	return r;
}

int uboot_fresh_prompt(struct uboot *u, struct deadline d, struct err *err)
{
	_cleanup_patterns_ struct uboot_patterns ps = { .n = 0 };
	struct console_hit hit;
	int r = uboot_add_prompt(&ps, u, err);

	console_mark(u->console);
	if (!r)
		r = uboot_type(u, "\003", err);
	return r ? r : console_wait(u->console, ps.p, 1, d, &hit, err);
}
