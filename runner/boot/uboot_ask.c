// SPDX-License-Identifier: GPL-2.0-or-later
/* A command whose answer is wanted: it is waited for by its shape, since it may look like
 * a prompt. What a gap of the console swallowed is asked again. */
#include <errno.h>

#include "boot/uboot_int.h"

enum { PROMPT_MS = 5000 };

static int add_ends(struct uboot_patterns *ps, const char *answer_regex, struct err *err)
{
	int r = pattern_new(answer_regex, &ps->p[ps->n], err);

	if (r)
		return r;
	ps->n++;
	uboot_add_literal(ps, "Usage:");
	uboot_add_literal(ps, "Unknown command");
	return 0;
}

static void copy_match(const struct uboot *u, const struct pattern *answer,
		       struct uboot_answer *out)
{
	struct pattern_match m;
	size_t len, n;
	const char *text = console_matched(u->console, &len);

	if (!pattern_find(answer, text, len, 0, &m))
		return;
	n = m.end - m.start;
	if (n >= sizeof(out->text))
		n = sizeof(out->text) - 1;
	memcpy(out->text, text + m.start, n);
	out->text[n] = '\0';
}

static int ask_once(struct uboot *u, const char *command, const char *answer_regex,
		    struct deadline d, struct uboot_answer *out, struct err *err)
{
	_cleanup_patterns_ struct uboot_patterns ps = { .n = 0 };
	struct uboot_ear ear = { .fault = NULL };
	size_t end = N_UBOOT_ANSWERS;
	int r = add_ends(&ps, answer_regex, err);

	u->n_gaps = console_n_gaps(u->console);
	if (!r)
		r = uboot_type_line(u, command, err);
	if (!r)
		r = uboot_listen(u, &ps, N_UBOOT_ANSWERS, false, d, &ear, &end, err);
	if (r == -ETIMEDOUT && ear.fault)
		return uboot_failed(u, &ear, err, "U-Boot command \"%s\"", command);
	if (r)
		return r;
	out->how = (enum uboot_answered)end;
	out->text[0] = '\0';
	if (out->how == UBOOT_ANSWERED)
		copy_match(u, ps.p[0], out);
	return 0;
}

int uboot_ask(struct uboot *u, const char *command, const char *answer_regex,
	      struct deadline d, struct uboot_answer *out, struct err *err)
{
	int r;

	u->minds_gaps = true;
	while ((r = ask_once(u, command, answer_regex, d, out, err)) == -ENODATA) {
		u->did(u->arg, "echo-wrong", "");
		*err = (struct err)ERR_INIT;
		r = uboot_fresh_prompt(u, d, err);
		if (r)
			break;
	}
	u->minds_gaps = false;
	if (!r && out->how == UBOOT_ANSWERED)
		r = uboot_fresh_prompt(u, deadline_in_ms(PROMPT_MS), err);
	if (r == -ETIMEDOUT && !err->msg[0])
		err_set(err, ERR_LAB, r, "U-Boot command \"%s\" did not end", command);
	return r;
}
