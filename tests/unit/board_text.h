// SPDX-License-Identifier: GPL-2.0-or-later
/* A board from its text, for tests of what a board file may say or of what needs a board.
 */
#pragma once

#include <errno.h>

#include "messages_text.h"
#include "parse/board_spec.h"
#include "tap.h"
#include "util/mem.h"

/* Up to its lines and the steps that move them, from line 6 on. */
#define GPIO_BOARD                                                                       \
	"board: b\n"                                                                     \
	"console: {transport: pty, device: x}\n"                                         \
	"power:\n"                                                                       \
	"  backend: gpio\n"                                                              \
	"  lines:\n"

/* Relative paths are resolved against the file's directory. The caller owns the board. */
static inline struct board_spec *board_at(const char *path, const char *text)
{
	struct spec_messages msgs = { STRVEC_INIT };
	struct board_spec *b = NULL;
	struct err err = ERR_INIT;
	int r = board_spec_parse(path, text, strlen(text), &b, &msgs, &err);
	_cleanup_free_ char *all = joined_messages(&msgs);

	CHECK_STR(all, "");
	CHECK_EQ(r, 0);
	return b;
}

static inline struct board_spec *board_of(const char *text)
{
	return board_at("/lab/b.yaml", text);
}

/* These messages, word by word, and no others. */
static inline void check_board_messages(const char *text, const char *want)
{
	struct spec_messages msgs = { STRVEC_INIT };
	struct board_spec *b = NULL;
	struct err err = ERR_INIT;

	CHECK_EQ(board_spec_parse("t.yaml", text, strlen(text), &b, &msgs, &err),
		 -EINVAL);
	_cleanup_free_ char *all = joined_messages(&msgs);
	CHECK_STR(all, want);
	CHECK(!b);
	CHECK_EQ(err.class, ERR_JOB);
	strvec_release(&msgs.v);
}

/* What stands between the board and the job; "" = they fit. */
static inline void check_fit(const char *board_text, const char *job_text,
			     const char *want)
{
	_cleanup_board_spec_ struct board_spec *b = board_of(board_text);
	_cleanup_job_spec_ struct job_spec *job = NULL;
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;

	CHECK_EQ(job_spec_parse("j.yaml", job_text, strlen(job_text), &job, &msgs, &err),
		 0);
	CHECK_EQ(board_spec_fits(b, job, &msgs, &err), want[0] ? -EINVAL : 0);
	_cleanup_free_ char *all = joined_messages(&msgs);
	CHECK_STR(all, want);
	strvec_release(&msgs.v);
}
