// SPDX-License-Identifier: GPL-2.0-or-later
/* The board's end of the console cable, on a pty or a unix socket, and the book about it:
 * sent.raw and received.raw hold every byte that crossed, log.jsonl what happened when.
 * Knows nothing of scripts or power. */
#pragma once

#include <stdbool.h>

#include "util/err.h"
#include "util/strbuf.h"

struct wire {
	const char *dir; /* borrowed; the console is DIR/console */
	bool is_unix, is_cooked;
	int fd;        /* pty master or connected peer; -1 = nobody there */
	int slave_fd;  /* kept open, so that a worker that closes is no hang-up */
	int listen_fd; /* unix only */
	int sent_fd, received_fd, log_fd;
	uint64_t n_sent, n_received;
};

MUST_CHECK int wire_open(struct wire *w, const char *dir, bool is_unix, bool is_cooked,
			 struct err *err);
/* Cut the cable: the other end sees a hang-up and DIR/console is gone. */
void wire_hang_up(struct wire *w);
MUST_CHECK int wire_plug_in(struct wire *w, struct err *err);
/* Unix only: take a waiting client if there is none yet. */
void wire_accept(struct wire *w);
/* Bytes taken (0 = full just now; with nobody connected all are lost, as on a real UART),
 * or a negative errno when the cable broke. */
ssize_t wire_write(struct wire *w, const void *data, size_t len);
/* Bytes read, 0 = none. is_on is for the log only. */
ssize_t wire_read(struct wire *w, void *buf, size_t cap, bool is_on);
/* One line in log.jsonl with the monotonic time. detail is any text or NULL. */
void wire_log(struct wire *w, const char *what, const char *detail);
