// SPDX-License-Identifier: GPL-2.0-or-later
/* A port of this host, for a server that a case is. */
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>

#include "tap.h"

/* type: SOCK_STREAM (not listening yet) or SOCK_DGRAM; the caller owns the socket. */
static inline int bind_to_loopback(int type, uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0);
	CHECK_EQ(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	CHECK_EQ(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin_port);
	return fd;
}
