// SPDX-License-Identifier: GPL-2.0-or-later
/* Repeat blocks of a job are unrolled, but not without end. */
#include "job_text.h"

TEST(a_repeat_block_is_unrolled)
{
	_cleanup_job_spec_ struct job_spec *job = job_of(
		TOP
		"- repeat:\n    count: 3\n    actions:\n"
		"    - boot: {method: minimal, prompts: ['# ']}\n"
		"    - test: {definitions: [{from: inline, name: a, run: {steps: [x]}}]}\n");

	CHECK_EQ(job->n_actions, 6);
	CHECK_EQ(job->actions[4].kind, JOB_BOOT);
	CHECK_EQ(job->actions[5].mark.line, 8);
}

TEST(nested_repeats_cannot_grow_without_end)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	strbuf_addstr(&sb, TOP);
	for (int i = 0; i < 8; i++)
		strbuf_addstr(&sb, i ? "[repeat: {count: 1000, actions: "
				     : "- repeat: {count: 1000, actions: ");
	strbuf_addstr(&sb, "[boot: {method: minimal, prompts: x}]");
	for (int i = 0; i < 8; i++)
		strbuf_addstr(&sb, i ? "]}" : "}");
	struct spec_messages msgs = { STRVEC_INIT };
	struct job_spec *job;
	struct err err;

	CHECK_EQ(job_spec_parse("t", strbuf_str(&sb), sb.len, &job, &msgs, &err),
		 -EINVAL);
	CHECK_CONTAINS(msgs.v.v[0],
		       "too long once repeats are unrolled; expected at most 1000");
	strvec_release(&msgs.v);
	for (char *p = sb.buf; (p = strstr(p, "boot: {method: minimal, prompts: x}"));)
		memset(p, ' ', strlen("boot: {method: minimal, prompts: x}"));
	CHECK_EQ(job_spec_parse("t", strbuf_str(&sb), sb.len, &job, &msgs, &err),
		 -EINVAL);
	CHECK_CONTAINS(msgs.v.v[0], "repeat.actions is empty");
	strvec_release(&msgs.v);
}

TEST(a_long_test_cannot_be_multiplied_by_repeats)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct spec_messages msgs = { STRVEC_INIT };
	struct job_spec *job;
	struct err err;

	strbuf_addstr(&sb,
		      TOP MINIMAL "- repeat: {count: 500, actions: [test: {definitions: "
				  "[{from: inline, name: a, run: {steps: [");
	for (int i = 0; i < 50000; i++)
		strbuf_addstr(&sb, i ? ",x" : "x");
	strbuf_addstr(&sb, "]}}]}]}\n");
	CHECK_EQ(job_spec_parse("t", strbuf_str(&sb), sb.len, &job, &msgs, &err),
		 -EINVAL);
	CHECK_STR(
		msgs.v.v[0],
		"t:5:11: the job is too long once repeats are unrolled; expected at most 1000 actions and 100000 values");
	strvec_release(&msgs.v);
}

TESTS(T(a_repeat_block_is_unrolled), T(nested_repeats_cannot_grow_without_end),
      T(a_long_test_cannot_be_multiplied_by_repeats))
