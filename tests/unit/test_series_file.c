// SPDX-License-Identifier: GPL-2.0-or-later
#include "parse/series_file.h"

#include <errno.h>

#include "tap.h"

static struct err err;

static int parse(const char *text, struct series_file *out)
{
	err = (struct err)ERR_INIT;
	return series_file_parse(text, strlen(text), "s/series", out, &err);
}

TEST(patches_stand_in_order_with_comments_and_options_around)
{
	_cleanup_series_file_ struct series_file s = { .v = NULL };

	CHECK_EQ(
		parse("# SPDX\n\n0001-a.patch\n  ../x/0002-b.patch -p0 # why\r\n0003-c.patch #d\nlast.diff",
		      &s),
		0);
	CHECK_EQ(s.n, 4);
	CHECK_STR(s.v[0].path, "0001-a.patch");
	CHECK_EQ(s.v[0].strip, 1);
	CHECK_EQ(s.v[0].line, 3);
	CHECK_STR(s.v[1].path, "../x/0002-b.patch");
	CHECK_EQ(s.v[1].strip, 0);
	CHECK_STR(s.v[2].path, "0003-c.patch");
	CHECK_STR(s.v[3].path, "last.diff");
	CHECK_EQ(s.v[3].line, 6);
}

TEST(an_empty_series_is_a_kernel_without_patches)
{
	_cleanup_series_file_ struct series_file s = { .v = NULL };

	CHECK_EQ(parse("# nothing yet\n", &s), 0);
	CHECK_EQ(s.n, 0);
}

TEST(what_is_wrong_is_told_with_its_place)
{
	static const char *const cases[][2] = {
		{ "a\n/etc/x.patch\n", "s/series:2:1: an absolute path" },
		{ "a.patch -R\n", "s/series:1:9: an option that is not known" },
		{ "a.patch -p99\n", "s/series:1:9: an option" },
		{ "a.patch -px\n", "s/series:1:9: an option" },
		{ "a\x01.patch\n", "s/series:1:2: a control character" },
	};
	struct series_file s;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK_EQ(parse(cases[i][0], &s), -EINVAL);
		CHECK_EQ(err.class, ERR_JOB);
		CHECK_CONTAINS(err.msg, cases[i][1]);
		CHECK_EQ(s.n, 0);
	}
	CHECK_EQ(series_file_parse("a\0b\n", 4, "s", &s, &err), -EINVAL);
	CHECK_CONTAINS(err.msg, "a NUL byte");
}

TESTS(T(patches_stand_in_order_with_comments_and_options_around),
      T(an_empty_series_is_a_kernel_without_patches),
      T(what_is_wrong_is_told_with_its_place))
