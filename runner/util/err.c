// SPDX-License-Identifier: GPL-2.0-or-later
/* The error object and the two ways to die. */
#include "util/err.h"

#include <errno.h>
#include <stdio.h>

#include "util/utf8.h"

int err_set(struct err *err, enum err_class class, int code, const char *fmt, ...)
{
	va_list ap;

	if (code >= 0)
		BUG("err_set with code %d, want a negative errno", code);
	err->class = class;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	/* A board's words may be in it, and it goes into JSON. */
	utf8_repair(err->msg);
	return code;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	char old[sizeof(err->msg)];
	va_list ap;
	int n;

	memcpy(old, err->msg, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(err->msg))
		snprintf(err->msg + n, sizeof(err->msg) - (size_t)n, "%s", old);
	utf8_repair(err->msg);
	return err->code;
}

const char *err_class_to_lava(enum err_class class)
{
	switch (class) {
	case ERR_NONE:
		return NULL;
	case ERR_JOB:
		return "Job";
	case ERR_LAB:
		return "Infrastructure";
	case ERR_CANCELED:
		return "Canceled";
	case ERR_BUG:
		return "Bug";
	}
	BUG("err class %d", (int)class);
}

void bug_abort(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "bootrig: bug at %s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("; please report this with the run directory\n", stderr);
	abort();
}
