// SPDX-License-Identifier: GPL-2.0-or-later
/* The board's UART as a non-blocking stream of bytes, whatever carries it. Open,
 * configure and carry only: who reads it, and what the bytes mean, is console/. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "parse/board_spec.h"
#include "util/clock.h"
#include "util/err.h"

struct stream;

/* Open a console that exists apart from the machine (all transports but qemu). 0 and
 * *out, or ERR_LAB: -ENOENT, -EBUSY, -ECONNREFUSED …. A network host may block up to d.
 */
MUST_CHECK int stream_open(const struct board_console *c, struct deadline d,
			   struct stream **out, struct err *err);
/* A descriptor that is connected already; it is made non-blocking. */
struct stream *stream_of_fd(int take_fd);
void stream_close(struct stream *s); /* NULL is fine; ends a BREAK that is on */

/* Drop what a tty has kept since before it was opened: another run's last words. */
void stream_forget_input(struct stream *s);

/* To poll for input; also for room to write while stream_has_unsent(). Read after either:
 * bytes may be here already. */
int stream_fd(const struct stream *s);
bool stream_has_unsent(const struct stream *s);
/* Bytes, or -errno: -EAGAIN when there is nothing to read or no room to write. A read of
 * 0 is the end; it also sends what is unsent. */
MUST_CHECK ssize_t stream_read(struct stream *s, void *buf, size_t len);
MUST_CHECK ssize_t stream_write(struct stream *s, const void *buf, size_t len);

/* The BREAK condition: TX low until it is switched off. -EOPNOTSUPP (ERR_NONE) where the
 * transport has none, another code (ERR_LAB) where it should have worked. */
MUST_CHECK int stream_set_break(struct stream *s, bool on, struct err *err);

struct stream_errors {        /* what the receiver counted since the stream was opened */
	uint32_t overrun;     /* the UART's FIFO was full: bytes were lost */
	uint32_t buf_overrun; /* the kernel's buffer was full: bytes were lost */
	uint32_t frame;       /* no stop bit: wrong rate, a BREAK, noise */
	uint32_t parity;
};
/* 0, or -EOPNOTSUPP where nobody counts. */
MUST_CHECK int stream_errors(struct stream *s, struct stream_errors *total);
