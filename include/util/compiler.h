// SPDX-License-Identifier: GPL-2.0-or-later
/* Compiler attributes, cleanup helpers and the calls that this project bans. Every file
 * sees this first (the Makefile passes -include), so a banned call does not compile
 * anywhere. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Declare with one of these, hand over with TAKE_PTR/TAKE_FD. */
#define _cleanup_(f) __attribute__((cleanup(f), unused)) /* clang: its end is its use */
#define _cleanup_free_ _cleanup_(cleanup_free)
#define _cleanup_close_ _cleanup_(cleanup_close)
#define _cleanup_fclose_ _cleanup_(cleanup_fclose)

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

void cleanup_close(int *fd);
void cleanup_fclose(FILE **f);

#define TAKE_PTR(p)                                                                      \
	({                                                                               \
		__typeof__(p) take_ptr_tmp = (p);                                        \
		(p) = NULL;                                                              \
		take_ptr_tmp;                                                            \
	})
#define TAKE_FD(fd)                                                                      \
	({                                                                               \
		int take_fd_tmp = (fd);                                                  \
		(fd) = -1;                                                               \
		take_fd_tmp;                                                             \
	})

/* A broken invariant: prints where and aborts (exit status 134). Never for bad input. */
#define BUG(...) bug_abort(__FILE__, __LINE__, __VA_ARGS__)
NORETURN PRINTF(3, 4) void bug_abort(const char *file, int line, const char *fmt, ...);

#ifndef BOOTRIG_ALLOW_BANNED
#define BANNED(func) sorry_##func##_is_a_banned_function
#undef strcpy
#define strcpy(x, y) BANNED(strcpy)
#undef strcat
#define strcat(x, y) BANNED(strcat)
#undef strncpy
#define strncpy(x, y, n) BANNED(strncpy)
#undef strncat
#define strncat(x, y, n) BANNED(strncat)
#undef sprintf
#define sprintf(...) BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf)
#undef strtok
#define strtok(x, y) BANNED(strtok)
#undef localtime
#define localtime(t) BANNED(localtime)
#undef gmtime
#define gmtime(t) BANNED(gmtime)
#undef gets
#define gets(x) BANNED(gets)
#endif
