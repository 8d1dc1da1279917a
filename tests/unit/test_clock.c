// SPDX-License-Identifier: GPL-2.0-or-later
/* Deadlines and the wall clock, with the clock pinned. */
#include "util/clock.h"

#include <limits.h>

#include "tap.h"

TEST(a_deadline_passes_at_its_instant)
{
	clock_pin_ns(5000000000);
	struct deadline d = deadline_in_ms(1500);

	CHECK_EQ(d.at_ns, 6500000000);
	CHECK(!deadline_passed(d));
	clock_pin_ns(6499999999);
	CHECK(!deadline_passed(d));
	clock_pin_ns(6500000000);
	CHECK(deadline_passed(d));
	CHECK(deadline_passed(deadline_in_ms(0)));
	CHECK(deadline_passed(deadline_in_ms(-1)));
}

TEST(never_is_never)
{
	clock_pin_ns(5000000000);
	CHECK(!deadline_passed(DEADLINE_NEVER));
	CHECK_EQ(deadline_poll_ms(DEADLINE_NEVER), -1);
	CHECK_EQ(deadline_in_ms(INT64_MAX).at_ns, INT64_MAX);
	CHECK_EQ(deadline_in_ms(INT64_MAX / 1000000).at_ns, INT64_MAX);
	CHECK_EQ(deadline_in_ns(INT64_MAX).at_ns, INT64_MAX);
	clock_pin_ns(INT64_MAX);
	CHECK(!deadline_passed(DEADLINE_NEVER));
}

TEST(the_nearer_of_two_counts)
{
	clock_pin_ns(1);
	struct deadline near = deadline_in_ms(1), far = deadline_in_ms(2);

	CHECK_EQ(deadline_min(near, far).at_ns, near.at_ns);
	CHECK_EQ(deadline_min(far, near).at_ns, near.at_ns);
	CHECK_EQ(deadline_min(far, DEADLINE_NEVER).at_ns, far.at_ns);
}

TEST(a_poll_never_wakes_before_its_deadline)
{
	clock_pin_ns(1000000000);
	CHECK_EQ(deadline_poll_ms(deadline_in_ns(1)), 1);
	CHECK_EQ(deadline_poll_ms(deadline_in_ns(1000000)), 1);
	CHECK_EQ(deadline_poll_ms(deadline_in_ns(1000001)), 2);
	CHECK_EQ(deadline_poll_ms(deadline_in_ns(0)), 0);
	CHECK_EQ(deadline_poll_ms(deadline_in_ns(-5)), 0);
	CHECK_EQ(deadline_poll_ms(deadline_in_ms(INT64_C(86400000) * 365)), INT_MAX);
}

TEST(the_clock_does_not_go_back)
{
	int64_t last = clock_now_ns();

	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_now_ns();

		CHECK(now >= last);
		last = now;
	}
}

TEST(the_wall_clock_is_written_in_utc_with_milliseconds)
{
	setenv("TZ", "Asia/Tokyo", 1);
	tzset();
	clock_pin_wall_ms(INT64_C(1795400400007));
	CHECK_STR(clock_wall().str, "2026-11-23T02:20:00.007Z");
	CHECK_EQ(clock_wall_ms(), 1795400400007);
	clock_pin_wall_ms(1);
	CHECK_STR(clock_wall().str, "1970-01-01T00:00:00.001Z");
	clock_pin_wall_ms(0);
	CHECK(clock_wall_ms() > INT64_C(1700000000000));
}

TESTS(T(a_deadline_passes_at_its_instant), T(never_is_never), T(the_nearer_of_two_counts),
      T(a_poll_never_wakes_before_its_deadline), T(the_clock_does_not_go_back),
      T(the_wall_clock_is_written_in_utc_with_milliseconds))
