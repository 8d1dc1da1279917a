// SPDX-License-Identifier: GPL-2.0-or-later
/* Leveled one-line logging. One write per line, so lines of two processes do not mix. */
#include "util/log.h"

#include <stdarg.h>

#include "util/strbuf.h"

static enum log_level min_level = LOG_INFO;
static char line_prefix[128];

void log_set_level(enum log_level level)
{
	min_level = level;
}

void log_set_prefix(const char *prefix)
{
	snprintf(line_prefix, sizeof(line_prefix), "%s", prefix);
}

bool log_wants_color(int fd)
{
	const char *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");

	return isatty(fd) && term && strcmp(term, "dumb") != 0 &&
	       !(no_color && no_color[0]);
}

void log_line(enum log_level level, const char *fmt, ...)
{
	static const struct {
		const char *word, *on;
	} look[] = {
		[LOG_DEBUG] = { "debug: ", "\033[2m" },
		[LOG_INFO] = { "", "" },
		[LOG_WARN] = { "warning: ", "\033[33m" },
		[LOG_ERROR] = { "error: ", "\033[31m" },
	};
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	bool color = look[level].on[0] && log_wants_color(STDERR_FILENO);
	va_list ap;

	if (level < min_level)
		return;
	strbuf_addf(&sb, "%sbootrig: %s%s%s", color ? look[level].on : "", line_prefix,
		    line_prefix[0] ? " " : "", look[level].word);
	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	strbuf_addstr(&sb, color ? "\033[0m\n" : "\n");
	if (write(STDERR_FILENO, sb.buf, sb.len) < 0)
		return; /* nowhere left to say it */
}
