// SPDX-License-Identifier: GPL-2.0-or-later
/* A program on this host run for a board, while the board's console is served. */
#pragma once

#include "hw/power.h"
#include "util/strbuf.h"

struct host_tool_env {
	power_wait_fn wait;
	void *arg;
};

enum { HOST_TOOL_MAX_OUTPUT = 64 << 10 };

/* Runs argv to its end in a process group of its own. 0 and *status as from waitpid;
 * stdout and stderr, cut at HOST_TOOL_MAX_OUTPUT, are appended to *out (NULL: dropped).
 * -ETIMEDOUT (ERR_NONE): it still ran, and was killed. */
MUST_CHECK int host_tool_run(const char *const argv[], const struct host_tool_env *env,
			     struct deadline d, struct strbuf *out, int *status,
			     struct err *err);
