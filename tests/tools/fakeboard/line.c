// SPDX-License-Identifier: GPL-2.0-or-later
/* The board's side of its serial line: bytes out at the pace that is asked for, bytes in
 * with what a real line does to them, and the wait in which both and the power switch are
 * served. */
#include <errno.h>
#include <poll.h>

#include "fakeboard/board.h"
#include "util/mem.h"
#include "util/num.h"

/* The line is full: wait for the reader, but power still works. */
static int wait_room(struct board *b)
{
	struct pollfd p[] = { { .fd = b->ctl_fd, .events = POLLIN },
			      { .fd = b->wire.fd, .events = POLLOUT } };

	/* A pty's POLLOUT is not always announced, hence the short limit. */
	if (poll(p, ARRAY_SIZE(p), 2) > 0 && (p[0].revents & POLLIN))
		board_serve_client(b);
	return board_check_gone(b);
}

int board_put(struct board *b, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		size_t chunk = b->byte_us ? 1 : len;
		ssize_t n = wire_write(&b->wire, p, chunk);

		if (n < 0)
			BUG("console: %s", strerror((int)-n));
		p += n;
		len -= (size_t)n;
		if (n == 0 && wait_room(b))
			return GONE;
		if (b->byte_us && n &&
		    board_wait(b, deadline_in_ns(b->byte_us * INT64_C(1000))))
			return GONE;
	}
	return board_check_gone(b);
}

int board_put_crlf(struct board *b, const char *text, size_t len)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			strbuf_addch(&sb, '\r');
		strbuf_addch(&sb, text[i]);
	}
	return board_put(b, strbuf_str(&sb), sb.len);
}

int board_say(struct board *b, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	return board_put_crlf(b, strbuf_str(&sb), sb.len);
}

/* ---- bytes in ---- */

static int echo_back(struct board *b, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool is_end = data[i] == '\r' || data[i] == '\n';

		if (data[i] != '\3' &&
		    board_put(b, is_end ? "\r\n" : data + i, is_end ? 2 : 1))
			return GONE;
	}
	return GO_ON;
}

/* `set lose N`: the Nth byte that is typed from now on never arrives, once. */
static size_t lose_byte(struct board *b, char *buf, size_t n)
{
	const char *which = board_get(b, "lose");
	uint64_t at;

	if (!*which || !b->echo || parse_u64n(which, strlen(which), 10, 1000, &at) || !at)
		return n;
	if (at > n) {
		_cleanup_free_ char *left = xasprintf("%zu", (size_t)at - n);

		board_set(b, "lose", left);
		return n;
	}
	board_set(b, "lose", "");
	memmove(buf + at - 1, buf + at, n - at);
	return n - 1;
}

/* A UART that overruns: every Nth byte never arrives. Returns how many did. */
static size_t lose_some(struct board *b, char *buf, size_t len)
{
	size_t kept = 0;

	for (size_t i = 0; i < len; i++)
		if (!b->lose_every || ++b->n_input % b->lose_every)
			buf[kept++] = buf[i];
	return kept;
}

static int take_input(struct board *b)
{
	char buf[4096];
	ssize_t n = wire_read(&b->wire, buf, sizeof(buf), b->is_on);

	if (n <= 0 || !b->is_on || b->is_deaf)
		return board_check_gone(b);
	n = (ssize_t)lose_some(b, buf, (size_t)n);
	if (b->shell_fd >= 0) {
		/* The inner tty echoes. Too much at once is lost, as on a real tty. */
		if (write(b->shell_fd, buf, (size_t)n) < 0)
			wire_log(&b->wire, "input lost", strerror(errno));
		return board_check_gone(b);
	}
	size_t len = lose_byte(b, buf, (size_t)n);
	strbuf_add(&b->typed, buf, len);
	return b->echo ? echo_back(b, buf, len) : board_check_gone(b);
}

int board_pump(struct board *b, struct deadline d)
{
	struct pollfd p[] = { { .fd = b->ctl_fd, .events = POLLIN },
			      { .fd = b->wire.fd, .events = POLLIN },
			      { .fd = b->shell_fd, .events = POLLIN },
			      { .fd = b->wire.listen_fd, .events = POLLIN } };
	struct timespec ts = { 0 };

	if (p[1].fd >= 0)
		p[3].fd = -1; /* one client at a time */
	int64_t left = d.at_ns == INT64_MAX ? INT64_MAX : d.at_ns - clock_now_ns();
	ts.tv_sec = left > 0 ? (time_t)(left / 1000000000) : 0;
	ts.tv_nsec = left > 0 ? (long)(left % 1000000000) : 0;
	if (ppoll(p, ARRAY_SIZE(p), left == INT64_MAX ? NULL : &ts, NULL) <= 0)
		return board_check_gone(b);
	if (p[0].revents)
		board_serve_client(b);
	if ((p[1].revents || p[3].revents) && !b->is_gone && take_input(b))
		return GONE;
	return board_check_gone(b);
}

int board_wait(struct board *b, struct deadline d)
{
	size_t before = b->typed.len;

	do {
		if (board_pump(b, d))
			return GONE;
	} while (!deadline_passed(d) && b->typed.len == before);
	return GO_ON;
}

int board_read_line(struct board *b, struct strbuf *line)
{
	for (;;) {
		const char *text = strbuf_str(&b->typed);
		size_t n = strcspn(text, "\r\n\3");

		if (n < b->typed.len && text[n]) {
			strbuf_add(line, text, n + (text[n] == '\3'));
			strbuf_drop_front(&b->typed, n + 1);
			return GO_ON;
		}
		if (board_pump(b, DEADLINE_NEVER))
			return GONE;
	}
}
