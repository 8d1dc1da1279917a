// SPDX-License-Identifier: GPL-2.0-or-later
/* The two DHCP messages (RFC 2131) that tell whether somebody serves a wire: a DISCOVER,
 * and the OFFER that answers it. Bytes only. */
#pragma once

#include <stdbool.h>

#include "util/compiler.h"

enum { DHCP_DISCOVER_BYTES = 300 }; /* BOOTP's minimum: some servers drop less */

struct dhcp_offer {
	uint8_t server[4], address[4]; /* as they stand on the wire */
};

/* The answer is asked for by broadcast. */
void dhcp_discover(uint8_t out[DHCP_DISCOVER_BYTES], uint32_t xid, const uint8_t mac[6]);
/* Is it an OFFER for that transaction and MAC? Whatever the wire brings is fine. */
bool dhcp_offer_parse(const uint8_t *data, size_t len, uint32_t xid, const uint8_t mac[6],
		      struct dhcp_offer *out);
