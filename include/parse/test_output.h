// SPDX-License-Identifier: GPL-2.0-or-later
/* Test results in console text: LAVA signals (<LAVA_SIGNAL_TESTCASE …>), KTAP/TAP. Pure:
 * lines in, results out. printk stamps before KTAP lines, CR, nesting by two blanks or by
 * "# ", missing plans and lines of other programs in between are all normal. */
#pragma once

#include "parse/line.h"

enum test_result { TEST_PASS, TEST_FAIL, TEST_SKIP, TEST_UNKNOWN };
const char *test_result_to_str(enum test_result r);
MUST_CHECK int test_result_from_str(const char *s, size_t len,
				    enum test_result *out); /* -EINVAL */

enum test_event_kind {
	TEST_EVENT_CASE, /* name, result, and measurement/units when given */
	TEST_EVENT_SET_START,
	TEST_EVENT_SET_STOP,
	TEST_EVENT_RUN_START,
	TEST_EVENT_RUN_END, /* LAVA STARTRUN / ENDRUN: name is the suite */
	TEST_EVENT_REFERENCE,
	TEST_EVENT_RAISE,      /* lava-test-raise: stop the job, name is the message */
	TEST_EVENT_PLAN_SHORT, /* KTAP ended or the stream did with n_missing cases not
				  run */
};

struct test_event {
	enum test_event_kind kind;
	const char *source; /* "lava" or "ktap" */
	char name[256];     /* KTAP: parents joined with "." : "suite.case" */
	char set[128];
	enum test_result result;
	char measurement[64], units[64]; /* "" = none */
	uint32_t n_missing;
	uint64_t offset;
	int64_t t_ns;
};

typedef void (*test_fn)(void *arg, const struct test_event *e);

struct test_parser;
struct test_parser *test_parser_new(test_fn fn, void *arg);
void test_parser_free(struct test_parser *p);
void test_parser_feed(struct test_parser *p, const struct line *l);
/* The same for text that is cleaned already (line_clean, to this size) and starts with a
 * prefix of that length. */
enum { TEST_TEXT_MAX = 1024 };
void test_parser_feed_text(struct test_parser *p, const char *text, size_t len,
			   size_t prefix_len, uint64_t offset, int64_t t_ns);
/* The run or the input ended: open KTAP documents report what is missing. */
void test_parser_end(struct test_parser *p);
