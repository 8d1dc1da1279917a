// SPDX-License-Identifier: GPL-2.0-or-later
/* A job from its text, for tests of what a job file may say. */
#pragma once

#include <errno.h>

#include "parse/job_spec.h"
#include "tap.h"

/* The caller owns the job. */
static inline struct job_spec *job_of(const char *text)
{
	struct spec_messages msgs = { STRVEC_INIT };
	struct job_spec *job = NULL;
	struct err err = ERR_INIT;

	if (job_spec_parse("/jobs/t.yaml", text, strlen(text), &job, &msgs, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return job;
}

/* One message, with these words. */
static inline void check_bad_job(const char *text, const char *want)
{
	struct spec_messages msgs = { STRVEC_INIT };
	struct job_spec *job = NULL;
	struct err err = ERR_INIT;

	CHECK_EQ(job_spec_parse("/jobs/t.yaml", text, strlen(text), &job, &msgs, &err),
		 -EINVAL);
	CHECK_CONTAINS(err.msg, want);
	CHECK_EQ(msgs.v.n, 1);
	job_spec_free(job);
	strvec_release(&msgs.v);
}
