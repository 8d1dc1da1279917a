// SPDX-License-Identifier: GPL-2.0-or-later
/* Monotonic instants and absolute deadlines. Durations are int64 in the unit that their
 * name says. Tests pin the clock; parsers never read it: time is passed in. */
#pragma once

#include <stdbool.h>

#include "util/compiler.h"

struct deadline {
	int64_t at_ns; /* CLOCK_MONOTONIC; INT64_MAX = never */
};

#define DEADLINE_NEVER ((struct deadline){ .at_ns = INT64_MAX })

int64_t clock_now_ns(void);
/* 0 gives the clock back to the system. For tests. */
void clock_pin_ns(int64_t now_ns);

struct deadline deadline_in_ms(int64_t ms); /* saturates */
struct deadline deadline_in_ns(int64_t ns);
struct deadline deadline_min(struct deadline a, struct deadline b);
bool deadline_passed(struct deadline d);
/* For poll(): 0 when passed, -1 for never, rounded up so that a poll never spins. */
int deadline_poll_ms(struct deadline d);

/* The wall clock as RFC 3339 in UTC with milliseconds, "2026-11-23T02:20:00.123Z". */
struct wall_time {
	char str[32];
};
struct wall_time wall_time_of(int64_t ms); /* milliseconds since the epoch */
struct wall_time clock_wall(void);
/* The wall clock in milliseconds since 1970, for instants that outlive the process. It
 * may jump: never measure with it. */
int64_t clock_wall_ms(void);
/* 0 gives the wall clock back to the system. For tests; clock_wall() follows. */
void clock_pin_wall_ms(int64_t now_ms);
