// SPDX-License-Identifier: GPL-2.0-or-later
/* DHCP DISCOVER and OFFER. */
#include "parse/dhcp.h"

enum {
	OP = 0,
	XID = 4,
	FLAGS = 10,
	YIADDR = 16,
	CHADDR = 28,
	COOKIE = 236,
	OPTIONS = 240,
	BOOTREPLY = 2,
	OPTION_PAD = 0,
	OPTION_TYPE = 53,
	OPTION_SERVER = 54,
	OPTION_END = 255,
	TYPE_OFFER = 2,
};

static const uint8_t cookie[4] = { 99, 130, 83, 99 };

static void put_xid(uint8_t *at, uint32_t xid)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(xid >> (24 - 8 * i));
}

void dhcp_discover(uint8_t out[DHCP_DISCOVER_BYTES], uint32_t xid, const uint8_t mac[6])
{
	/* BOOTREQUEST over Ethernet; type DISCOVER; wants mask and router. */
	static const uint8_t head[4] = { 1, 1, 6, 0 };
	static const uint8_t options[] = { OPTION_TYPE, 1, 1, 55, 2, 1, 3, OPTION_END };

	memset(out, 0, DHCP_DISCOVER_BYTES);
	memcpy(out, head, sizeof(head));
	put_xid(out + XID, xid);
	out[FLAGS] = 0x80;
	memcpy(out + CHADDR, mac, 6);
	memcpy(out + COOKIE, cookie, sizeof(cookie));
	memcpy(out + OPTIONS, options, sizeof(options));
}

/* The value of an option, NULL when it is not there or shorter than that. */
static const uint8_t *option(const uint8_t *data, size_t len, uint8_t code, size_t want)
{
	for (size_t at = OPTIONS; at < len && data[at] != OPTION_END;) {
		if (data[at] == OPTION_PAD) {
			at++;
			continue;
		}
		if (len - at < 2 || len - at - 2 < data[at + 1])
			return NULL;
		if (data[at] == code)
			return data[at + 1] >= want ? data + at + 2 : NULL;
		at += 2 + (size_t)data[at + 1];
	}
	return NULL;
}

bool dhcp_offer_parse(const uint8_t *data, size_t len, uint32_t xid, const uint8_t mac[6],
		      struct dhcp_offer *out)
{
	uint8_t id[4];
	const uint8_t *type, *server;

	put_xid(id, xid);
	if (len < OPTIONS || data[OP] != BOOTREPLY || memcmp(data + XID, id, 4) != 0 ||
	    memcmp(data + CHADDR, mac, 6) != 0 || memcmp(data + COOKIE, cookie, 4) != 0)
		return false;
	type = option(data, len, OPTION_TYPE, 1);
	server = option(data, len, OPTION_SERVER, 4);
	if (!type || *type != TYPE_OFFER || !server)
		return false;
	memcpy(out->server, server, 4);
	memcpy(out->address, data + YIADDR, 4);
	return true;
}
