// SPDX-License-Identifier: GPL-2.0-or-later
/* Programs that building a kernel needs (git, make, the compiler): run to their end, with
 * all they said in one text, and named with their Debian package when they are missing.
 */
#pragma once

#include <stdbool.h>

#include "kernel/task.h"
#include "util/strbuf.h"

#define TOOL_MAX_OUTPUT ((size_t)4 << 20) /* what is beyond is thrown away */

struct tool {
	const char *const *argv;
	const char *dir;            /* NULL = ours */
	const char *const *env_add; /* as in struct child_opts, or NULL */
	const char *what;           /* for messages: "checking out" */
	const char *stdin_path;     /* NULL = /dev/null */
};

/* What a program meant for other programs says is in English, whatever the user's
 * language is. 0 and the exit status (128 + n for a signal); *output (NULL: thrown away)
 * is what it wrote to standard output and standard error. ERR_LAB -ENOPKG: the program is
 * not installed; else the errors of child_wait(). */
MUST_CHECK int tool_run(const struct tool *t, const struct task *task, int *status,
			struct strbuf *output, struct err *err);

/* Does the program exist in PATH? */
bool tool_exists(const char *program);
/* The last line of what a program said that is not empty; borrowed, "" = none. Cuts the
 * text there. */
const char *tool_last_line(struct strbuf *output);
