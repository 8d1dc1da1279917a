// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/duration.h"

#include <errno.h>

#include "tap.h"

static void check(const char *s, int64_t want)
{
	int64_t ms = -1;

	CHECK_EQ(duration_parse_ms(s, &ms), 0);
	CHECK_EQ(ms, want);
}

TEST(units_add_up)
{
	check("0", 0);
	check("90", 90000);
	check("90s", 90000);
	check("500ms", 500);
	check("30m", 1800000);
	check("6h", 21600000);
	check("1h30m", 5400000);
	check("2d", 172800000);
	check("1m30", 90000);
}

TEST(what_is_no_duration_is_refused)
{
	static const char *const bad[] = { "",   "h",   "6 h", "-1",  "1.5h", "6hours",
					   "1x", "1mh", "s30", "30M", "1h ",  "0x5" };
	int64_t ms = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(duration_parse_ms(bad[i], &ms), -EINVAL);
	CHECK_EQ(duration_parse_ms("99999999d", &ms), -ERANGE);
	CHECK_EQ(ms, 7);
}

TESTS(T(units_add_up), T(what_is_no_duration_is_refused))
