// SPDX-License-Identifier: GPL-2.0-or-later
/* What the doctor's files share. Each examines one part of the lab, top to bottom, and
 * writes down what it found. Private to them. */
#pragma once

#include "session/doctor.h"
#include "session/state.h"
#include "util/strbuf.h"

enum { DOCTOR_TAP_MAX = 1 << 20, DOCTOR_RECORDS = 20 };
#define DOCTOR_JOB "doctor" /* in the names of its records */

struct doctor {
	const struct doctor_opts *o;
	struct doctor_report *report;
	int64_t since_ns; /* the last check ended */
	struct session *s;
	/* What the console said since doctor_tap_reset, up to DOCTOR_TAP_MAX. */
	struct strbuf tap;
	bool moved_power;
	bool is_proven;              /* off, on, and as far as it can be asked */
	bool at_prompt;              /* U-Boot waits for a command */
	bool has_network, is_served; /* U-Boot's; the random file is there */
};

PRINTF(3, 4) void doctor_pass(struct doctor *d, const char *name, const char *fmt, ...);
PRINTF(3, 4) void doctor_skip(struct doctor *d, const char *name, const char *fmt, ...);
PRINTF(4, 5)
void doctor_warn(struct doctor *d, const char *name, const char *fix, const char *fmt,
		 ...);
PRINTF(4, 5)
void doctor_fail(struct doctor *d, const char *name, const char *fix, const char *fmt,
		 ...);
PRINTF(2, 3) void doctor_progress(struct doctor *d, const char *fmt, ...);
/* What console and session say of r is a failed check, and 0; but a cancel stays one. */
MUST_CHECK int doctor_failed(struct doctor *d, const char *name, const char *fix, int r,
			     struct err *err);
void doctor_tap_reset(struct doctor *d);

/* Where a program is: in PATH or in the places of root's programs. The caller owns it;
 * NULL = nowhere. */
char *doctor_find_program(const char *name);

/* doctor_records.c: of the doctor's run directories in there the DOCTOR_RECORDS newest
 * stay. */
void doctor_sweep_records(const char *records);

/* doctor_host.c, doctor_devices.c: nothing is opened for longer than a look. */
void doctor_host(struct doctor *d);
void doctor_devices(struct doctor *d);
void doctor_tty(struct doctor *d);

/* The rest needs the board. 0, or ERR_CANCELED. */
MUST_CHECK int doctor_power(struct doctor *d, struct err *err);
MUST_CHECK int doctor_relay_lines(struct doctor *d, struct err *err);
/* Of the first rung that has one; NULL = none. */
const struct board_maskrom *doctor_maskrom_of(const struct board_spec *b);
MUST_CHECK int doctor_maskrom(struct doctor *d, struct err *err);
/* Last of all. */
MUST_CHECK int doctor_mark(struct doctor *d, struct err *err);
MUST_CHECK int doctor_loopback(struct doctor *d, struct err *err);
MUST_CHECK int doctor_echo(struct doctor *d, struct err *err);
MUST_CHECK int doctor_network(struct doctor *d, struct err *err);
/* What the host serves; the file stays there for the board. */
MUST_CHECK int doctor_tftp_host(struct doctor *d, struct err *err);
MUST_CHECK int doctor_tftp_board(struct doctor *d, struct err *err);
