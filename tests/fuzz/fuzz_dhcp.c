// SPDX-License-Identifier: GPL-2.0-or-later
/* Any packet as an answer to a DHCP question: what is taken for an OFFER is a whole one.
 */
#include "parse/dhcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t mac[6] = { 2, 1, 2, 3, 4, 5 };
	struct dhcp_offer o;

	if (!dhcp_offer_parse(data, size, 0x12345678, mac, &o))
		return 0;
	if (size < 240 + 9 || data[0] != 2 || memcmp(data + 16, o.address, 4) != 0 ||
	    !memmem(data + 240, size - 240, o.server, 4))
		abort();
	return 0;
}
