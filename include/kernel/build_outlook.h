// SPDX-License-Identifier: GPL-2.0-or-later
/* What kernel_build() would have to do, for plans. Reads what makes the kernel, builds
 * nothing and makes no files but the memory of hashes in a pool that is there. */
#pragma once

#include "kernel/build.h"

enum kernel_outlook_state {
	KERNEL_OUTLOOK_BUILT,
	KERNEL_OUTLOOK_MORE, /* on top of the objects of another point of the series */
	KERNEL_OUTLOOK_NEW,  /* from nothing */
};

struct kernel_outlook {
	enum kernel_outlook_state state;
	double last_s; /* how long it took, or the last build of these objects; 0 = not
			  known */
};

/* The errors of kernel_build() but those of building. b->task bounds it. */
MUST_CHECK int kernel_build_outlook(const struct kernel_build *b,
				    struct kernel_outlook *out, struct err *err);
