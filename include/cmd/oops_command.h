// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig oops` behind its options: reads a log from a descriptor and prints what it
 * holds. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "diagnose/hypothesis.h"

struct oops_command_opts {
	bool as_json;
	bool color;                          /* out is a terminal */
	struct build *build;                 /* borrowed; NULL: none was given */
	const struct hypotheses *hypotheses; /* borrowed; judged at fatal incidents */
};

/* Reads fd to its end, in bounded memory; each incident is printed when it is complete.
 * 0 or a negative errno of read(). What could not be written shows in ferror(out). */
int oops_command(int fd, FILE *out, const struct oops_command_opts *opts);
