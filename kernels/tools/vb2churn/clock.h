/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* Monotonic time and waiting. */
#pragma once

#include <poll.h>
#include <time.h>

static inline void sleep_ms(int ms)
{
	poll(NULL, 0, ms);
}

static inline double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
