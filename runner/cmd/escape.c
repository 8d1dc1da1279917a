// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys that are for us and not for the board. */
#include "cmd/escape.h"

static enum escape_act act_of(char c)
{
	switch (c) {
	case '.':
		return ESCAPE_LEAVE;
	case '#':
		return ESCAPE_BREAK;
	case '?':
		return ESCAPE_HELP;
	default:
		return ESCAPE_NONE;
	}
}

enum escape_act escape_feed(struct escape *e, char c, char out[2], size_t *n_out)
{
	bool had_tilde = e->has_tilde;
	enum escape_act act = had_tilde ? act_of(c) : ESCAPE_NONE;

	*n_out = 0;
	e->has_tilde = false;
	if (act != ESCAPE_NONE)
		return act; /* still at the start of the line */
	if (!had_tilde && !e->in_line && c == '~') {
		e->has_tilde = true;
		return ESCAPE_NONE;
	}
	/* A held ~ that was none of ours goes first; ~~ is one of them. */
	if (had_tilde && c != '~')
		out[(*n_out)++] = '~';
	out[(*n_out)++] = c;
	e->in_line = c != '\r' && c != '\n';
	return ESCAPE_NONE;
}
