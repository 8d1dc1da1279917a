// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig: soak:` of a job: how long and how often it is repeated, and what differs from
 * boot to boot so that it can be compared. Strings are owned by the job. */
#pragma once

#include <stdbool.h>

#include "parse/yaml.h"
#include "util/strvec.h"

enum { JOB_SOAK_MAX_BOOTS = 20000, JOB_SOAK_MAX_FACTORS = 3, JOB_SOAK_MAX_LEVELS = 8 };

enum job_soak_end {
	JOB_END_ANY,      /* as the job ends: the power is cut once its tests are over */
	JOB_END_SHUTDOWN, /* in order: `shutdown` typed, and the kernel's last words seen
			   */
	JOB_END_CUT       /* the power is cut while the tests run */
};

/* One state of a factor. What it says of a boot's end is about the boot before: a root
 * file system is clean when the system that used it last was shut down in order. */
struct job_level {
	char *name; /* as a kernel's */
	enum job_soak_end end;
	struct strvec commands;    /* typed after the login, each must succeed */
	struct strvec kernel_args; /* after all others */
	struct spec_mark mark;
};

struct job_factor {
	char *name;
	struct job_level *levels;
	size_t n_levels; /* at least 2 */
	struct spec_mark mark;
};

struct job_soak {
	int64_t for_ms;    /* in all, running time of the campaign; 0 = not given */
	int64_t each_ms;   /* the longest time under test of one boot; 0 = as the job says
			    */
	uint32_t boots;    /* in all; 0 = not given */
	uint32_t failures; /* enough of them; 0 = not given */
	char *shutdown;    /* a shell line; NULL = "poweroff" */
	struct job_factor *factors;
	size_t n_factors; /* every combination of their levels is a group of boots */
};

void job_soak_release(struct job_soak *soak);
