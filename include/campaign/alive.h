// SPDX-License-Identifier: GPL-2.0-or-later
/* How long the pending boot has run by now, in a file of the campaign: "5 127300", number
 * of the boot and ms. A campaign that is killed with its boot leaves a record that
 * ends at the board's last word; this is what counts against `--for`. */
#pragma once

#include "campaign/state.h"

struct campaign_alive {
	int fd;
	int64_t n, begin_ns, said_ns;
};

#define CAMPAIGN_ALIVE_INIT                                                              \
	{                                                                                \
		.fd = -1                                                                 \
	}

/* The boot number n begins now. Where the file cannot be had, nothing is said. */
void campaign_alive_begin(const struct campaign *c, int64_t n, struct campaign_alive *a);
/* As often as one likes; written once a second. */
void campaign_alive_say(struct campaign_alive *a);
void campaign_alive_end(struct campaign_alive *a);
/* Seconds that boot n had run when that was last said; 0 = not known. */
double campaign_alive_seconds(const struct campaign *c, int64_t n);
