// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of the console share: the reader itself, and one turn of its loop. Not
 * for others. */
#pragma once

#include "console/console.h"
#include "console/record.h"
#include "console/share.h"
#include "console/window.h"

enum { CONSOLE_MAX_OBSERVERS = 8, CONSOLE_READ_BYTES = 65536 };

struct console {
	struct console_opts opts;
	struct stream *stream; /* NULL = not attached, or lost */
	struct record record;
	int64_t tick_t_ns, last_byte_ns;
	struct console_observer observers[CONSOLE_MAX_OBSERVERS];
	size_t n_observers;
	struct window window;
	bool stop, canceled, cancel_masked, eof_expected;
	bool ended;    /* the stream ended while that was expected */
	bool gap_told; /* of the loss that goes on */
	uint32_t n_gaps;
	int64_t lost_since_ns; /* 0 = not lost */
	struct deadline next_reopen;
	bool tx_held;                /* BREAK until further notice */
	struct stream_errors errors; /* told already */
	int64_t errors_t_ns;
	struct share *share; /* NULL = nobody may read along */
	size_t last_read;    /* bytes of the last read; 0 = that was a while ago */
	char *buf;
};

/* Read what is there, at most one buffer; the stream may be lost then. */
MUST_CHECK int console_read(struct console *c, struct err *err);
/* The stream was lost, or ended: open it again if its time has come. -ENOLINK: it has
 * been gone for too long. */
MUST_CHECK int console_try_reopen(struct console *c, struct err *err);
void console_tell_line_errors(struct console *c);
/* Why a wait has to end now, or 0. */
MUST_CHECK int console_interrupted(struct console *c, struct err *err);
/* One turn: wait for bytes, cancel, the extra fd or until, at most a tick. *extra says
 * whether the extra fd is ready (as many of events as asked for). */
MUST_CHECK int console_turn(struct console *c, int extra_fd, short events,
			    struct deadline until, bool *extra, struct err *err);
