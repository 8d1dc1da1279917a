// SPDX-License-Identifier: GPL-2.0-or-later
/* Consoles behind a socket: in the file system, or a TCP port. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "hw/stream_int.h"
#include "util/io.h"
#include "util/mem.h"

int stream_open_unix(const char *path, struct stream **out, struct err *err)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(err, ERR_LAB, -errno, "socket: %s", strerror(errno));
	if (strlen(path) >= sizeof(a.sun_path))
		return err_set(err, ERR_LAB, -ENAMETOOLONG,
			       "console %s: path too long for a socket", path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		return err_set(err, ERR_LAB, -errno, "console %s: %s", path,
			       strerror(errno));
	*out = stream_of_fd(TAKE_FD(fd));
	return 0;
}

static int wait_connected(int fd, struct deadline d)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int soerr = 0;

	while (poll(&p, 1, deadline_poll_ms(d)) < 0)
		if (errno != EINTR)
			return -errno;
	if (!p.revents)
		return -ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &soerr, &len))
		return -errno;
	return -soerr;
}

/* Typed bytes go at once. A server that lost its power says no goodbye: within ten
 * seconds of silence that is an end too, and not a board that hangs. */
static void settle_tcp(int fd)
{
	static const struct {
		int level, name, value;
	} settings[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 4 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 2 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 3 },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, 10000 },
	};

	/* Best effort: without them it works, only slower. */
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		(void)!setsockopt(fd, settings[i].level, settings[i].name,
				  &settings[i].value, sizeof(int));
}

int stream_connect_tcp(const char *device, struct deadline d, int *out, struct err *err)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM },
			*list;
	const char *colon = strrchr(device, ':');
	int r = -EADDRNOTAVAIL;

	if (!colon)
		return err_set(err, ERR_LAB, -EINVAL, "console %s: want HOST:PORT",
			       device);
	_cleanup_free_ char *host = xstrndup(device, (size_t)(colon - device));
	int g = getaddrinfo(host, colon + 1, &hints, &list);
	if (g)
		return err_set(err, ERR_LAB, -EHOSTUNREACH, "console %s: %s", device,
			       gai_strerror(g));
	for (struct addrinfo *a = list; a && r; a = a->ai_next) {
		int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
				0);

		if (fd < 0)
			continue;
		r = connect(fd, a->ai_addr, a->ai_addrlen) ? -errno : 0;
		if (r == -EINPROGRESS)
			r = wait_connected(fd, d);
		if (r) {
			close(fd);
		} else {
			settle_tcp(fd);
			*out = fd;
		}
	}
	freeaddrinfo(list);
	return r ? err_set(err, ERR_LAB, r, "console %s: %s", device, strerror(-r)) : 0;
}
