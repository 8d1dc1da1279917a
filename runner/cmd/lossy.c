// SPDX-License-Identifier: GPL-2.0-or-later
/* The stream that rather forgets than blocks. */
#include "cmd/lossy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "util/clock.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum how { HOW_WRITE, HOW_SEND };

struct lossy {
	int fd;
	enum how how;
	bool is_own; /* fd was opened here */
	struct strbuf pending;
	uint64_t dropped;
};

/* A description of our own, so that O_NONBLOCK does not reach the shell that shares the
 * terminal. A file never blocks and would lose its offset. */
static void unblock(struct lossy *l)
{
	char path[32];
	struct stat st;

	if (fstat(l->fd, &st) || S_ISREG(st.st_mode))
		return;
	if (S_ISSOCK(st.st_mode)) {
		l->how = HOW_SEND;
		return;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", l->fd);
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0) {
		l->fd = fd;
		l->is_own = true;
	}
}

/* Give away what fd takes now. */
static void push(struct lossy *l)
{
	while (l->pending.len) {
		ssize_t n = l->how == HOW_SEND
				    ? send(l->fd, l->pending.buf, l->pending.len,
					   MSG_DONTWAIT | MSG_NOSIGNAL)
				    : write(l->fd, l->pending.buf, l->pending.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			strbuf_reset(&l->pending); /* nobody is there any more */
		if (n <= 0)
			return;
		strbuf_drop_front(&l->pending, (size_t)n);
	}
	if (l->dropped) {
		strbuf_addf(&l->pending,
			    "... %llu bytes not shown: the terminal did not keep up\n",
			    (unsigned long long)l->dropped);
		l->dropped = 0;
	}
}

static ssize_t lossy_write(void *cookie, const char *data, size_t len)
{
	struct lossy *l = cookie;

	push(l);
	if (l->pending.len + len > LOSSY_BUFFER)
		l->dropped += len;
	else
		strbuf_add(&l->pending, data, len);
	push(l);
	return (ssize_t)len;
}

static int lossy_close(void *cookie)
{
	struct lossy *l = cookie;
	struct deadline d = deadline_in_ms(LOSSY_DRAIN_MS);

	push(l);
	while (l->pending.len && !deadline_passed(d)) {
		struct pollfd p = { .fd = l->fd, .events = POLLOUT };

		if (poll(&p, 1, deadline_poll_ms(d)) > 0)
			push(l);
	}
	if (l->is_own)
		close(l->fd);
	strbuf_release(&l->pending);
	free(l);
	return 0;
}

FILE *lossy_open(int fd)
{
	static const cookie_io_functions_t io = { .write = lossy_write,
						  .close = lossy_close };
	struct lossy *l = xcalloc(1, sizeof(*l));

	l->fd = fd;
	unblock(l);
	FILE *f = fopencookie(l, "w", io);
	if (!f)
		lossy_close(l);
	else
		setvbuf(f, NULL, _IOFBF, 64 << 10);
	return f;
}
