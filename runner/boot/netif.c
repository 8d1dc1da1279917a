// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel says of an interface, and who serves DHCP behind it. */
#include "boot/netif.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include "parse/dhcp.h"
#include "util/io.h"
#include "util/random.h"

enum {
	SERVER_PORT = 67,
	CLIENT_PORT = 68,
	ROUTES_MAX = 1 << 20,
	PACKET_MAX = 2048,
	AGAIN_MS = 1500
};

struct netif_ip netif_ip_to_str(uint32_t address)
{
	struct netif_ip ip;

	snprintf(ip.str, sizeof(ip.str), "%u.%u.%u.%u", address >> 24,
		 address >> 16 & 0xff, address >> 8 & 0xff, address & 0xff);
	return ip;
}

/* Lines of `Iface Destination Gateway Flags RefCnt Use Metric Mask …`, hex. */
bool netif_is_default(const char *route_table, const char *name)
{
	for (const char *line = strchr(route_table, '\n'); line;
	     line = strchr(line, '\n')) {
		unsigned long destination, mask;
		char who[16];

		line++;
		if (sscanf(line, "%15s %8lx %*s %*s %*s %*s %*s %8lx", who, &destination,
			   &mask) == 3 &&
		    destination == 0 && mask == 0 && strcmp(who, name) == 0)
			return true;
	}
	return false;
}

static int read_routes(struct netif *n, struct err *err)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int r = io_read_file_at(AT_FDCWD, "/proc/net/route", ROUTES_MAX, &sb);

	if (r)
		return err_set(err, ERR_LAB, r, "/proc/net/route: %s", strerror(-r));
	n->has_default_route = netif_is_default(strbuf_str(&sb), n->name);
	return 0;
}

static uint32_t ipv4_of(const struct sockaddr *a)
{
	struct sockaddr_in in;

	memcpy(&in, a, sizeof(in));
	return ntohl(in.sin_addr.s_addr);
}

int netif_look(const char *name, struct netif *out, struct err *err)
{
	struct ifaddrs *all;
	bool found = false;

	*out = (struct netif){ .address = 0 };
	snprintf(out->name, sizeof(out->name), "%s", name);
	if (getifaddrs(&all))
		return err_set(err, ERR_LAB, -errno, "getifaddrs: %s", strerror(errno));
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		if (strcmp(a->ifa_name, name) != 0)
			continue;
		found = true;
		out->is_up = a->ifa_flags & IFF_UP;
		out->is_loopback = a->ifa_flags & IFF_LOOPBACK;
		if (!a->ifa_addr || a->ifa_addr->sa_family != AF_INET ||
		    !a->ifa_netmask || out->address)
			continue;
		out->address = ipv4_of(a->ifa_addr);
		out->mask = ipv4_of(a->ifa_netmask);
	}
	freeifaddrs(all);
	if (!found)
		return err_set(err, ERR_JOB, -ENODEV, "no network interface \"%.40s\"",
			       name);
	return read_routes(out, err);
}

static int ask_failed(const struct netif *n, const char *what, struct err *err)
{
	int code = errno == EPERM ? EACCES : errno;

	return err_set(err, ERR_LAB, -code, "%s on %s: %s", what, n->name,
		       strerror(code));
}

/* Broadcast from the client's port: what a board without an address does. */
static int open_client(const struct netif *n, struct err *err)
{
	const struct sockaddr_in a = { .sin_family = AF_INET,
				       .sin_port = htons(CLIENT_PORT) };
	int one = 1;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, n->name,
		       (socklen_t)strlen(n->name) + 1) == 0 &&
	    bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	int r = ask_failed(n, "DHCP client port", err);
	if (fd >= 0)
		close(fd);
	return r;
}

/* The server of the first OFFER that comes until then, 0 = none came. */
static uint32_t wait_offer(int fd, uint32_t xid, const uint8_t mac[6], struct deadline d)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t packet[PACKET_MAX];
	struct dhcp_offer offer;

	while (!deadline_passed(d)) {
		if (poll(&p, 1, deadline_poll_ms(d)) <= 0)
			continue;
		ssize_t n = recv(fd, packet, sizeof(packet), 0);
		if (n > 0 && dhcp_offer_parse(packet, (size_t)n, xid, mac, &offer))
			return (uint32_t)offer.server[0] << 24 |
			       (uint32_t)offer.server[1] << 16 |
			       (uint32_t)offer.server[2] << 8 | offer.server[3];
	}
	return 0;
}

int netif_ask_dhcp(const struct netif *n, struct deadline d, uint32_t *server,
		   struct err *err)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(SERVER_PORT),
					.sin_addr = { htonl(INADDR_BROADCAST) } };
	uint8_t mac[6], packet[DHCP_DISCOVER_BYTES];
	uint32_t xid;
	_cleanup_close_ int fd = open_client(n, err);

	*server = 0;
	if (fd < 0)
		return fd;
	random_bytes(mac, sizeof(mac));
	random_bytes(&xid, sizeof(xid));
	mac[0] = 0x02; /* nobody's: locally administered */
	dhcp_discover(packet, xid, mac);
	while (!*server && !deadline_passed(d)) {
		if (sendto(fd, packet, sizeof(packet), 0, (const struct sockaddr *)&to,
			   sizeof(to)) != sizeof(packet))
			return ask_failed(n, "DHCP question", err);
		*server = wait_offer(fd, xid, mac,
				     deadline_min(d, deadline_in_ms(AGAIN_MS)));
	}
	return 0;
}
