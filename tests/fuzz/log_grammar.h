// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes of a fuzzer to a console log that looks like one: each byte chooses what kind of
 * line comes next, so that mutations reach states deep in a report, which random bytes
 * never spell. */
#pragma once

#include "util/strbuf.h"

/* Lines of a log. In them %x is a hex number, %d a decimal one, %s a name, %r any bytes:
 * all taken from the input. */
struct log_lines {
	const char *const *v;
	size_t n;
};

/* A line is one byte for what stands before and after it, one for its text (the own, then
 * those that all reports share, then any bytes), then what its text asks for. */
void log_grammar(struct log_lines own, const uint8_t *data, size_t size,
		 struct strbuf *out);
/* Such a log through oops_check(). */
void log_grammar_check(struct log_lines own, const uint8_t *data, size_t size);
