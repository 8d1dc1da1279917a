// SPDX-License-Identifier: GPL-2.0-or-later
/* Readers of the record, each with a place in it. */
#include "console/share.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/io.h"
#include "util/mem.h"

/* In one go, so that no reader keeps the console waiting. */
enum { SEND_MAX = 65536 };

static const char socket_name[] = "console.sock";

struct reader {
	int fd; /* -1 = free */
	off_t at;
	bool is_waiting; /* for room, or for its next turn */
};

struct share {
	int dirfd, listen_fd, epoll_fd, raw_fd;
	uint64_t size;
	struct reader readers[SHARE_MAX_READERS];
};

static void drop(struct reader *r)
{
	if (r->fd >= 0)
		close(TAKE_FD(r->fd));
}

/* Room is only waited for where there is something to send. */
static void wait_for_room(struct share *s, struct reader *r, bool wait)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP | (wait ? EPOLLOUT : 0),
				 .data.ptr = r };

	if (r->is_waiting == wait)
		return;
	r->is_waiting = wait;
	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, r->fd, &e))
		drop(r);
}

static void send_some(struct share *s, struct reader *r)
{
	uint64_t left = s->size - (uint64_t)r->at;
	ssize_t n = left ? sendfile(r->fd, s->raw_fd, &r->at,
				    left < SEND_MAX ? left : SEND_MAX)
			 : 0;

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		drop(r);
	else
		wait_for_room(s, r, (uint64_t)r->at < s->size);
}

static void take_reader(struct share *s, int fd)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP };
	struct reader *r = s->readers;

	while (r < s->readers + SHARE_MAX_READERS && r->fd >= 0)
		r++;
	if (r == s->readers + SHARE_MAX_READERS) {
		close(fd);
		return;
	}
	*r = (struct reader){ .fd = fd };
	if (s->size > SHARE_BACKLOG_BYTES)
		r->at = (off_t)(s->size - SHARE_BACKLOG_BYTES);
	e.data.ptr = r;
	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &e))
		drop(r);
	else
		send_some(s, r);
}

static int listen_at(struct share *s)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL };
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	s->raw_fd = openat(s->dirfd, "console.raw", O_RDONLY | O_CLOEXEC);
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->raw_fd < 0 || s->epoll_fd < 0 || s->listen_fd < 0)
		return -errno;
	/* A run directory's path may be longer than a socket's may be. */
	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s", s->dirfd,
		 socket_name);
	if (bind(s->listen_fd, (struct sockaddr *)&a, sizeof(a)) ||
	    listen(s->listen_fd, SHARE_MAX_READERS) ||
	    epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->listen_fd, &e))
		return -errno;
	return 0;
}

int share_new(int dirfd, struct share **out, struct err *err)
{
	struct share *s = xcalloc(1, sizeof(*s));

	s->listen_fd = s->epoll_fd = s->raw_fd = -1;
	s->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	for (size_t i = 0; i < SHARE_MAX_READERS; i++)
		s->readers[i].fd = -1;
	int r = s->dirfd < 0 ? -errno : listen_at(s);
	if (r) {
		share_free(s);
		return err_set(err, ERR_LAB, r, "%s: %s", socket_name, strerror(-r));
	}
	*out = s;
	return 0;
}

void share_free(struct share *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < SHARE_MAX_READERS; i++) {
		if (s->readers[i].fd >= 0)
			send_some(s, &s->readers[i]);
		drop(&s->readers[i]);
	}
	if (s->listen_fd >= 0) {
		unlinkat(s->dirfd, socket_name, 0);
		close(s->listen_fd);
	}
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	if (s->raw_fd >= 0)
		close(s->raw_fd);
	if (s->dirfd >= 0)
		close(s->dirfd);
	free(s);
}

int share_fd(const struct share *s)
{
	return s->epoll_fd;
}

void share_serve(struct share *s)
{
	struct epoll_event events[SHARE_MAX_READERS + 1];
	int n = epoll_wait(s->epoll_fd, events, ARRAY_SIZE(events), 0);

	for (int i = 0; i < n; i++) {
		struct reader *r = events[i].data.ptr;
		int fd = r ? -1
			   : accept4(s->listen_fd, NULL, NULL,
				     SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0)
			take_reader(s, fd);
		else if (r && r->fd >= 0 && events[i].events & ~EPOLLOUT)
			drop(r); /* it left, or it talks */
		else if (r && r->fd >= 0)
			send_some(s, r);
	}
}

void share_tell(struct share *s, uint64_t size)
{
	s->size = size;
	for (size_t i = 0; i < SHARE_MAX_READERS; i++)
		if (s->readers[i].fd >= 0 && !s->readers[i].is_waiting)
			send_some(s, &s->readers[i]);
}
