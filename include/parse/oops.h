// SPDX-License-Identifier: GPL-2.0-or-later
/* Console bytes in, incidents out. Streaming, bounded memory, no clock and no I/O of its
 * own: time comes in with the bytes, so the same bytes with the same times give the same
 * incidents however they are cut into chunks. Speed matters: bytes between incidents cost
 * one pass of a literal search, no line by line.
 *
 * One failure is one incident: "Unable to handle", "Internal error", the trace, the panic
 * and "CPUn: stopping" after it. A report needs neither its first nor its last line.
 * Kernel patterns count once a kernel runs (seen banner, printk stamps) or when the text
 * is plainly a kernel log. */
#pragma once

#include "parse/incident.h"

struct oops_reader;

struct oops_ops {
	/* The first time that kind is known; more fields follow. Borrowed for the call.
	 */
	void (*opened)(void *arg, const struct incident *in);
	/* Complete: its end was seen, or it settled. Called once for each opened.
	 * Borrowed for the call. */
	void (*closed)(void *arg, const struct incident *in);
	/* An open incident that was not fatal is now: a panic followed it
	 * (panic_on_warn). Between its opened and closed; borrowed; may be NULL. */
	void (*escalated)(void *arg, const struct incident *in);
	/* A new boot was seen (firmware or kernel banner), number from 1. May be NULL. */
	void (*booted)(void *arg, uint32_t boot, uint64_t offset, int64_t t_ns);
};

/* A report is complete after this much quiet or in all after OOPS_SETTLE_MAX_NS. */
#define OOPS_SETTLE_QUIET_NS INT64_C(2000000000)
#define OOPS_SETTLE_MAX_NS INT64_C(5000000000)

struct oops_opts {
	bool has_times; /* false for plain files: only text ends a report */
	/* Do not derive reset and boot-loop from banners: the session's stage machine
	 * does that, which knows what was commanded. */
	bool no_resets;
};

struct oops_reader *oops_new(const struct oops_opts *opts, const struct oops_ops *ops,
			     void *arg);
void oops_free(
	struct oops_reader *r); /* open incidents are dropped: call oops_end first */
void oops_feed(struct oops_reader *r, const void *data, size_t len, int64_t t_ns);
/* Let time pass without bytes: settles reports. */
void oops_tick(struct oops_reader *r, int64_t t_ns);
/* End of input: the last unfinished line counts, every open incident is closed. */
void oops_end(struct oops_reader *r);
/* False while what is printed is old (harvest of pstore): bytes are counted but start no
 * incident. */
void oops_set_enabled(struct oops_reader *r, bool enabled);
/* Is an incident open that has not settled? */
bool oops_is_open(const struct oops_reader *r);
