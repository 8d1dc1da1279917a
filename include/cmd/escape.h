// SPDX-License-Identifier: GPL-2.0-or-later
/* The keys of ssh and cu: at the start of a line ~. leaves, ~# sends a BREAK, ~? helps
 * and
 * ~~ types one ~. Bytes in, bytes and requests out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum escape_act { ESCAPE_NONE, ESCAPE_LEAVE, ESCAPE_BREAK, ESCAPE_HELP };

struct escape {
	bool in_line;   /* something was typed since the last line end */
	bool has_tilde; /* ~ at the start of a line, and nothing after it yet */
};

/* One typed byte: what is asked for, and what is to be sent, at most 2 bytes. */
enum escape_act escape_feed(struct escape *e, char c, char out[2], size_t *n_out);
