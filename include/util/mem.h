// SPDX-License-Identifier: GPL-2.0-or-later
/* Allocation that aborts when memory is out: one process runs one board, so the blast is
 * one job. */
#pragma once

#include "util/compiler.h"

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrdup_or_null(const char *s); /* NULL gives NULL */
char *xstrndup(const char *s, size_t n);
/* The caller owns the string. */
PRINTF(1, 2) char *xasprintf(const char *fmt, ...);
