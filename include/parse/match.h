// SPDX-License-Identifier: GPL-2.0-or-later
/* Which of a small set of literals appears first: one vectorised pass over raw bytes. */
#pragma once

#include <stdbool.h>

#include "util/compiler.h"

enum { MATCH_MAX_LITERALS = 128 };

struct matcher {
	/* For each of the first four bytes and each half of a byte, the buckets (one bit
	 * each) that have a literal with that half there. */
	uint8_t lo[4][16], hi[4][16];
	struct {
		const char *text; /* borrowed from the caller's table */
		uint32_t len;
		uint32_t head; /* the first four bytes as they lie in memory */
		uint8_t next;  /* index + 1 of the next in the same slot, 0 = last */
	} literals[MATCH_MAX_LITERALS];
	uint8_t slots[1024]; /* index + 1 of a literal, by a hash of its head */
	bool use_avx2;
};

/* n <= MATCH_MAX_LITERALS, each of 4 bytes of ASCII or more; the strings must outlive m.
 * A literal that begins with a capital is found at the start of a word only. */
void matcher_init(struct matcher *m, const char *const *literals, size_t n);
/* Offset of the first literal at or after from, or len. */
size_t matcher_find(const struct matcher *m, const char *p, size_t len, size_t from);
/* How many bytes of p are c. */
size_t match_count_byte(const char *p, size_t len, char c);
