// SPDX-License-Identifier: GPL-2.0-or-later
/* Takes files from the board over its network. Nothing here waits: accept, read and write
 * do what is possible now, and the console's ticks come back often enough. */
#include "session/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>

#include "parse/http_put.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/random.h"
#include "util/strbuf.h"

/* Whoever says nothing for so long makes room for the next. */
enum { CHUNK = 65536, BURST = 8 << 20, HEAD_IDLE_MS = 2000, BODY_IDLE_MS = 10000 };

struct upload {
	int listen_fd, client_fd, dirfd; /* dirfd is borrowed */
	int file_fd;
	char token[33];
	char *host;
	uint16_t port;
	struct strbuf head;
	struct http_put put;
	struct deadline idle; /* of the client */
	bool in_body;
	uint64_t got;
	int64_t done; /* number of the last whole file; -1 = none */
};

static int listen_on(struct upload *u, const struct addrinfo *a)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	char service[16];
	int on = 1;

	u->listen_fd =
		socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (u->listen_fd < 0)
		return -errno;
	setsockopt(u->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(u->listen_fd, a->ai_addr, a->ai_addrlen) || listen(u->listen_fd, 4) ||
	    getsockname(u->listen_fd, (struct sockaddr *)&at, &len))
		return -errno;
	if (getnameinfo((struct sockaddr *)&at, len, NULL, 0, service, sizeof(service),
			NI_NUMERICSERV))
		return -EINVAL;
	u->port = (uint16_t)strtoul(service, NULL, 10);
	return 0;
}

int upload_open(const char *host, uint16_t port, int dirfd, struct upload **out,
		struct err *err)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_PASSIVE };
	struct upload *u = xcalloc(1, sizeof(*u));
	struct addrinfo *a = NULL;
	char service[8];
	int r;

	*u = (struct upload){ .listen_fd = -1,
			      .client_fd = -1,
			      .file_fd = -1,
			      .dirfd = dirfd,
			      .host = xstrdup(host),
			      .done = -1 };
	random_hex(u->token, sizeof(u->token) / 2);
	snprintf(service, sizeof(service), "%u", port);
	r = getaddrinfo(host, service, &want, &a);
	if (r)
		r = err_set(err, ERR_LAB, -EHOSTUNREACH, "upload.host %s: %s", host,
			    gai_strerror(r));
	else if ((r = listen_on(u, a)))
		err_set(err, ERR_LAB, r, "upload.host %s port %u: %s", host, port,
			strerror(-r));
	if (a)
		freeaddrinfo(a);
	if (r)
		upload_close(u);
	else
		*out = u;
	return r;
}

static void drop_client(struct upload *u)
{
	if (u->client_fd >= 0)
		close(u->client_fd);
	if (u->file_fd >= 0)
		close(u->file_fd);
	u->client_fd = u->file_fd = -1;
	u->in_body = false;
	u->got = 0;
	strbuf_reset(&u->head);
}

void upload_close(struct upload *u)
{
	if (!u)
		return;
	drop_client(u);
	if (u->listen_fd >= 0)
		close(u->listen_fd);
	strbuf_release(&u->head);
	free(u->host);
	free(u);
}

/* Short enough for any socket's buffer. */
static void answer(struct upload *u, int status)
{
	char text[128];
	int n = snprintf(text, sizeof(text),
			 status == 100 ? "HTTP/1.1 100 Continue\r\n\r\n"
				       : "HTTP/1.1 %d -\r\nContent-Length: 0\r\n"
					 "Connection: close\r\n\r\n",
			 status);

	if (send(u->client_fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) != n ||
	    status != 100)
		drop_client(u);
}

static void end_body(struct upload *u)
{
	u->done = u->put.number;
	answer(u, 201);
}

static void add_body(struct upload *u, const char *data, size_t len)
{
	if (len > u->put.length - u->got)
		len = (size_t)(u->put.length - u->got);
	if (io_write_all(u->file_fd, data, len)) {
		answer(u, 507);
		return;
	}
	u->got += len;
	if (u->got == u->put.length)
		end_body(u);
}

static void begin_body(struct upload *u)
{
	_cleanup_free_ char *name = xasprintf("upload-%u", u->put.number);
	struct strbuf head = u->head;

	u->file_fd = openat(u->dirfd, name,
			    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (u->put.length > UPLOAD_MAX_BYTES || u->file_fd < 0) {
		answer(u, u->file_fd < 0 ? 507 : 413);
		return;
	}
	u->in_body = true;
	u->head = (struct strbuf)STRBUF_INIT;
	if (u->put.wants_100 && head.len == u->put.head_len)
		answer(u, 100);
	if (u->client_fd >= 0)
		add_body(u, head.buf + u->put.head_len, head.len - u->put.head_len);
	strbuf_release(&head);
}

static void take(struct upload *u, const char *data, size_t len)
{
	if (u->in_body) {
		add_body(u, data, len);
		return;
	}
	strbuf_add(&u->head, data, len);
	int status = http_put_parse(u->head.buf, u->head.len, u->token, &u->put);
	if (status == 0)
		begin_body(u);
	else if (status > 1)
		answer(u, status);
}

static void hear_on(struct upload *u)
{
	u->idle = deadline_in_ms(u->in_body ? BODY_IDLE_MS : HEAD_IDLE_MS);
}

static void accept_client(struct upload *u)
{
	if (u->client_fd >= 0 && deadline_passed(u->idle))
		drop_client(u);
	if (u->client_fd >= 0)
		return;
	u->client_fd = accept4(u->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	hear_on(u);
}

void upload_serve(struct upload *u)
{
	char buf[CHUNK];
	size_t burst = 0;

	accept_client(u);
	while (u->client_fd >= 0 && burst < BURST) {
		ssize_t n = recv(u->client_fd, buf, sizeof(buf), 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			drop_client(u);
			return;
		}
		burst += (size_t)n;
		take(u, buf, (size_t)n);
		hear_on(u);
	}
}

char *upload_url(const struct upload *u, uint32_t number)
{
	bool is_v6 = strchr(u->host, ':') != NULL;

	return xasprintf("http://%s%s%s:%u/%s/%u", is_v6 ? "[" : "", u->host,
			 is_v6 ? "]" : "", u->port, u->token, number);
}

bool upload_has(const struct upload *u, uint32_t number)
{
	return u->done == number;
}
