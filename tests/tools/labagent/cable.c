// SPDX-License-Identifier: GPL-2.0-or-later
/* The UART's cable: what the board says goes into the gadget's /dev/ttyGS0 and so out of
 * the host side's adapter. As with a real adapter, bytes that nobody reads are lost: the
 * gadget would keep them for the next one who opens the port. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "labagent/agent.h"

int open_raw(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios t;

	if (fd < 0)
		return -errno;
	if (tcgetattr(fd, &t) == 0) {
		cfmakeraw(&t);
		t.c_cflag |= CLOCAL | CREAD;
		tcsetattr(fd, TCSANOW, &t);
	}
	return fd;
}

static void unplug(struct cable *c)
{
	close(c->tty_fd);
	c->tty_fd = -1;
	strbuf_reset(&c->to_tty);
}

void cable_plug(struct cable *c)
{
	if (c->tty_fd >= 0)
		unplug(c);
	c->tty_fd = open_raw("/dev/ttyGS0");
}

short cable_wire_events(const struct cable *c)
{
	return (short)((c->to_tty.len < AGENT_CABLE_BYTES ? POLLIN : 0) |
		       (c->to_wire.len ? POLLOUT : 0));
}

short cable_tty_events(const struct cable *c)
{
	return (short)((c->to_wire.len < AGENT_CABLE_BYTES ? POLLIN : 0) |
		       (c->to_tty.len ? POLLOUT : 0));
}

/* -EAGAIN with nothing moved, else 0 or what went wrong. */
static int take_in(int fd, struct strbuf *to)
{
	char buf[4096];

	if (to->len >= AGENT_CABLE_BYTES)
		return 0;
	ssize_t n = read(fd, buf, sizeof(buf));
	if (n > 0)
		strbuf_add(to, buf, (size_t)n);
	return n > 0 ? 0 : n == 0 ? -EIO : -errno;
}

static int give_out(int fd, struct strbuf *from)
{
	while (from->len) {
		ssize_t n = write(fd, from->buf, from->len);

		if (n < 0)
			return -errno;
		strbuf_drop_front(from, (size_t)n);
	}
	return 0;
}

static bool is_gone(int r)
{
	return r < 0 && r != -EAGAIN && r != -EINTR;
}

void cable_run(struct cable *c)
{
	size_t had = c->to_tty.len;

	take_in(c->wire_fd, &c->to_tty);
	c->n_taken += c->to_tty.len - had;
	if (c->tty_fd >= 0 && is_gone(take_in(c->tty_fd, &c->to_wire)))
		unplug(c);
	give_out(c->wire_fd, &c->to_wire);
	if (c->tty_fd < 0 || !c->has_reader) {
		c->n_lost += c->to_tty.len;
		strbuf_reset(&c->to_tty);
		return;
	}
	if (is_gone(give_out(c->tty_fd, &c->to_tty)))
		unplug(c);
}
