// SPDX-License-Identifier: GPL-2.0-or-later
/* A job from its text, for tests of what a job file may say. */
#pragma once

#include <errno.h>

#include "messages_text.h"
#include "parse/job_spec.h"
#include "tap.h"
#include "util/mem.h"

/* The smallest job that says nothing of its own, in two parts. */
#define TOP "job_name: t\ntimeouts: {job: {minutes: 30}}\nactions:\n"
#define MINIMAL "- boot: {method: minimal, prompts: ['# ']}\n"

/* The caller owns the job. */
static inline struct job_spec *job_at(const char *path, const char *text)
{
	struct spec_messages msgs = { STRVEC_INIT };
	struct job_spec *job = NULL;
	struct err err = ERR_INIT;
	int r = job_spec_parse(path, text, strlen(text), &job, &msgs, &err);
	_cleanup_free_ char *all = joined_messages(&msgs);

	CHECK_STR(all, "");
	CHECK_EQ(r, 0);
	CHECK_EQ(err.class, ERR_NONE);
	return job;
}

static inline struct job_spec *job_of(const char *text)
{
	return job_at("/jobs/t.yaml", text);
}

/* These messages, word by word, and no others. */
static inline void check_messages(const char *text, const char *want)
{
	struct spec_messages msgs = { STRVEC_INIT };
	struct job_spec *job = NULL;
	struct err err = ERR_INIT;

	CHECK_EQ(job_spec_parse("t.yaml", text, strlen(text), &job, &msgs, &err),
		 -EINVAL);
	_cleanup_free_ char *all = joined_messages(&msgs);
	CHECK_STR(all, want);
	CHECK(!job);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_STR(err.msg, msgs.v.v[0]);
	strvec_release(&msgs.v);
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
