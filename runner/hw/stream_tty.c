// SPDX-License-Identifier: GPL-2.0-or-later
/* A terminal by termios alone: pseudo-terminals, and ttys that libserialport refuses. */
#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "hw/stream_int.h"
#include "util/io.h"
#include "util/mem.h"

struct tty {
	struct stream s;
	struct stream_errors before; /* what the driver had counted when we came */
};

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

static int make_raw(int fd, const char *path, uint32_t baud, struct err *err)
{
	struct termios t;

	if (tcgetattr(fd, &t))
		return err_set(err, ERR_LAB, -ENOTTY, "console %s: not a tty", path);
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cflag &= ~(tcflag_t)HUPCL;
	if (tcsetattr(fd, TCSANOW, &t))
		return err_set(err, ERR_LAB, -errno, "console %s: %s", path,
			       strerror(errno));
	return baud ? set_speed(fd, path, baud, err) : 0;
}

static int count(int fd, struct stream_errors *n)
{
	struct serial_icounter_struct c = { .overrun = 0 };

	if (ioctl(fd, TIOCGICOUNT, &c))
		return -EOPNOTSUPP;
	*n = (struct stream_errors){ .overrun = (uint32_t)c.overrun,
				     .buf_overrun = (uint32_t)c.buf_overrun,
				     .frame = (uint32_t)c.frame,
				     .parity = (uint32_t)c.parity };
	return 0;
}

static int tty_errors(struct stream *s, struct stream_errors *total)
{
	const struct stream_errors *b = &((const struct tty *)s)->before;
	struct stream_errors n;
	int r = count(s->fd, &n);

	if (!r)
		*total = (struct stream_errors){ .overrun = n.overrun - b->overrun,
						 .buf_overrun =
							 n.buf_overrun - b->buf_overrun,
						 .frame = n.frame - b->frame,
						 .parity = n.parity - b->parity };
	return r;
}

static int tty_set_break(struct stream *s, bool on, struct err *err)
{
	int lines;

	/* A pseudo-terminal, which has no modem lines, takes the request and does
	 * nothing.
	 */
	if (ioctl(s->fd, TIOCMGET, &lines))
		return -EOPNOTSUPP;
	if (ioctl(s->fd, on ? TIOCSBRK : TIOCCBRK) == 0)
		return 0;
	if (errno == ENOTTY || errno == EOPNOTSUPP || errno == EINVAL)
		return -EOPNOTSUPP;
	return err_set(err, ERR_LAB, -errno, "console: BREAK %s: %s", on ? "on" : "off",
		       strerror(errno));
}

struct stream *stream_of_tty(int take_fd)
{
	static const struct stream_ops ops = { .set_break = tty_set_break,
					       .errors = tty_errors };
	struct tty *t = xcalloc(1, sizeof(*t));

	t->s.ops = &ops;
	t->s.fd = take_fd;
	if (count(take_fd, &t->before))
		t->before = (struct stream_errors){ .overrun = 0 };
	return &t->s;
}

int stream_open_tty(const struct board_console *c, struct stream **out, struct err *err)
{
	_cleanup_close_ int fd =
		open(c->device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, ERR_LAB, -errno, "console %s: %s", c->device,
			       strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB))
		return err_set(err, ERR_LAB, -EBUSY,
			       "console %s: another program holds it", c->device);
	int r = make_raw(fd, c->device, c->baud, err);
	if (!r)
		*out = stream_of_tty(TAKE_FD(fd));
	return r;
}
