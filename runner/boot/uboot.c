// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands at U-Boot's prompt, one for each prompt. */
#include <errno.h>

#include "boot/uboot_int.h"

void uboot_patterns_release(struct uboot_patterns *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		pattern_free(ps->p[i]);
	ps->n = 0;
}

static struct pattern **next(struct uboot_patterns *ps)
{
	if (ps->n == UBOOT_MAX_PATTERNS)
		BUG("more than %d patterns", UBOOT_MAX_PATTERNS);
	return &ps->p[ps->n++];
}

void uboot_add_literal(struct uboot_patterns *ps, const char *text)
{
	*next(ps) = pattern_new_literal(text);
}

void uboot_add_line(struct uboot_patterns *ps, const char *regex)
{
	struct err err = ERR_INIT;

	if (pattern_new_line(regex, next(ps), &err))
		BUG("%s", err.msg);
}

static int add_regex(struct uboot_patterns *ps, const char *regex, struct err *err)
{
	struct pattern *p;
	int r = pattern_new(regex, &p, err);

	if (!r)
		*next(ps) = p;
	return r;
}

int uboot_add_prompt(struct uboot_patterns *ps, const struct uboot *u, struct err *err)
{
	const struct board_boot *b = &u->board->boot;

	if (b->loader_prompt_pattern)
		return add_regex(ps, b->loader_prompt_pattern, err);
	uboot_add_literal(ps, b->loader_prompt);
	return 0;
}

/* `version` prints the banner, and `reset` is meant to. */
static bool may_restart(const char *command)
{
	return strncmp(command, "version", 7) == 0 || strncmp(command, "reset", 5) == 0;
}

static int command_once(struct uboot *u, const char *command, struct deadline d,
			struct err *err)
{
	_cleanup_patterns_ struct uboot_patterns ps = { .n = 0 };
	struct uboot_ear ear = { .fault = NULL };
	size_t end;
	int r = uboot_add_prompt(&ps, u, err);

	u->n_gaps = console_n_gaps(u->console);
	if (!r)
		r = uboot_type_line(u, command, err);
	if (!r)
		r = uboot_listen(u, &ps, 1, may_restart(command), d, &ear, &end, err);
	if ((r && r != -ETIMEDOUT) || !ear.fault)
		return r;
	return uboot_failed(u, &ear, err, "U-Boot command \"%s\"", command);
}

/* A gap may have swallowed our line end or U-Boot's prompt: a new prompt, the line again.
 */
int uboot_command(struct uboot *u, const char *command, struct deadline d,
		  struct err *err)
{
	int r;

	u->minds_gaps = true;
	while ((r = command_once(u, command, d, err)) == -ENODATA) {
		u->did(u->arg, "echo-wrong", "");
		*err = (struct err)ERR_INIT;
		r = uboot_fresh_prompt(u, d, err);
		if (r)
			break;
	}
	u->minds_gaps = false;
	return r;
}

int uboot_boot(struct uboot *u, const char *command, const char *start_message,
	       struct deadline d, struct err *err)
{
	_cleanup_patterns_ struct uboot_patterns ps = { .n = 0 };
	struct uboot_ear ear = { .fault = NULL };
	size_t end = 0;
	int r = add_regex(&ps, start_message ? start_message : "Starting kernel", err);

	if (!r)
		r = uboot_add_prompt(&ps, u, err);
	if (!r)
		r = uboot_type_line(u, command, err);
	if (!r)
		r = uboot_listen(u, &ps, 2, false, d, &ear, &end, err);
	if (r == -ETIMEDOUT && ear.fault)
		return uboot_failed(u, &ear, err, "U-Boot command \"%s\" booted nothing",
				    command);
	if (r || end == 0)
		return r;
	return uboot_failed(u, &ear, err, "U-Boot command \"%s\" booted nothing",
			    command);
}

int uboot_watch(struct uboot *u, const char *start_message, struct uboot_ear *ear,
		struct deadline d, struct err *err)
{
	_cleanup_patterns_ struct uboot_patterns ps = { .n = 0 };
	size_t end = 0;
	int r = add_regex(&ps, start_message ? start_message : "Starting kernel", err);

	if (!r)
		r = uboot_add_prompt(&ps, u, err);
	if (!r)
		r = uboot_listen(u, &ps, 2, true, d, ear, &end, err);
	if (r == -ETIMEDOUT && ear->is_over && deadline_passed(ear->over))
		return uboot_failed(u, ear, err, "U-Boot booted nothing");
	if (r || end == 0)
		return r;
	return uboot_failed(u, ear, err,
			    "U-Boot booted nothing and stands at its prompt");
}
