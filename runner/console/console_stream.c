// SPDX-License-Identifier: GPL-2.0-or-later
/* The stream of a console: attached, read to disk and to all observers, lost and opened
 * again. */
#include "console/console_int.h"

#include <errno.h>
#include <poll.h>

enum { REOPEN_MS = 20, DRAIN_MS = 500 };

/* What the stream that is gone was told, the new one has to hear. */
static void connect_stream(struct console *c, struct stream *take)
{
	struct err ignored = ERR_INIT; /* without a BREAK it is as it always was */

	c->stream = take;
	c->errors = (struct stream_errors){ .overrun = 0 };
	if (c->tx_held && stream_set_break(take, true, &ignored))
		c->tx_held = false;
}

void console_attach(struct console *c, struct stream *take)
{
	console_detach(c);
	connect_stream(c, take);
	c->last_byte_ns = 0;
}

bool console_is_attached(const struct console *c)
{
	return c->stream != NULL;
}

void console_expect_eof(struct console *c, bool expected)
{
	c->eof_expected = expected;
	/* A console lost before is no reason to leave the power on. */
	if (expected && c->lost_since_ns) {
		c->ended = true;
		c->lost_since_ns = 0;
	}
	if (!expected && c->ended) {
		c->ended = false;
		c->lost_since_ns = clock_now_ns();
		c->next_reopen = deadline_in_ms(0);
	}
}

static int too_much(const struct console *c, struct err *err)
{
	return err_set(err, ERR_LAB, -EFBIG, "the console gave more than %llu bytes",
		       (unsigned long long)c->opts.max_bytes);
}

static int take_bytes(struct console *c, const char *data, size_t len, struct err *err)
{
	uint64_t room =
		c->opts.max_bytes ? c->opts.max_bytes - c->record.offset : UINT64_MAX;
	bool fits = len <= room;
	int64_t t_ns = 0;

	if (!room)
		return too_much(c, err);
	if (!fits)
		len = (size_t)room;
	uint64_t at = c->record.offset;
	int r = record_stamp(&c->record, console_now_ns(c), c->tick_t_ns, &t_ns, err);
	if (!r)
		r = record_write(&c->record, data, len, err);
	if (r)
		return r;
	c->last_byte_ns = console_now_ns(c);
	window_add(&c->window, data, len);
	if (c->share)
		share_tell(c->share, c->record.offset);
	for (size_t i = 0; i < c->n_observers; i++)
		c->observers[i].bytes(c->observers[i].arg, data, len, at, t_ns);
	return fits ? 0 : too_much(c, err);
}

void console_tell_line_errors(struct console *c)
{
	struct stream_errors n, *b = &c->errors;

	c->errors_t_ns = console_now_ns(c);
	if (!c->opts.line_errors || stream_errors(c->stream, &n) ||
	    memcmp(&n, b, sizeof(n)) == 0)
		return;
	const struct stream_errors delta = {
		.overrun = n.overrun - b->overrun,
		.buf_overrun = n.buf_overrun - b->buf_overrun,
		.frame = n.frame - b->frame,
		.parity = n.parity - b->parity,
	};
	*b = n;
	c->opts.line_errors(c->opts.arg, &delta, c->record.offset);
}

static void drop_stream(struct console *c)
{
	console_tell_line_errors(c);
	stream_close(TAKE_PTR(c->stream));
}

static void lose(struct console *c)
{
	drop_stream(c);
	c->ended = c->eof_expected;
	if (!c->ended)
		c->lost_since_ns = clock_now_ns();
	c->next_reopen = deadline_in_ms(0);
}

/* Read what is there, at most one buffer. 1 = end of stream, 0, or an error. */
static int read_some(struct console *c, struct err *err)
{
	size_t len = 0;
	bool end = false;

	while (len < CONSOLE_READ_BYTES) {
		ssize_t n =
			stream_read(c->stream, c->buf + len, CONSOLE_READ_BYTES - len);

		if (n > 0) {
			len += (size_t)n;
			continue;
		}
		/* A pty gives EIO when its other end hangs up, a socket 0 or ECONNRESET.
		 */
		end = n != -EAGAIN;
		break;
	}
	c->last_read = len;
	int r = len ? take_bytes(c, c->buf, len, err) : 0;
	return r ? r : end;
}

int console_read(struct console *c, struct err *err)
{
	int r = read_some(c, err);

	if (r != 1)
		return r;
	lose(c);
	return 0;
}

/* An end or an error of the stream is the next wait's. */
static void drain(struct console *c, int quiet_ms)
{
	struct err err = ERR_INIT;
	struct deadline d = deadline_in_ms(DRAIN_MS);

	while (c->stream && !deadline_passed(d)) {
		struct pollfd p = { .fd = stream_fd(c->stream), .events = POLLIN };

		if (poll(&p, 1, quiet_ms) <= 0 || read_some(c, &err) != 0)
			break;
	}
}

void console_drain(struct console *c)
{
	drain(c, 0);
}

void console_detach(struct console *c)
{
	drain(c, 20);
	if (c->stream)
		drop_stream(c);
	c->lost_since_ns = 0;
	c->ended = false;
}

int console_try_reopen(struct console *c, struct err *err)
{
	int64_t gap_ms = c->ended ? 0 : (clock_now_ns() - c->lost_since_ns) / 1000000;
	struct err why = ERR_INIT; /* of one attempt; the next may do better */
	struct stream *stream = NULL;
	int r = -EAGAIN;

	if (c->opts.reopen && deadline_passed(c->next_reopen)) {
		r = c->opts.reopen(c->opts.arg, &stream, &why);
		c->next_reopen = deadline_in_ms(REOPEN_MS);
	}
	if (!r) {
		bool is_loss = !c->ended;

		connect_stream(c, stream);
		c->lost_since_ns = 0;
		c->ended = c->gap_told = false;
		c->n_gaps += is_loss;
		if (c->opts.gap && is_loss)
			c->opts.gap(c->opts.arg, gap_ms, c->record.offset);
		return 0;
	}
	if (c->ended || gap_ms < c->opts.gap_ms)
		return 0;
	if (c->opts.gap && !c->gap_told)
		c->opts.gap(c->opts.arg, gap_ms, c->record.offset);
	c->gap_told = true;
	return err_set(err, ERR_LAB, -ENOLINK,
		       "console lost for %lld ms (limits.console_gap is %lld ms)%s%s",
		       (long long)gap_ms, (long long)c->opts.gap_ms,
		       why.msg[0] ? ": " : "", why.msg);
}
