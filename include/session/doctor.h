// SPDX-License-Identifier: GPL-2.0-or-later
/* Prove the lab before it is trusted: this host, and with a board its console, relays,
 * boot loader and TFTP. What is found is a list of checks, each with what to do about it.
 * A board's part is recorded in a run directory like any run, so every byte can be read
 * afterwards. */
#pragma once

#include <jansson.h>

#include "parse/board_spec.h"
#include "session/run_dir.h"

enum doctor_status {
	DOCTOR_PASS,
	DOCTOR_WARN, /* works, but not as it should */
	DOCTOR_FAIL,
	DOCTOR_SKIP, /* not checked; the finding says why */
};
const char *doctor_status_to_str(enum doctor_status s); /* "pass" "warn" "fail" "skip" */

struct doctor_check {
	const char *name; /* static */
	enum doctor_status status;
	char *finding; /* one sentence */
	char *fix;     /* what to do; NULL = nothing */
	int64_t ms;    /* since the check before */
};

struct doctor_report {
	struct doctor_check *v;
	size_t n;
};

#define DOCTOR_REPORT_INIT                                                               \
	{                                                                                \
		.v = NULL, .n = 0                                                        \
	}

struct doctor_opts {
	const struct board_spec *board; /* borrowed; NULL = this host only */
	const char *runs_dir;
	int cancel_fd;       /* readable = stop, power off; -1 = none */
	bool may_move_power; /* else nothing that needs the board's power is checked */
	bool loopback;       /* TX and RX are joined and no board is there */
	/* Each finished check, and what is going on meanwhile. May be NULL. */
	void (*on_check)(void *arg, const struct doctor_check *check);
	void (*on_progress)(void *arg, const char *what);
	void *arg;
};

/* 0 when all could be checked or skipped, whatever was found; ERR_CANCELED; ERR_LAB when
 * there is no run directory. *dir stays closed without a board. The caller releases both,
 * also after an error. */
MUST_CHECK int doctor_run(const struct doctor_opts *opts, struct doctor_report *report,
			  struct run_dir *dir, struct err *err);
void doctor_report_release(struct doctor_report *report);
size_t doctor_count(const struct doctor_report *report, enum doctor_status status);
/* {"schema": "bootrig.doctor/1", "ok", "board", "run", "checks": [{"name", "status",
 * "finding", "fix", "ms"}]}; board and dir may be NULL. The caller owns it. */
json_t *doctor_to_json(const struct doctor_report *report, const struct board_spec *board,
		       const struct run_dir *dir);
