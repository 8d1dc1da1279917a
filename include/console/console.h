// SPDX-License-Identifier: GPL-2.0-or-later
/* The only reader of the UART. Every byte goes to console.raw, then to the index, then to
 * the observers, whatever the caller waits for: a prompt, a process, a relay, or nothing.
 *
 * console.raw: the bytes in order of arrival, nothing else.
 * console.idx: text lines "T_NS OFFSET\n": from that offset on, bytes came at T_NS
 * (nanoseconds since the run began, CLOCK_MONOTONIC; resolution 2 ms). */
#pragma once

#include <stdbool.h>

#include "hw/stream.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/pattern.h"

struct console;

struct console_observer {
	/* bytes stand at offset in console.raw (already on disk); t_ns is run time. Must
	 * not block. */
	void (*bytes)(void *arg, const char *data, size_t len, uint64_t offset,
		      int64_t t_ns);
	/* No bytes for a while; called at least every 200 ms while somebody waits. May be
	 * NULL. */
	void (*tick)(void *arg, int64_t t_ns);
	void *arg;
};

/* Opens the lost console again; 0 and *out, -EAGAIN when it is not back yet, else an
 * error. */
typedef int (*console_reopen_fn)(void *arg, struct stream **out, struct err *err);

struct console_opts {
	int dirfd; /* of the run directory: console.raw and console.idx are created there
		    */
	int cancel_fd;            /* readable = stop; -1 = none */
	int64_t start_ns;         /* CLOCK_MONOTONIC instant that run time counts from */
	int64_t gap_ms;           /* a console lost for longer is a lab fault */
	uint64_t max_bytes;       /* console.raw may not grow beyond this; 0 = no limit */
	console_reopen_fn reopen; /* NULL: a lost console is lost */
	/* A gap in the record: the console was gone for that long. NULL = not wanted */
	void (*gap)(void *arg, int64_t gap_ms, uint64_t offset);
	/* The receiver counted errors since the last call; at most once a second. NULL =
	 * not wanted */
	void (*line_errors)(void *arg, const struct stream_errors *delta,
			    uint64_t offset);
	void *arg; /* for all three */
};

MUST_CHECK int console_new(const struct console_opts *opts, struct console **out,
			   struct err *err);
void console_free(struct console *c); /* syncs and closes everything; NULL is fine */
void console_observe(struct console *c,
		     const struct console_observer *o); /* copied, at most 8 */

/* Let others read along at console.sock in the run directory (console/share.h). */
MUST_CHECK int console_share(struct console *c, struct err *err);

/* Attach the stream. Detach reads what is still there first and closes it. */
void console_attach(struct console *c, struct stream *take);
void console_detach(struct console *c);
/* Read what is there already, without a wait. */
void console_drain(struct console *c);
bool console_is_attached(const struct console *c);
/* While the board is off by our own hand an end of the stream is no loss: it is opened
 * again whenever it comes back. From false on it has gap_ms to do so. */
void console_expect_eof(struct console *c, bool expected);

/* Everything below returns 0 or, with err set:
 *   -ETIMEDOUT  the deadline passed (ERR_NONE class: the caller says what it means)
 *   -ECANCELED  cancel_fd became readable, unless cancel is masked (ERR_CANCELED)
 *   -EINTR      console_stop() was called by an observer: see the watch (ERR_NONE)
 *   -ENOLINK    the console is gone and did not come back within gap_ms (ERR_LAB)
 *   -EFBIG, -ENOSPC, -EIO  the record cannot be written (ERR_LAB) */

struct console_hit {
	int index;       /* which pattern */
	uint64_t offset; /* of the byte after the match, in console.raw */
	char text[256];  /* what matched, cleaned and cut */
};

/* Wait until one of the patterns matches in what came since the mark, line by line, the
 * unfinished last one too. The mark moves behind the match. Where a kernel line broke
 * into an unfinished one (`virt:~# [   12.345678] random: …`), what stood there before is
 * searched as well, so that a prompt that ends with $ is found. A pattern_new_line() is
 * searched in complete lines only. */
MUST_CHECK int console_wait(struct console *c, struct pattern *const patterns[], size_t n,
			    struct deadline d, struct console_hit *hit, struct err *err);
/* The text that the last hit was found in: pattern_group() of its pattern counts from
 * there. Borrowed until the next wait. */
const char *console_matched(const struct console *c, size_t *len);
/* Serve the console until fd is readable (fd -1: until the deadline, which then is
 * success). */
MUST_CHECK int console_wait_fd(struct console *c, int fd, struct deadline d,
			       struct err *err);
/* Type. Serves the console while the line is busy. delay_us between bytes; 0 = all at
 * once. */
MUST_CHECK int console_send(struct console *c, const void *data, size_t len,
			    uint32_t delay_us, struct deadline d, struct err *err);
/* A BREAK of that length; serves the console meanwhile. -EOPNOTSUPP (ERR_NONE) where the
 * stream has none. What comes meanwhile does not end it early: only a cancel does. */
MUST_CHECK int console_break(struct console *c, int64_t ms, struct err *err);
/* Hold TX low (a BREAK without end), so that an idle-high line feeds no board that is
 * off; a stream that comes back is held again. -EOPNOTSUPP (ERR_NONE) where the stream
 * has no BREAK; nothing to do is 0. */
MUST_CHECK int console_hold_tx_low(struct console *c, bool on, struct err *err);
/* Forget what came so far: the next console_wait sees only what comes from now on. */
void console_mark(struct console *c);
/* The same up to the end of the line that has this offset in console.raw. */
void console_mark_at(struct console *c, uint64_t offset);

/* An observer asks the waits to end with -EINTR, until console_resume. */
void console_stop(struct console *c);
void console_resume(struct console *c);
void console_mask_cancel(struct console *c, bool masked);
bool console_was_canceled(const struct console *c);

uint64_t console_offset(const struct console *c);
int64_t console_now_ns(const struct console *c); /* run time */
/* Losses of the console that it came back from. */
uint32_t console_n_gaps(const struct console *c);
int64_t console_last_byte_ns(
	const struct console *c); /* run time; 0 = none came since the attach */
/* fsync the record: before a result is written. */
MUST_CHECK int console_sync(struct console *c, struct err *err);
