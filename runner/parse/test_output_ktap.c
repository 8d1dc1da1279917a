// SPDX-License-Identifier: GPL-2.0-or-later
/* The lines of (K)TAP: version, plan, result and diagnostic, and how deep they stand.
 * What they mean for the documents around them is told to parse/test_output_nesting. */
#include "parse/test_output_int.h"

#include <strings.h>

#include "util/num.h"

enum { MAX_PLAN = 1000000 };

static size_t count_digits(const char *s, const char *end)
{
	const char *p = s;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (size_t)(p - s);
}

/* "1..N", also "1..N # SKIP why". */
static bool feed_plan(struct test_parser *p, const char *s, const char *end,
		      size_t indent)
{
	uint64_t n;

	if (end - s < 4 || memcmp(s, "1..", 3) != 0)
		return false;
	s += 3;

	size_t d = count_digits(s, end);

	if (parse_u64n(s, d, 10, MAX_PLAN, &n) < 0)
		return false;
	s += d;
	while (s < end && *s == ' ')
		s++;
	if (s < end && *s != '#')
		return false;
	test_level_plan(p, indent, (uint32_t)n);
	return true;
}

/* The directive after "# ": what it makes of the result. */
static enum test_result directive(const char *s, const char *end, enum test_result r)
{
	size_t n = (size_t)(end - s);

	if ((n >= 4 && strncasecmp(s, "SKIP", 4) == 0) ||
	    (n >= 4 && strncasecmp(s, "TODO", 4) == 0))
		return TEST_SKIP;
	if (n >= 5 && strncasecmp(s, "XFAIL", 5) == 0)
		return TEST_PASS; /* failed as expected */
	if ((n >= 7 && strncasecmp(s, "TIMEOUT", 7) == 0) ||
	    (n >= 5 && strncasecmp(s, "ERROR", 5) == 0))
		return TEST_FAIL;
	return r;
}

/* " # " that starts a directive, or end. */
static const char *find_directive(const char *s, const char *end)
{
	for (const char *h = s; h < end; h++) {
		if (*h == '#' && (h == s || h[-1] == ' ') && (h == s || h[-1] != '\\'))
			return h;
	}
	return end;
}

/* "ok 3 - name # SKIP why", "not ok 4 name" */
static bool feed_result(struct test_parser *p, const char *s, const char *end,
			size_t indent)
{
	enum test_result r = TEST_PASS;

	if (end - s >= 7 && memcmp(s, "not ok ", 7) == 0) {
		r = TEST_FAIL;
		s += 7;
	} else if (end - s >= 3 && memcmp(s, "ok ", 3) == 0) {
		s += 3;
	} else {
		return false;
	}

	size_t d = count_digits(s, end);

	if (d == 0 || d > 9)
		return false;
	s += d;
	while (s < end && (*s == ' ' || *s == '-'))
		s++;

	const char *hash = find_directive(s, end);
	const char *name_end = hash;

	while (name_end > s && name_end[-1] == ' ')
		name_end--;
	if (hash < end) {
		const char *w = hash + 1;

		while (w < end && *w == ' ')
			w++;
		r = directive(w, end, r);
	}
	return test_level_result(p, indent, r, s, (size_t)(name_end - s));
}

/* "# Subtest: name" (KUnit) and "# selftests: dir: prog" (kselftest). */
static void feed_diagnostic(struct test_parser *p, const char *s, const char *end,
			    size_t indent)
{
	static const char subtest[] = "# Subtest: ", self[] = "# selftests: ";
	size_t n = (size_t)(end - s);

	if (n > sizeof(subtest) - 1 && memcmp(s, subtest, sizeof(subtest) - 1) == 0) {
		s += sizeof(subtest) - 1;
		test_level_subtest(p, indent, s, (size_t)(end - s));
	} else if (n > sizeof(self) - 1 && memcmp(s, self, sizeof(self) - 1) == 0) {
		s += sizeof(self) - 1;
		test_level_next_name(p, s, (size_t)(end - s));
	}
}

static bool is_version(const char *s, const char *end)
{
	size_t n = (size_t)(end - s);

	return (n >= 14 && memcmp(s, "KTAP version 1", 14) == 0) ||
	       (n >= 14 && memcmp(s, "TAP version 1", 13) == 0 &&
		(s[13] == '3' || s[13] == '4'));
}

static bool is_nested_line(const char *s, const char *end)
{
	size_t n = (size_t)(end - s);

	return is_version(s, end) || (n >= 3 && memcmp(s, "ok ", 3) == 0) ||
	       (n >= 7 && memcmp(s, "not ok ", 7) == 0) ||
	       (n >= 4 && memcmp(s, "1..", 3) == 0);
}

/* How deep the line is. kselftest nests with "# " where others use blanks. */
static size_t indent_of(const struct test_parser *p, const char *s, const char *end)
{
	const char *from = s;

	for (; s < end; s++) {
		if (*s == '#' && s + 1 < end && s[1] == ' ' && p->n_levels > 0) {
			const char *q = s;

			while (q < end && (*q == ' ' || *q == '#'))
				q++;
			if (!is_nested_line(q, end))
				break;
			s++;
		} else if (*s != ' ') {
			break;
		}
	}
	return (size_t)(s - from);
}

void test_ktap_feed(struct test_parser *p, const char *s, const char *end)
{
	size_t indent = indent_of(p, s, end);

	s += indent;
	if (is_version(s, end))
		test_level_open(p, indent);
	else if (s < end && *s == '#')
		feed_diagnostic(p, s, end, indent);
	else if (!feed_plan(p, s, end, indent))
		feed_result(p, s, end, indent);
}
