// SPDX-License-Identifier: GPL-2.0-or-later
/* What the parser of test output keeps, and how its parts call each other. Private to
 * parse/test_output*.c. */
#pragma once

#include "parse/test_output.h"

enum {
	TEST_MAX_LEVELS = 8,
	TEST_MAX_HELD = 512 /* results that wait for the name of their parent */
};

/* A (K)TAP document that has not ended. */
struct test_level {
	size_t indent;
	char name[128]; /* "" until known */
	uint32_t plan;
	bool has_plan;
	uint32_t seen;
	uint32_t first_held; /* results of this level and deeper from here on wait */
	bool child_failed, had_children;
};

struct test_parser {
	test_fn fn;
	void *arg;
	char set[128]; /* LAVA's open test set */
	char signal[TEST_TEXT_MAX];
	size_t signal_len; /* > 0: a signal whose ">" has not come */
	unsigned signal_parts;
	struct test_level levels[TEST_MAX_LEVELS]; /* outermost first */
	size_t n_levels;
	char next_name[128]; /* "# selftests: net: foo.sh": the name of what follows */
	struct test_event held[TEST_MAX_HELD];
	uint32_t n_held;
	uint64_t offset;
	int64_t t_ns;
};

/* Both cut what is too long. */
void test_text_copy(char *dst, size_t cap, const char *s, size_t len);
void test_event_init(const struct test_parser *p, struct test_event *e,
		     enum test_event_kind kind, const char *source);

/* Returns whether the line was (part of) a signal. */
bool test_signals_feed(struct test_parser *p, const char *line, size_t len);

/* A line without its prefix and the blanks at its end. */
void test_ktap_feed(struct test_parser *p, const char *s, const char *end);

/* What a line of depth `indent` does to the open documents. */
void test_level_open(struct test_parser *p, size_t indent);
void test_level_plan(struct test_parser *p, size_t indent, uint32_t n);
/* Returns whether a document of that depth is open. */
bool test_level_result(struct test_parser *p, size_t indent, enum test_result r,
		       const char *name, size_t name_len);
void test_level_subtest(struct test_parser *p, size_t indent, const char *name,
			size_t name_len);
/* What the next document is called. */
void test_level_next_name(struct test_parser *p, const char *name, size_t name_len);
/* All documents end, and what waits is given. */
void test_levels_finish(struct test_parser *p);
