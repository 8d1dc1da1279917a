// SPDX-License-Identifier: GPL-2.0-or-later
/* The only reader of the UART: raw bytes to disk, then observers, whatever the caller
 * waits for. */
#include "console/console.h"

#include <errno.h>
#include <poll.h>

#include "console/console_int.h"
#include "util/mem.h"

enum {
	READ_BYTES = 65536,
	TICK_MS = 200,
	REOPEN_MS = 20,
	DRAIN_MS = 500,
	/* A UART that talks without pause gives a few bytes at a time, and each look at
	 * them costs the same: what comes within GATHER_MS is looked at together. Not the
	 * first bytes after a pause, which may be an echo, nor a backlog. */
	GATHER_MS = 4,
	GATHER_BYTES = 2048,
};

/* A line that floats while the board is off counts errors all the time. */
#define ERRORS_NS INT64_C(1000000000)

int console_new(const struct console_opts *opts, struct console **out, struct err *err)
{
	struct console *c = xcalloc(1, sizeof(*c));
	int r = record_open(&c->record, opts->dirfd, err);

	if (r) {
		console_free(c);
		return r;
	}
	c->opts = *opts;
	c->tick_t_ns = -1;
	c->buf = xmalloc(READ_BYTES);
	*out = c;
	return 0;
}

void console_free(struct console *c)
{
	if (!c)
		return;
	stream_close(c->stream);
	share_free(c->share);
	record_close(&c->record);
	window_release(&c->window);
	free(c->buf);
	free(c);
}

int console_share(struct console *c, struct err *err)
{
	return share_new(c->opts.dirfd, &c->share, err);
}

void console_observe(struct console *c, const struct console_observer *o)
{
	if (c->n_observers == CONSOLE_MAX_OBSERVERS)
		BUG("more than %d observers", CONSOLE_MAX_OBSERVERS);
	c->observers[c->n_observers++] = *o;
}

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

uint64_t console_offset(const struct console *c)
{
	return c->record.offset;
}

int64_t console_now_ns(const struct console *c)
{
	return clock_now_ns() - c->opts.start_ns;
}

int64_t console_last_byte_ns(const struct console *c)
{
	return c->last_byte_ns;
}

void console_mark(struct console *c)
{
	window_mark(&c->window);
}

void console_mark_at(struct console *c, uint64_t offset)
{
	window_mark_at(&c->window, offset);
}

const char *console_matched(const struct console *c, size_t *len)
{
	*len = c->window.matched.len;
	return strbuf_str(&c->window.matched);
}

void console_stop(struct console *c)
{
	c->stop = true;
}

void console_resume(struct console *c)
{
	c->stop = false;
}

void console_mask_cancel(struct console *c, bool masked)
{
	c->cancel_masked = masked;
}

bool console_was_canceled(const struct console *c)
{
	return c->canceled;
}

int console_sync(struct console *c, struct err *err)
{
	return record_sync(&c->record, err);
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

static void tell_line_errors(struct console *c)
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
	tell_line_errors(c);
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

	while (len < READ_BYTES) {
		ssize_t n = stream_read(c->stream, c->buf + len, READ_BYTES - len);

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

static void tick(struct console *c)
{
	int64_t t_ns = console_now_ns(c);

	c->tick_t_ns = t_ns;
	if (c->stream && t_ns - c->errors_t_ns >= ERRORS_NS)
		tell_line_errors(c);
	for (size_t i = 0; i < c->n_observers; i++)
		if (c->observers[i].tick)
			c->observers[i].tick(c->observers[i].arg, t_ns);
}

uint32_t console_n_gaps(const struct console *c)
{
	return c->n_gaps;
}

static int try_reopen(struct console *c, struct err *err)
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

static int stream_poll_fd(const struct console *c)
{
	return c->stream ? stream_fd(c->stream) : -1;
}

static short stream_events(const struct console *c)
{
	return c->stream && stream_has_unsent(c->stream) ? POLLIN | POLLOUT : POLLIN;
}

static bool is_trickling(const struct console *c)
{
	return c->last_read && c->last_read < GATHER_BYTES &&
	       console_now_ns(c) - c->last_byte_ns < 2 * GATHER_MS * INT64_C(1000000);
}

/* Let more bytes come, unless something else does. */
static int gather(struct pollfd p[4], struct deadline until)
{
	struct deadline d = deadline_min(until, deadline_in_ms(GATHER_MS));
	int n = poll(p + 1, 3, deadline_poll_ms(d));

	return n > 0 ? n : 0;
}

int console_turn(struct console *c, int extra_fd, short events, struct deadline until,
		 bool *extra, struct err *err)
{
	struct deadline limit =
		deadline_min(until, deadline_in_ms(c->stream ? TICK_MS : 20));
	struct pollfd p[4] = {
		{ .fd = stream_poll_fd(c), .events = stream_events(c) },
		{ .fd = c->cancel_masked || c->canceled ? -1 : c->opts.cancel_fd,
		  .events = POLLIN },
		{ .fd = extra_fd, .events = events },
		{ .fd = c->share ? share_fd(c->share) : -1, .events = POLLIN },
	};
	int r = 0, n = poll(p, ARRAY_SIZE(p), deadline_poll_ms(limit));

	if (n == 1 && p[0].revents == POLLIN && is_trickling(c))
		n += gather(p, until);
	if (n < 0 && errno != EINTR)
		return err_set(err, ERR_LAB, -errno, "poll: %s", strerror(errno));
	if (n > 0 && p[0].revents)
		r = read_some(c, err);
	if (r == 1) {
		lose(c);
		r = 0;
	}
	if (!r && (c->lost_since_ns || c->ended))
		r = try_reopen(c, err);
	if (r)
		return r;
	if (n > 0 && p[1].revents)
		c->canceled = true;
	*extra = n > 0 && p[2].revents;
	if (n > 0 && p[3].revents)
		share_serve(c->share);
	if (console_now_ns(c) - c->tick_t_ns >= (int64_t)TICK_MS * 1000000)
		tick(c);
	return 0;
}

int console_interrupted(struct console *c, struct err *err)
{
	if (c->canceled && !c->cancel_masked)
		return err_set(err, ERR_CANCELED, -ECANCELED, "canceled");
	return c->stop ? -EINTR : 0;
}

int console_wait(struct console *c, struct pattern *const patterns[], size_t n,
		 struct deadline d, struct console_hit *hit, struct err *err)
{
	window_search_for(&c->window, patterns, n);
	for (;;) {
		bool extra;
		int r = console_interrupted(c, err);

		if (r)
			return r;
		if (window_search(&c->window, patterns, n, hit))
			return 0;
		if (deadline_passed(d))
			return -ETIMEDOUT;
		r = console_turn(c, -1, 0, d, &extra, err);
		if (r)
			return r;
	}
}

int console_wait_fd(struct console *c, int fd, struct deadline d, struct err *err)
{
	for (;;) {
		bool ready = false;
		int r = console_interrupted(c, err);

		if (r)
			return r;
		if (deadline_passed(d))
			return fd < 0 ? 0 : -ETIMEDOUT;
		r = console_turn(c, fd, POLLIN, d, &ready, err);
		if (r || ready)
			return r;
	}
}
