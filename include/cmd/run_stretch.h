// SPDX-License-Identifier: GPL-2.0-or-later
/* --level, --for and --end of `bootrig run`: one boot as a soak makes it. */
#pragma once

#include "parse/job_spec.h"
#include "session/stretch.h"

struct run_stretch {
	const char *level, *test_for, *end; /* as given; NULL = not */
	struct session_stretch stretch;
	struct strvec commands;
};

#define RUN_STRETCH_INIT                                                                 \
	{                                                                                \
		.level = NULL, .test_for = NULL, .end = NULL,                            \
		.stretch = { .test_ms = -1 }, .commands = STRVEC_INIT                    \
	}

/* Checks what was given and puts it into ->stretch; kernel arguments of the level go into
 * the job. -EINVAL after a word on stderr. */
MUST_CHECK int run_stretch_apply(struct run_stretch *rs, const char *command,
				 struct job_spec *job);
/* What the session takes; NULL when nothing was given. */
const struct session_stretch *run_stretch_of(const struct run_stretch *rs);
void run_stretch_release(struct run_stretch *rs);
