/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* The command line. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dmabuf.h"

struct options {
	const char *device; /* NULL = the one with driver vim2m */
	struct exporter exporter;
	bool no_checks, is_distinct, is_storm, has_lava;
	unsigned int threads, pool, seconds, jobs, rounds, job_ms, keep, heartbeat_s;
	double rate; /* rounds a second and worker; 0 = no pause */
	uint64_t seed;
};

/* 0, or the exit status + 1 to leave with (--help, a mistake that was told on stderr). */
int options_parse(struct options *o, int argc, char **argv);
