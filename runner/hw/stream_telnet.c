// SPDX-License-Identifier: GPL-2.0-or-later
/* A console behind a telnet server, with or without RFC 2217: the codec between a socket
 * and the console. */
#include <errno.h>
#include <poll.h>

#include "hw/stream_int.h"
#include "hw/telnet.h"
#include "util/mem.h"

enum {
	MAX_CHUNKS = 16,     /* of the socket, in one read */
	CHUNK_BYTES = 4096,  /* of the console's bytes, in one write */
	EARLY_MAX = 1 << 20, /* what may come before the port is set */
};

struct telnet_stream {
	struct stream s;
	struct telnet t;
	struct strbuf early; /* came while the port was set; read first */
};

static struct telnet_stream *of(struct stream *s)
{
	return (struct telnet_stream *)s;
}

/* 0 when all is sent, else -errno. */
static int flush(struct telnet_stream *ts)
{
	struct strbuf *out = &ts->t.out;

	while (out->len) {
		ssize_t n = stream_fd_write(&ts->s, out->buf, out->len);

		if (n < 0)
			return (int)n;
		strbuf_drop_front(out, (size_t)n);
	}
	return 0;
}

/* A peer that sends nothing but commands gets its turn again: it must not keep us from
 * deadline and cancel. */
static ssize_t read_socket(struct telnet_stream *ts, void *buf, size_t len)
{
	for (int i = 0; i < MAX_CHUNKS; i++) {
		ssize_t n = stream_fd_read(&ts->s, buf, len);

		if (n <= 0)
			return n;
		size_t left = telnet_decode(&ts->t, buf, (size_t)n);
		/* What cannot be sent now, later; a dead line shows in the read. */
		(void)!flush(ts);
		if (left)
			return (ssize_t)left;
	}
	return -EAGAIN;
}

static ssize_t telnet_read(struct stream *s, void *buf, size_t len)
{
	struct telnet_stream *ts = of(s);

	(void)!flush(ts);
	if (!ts->early.len)
		return read_socket(ts, buf, len);
	size_t n = ts->early.len < len ? ts->early.len : len;
	memcpy(buf, ts->early.buf, n);
	strbuf_drop_front(&ts->early, n);
	return (ssize_t)n;
}

static ssize_t telnet_write(struct stream *s, const void *buf, size_t len)
{
	struct telnet_stream *ts = of(s);
	size_t n = len < CHUNK_BYTES ? len : CHUNK_BYTES;
	int r = flush(ts);

	if (r)
		return r;
	telnet_encode(&ts->t, buf, n);
	r = flush(ts);
	return r && r != -EAGAIN ? r : (ssize_t)n;
}

/* What came early does not make the socket readable: room to write is there at once, and
 * whoever polls for it comes to read. */
static bool telnet_has_unsent(const struct stream *s)
{
	const struct telnet_stream *ts = (const struct telnet_stream *)s;

	return ts->t.out.len > 0 || ts->early.len > 0;
}

static int send_break(struct stream *s, bool on, struct err *err)
{
	struct telnet_stream *ts = of(s);

	if (ts->t.has_port)
		telnet_set_break(&ts->t, on);
	else if (on)
		telnet_send_break(&ts->t);
	int r = flush(ts);
	return r && r != -EAGAIN
		       ? err_set(err, ERR_LAB, r, "console: BREAK: %s", strerror(-r))
		       : 0;
}

static int telnet_errors(struct stream *s, struct stream_errors *total)
{
	const struct telnet_port *p = &of(s)->t.port;

	if (!of(s)->t.has_port)
		return -EOPNOTSUPP;
	*total = (struct stream_errors){ .overrun = p->overrun,
					 .frame = p->frame,
					 .parity = p->parity_errors };
	return 0;
}

static void telnet_end(struct stream *s)
{
	struct telnet_stream *ts = of(s);

	telnet_release(&ts->t);
	strbuf_release(&ts->early);
}

static const struct stream_ops ops = {
	.read = telnet_read,
	.write = telnet_write,
	.has_unsent = telnet_has_unsent,
	.set_break = send_break,
	.errors = telnet_errors,
	.release = telnet_end,
};

static int wait_for_more(struct telnet_stream *ts, struct deadline d)
{
	struct pollfd p = { .fd = ts->s.fd,
			    .events = ts->t.out.len ? POLLIN | POLLOUT : POLLIN };

	while (poll(&p, 1, deadline_poll_ms(d)) < 0)
		if (errno != EINTR)
			return -errno;
	return p.revents ? 0 : -ETIMEDOUT;
}

/* One turn of the dialogue before the console is handed out. */
static int pump(struct telnet_stream *ts, struct deadline d)
{
	char buf[CHUNK_BYTES];
	int r = flush(ts);

	if (!r || r == -EAGAIN)
		r = wait_for_more(ts, d);
	if (r)
		return r;
	ssize_t n = read_socket(ts, buf, sizeof(buf));
	if (n == 0)
		return -ECONNRESET;
	if (n < 0)
		return n == -EAGAIN ? 0 : (int)n;
	strbuf_add(&ts->early, buf, (size_t)n);
	return ts->early.len > EARLY_MAX ? -EPROTO : 0;
}

static bool is_set(const struct telnet_port *p)
{
	return p->refused || (p->baud && p->bits && p->parity && p->stop);
}

static int check_port(const struct board_console *c, const struct telnet_port *p,
		      struct err *err)
{
	if (p->refused)
		return err_set(
			err, ERR_LAB, -EPROTO,
			"console %s: this server does not speak RFC 2217; expected transport: telnet or tcp for it",
			c->device);
	if (!stream_rate_fits(p->baud, c->baud))
		return err_set(err, ERR_LAB, -EIO,
			       "console %s: asked for %u baud, its port runs at %u",
			       c->device, c->baud, p->baud);
	if (p->bits != 8 || p->parity != 1 || p->stop != 1)
		return err_set(
			err, ERR_LAB, -EIO,
			"console %s: asked for 8N1, its port has %u bits, parity %u, stop %u",
			c->device, p->bits, p->parity, p->stop);
	return 0;
}

static int set_port(struct telnet_stream *ts, const struct board_console *c,
		    struct deadline d, struct err *err)
{
	int r = 0;

	telnet_ask_port(&ts->t, c->baud);
	while (!r && !is_set(&ts->t.port))
		r = pump(ts, d);
	if (!r)
		return check_port(c, &ts->t.port, err);
	if (r == -ETIMEDOUT)
		return err_set(err, ERR_LAB, r,
			       "console %s: no answer about its port: %s", c->device,
			       ts->t.spoke ? "it speaks telnet, but not RFC 2217"
					   : "no telnet server is there");
	return err_set(err, ERR_LAB, r, "console %s: %s", c->device, strerror(-r));
}

int stream_open_telnet(const struct board_console *c, struct deadline d,
		       struct stream **out, struct err *err)
{
	bool has_port = c->transport == BOARD_CONSOLE_RFC2217;
	int fd = -1, r = stream_connect_tcp(c->device, d, &fd, err);

	if (r)
		return r;
	struct telnet_stream *ts = xcalloc(1, sizeof(*ts));
	ts->s.ops = &ops;
	ts->s.fd = fd;
	telnet_init(&ts->t, has_port);
	if (has_port)
		r = set_port(ts, c, d, err);
	if (r)
		stream_close(&ts->s);
	else
		*out = &ts->s;
	return r;
}
