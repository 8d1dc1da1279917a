// SPDX-License-Identifier: GPL-2.0-or-later
/* A network interface of this host, as far as a DHCP server for boards must know it. */
#pragma once

#include <stdbool.h>

#include "util/clock.h"
#include "util/err.h"

struct netif {
	char name[16];
	bool is_up, is_loopback, has_default_route;
	uint32_t address, mask; /* IPv4, host byte order; address 0 = none */
};

struct netif_ip {
	char str[16];
};
struct netif_ip netif_ip_to_str(uint32_t address);

/* -ENODEV: there is none of that name. */
MUST_CHECK int netif_look(const char *name, struct netif *out, struct err *err);
/* Does a route table as in /proc/net/route send everything through that interface? */
bool netif_is_default(const char *route_table, const char *name);

/* Ask the wire who serves DHCP there, as a board that nobody knows: 0 and *server (0 =
 * nobody answered until the deadline; our own server's answer counts too). ERR_LAB
 * -EACCES: this user may not ask; -EADDRINUSE: a DHCP client sits on the port. */
MUST_CHECK int netif_ask_dhcp(const struct netif *n, struct deadline d, uint32_t *server,
			      struct err *err);
