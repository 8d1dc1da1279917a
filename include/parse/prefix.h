// SPDX-License-Identifier: GPL-2.0-or-later
/* What stands before the text of a kernel line: log level, printk stamp, caller id,
 * syslog, LAVA or terminal program stamps, a prompt that the line was glued to. */
#pragma once

#include <stdbool.h>

#include "util/compiler.h"

struct prefix {
	size_t start;   /* the stamp's or the text's first byte: what comes before is
			   another   message or a prompt */
	size_t text;    /* where the text starts */
	bool has_stamp; /* [   12.345678] */
	double stamp_s; /* < 0 when none */
	char caller;    /* 'T' task, 'C' CPU, 0 = not printed (CONFIG_PRINTK_CALLER) */
	uint32_t caller_id;
	bool is_syslog;  /* came through "kernel:" of a syslog */
	bool is_foreign; /* syslog of another program: never the kernel's words */
};

/* Parse the prefix of the message that starts at s; s is cleaned text (line_clean). */
void prefix_parse(const char *s, size_t len, struct prefix *out);
/* The offset of the next printk stamp at or after from, or len: two messages in one line
 * are split there. */
size_t prefix_next_stamp(const char *s, size_t len, size_t from);
