// SPDX-License-Identifier: GPL-2.0-or-later
/* One boot of a campaign: `bootrig run` as a child process, which makes an ordinary run
 * directory. What came of it is read from that directory, never from the exit status
 * alone; a child that was killed is replayed. */
#pragma once

#include "campaign/state.h"
#include "util/strvec.h"

/* What all boots of a campaign have in common. */
struct campaign_host {
	const char *job_path, *board_path;
	bool clear_wedged; /* of the first boot */
	bool quiet;        /* no console */
	int console_fd;    /* the children's console goes there */
	int cancel_fd;     /* readable: the child is told to end, and the campaign ends */
};

/* Adds to the record what this kind of campaign wants of it. result NULL: there is no
 * run directory. */
typedef void (*campaign_digest_fn)(void *arg, json_t *record, const json_t *result);

/* Run one boot to its end. record (consumed): at least "cell", a name or null; more:
 * further arguments of `bootrig run`. Blocks until the child has ended, which bounds
 * itself by its job's time-outs. *out is the record as it stands in the state, borrowed.
 * ERR_CANCELED after a cancel, with the boot recorded if it had begun; ERR_LAB when state
 * or child cannot be had. */
MUST_CHECK int campaign_boot(struct campaign *c, struct campaign_host *host,
			     json_t *take_record, const struct strvec *more,
			     campaign_digest_fn digest, void *arg, const json_t **out,
			     struct err *err);

/* The boot that ran when the campaign was killed, if any: into the state. */
MUST_CHECK int campaign_settle_pending(struct campaign *c, campaign_digest_fn digest,
				       void *arg, struct err *err);

/* The result of a record's run, or NULL. The caller owns it. */
json_t *campaign_result_of(const struct campaign *c, const json_t *record);
