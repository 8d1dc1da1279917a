// SPDX-License-Identifier: GPL-2.0-or-later
/* Checked number parsing: the whole string, no sign tricks, a bound. */
#pragma once

#include "util/compiler.h"

/* 0 and *out, or -EINVAL (not a number in that base, trailing bytes), -ERANGE (above
 * max). base 10 or 16
 * ("0x" allowed with 16); s need not end with NUL. */
MUST_CHECK int parse_u64n(const char *s, size_t len, int base, uint64_t max,
			  uint64_t *out);
MUST_CHECK int parse_u32(const char *s, int base, uint32_t max, uint32_t *out);
