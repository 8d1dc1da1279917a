// SPDX-License-Identifier: GPL-2.0-or-later
/* Console transports: which one, and what they have in common. */
#include "hw/stream.h"

#include <errno.h>
#include <termios.h>
#include <unistd.h>

#include "hw/stream_int.h"
#include "util/io.h"
#include "util/mem.h"

ssize_t stream_fd_read(struct stream *s, void *buf, size_t len)
{
	return io_read(s->fd, buf, len);
}

ssize_t stream_fd_write(struct stream *s, const void *buf, size_t len)
{
	ssize_t n;

	do
		n = write(s->fd, buf, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

struct stream *stream_of_fd(int take_fd)
{
	static const struct stream_ops ops = { .read = NULL };
	struct stream *s = xcalloc(1, sizeof(*s));

	s->ops = &ops;
	s->fd = take_fd;
	if (io_set_nonblock(take_fd, true))
		BUG("descriptor %d is no stream", take_fd);
	return s;
}

/* A receiver samples in the middle of a bit: 2 % off is a fifth of a bit at the tenth. */
bool stream_rate_fits(uint32_t got, uint32_t asked)
{
	uint64_t off = got > asked ? got - asked : asked - got;

	return off * 50 <= asked;
}

static int open_tcp(const struct board_console *c, struct deadline d, struct stream **out,
		    struct err *err)
{
	int fd = -1, r = stream_connect_tcp(c->device, d, &fd, err);

	if (!r)
		*out = stream_of_fd(fd);
	return r;
}

int stream_open(const struct board_console *c, struct deadline d, struct stream **out,
		struct err *err)
{
	switch (c->transport) {
	case BOARD_CONSOLE_PTY:
		return stream_open_tty(c, out, err);
	case BOARD_CONSOLE_UNIX:
		return stream_open_unix(c->device, out, err);
	case BOARD_CONSOLE_TCP:
		return open_tcp(c, d, out, err);
	case BOARD_CONSOLE_TELNET:
	case BOARD_CONSOLE_RFC2217:
		return stream_open_telnet(c, d, out, err);
	case BOARD_CONSOLE_SERIAL:
		return stream_open_serial(c, out, err);
	case BOARD_CONSOLE_QEMU:
		BUG("the QEMU console comes with its power");
	}
	BUG("transport %d", (int)c->transport);
}

void stream_close(struct stream *s)
{
	struct err ignored = ERR_INIT;

	if (!s)
		return;
	/* Whoever opens the line next expects one that talks. */
	if (s->is_break_on && stream_set_break(s, false, &ignored))
		s->is_break_on = false;
	if (s->ops->release)
		s->ops->release(s);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

void stream_forget_input(struct stream *s)
{
	(void)tcflush(s->fd, TCIFLUSH); /* a socket keeps nothing for the next client */
}

int stream_fd(const struct stream *s)
{
	return s->fd;
}

bool stream_has_unsent(const struct stream *s)
{
	return s->ops->has_unsent && s->ops->has_unsent(s);
}

ssize_t stream_read(struct stream *s, void *buf, size_t len)
{
	return s->ops->read ? s->ops->read(s, buf, len) : stream_fd_read(s, buf, len);
}

ssize_t stream_write(struct stream *s, const void *buf, size_t len)
{
	return s->ops->write ? s->ops->write(s, buf, len) : stream_fd_write(s, buf, len);
}

int stream_set_break(struct stream *s, bool on, struct err *err)
{
	int r = -EOPNOTSUPP;

	if (s->ops->set_break)
		r = s->ops->set_break(s, on, err);
	if (!r)
		s->is_break_on = on;
	return r;
}

int stream_errors(struct stream *s, struct stream_errors *total)
{
	return s->ops->errors ? s->ops->errors(s, total) : -EOPNOTSUPP;
}
