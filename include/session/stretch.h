// SPDX-License-Identifier: GPL-2.0-or-later
/* The stretch of a boot that its kernel is under test, where somebody else than the job
 * bounds it: what is typed before, how long it may last, and how the boot ends. */
#pragma once

#include "parse/job_soak.h"
#include "util/strvec.h"

struct session_stretch {
	const char *level;             /* "root=dirty", recorded; NULL = none */
	const struct strvec *commands; /* typed before the first test; each must succeed;
					  NULL = none */
	int64_t test_ms; /* under test at most; what still runs then has survived. 0: no
			    tests at all; -1 = as long as the job says */
	enum job_soak_end end;
	const char *shutdown; /* a shell line; NULL = "poweroff" */
};
