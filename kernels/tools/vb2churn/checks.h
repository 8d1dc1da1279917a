/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* The functional tests: is the write fence there when it must be, and only then? Each has
 * a context and a dma-buf of its own, which stay open until the program ends: on a broken
 * kernel letting go of them can be the fault, and a test shall not be what brings the
 * kernel down. For the same reason those that use a dma-buf again after a stop come
 * behind the churn. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dmabuf.h"
#include "ktap.h"

struct bench {
	const char *device;
	struct exporter exporter;
};

struct rig;
struct check {
	const char *name;
	bool is_after_churn;
	struct verdict (*run)(struct rig *r);
};

extern const struct check checks[];
extern const size_t n_checks;

struct verdict check_run(const struct check *c, const struct bench *b);
