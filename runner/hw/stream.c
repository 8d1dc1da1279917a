// SPDX-License-Identifier: GPL-2.0-or-later
/* Console transports: a tty or pty, a unix socket, a TCP port. */
#include "hw/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>

#include "util/io.h"
#include "util/mem.h"

/* 0 for a rate that termios has no name for. */
static speed_t speed_of(uint32_t baud)
{
	static const struct {
		uint32_t baud;
		speed_t speed;
	} table[] = {
		{ 1200, B1200 },       { 2400, B2400 },       { 4800, B4800 },
		{ 9600, B9600 },       { 19200, B19200 },     { 38400, B38400 },
		{ 57600, B57600 },     { 115200, B115200 },   { 230400, B230400 },
		{ 460800, B460800 },   { 500000, B500000 },   { 576000, B576000 },
		{ 921600, B921600 },   { 1000000, B1000000 }, { 1152000, B1152000 },
		{ 1500000, B1500000 }, { 2000000, B2000000 }, { 2500000, B2500000 },
		{ 3000000, B3000000 }, { 3500000, B3500000 }, { 4000000, B4000000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].baud == baud)
			return table[i].speed;
	return B0;
}

/* Set and read back: some drivers take any rate and run at another (bench facts: an 8250
 * that answers 1500000 with 9600). */
static int set_speed(int fd, const char *path, uint32_t baud, struct err *err)
{
	speed_t speed = speed_of(baud);
	struct termios t;

	if (speed == B0)
		return err_set(err, ERR_LAB, -EINVAL,
			       "console %s: no tty runs at %u baud", path, baud);
	if (tcgetattr(fd, &t) || cfsetspeed(&t, speed) || tcsetattr(fd, TCSANOW, &t) ||
	    tcgetattr(fd, &t))
		return err_set(err, ERR_LAB, -errno, "console %s: %u baud: %s", path,
			       baud, strerror(errno));
	if (cfgetospeed(&t) != speed)
		return err_set(
			err, ERR_LAB, -EIO,
			"console %s: asked for %u baud, the driver took another rate",
			path, baud);
	return 0;
}

static int open_tty(const char *path, uint32_t baud, int *out, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios t;

	if (fd < 0)
		return err_set(err, ERR_LAB, -errno, "console %s: %s", path,
			       strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB))
		return err_set(err, ERR_LAB, -EBUSY,
			       "console %s: another program holds it", path);
	if (tcgetattr(fd, &t))
		return err_set(err, ERR_LAB, -ENOTTY, "console %s: not a tty", path);
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cflag &= ~(tcflag_t)HUPCL;
	if (tcsetattr(fd, TCSANOW, &t))
		return err_set(err, ERR_LAB, -errno, "console %s: %s", path,
			       strerror(errno));
	int r = baud ? set_speed(fd, path, baud, err) : 0;
	if (!r)
		*out = TAKE_FD(fd);
	return r;
}

static int open_unix(const char *path, int *out, struct err *err)
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
	*out = TAKE_FD(fd);
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

static int open_tcp(const char *device, struct deadline d, int *out, struct err *err)
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
		if (r)
			close(fd);
		else
			*out = fd;
	}
	freeaddrinfo(list);
	return r ? err_set(err, ERR_LAB, r, "console %s: %s", device, strerror(-r)) : 0;
}

int stream_open(const struct board_console *c, struct deadline d, int *fd,
		struct err *err)
{
	switch (c->transport) {
	case BOARD_CONSOLE_PTY:
		return open_tty(c->device, c->baud, fd, err);
	case BOARD_CONSOLE_UNIX:
		return open_unix(c->device, fd, err);
	case BOARD_CONSOLE_TCP:
		return open_tcp(c->device, d, fd, err);
	case BOARD_CONSOLE_SERIAL:
		return err_set(
			err, ERR_LAB, -EOPNOTSUPP,
			"console transport serial is not in this version; pty opens a tty, tcp a ser2net port");
	case BOARD_CONSOLE_QEMU:
		BUG("the QEMU console comes with its power");
	}
	BUG("transport %d", (int)c->transport);
}
