// SPDX-License-Identifier: GPL-2.0-or-later
/* A pty whose slave path is the symbolic link DIR/console, or a listening socket there.
 */
#include "fakeboard/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>

#include "util/clock.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/utf8.h"

static int open_book(const char *dir, const char *name, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_set(err, ERR_LAB, -errno, "%s: %s", path, strerror(errno));
	return fd;
}

static int plug_pty(struct wire *w, const char *path, struct err *err)
{
	struct termios tio;
	char name[64];

	w->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (w->fd < 0 || grantpt(w->fd) || unlockpt(w->fd) ||
	    ptsname_r(w->fd, name, sizeof(name)))
		return err_set(err, ERR_LAB, -errno, "no pty: %s", strerror(errno));
	w->slave_fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (w->slave_fd < 0 || tcgetattr(w->slave_fd, &tio))
		return err_set(err, ERR_LAB, -errno, "%s: %s", name, strerror(errno));
	if (!w->is_cooked) {
		cfmakeraw(&tio);
		if (tcsetattr(w->slave_fd, TCSANOW, &tio))
			return err_set(err, ERR_LAB, -errno, "%s: %s", name,
				       strerror(errno));
	}
	if (symlink(name, path))
		return err_set(err, ERR_LAB, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

static int plug_unix(struct wire *w, const char *path, struct err *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	if ((size_t)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path) >=
	    sizeof(sun.sun_path))
		return err_set(err, ERR_LAB, -ENAMETOOLONG, "%s: path too long", path);
	w->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (w->listen_fd < 0 ||
	    bind(w->listen_fd, (const struct sockaddr *)&sun, sizeof(sun)) ||
	    listen(w->listen_fd, 8))
		return err_set(err, ERR_LAB, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

int wire_plug_in(struct wire *w, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/console", w->dir);

	if (unlink(path) && errno != ENOENT)
		return err_set(err, ERR_LAB, -errno, "%s: %s", path, strerror(errno));
	return w->is_unix ? plug_unix(w, path, err) : plug_pty(w, path, err);
}

int wire_open(struct wire *w, const char *dir, bool is_unix, bool is_cooked,
	      struct err *err)
{
	memset(w, 0, sizeof(*w));
	w->dir = dir;
	w->is_unix = is_unix;
	w->is_cooked = is_cooked;
	w->fd = w->slave_fd = w->listen_fd = -1;
	w->sent_fd = open_book(dir, "sent.raw", err);
	w->received_fd = open_book(dir, "received.raw", err);
	w->log_fd = open_book(dir, "log.jsonl", err);
	if (w->sent_fd < 0 || w->received_fd < 0 || w->log_fd < 0)
		return err->code;
	return wire_plug_in(w, err);
}

/* A hang-up throws away what the other end has not read yet; for exact books, let it
 * read first. */
static void drain(struct wire *w)
{
	int n = 1;

	for (int i = 0; i < 200 && w->slave_fd >= 0; i++) {
		int before = n;

		if (ioctl(w->slave_fd, FIONREAD, &n) || (n == 0 && before == 0))
			return;
		poll(NULL, 0, 5);
	}
}

void wire_hang_up(struct wire *w)
{
	_cleanup_free_ char *path = xasprintf("%s/console", w->dir);

	unlink(path);
	drain(w);
	cleanup_close(&w->slave_fd);
	cleanup_close(&w->fd);
	cleanup_close(&w->listen_fd);
	w->fd = w->slave_fd = w->listen_fd = -1;
	wire_log(w, "hang-up", NULL);
}

void wire_accept(struct wire *w)
{
	if (w->listen_fd >= 0 && w->fd < 0)
		w->fd = accept4(w->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static void peer_is_gone(struct wire *w)
{
	cleanup_close(&w->fd);
	w->fd = -1;
}

static void book(int fd, const void *data, size_t len)
{
	int e = io_write_all(fd, data, len);

	if (e)
		BUG("cannot keep the books: %s", strerror(-e));
}

ssize_t wire_write(struct wire *w, const void *data, size_t len)
{
	wire_accept(w);
	if (w->fd < 0)
		return (ssize_t)len;
	ssize_t n = w->is_unix ? send(w->fd, data, len, MSG_NOSIGNAL)
			       : write(w->fd, data, len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0 && w->is_unix) {
		peer_is_gone(w);
		return (ssize_t)len;
	}
	if (n < 0)
		return -errno;
	book(w->sent_fd, data, (size_t)n);
	w->n_sent += (uint64_t)n;
	return n;
}

ssize_t wire_read(struct wire *w, void *buf, size_t cap, bool is_on)
{
	wire_accept(w);
	if (w->fd < 0)
		return 0;
	ssize_t n = read(w->fd, buf, cap);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR && w->is_unix))
		peer_is_gone(w);
	if (n <= 0)
		return 0;
	book(w->received_fd, buf, (size_t)n);
	w->n_received += (uint64_t)n;
	_cleanup_free_ char *text = utf8_lossy(buf, (size_t)n, NULL);
	wire_log(w, is_on ? "typed" : "typed-while-off", text);
	return n;
}

void wire_log(struct wire *w, const char *what, const char *detail)
{
	_cleanup_json_ json_t *j = json_object();
	size_t len;

	json_put(j, "t_ns", json_integer(clock_now_ns()));
	json_put(j, "what", json_string(what));
	if (detail)
		json_put(j, "detail", json_lossy_str(detail));
	_cleanup_free_ char *line = json_line(j, &len);
	book(w->log_fd, line, len);
}
