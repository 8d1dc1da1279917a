// SPDX-License-Identifier: GPL-2.0-or-later
/* A small TAP harness. Each case runs in a process of its own with a time limit, so that
 * a crash or an endless loop is one "not ok", and no case sees what another left behind.
 *
 *     TEST(oops_split_across_two_reads_is_one_report)
 *     {
 *             CHECK_EQ(n, 1);
 *     }
 *     TESTS(T(oops_split_across_two_reads_is_one_report))
 */
#pragma once

#include "util/compiler.h"

struct tap_case {
	const char *name;
	void (*run)(void);
};

#define TEST(name) static void name(void)
#define TESTS(...)                                                                       \
	static const struct tap_case tap_cases[] = { __VA_ARGS__ };                      \
	int main(int argc, char **argv)                                                  \
	{                                                                                \
		return tap_main(argc, argv, tap_cases, ARRAY_SIZE(tap_cases));           \
	}
#define T(n)                                                                             \
	{                                                                                \
#n, n                                                                    \
	}

#define CHECK(cond)                                                                      \
	do {                                                                             \
		if (!(cond))                                                             \
			tap_fail(__FILE__, __LINE__, "%s", #cond);                       \
	} while (0)
#define CHECK_EQ(got, want)                                                              \
	do {                                                                             \
		long long tap_g = (long long)(got), tap_w = (long long)(want);           \
		if (tap_g != tap_w)                                                      \
			tap_fail(__FILE__, __LINE__, "%s is %lld, want %lld", #got,      \
				 tap_g, tap_w);                                          \
	} while (0)
#define CHECK_STR(got, want)                                                             \
	do {                                                                             \
		const char *tap_g = (got), *tap_w = (want);                              \
		if (!tap_g || strcmp(tap_g, tap_w) != 0)                                 \
			tap_fail(__FILE__, __LINE__, "%s is \"%s\", want \"%s\"", #got,  \
				 tap_g ? tap_g : "(NULL)", tap_w);                       \
	} while (0)
#define CHECK_CONTAINS(got, want)                                                        \
	do {                                                                             \
		const char *tap_g = (got), *tap_w = (want);                              \
		if (!tap_g || !strstr(tap_g, tap_w))                                     \
			tap_fail(__FILE__, __LINE__, "%s is \"%s\", want \"%s\" in it",  \
				 #got, tap_g ? tap_g : "(NULL)", tap_w);                 \
	} while (0)
#define SKIP(...) tap_skip(__VA_ARGS__)

/* Ends the case. */
NORETURN PRINTF(3, 4) void tap_fail(const char *file, int line, const char *fmt, ...);
NORETURN PRINTF(1, 2) void tap_skip(const char *fmt, ...);
/* A fresh directory, removed after the case; borrowed string. */
const char *tap_tmpdir(void);

int tap_main(int argc, char **argv, const struct tap_case *cases, size_t n_cases);
