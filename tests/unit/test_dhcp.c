// SPDX-License-Identifier: GPL-2.0-or-later
#include "parse/dhcp.h"
#include "tap.h"

enum { XID = 0x12345678 };
static const uint8_t mac[6] = { 2, 1, 2, 3, 4, 5 };

/* An OFFER of 192.168.42.50 by 192.168.42.9 with these options. */
static size_t offer(uint8_t out[512], const char *options, size_t n)
{
	memset(out, 0, 512);
	dhcp_discover(out, XID, mac);
	memset(out + 240, 0, 60);
	out[0] = 2;
	memcpy(out + 16, "\xc0\xa8\x2a\x32", 4);
	memcpy(out + 240, options, n);
	return 240 + n;
}

#define OFFER(out, options) offer(out, options, sizeof(options) - 1)
#define GOOD "\x35\x01\x02\x36\x04\xc0\xa8\x2a\x09\xff"

TEST(a_discover_asks_for_a_broadcast_and_carries_id_and_mac)
{
	uint8_t p[DHCP_DISCOVER_BYTES];

	dhcp_discover(p, XID, mac);
	CHECK(memcmp(p, "\x01\x01\x06\x00\x12\x34\x56\x78", 8) == 0);
	CHECK_EQ(p[10], 0x80);
	CHECK(memcmp(p + 28, mac, 6) == 0);
	CHECK(memcmp(p + 236, "\x63\x82\x53\x63\x35\x01\x01", 7) == 0);
}

TEST(an_offer_names_its_server_and_the_address)
{
	struct dhcp_offer o;
	uint8_t p[512];
	size_t n = OFFER(p, GOOD);

	CHECK(dhcp_offer_parse(p, n, XID, mac, &o));
	CHECK(memcmp(o.server, "\xc0\xa8\x2a\x09", 4) == 0);
	CHECK(memcmp(o.address, "\xc0\xa8\x2a\x32", 4) == 0);
}

TEST(padding_and_unknown_options_are_stepped_over)
{
	struct dhcp_offer o;
	uint8_t p[512];
	size_t n = OFFER(p, "\x00\x00\x0c\x03xyz" GOOD);

	CHECK(dhcp_offer_parse(p, n, XID, mac, &o));
}

TEST(an_offer_for_somebody_else_is_none)
{
	static const uint8_t other[6] = { 2, 1, 2, 3, 4, 6 };
	struct dhcp_offer o;
	uint8_t p[512];
	size_t n = OFFER(p, GOOD);

	CHECK(!dhcp_offer_parse(p, n, XID + 1, mac, &o));
	CHECK(!dhcp_offer_parse(p, n, XID, other, &o));
}

TEST(our_own_question_an_ack_and_an_offer_without_a_server_are_none)
{
	struct dhcp_offer o;
	uint8_t p[512];

	dhcp_discover(p, XID, mac);
	CHECK(!dhcp_offer_parse(p, DHCP_DISCOVER_BYTES, XID, mac, &o));
	CHECK(!dhcp_offer_parse(p, OFFER(p, "\x35\x01\x05\x36\x04\xc0\xa8\x2a\x09\xff"),
				XID, mac, &o));
	CHECK(!dhcp_offer_parse(p, OFFER(p, "\x35\x01\x02\xff"), XID, mac, &o));
	CHECK(!dhcp_offer_parse(p, OFFER(p, "\x35\x01\x02\x36\x02\xc0\xa8\xff"), XID, mac,
				&o));
}

TEST(a_cut_offer_is_none_wherever_it_is_cut)
{
	struct dhcp_offer o;
	uint8_t p[512];
	size_t n = OFFER(p, GOOD);

	for (size_t cut = 0; cut < n - 1; cut++) {
		/* Exactly that long, so that a sanitizer sees a step too far. */
		uint8_t *copy = malloc(cut ? cut : 1);

		memcpy(copy, p, cut);
		CHECK(!dhcp_offer_parse(copy, cut, XID, mac, &o));
		free(copy);
	}
}

TESTS(T(a_discover_asks_for_a_broadcast_and_carries_id_and_mac),
      T(an_offer_names_its_server_and_the_address),
      T(padding_and_unknown_options_are_stepped_over),
      T(an_offer_for_somebody_else_is_none),
      T(our_own_question_an_ack_and_an_offer_without_a_server_are_none),
      T(a_cut_offer_is_none_wherever_it_is_cut))
