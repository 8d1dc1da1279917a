// SPDX-License-Identifier: GPL-2.0-or-later
/* The small "kernel" of tests/data/build with the shapes of dma_resv and dma_fence, and
 * its module. `tests/data/build/rebuild` makes them; offsets in code that tests name are
 * those of its binary. */
#pragma once

#include "diagnose/build.h"
#include "tap.h"
#include "util/mem.h"

#define FIXTURE "tests/data/build/"

static inline struct build *open_fixture(const char *name)
{
	_cleanup_free_ char *path = xasprintf(FIXTURE "%s", name);
	struct err err = ERR_INIT;
	struct build *b = NULL;

	if (build_open(path, &b, &err))
		tap_fail(__FILE__, __LINE__, "%s: %s", name, err.msg);
	return b;
}

static inline struct build_place place(struct build *b, const char *function,
				       const char *module, uint64_t offset)
{
	struct build_place at;

	if (build_find(b, function, module, offset, 0, &at) != BUILD_FOUND)
		tap_fail(__FILE__, __LINE__, "no %s", function);
	return at;
}

static inline struct candidate_query ask(struct build *b, const char *function,
					 uint64_t offset, int base, uint64_t access,
					 unsigned bytes)
{
	return (struct candidate_query){ .at = place(b, function, NULL, offset),
					 .base = base,
					 .offset = access,
					 .bytes = bytes };
}

/* The candidate of that rank as "struct a.b". Static buffer. */
static inline const char *ranked(const struct candidate *v, size_t n, unsigned rank)
{
	static char text[128];

	if (rank > n)
		return "(none)";
	snprintf(text, sizeof(text), "%s.%s", v[rank - 1].type, v[rank - 1].member);
	return text;
}
