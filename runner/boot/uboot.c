// SPDX-License-Identifier: GPL-2.0-or-later
/* The dialogue with U-Boot. */
#include "boot/uboot.h"

#include <errno.h>

#include "parse/line.h"
#include "util/mem.h"

enum {
	ECHO_MS = 3000,
	ECHO_TRIES = 3,
	INTERRUPT_TRIES = 10,
	INTERRUPT_MS = 700,
	SEND_MS = 10000,
	MAX_PATTERNS = 32,
};

/* What U-Boot prints when a command failed (cmd/, net/tftp.c, net/net.c, boot/image-*.c,
 * cmd/booti.c). */
static const char *const complaints[] = {
	"Unknown command",
	"Retry count exceeded",
	"Retry time exceeded",
	"TFTP error:",
	"ARP Retry count exceeded",
	"BOOTP server not answering",
	"Bad Linux ARM64 Image magic!",
	"Bad Linux ARM Image magic!",
	"Bad Magic Number",
	"Bad Data CRC",
	"Wrong Image Format",
	"Wrong Image Type",
	"Wrong Ramdisk Image Format",
	"Ramdisk image is corrupt or invalid",
	"ERROR: Did not find a cmdline Flattened Device Tree",
	"ERROR: can't get kernel image!",
	"FDT creation failed!",
	"Config file not found",
	"Error reading config file",
	"Skipping ",
	"No ethernet found",
	"** Bad device",
	"** Unrecognized filesystem type",
};

struct patterns {
	struct pattern *p[MAX_PATTERNS];
	size_t n;
};

static void patterns_release(struct patterns *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		pattern_free(ps->p[i]);
	ps->n = 0;
}

static void add_literal(struct patterns *ps, const char *text)
{
	if (ps->n == MAX_PATTERNS)
		BUG("more than %d patterns", MAX_PATTERNS);
	ps->p[ps->n++] = pattern_new_literal(text);
}

/* With the rest of their line, which says more: TFTP error: 'File not found' (1). */
static void add_complaints(struct patterns *ps)
{
	for (size_t i = 0; i < ARRAY_SIZE(complaints) && ps->n < MAX_PATTERNS; i++) {
		_cleanup_free_ char *regex = xasprintf("\\Q%s\\E.*", complaints[i]);
		struct err err = ERR_INIT;

		if (pattern_new_line(regex, &ps->p[ps->n], &err))
			BUG("complaint %zu: %s", i, err.msg);
		ps->n++;
	}
}

static int type(struct uboot *u, const char *text, struct err *err)
{
	return console_send(u->console, text, strlen(text),
			    u->board->console.type_delay_us, deadline_in_ms(SEND_MS),
			    err);
}

/* Stop the countdown: the character goes out until the prompt stands there. */
static int interrupt(struct uboot *u, struct pattern *prompt, struct err *err)
{
	const char *key = u->board->boot.interrupt_char;
	struct console_hit hit;
	int r = -ETIMEDOUT;

	u->did(u->arg, "reached", "autoboot");
	for (int i = 0; i < INTERRUPT_TRIES && r == -ETIMEDOUT; i++) {
		u->did(u->arg, "type", key);
		r = type(u, key, err);
		if (!r)
			r = console_wait(u->console, &prompt, 1,
					 deadline_in_ms(INTERRUPT_MS), &hit, err);
	}
	return r;
}

int uboot_stop_autoboot(struct uboot *u, struct deadline d, struct err *err)
{
	_cleanup_(patterns_release) struct patterns ps = { .n = 0 };
	struct console_hit hit;
	int r;

	add_literal(&ps, u->board->boot.loader_prompt);
	if (u->board->boot.interrupt_prompt)
		add_literal(&ps, u->board->boot.interrupt_prompt);
	r = console_wait(u->console, ps.p, ps.n, d, &hit, err);
	if (!r && hit.index == 1)
		r = interrupt(u, ps.p[0], err);
	if (!r)
		u->did(u->arg, "reached", "loader-prompt");
	return r;
}

