// SPDX-License-Identifier: GPL-2.0-or-later
/* What a transport implements. Private to hw/stream*.c. */
#pragma once

#include "hw/stream.h"

struct stream_ops {
	/* NULL: read(2) and write(2) of the descriptor. */
	ssize_t (*read)(struct stream *s, void *buf, size_t len);
	ssize_t (*write)(struct stream *s, const void *buf, size_t len);
	bool (*has_unsent)(const struct stream *s);                   /* NULL: no */
	int (*set_break)(struct stream *s, bool on, struct err *err); /* NULL: none */
	int (*errors)(struct stream *s, struct stream_errors *total); /* NULL: none */
	void (*release)(struct stream *s); /* all but the descriptor; may be NULL */
};

/* First member of each transport's own struct. */
struct stream {
	const struct stream_ops *ops;
	int fd;
	bool is_break_on;
};

/* Is a rate near enough to what was asked for? */
bool stream_rate_fits(uint32_t got, uint32_t asked);

/* The descriptor's own read and write, with -errno. */
ssize_t stream_fd_read(struct stream *s, void *buf, size_t len);
ssize_t stream_fd_write(struct stream *s, const void *buf, size_t len);

/* A tty that is configured already: BREAK and counts by its ioctls, where it is a UART.
 */
struct stream *stream_of_tty(int take_fd);
MUST_CHECK int stream_open_tty(const struct board_console *c, struct stream **out,
			       struct err *err);
MUST_CHECK int stream_open_serial(const struct board_console *c, struct stream **out,
				  struct err *err);
MUST_CHECK int stream_open_unix(const char *path, struct stream **out, struct err *err);
MUST_CHECK int stream_open_telnet(const struct board_console *c, struct deadline d,
				  struct stream **out, struct err *err);
/* A connected, non-blocking socket. */
MUST_CHECK int stream_connect_tcp(const char *device, struct deadline d, int *fd,
				  struct err *err);
