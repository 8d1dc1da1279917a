// SPDX-License-Identifier: GPL-2.0-or-later
/* Leveled one-line logging to stderr with a board and job prefix; colours only on a
 * terminal. */
#pragma once

#include <stdbool.h>

#include "util/compiler.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level level);
/* Put before each line, e.g. "board=virt job=boot"; copied. "" for none. */
void log_set_prefix(const char *prefix);
PRINTF(2, 3) void log_line(enum log_level level, const char *fmt, ...);

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)

/* Is fd a terminal that wants colours (isatty, TERM not dumb, NO_COLOR unset)? */
bool log_wants_color(int fd);