int uboot_fresh_prompt(struct uboot *u, struct deadline d, struct err *err)
{
	_cleanup_(patterns_release) struct patterns ps = { .n = 0 };
	struct console_hit hit;
	int r;

	add_literal(&ps, u->board->boot.loader_prompt);
	console_mark(u->console);
	r = type(u, "\003", err);
	return r ? r : console_wait(u->console, ps.p, 1, d, &hit, err);
}

/* Type a line and see its echo before the line feed, so that what U-Boot runs is what was
 * meant: real UARTs drop bytes while U-Boot is busy. */
static int type_checked(struct uboot *u, const char *command, struct err *err)
{
	_cleanup_(patterns_release) struct patterns ps = { .n = 0 };
	size_t len = strlen(command);
	struct console_hit hit;
	int r = 0;

	u->did(u->arg, "type", command);
	if (!u->board->console.echo_check) {
		r = type(u, command, err);
		return r ? r : type(u, "\n", err);
	}
	add_literal(&ps, command);
	for (int i = 0; i < ECHO_TRIES; i++) {
		console_mark(u->console);
		r = type(u, command, err);
		if (!r)
			r = console_wait(u->console, ps.p, 1, deadline_in_ms(ECHO_MS),
					 &hit, err);
		if (!r)
			return type(u, "\n", err);
		if (r != -ETIMEDOUT)
			return r;
		r = uboot_fresh_prompt(u, deadline_in_ms(ECHO_MS), err);
		if (r && r != -ETIMEDOUT)
			return r;
	}
	return err_set(
		err, ERR_LAB, -EREMOTEIO,
		"typed \"%.*s\" %d times at U-Boot and its echo never came back whole",
		(int)(len > 100 ? 100 : len), command, ECHO_TRIES);
}

/* Wait for one of the first n_ends patterns; the rest are complaints, the first of which
 * is kept. */
static int wait_end(struct uboot *u, struct patterns *ps, size_t n_ends,
		    struct deadline d, char *complaint, size_t cap, size_t *end,
		    struct err *err)
{
	struct console_hit hit;
	int r;

	complaint[0] = '\0';
	while (!(r = console_wait(u->console, ps->p, ps->n, d, &hit, err))) {
		if ((size_t)hit.index < n_ends) {
			*end = (size_t)hit.index;
			return 0;
		}
		if (!complaint[0])
			snprintf(complaint, cap, "%s", hit.text);
	}
	return r;
}

int uboot_command(struct uboot *u, const char *command, struct deadline d,
		  struct err *err)
{
	_cleanup_(patterns_release) struct patterns ps = { .n = 0 };
	char complaint[sizeof(((struct console_hit *)0)->text)];
	size_t end;
	int r = type_checked(u, command, err);

	add_literal(&ps, u->board->boot.loader_prompt);
	add_complaints(&ps);
	if (!r)
		r = wait_end(u, &ps, 1, d, complaint, sizeof(complaint), &end, err);
	if (r == -ETIMEDOUT && complaint[0])
		return err_set(err, ERR_LAB, -EREMOTEIO, "U-Boot command \"%s\": %s",
			       command, complaint);
	if (r || !complaint[0])
		return r;
	return err_set(err, ERR_LAB, -EREMOTEIO, "U-Boot command \"%s\": %s", command,
		       complaint);
}

int uboot_boot(struct uboot *u, const char *command, const char *start_message,
	       struct deadline d, struct err *err)
{
	_cleanup_(patterns_release) struct patterns ps = { .n = 0 };
	char complaint[sizeof(((struct console_hit *)0)->text)];
	size_t end = 0;
	int r = pattern_new(start_message ? start_message : "Starting kernel", &ps.p[0],
			    err);

	if (r)
		return r;
	ps.n = 1;
	r = type_checked(u, command, err);
	add_literal(&ps, u->board->boot.loader_prompt);
	add_complaints(&ps);
	if (!r)
		r = wait_end(u, &ps, 2, d, complaint, sizeof(complaint), &end, err);
	if (r || end == 0)
		return r;
	return err_set(err, ERR_LAB, -EREMOTEIO,
		       "U-Boot command \"%s\" booted nothing%s%s", command,
		       complaint[0] ? ": " : "", complaint);
}
