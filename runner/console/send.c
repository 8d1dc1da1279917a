// SPDX-License-Identifier: GPL-2.0-or-later
/* What goes out to the board: bytes, a BREAK, and TX held low. What comes in is served
 * meanwhile. */
#include <errno.h>
#include <poll.h>

#include "console/console_int.h"

int console_send(struct console *c, const void *data, size_t len, uint32_t delay_us,
		 struct deadline d, struct err *err)
{
	const char *p = data;

	while (len) {
		int r = console_interrupted(c, err);

		if (r)
			return r;
		size_t want = delay_us ? 1 : len;
		ssize_t n = c->stream ? stream_write(c->stream, p, want) : -EAGAIN;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
			if (delay_us && len) {
				struct deadline pace =
					deadline_in_ns((int64_t)delay_us * 1000);

				r = console_wait_fd(c, -1, pace, err);
				if (r)
					return r;
			}
			continue;
		}
		if (deadline_passed(d))
			return err_set(err, ERR_LAB, -EIO, "the console takes no bytes");
		/* Full, or gone: serve the console until it takes bytes again. */
		bool ready;
		r = console_turn(c, c->stream ? stream_fd(c->stream) : -1, POLLOUT,
				 deadline_min(d, deadline_in_ms(50)), &ready, err);
		if (r)
			return r;
	}
	return 0;
}

int console_break(struct console *c, int64_t ms, struct err *err)
{
	struct err ignored = ERR_INIT;
	int r;

	if (!c->stream)
		return err_set(err, ERR_LAB, -ENOLINK, "no BREAK: the console is gone");
	r = stream_set_break(c->stream, true, err);
	if (r)
		return r;
	bool was_stopped = c->stop;
	c->stop = false;
	struct deadline end = deadline_in_ms(ms);
	while ((r = console_wait_fd(c, -1, end, err)) == -EINTR) {
		was_stopped = true;
		c->stop = false;
	}
	c->stop = was_stopped;
	/* A stream that was lost meanwhile was closed, which ends its BREAK. */
	if (c->stream && !c->tx_held &&
	    stream_set_break(c->stream, false, r ? &ignored : err) && !r)
		r = err->code;
	return r;
}

int console_hold_tx_low(struct console *c, bool on, struct err *err)
{
	if (on == c->tx_held)
		return 0;
	int r = c->stream ? stream_set_break(c->stream, on, err) : 0;
	c->tx_held = on && !r;
	return r;
}
