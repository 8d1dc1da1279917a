// SPDX-License-Identifier: GPL-2.0-or-later
/* Empties the outbox: which entries are due, what each answer means, when to try again.
 * docs/posting.md has the table. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "report/spool.h"
#include "util/clock.h"
#include "util/err.h"

enum { POST_BACKOFF_MS = 30 * 1000, POST_BACKOFF_MAX_MS = 3600 * 1000 };

enum post_outcome {
	POST_SENT,     /* the receiver said yes (2xx) */
	POST_REJECTED, /* it will never take this body (400, 422 …): in dead/ */
	POST_RETRY,    /* it could not now: tried again later, with back-off */
	POST_HELD,     /* token or address is wrong: kept, tried rarely */
	POST_WAITING,  /* not tried: not due, or its receiver failed a moment ago */
	POST_BUSY,     /* another process is posting it */
	POST_DAMAGED,  /* the entry was damaged: in dead/ */
};
const char *post_outcome_to_str(enum post_outcome o);

/* What happened to one entry; strings are borrowed for the call. */
struct post_line {
	enum post_outcome outcome;
	const char *name, *run_id, *kind, *url; /* run_id and url may be "" */
	uint32_t attempts;
	int64_t next_ms; /* wall clock; 0 = at once or never */
	const char *why;
};

struct post_opts {
	bool all;                       /* also what is not due yet */
	const char *run_id;             /* only this run's entries; NULL = all */
	const struct strvec *now_runs;  /* these runs' also when not due; NULL = none */
	const char *named_url;          /* for token_header(); NULL = none */
	int64_t connect_ms, request_ms; /* per entry */
	struct deadline deadline;       /* for all of it; what is left stays pending */
	int cancel_fd;                  /* -1: none */
	void (*report)(void *arg, const struct post_line *line); /* NULL: none */
	void *arg;
};

#define POST_OPTS_INIT                                                                   \
	{                                                                                \
		.connect_ms = 10000, .request_ms = 60000, .deadline = DEADLINE_NEVER,    \
		.cancel_fd = -1                                                          \
	}

struct post_summary {
	size_t sent, rejected, damaged;
	size_t pending; /* left in the outbox (of run_id when given) */
};

/* 0 whatever the receivers said; ERR_LAB when the outbox itself cannot be read,
 * ERR_CANCELED. */
MUST_CHECK int post_flush(struct spool *s, const struct post_opts *o,
			  struct post_summary *sum, struct err *err);

/* How long to wait after attempt number `attempts` (from 1): doubles from
 * POST_BACKOFF_MS to POST_BACKOFF_MAX_MS, of which the upper half is spread by the key.
 */
int64_t post_backoff_ms(const char *key, uint32_t attempts);

/* What an HTTP status means. */
enum post_outcome post_outcome_of_status(long status);

/* Queue one run's result for each destination: the result for SPOOL_RESULT, kcidb for
 * SPOOL_KCIDB (NULL = there is none: such a destination is an error). All are tried, the
 * first error is returned. added (may be NULL) counts what was not there before. */
MUST_CHECK int post_enqueue(const struct spool *s, const json_t *result,
			    const json_t *kcidb, const struct destinations *to,
			    bool again, size_t *added, struct err *err);
