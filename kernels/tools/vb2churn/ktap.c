// SPDX-License-Identifier: GPL-2.0-or-later OR MIT
/* Owns the numbers of the tests and how a line is written. */
#include "ktap.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/* As in tools/testing/selftests/kselftest.h. */
enum { KSFT_PASS = 0, KSFT_FAIL = 1, KSFT_SKIP = 4 };

static unsigned int n_by_outcome[3];

static void put_line(const char *fmt, va_list args)
{
	char line[512];
	int len = vsnprintf(line, sizeof(line) - 1, fmt, args);

	if (len < 0)
		return;
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	for (int done = 0; done < len;) {
		ssize_t n = write(STDOUT_FILENO, line + done, len - done);

		if (n <= 0)
			return; /* nobody is left to be told */
		done += n;
	}
}

void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_line(fmt, args);
	va_end(args);
}

struct verdict passed(void)
{
	return (struct verdict){ .outcome = OUTCOME_OK };
}

#define MAKE_VERDICT(function, its_outcome)                                              \
	struct verdict function(const char *fmt, ...)                                    \
	{                                                                                \
		struct verdict v = { .outcome = its_outcome };                           \
		va_list args;                                                            \
                                                                                         \
		va_start(args, fmt);                                                     \
		vsnprintf(v.why, sizeof(v.why), fmt, args);                              \
		va_end(args);                                                            \
		return v;                                                                \
	}

MAKE_VERDICT(ok, OUTCOME_OK)
MAKE_VERDICT(not_ok, OUTCOME_NOT_OK)
MAKE_VERDICT(skip, OUTCOME_SKIP)

void ktap_begin(unsigned int n_tests)
{
	say("KTAP version 1");
	say("1..%u", n_tests);
}

void ktap_result(const char *name, const struct verdict *v)
{
	unsigned int number = 1;

	for (int i = 0; i < 3; i++)
		number += n_by_outcome[i];
	n_by_outcome[v->outcome]++;
	switch (v->outcome) {
	case OUTCOME_SKIP:
		say("ok %u %s # SKIP %s", number, name, v->why);
		return;
	case OUTCOME_OK:
	case OUTCOME_NOT_OK:
		if (v->why[0])
			say("# %s: %s", name, v->why);
		say("%sok %u %s", v->outcome == OUTCOME_OK ? "" : "not ", number, name);
	}
}

int ktap_end(void)
{
	unsigned int passed = n_by_outcome[OUTCOME_OK],
		     failed = n_by_outcome[OUTCOME_NOT_OK];

	say("# Totals: pass:%u fail:%u xfail:0 xpass:0 skip:%u error:0", passed, failed,
	    n_by_outcome[OUTCOME_SKIP]);
	if (failed)
		return KSFT_FAIL;
	return passed ? KSFT_PASS : KSFT_SKIP;
}

int ktap_skip_all(const char *why)
{
	say("KTAP version 1");
	say("1..0 # SKIP %s", why);
	return KSFT_SKIP;
}
