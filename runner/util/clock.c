// SPDX-License-Identifier: GPL-2.0-or-later
/* The only reader of the clocks. */
#include "util/clock.h"

#include <limits.h>

static int64_t pinned_ns;
static int64_t pinned_wall_ms;

int64_t clock_now_ns(void)
{
	struct timespec ts;

	if (pinned_ns)
		return pinned_ns;
	if (clock_gettime(CLOCK_MONOTONIC, &ts))
		BUG("CLOCK_MONOTONIC is gone");
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void clock_pin_ns(int64_t now_ns)
{
	pinned_ns = now_ns;
}

struct deadline deadline_in_ns(int64_t ns)
{
	int64_t now = clock_now_ns();

	return (struct deadline){ .at_ns = ns > INT64_MAX - now ? INT64_MAX : now + ns };
}

struct deadline deadline_in_ms(int64_t ms)
{
	return deadline_in_ns(ms > INT64_MAX / 1000000 ? INT64_MAX : ms * 1000000);
}

struct deadline deadline_min(struct deadline a, struct deadline b)
{
	return a.at_ns < b.at_ns ? a : b;
}

bool deadline_passed(struct deadline d)
{
	return d.at_ns != INT64_MAX && clock_now_ns() >= d.at_ns;
}

int deadline_poll_ms(struct deadline d)
{
	if (d.at_ns == INT64_MAX)
		return -1;
	int64_t left = d.at_ns - clock_now_ns();
	if (left <= 0)
		return 0;
	int64_t ms = (left + 999999) / 1000000;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

int64_t clock_wall_ms(void)
{
	struct timespec ts;

	if (pinned_wall_ms)
		return pinned_wall_ms;
	if (clock_gettime(CLOCK_REALTIME, &ts))
		BUG("CLOCK_REALTIME is gone");
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void clock_pin_wall_ms(int64_t now_ms)
{
	pinned_wall_ms = now_ms;
}

struct wall_time wall_time_of(int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct wall_time w;
	struct tm tm;
	char day[24];

	gmtime_r(&seconds, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(w.str, sizeof(w.str), "%.19s.%03dZ", day, (int)(ms % 1000));
	return w;
}

struct wall_time clock_wall(void)
{
	return wall_time_of(clock_wall_ms());
}
