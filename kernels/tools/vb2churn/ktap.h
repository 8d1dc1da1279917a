/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* KTAP version 1 on standard output (Documentation/dev-tools/ktap.rst), with the exit
 * status of kselftest. Each line leaves in one write(), so that the kernel's own lines on
 * the same console come between lines and not into them. */
#pragma once

#include <stdbool.h>

enum outcome { OUTCOME_OK, OUTCOME_NOT_OK, OUTCOME_SKIP };

struct verdict {
	enum outcome outcome;
	char why[192]; /* "" = nothing to say */
};

#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

struct verdict passed(void);
struct verdict ok(const char *fmt, ...) PRINTF(1, 2);
struct verdict not_ok(const char *fmt, ...) PRINTF(1, 2);
struct verdict skip(const char *fmt, ...) PRINTF(1, 2);

void say(const char *fmt, ...) PRINTF(1, 2); /* one line as it is */

void ktap_begin(unsigned int n_tests);
void ktap_result(const char *name, const struct verdict *v);
int ktap_end(void);                 /* totals; returns the exit status */
int ktap_skip_all(const char *why); /* instead of all others */
