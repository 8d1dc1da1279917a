// SPDX-License-Identifier: GPL-2.0-or-later
/* The only reader of the UART, whatever the caller waits for: one turn of the loop, and
 * the waits made of it. */
#include "console/console.h"

#include <errno.h>
#include <poll.h>

#include "console/console_int.h"
#include "util/mem.h"

enum {
	TICK_MS = 200,
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
	c->buf = xmalloc(CONSOLE_READ_BYTES);
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

static void tick(struct console *c)
{
	int64_t t_ns = console_now_ns(c);

	c->tick_t_ns = t_ns;
	if (c->stream && t_ns - c->errors_t_ns >= ERRORS_NS)
		console_tell_line_errors(c);
	for (size_t i = 0; i < c->n_observers; i++)
		if (c->observers[i].tick)
			c->observers[i].tick(c->observers[i].arg, t_ns);
}

uint32_t console_n_gaps(const struct console *c)
{
	return c->n_gaps;
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
		r = console_read(c, err);
	if (!r && (c->lost_since_ns || c->ended))
		r = console_try_reopen(c, err);
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
