// SPDX-License-Identifier: GPL-2.0-or-later
/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
#pragma once

#include "util/compiler.h"

/* Length of the valid sequence at s (left >= 1 bytes), 0 when there is none. */
size_t utf8_len(const char *s, size_t left);
/* U+FFFD for each byte that is none: the caller owns the result. out_len may be NULL. */
char *utf8_lossy(const char *s, size_t len, size_t *out_len);
/* In place, without allocating: "?" for each byte that is none. */
void utf8_repair(char *s);
