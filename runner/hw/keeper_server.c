// SPDX-License-Identifier: GPL-2.0-or-later
/* The keeper's process: a lock, a socket, its clients and the clock. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "hw/keeper_int.h"
#include "util/jsonx.h"
#include "util/log.h"
#include "util/mem.h"
#include "util/runtime_dir.h"

enum { IDLE_MS = 10000, MAX_GROUPS = 256 };

int keeper_socket_path(char **path, struct err *err)
{
	const char *own = getenv("BOOTRIG_KEEPER");
	_cleanup_free_ char *dir = NULL;
	int r;

	if (own && own[0]) {
		*path = xstrdup(own);
		return 0;
	}
	r = runtime_dir(&dir, err);
	if (!r)
		*path = xasprintf("%s/keeper.sock", dir);
	return r;
}

static int lock(struct keeper_server *s, struct err *err)
{
	_cleanup_free_ char *name = xasprintf("%s.lock", s->name);

	s->lock_fd =
		openat(s->dirfd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		return err_set(err, ERR_LAB, -errno, "%s: %s", name, strerror(errno));
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB))
		return err_set(err, ERR_LAB, -EALREADY, "a keeper serves already");
	return 0;
}

/* Who may enter a directory that others can enter may switch the relays there. */
static mode_t socket_mode(const struct keeper_server *s)
{
	struct stat st;

	return fstat(s->dirfd, &st) == 0 && st.st_mode & S_IWGRP ? 0660 : 0600;
}

static int open_socket(struct keeper_server *s, const char *path, struct err *err)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct stat st;
	mode_t old;
	int r;

	if (strlen(path) >= sizeof(a.sun_path))
		return err_set(err, ERR_LAB, -ENAMETOOLONG, "%s is too long for a socket",
			       path);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	s->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listen_fd < 0)
		return err_set(err, ERR_LAB, -errno, "socket: %s", strerror(errno));
	/* What an earlier keeper left: we have the lock. Never another's file. */
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return err_set(err, ERR_LAB, -EEXIST,
			       "%s is there, and is no socket: $BOOTRIG_KEEPER names a "
			       "place where one can be made",
			       path);
	unlink(path);
	old = umask(0777 & ~socket_mode(s));
	r = bind(s->listen_fd, (struct sockaddr *)&a, sizeof(a));
	umask(old);
	if (r || listen(s->listen_fd, KEEPER_MAX_CLIENTS))
		return err_set(err, ERR_LAB, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

static int open_server(struct keeper_server *s, struct err *err)
{
	_cleanup_free_ char *path = NULL;
	int r = keeper_socket_path(&path, err);

	if (r)
		return r;
	_cleanup_free_ char *a = xstrdup(path);
	_cleanup_free_ char *b = xstrdup(path);
	s->name = xstrdup(basename(b));
	s->dirfd = open(dirname(a), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dirfd < 0)
		return err_set(err, ERR_LAB, -errno,
			       "the directory of the keeper's socket, %s: %s; "
			       "$BOOTRIG_KEEPER names another",
			       a, strerror(errno));
	r = lock(s, err);
	return r ? r : open_socket(s, path, err);
}

/* The same user, root, or one of the group that the socket is open to. */
static bool may_talk(const struct keeper_server *s, int fd, pid_t *pid)
{
	gid_t groups[MAX_GROUPS];
	socklen_t len = sizeof(struct ucred), glen = sizeof(groups);
	struct ucred who;
	struct stat st;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len))
		return false;
	*pid = who.pid;
	if (who.uid == geteuid() || who.uid == 0)
		return true;
	if (fstatat(s->dirfd, s->name, &st, 0) || !(st.st_mode & S_IWGRP))
		return false;
	if (who.gid == st.st_gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &glen))
		return false;
	for (size_t i = 0; i < glen / sizeof(gid_t); i++)
		if (groups[i] == st.st_gid)
			return true;
	return false;
}

static void accept_client(struct keeper_server *s)
{
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	pid_t pid = 0;

	if (fd < 0)
		return;
	for (size_t i = 0; i < KEEPER_MAX_CLIENTS && may_talk(s, fd, &pid); i++) {
		if (s->clients[i].fd >= 0)
			continue;
		s->clients[i] = (struct keeper_client){
			.fd = fd, .pid = pid, .slot = -1, .pressing = -1
		};
		return;
	}
	close(fd);
}

static void drop_client(struct keeper_server *s, int i, int64_t now_ns)
{
	keeper_left(s, i, false, now_ns);
	close(s->clients[i].fd);
	s->clients[i].fd = -1;
}

/* One that does not read its answers is one that died. */
static void reply(struct keeper_server *s, int i, json_t *take_j, int64_t now_ns)
{
	_cleanup_json_ json_t *j = take_j;
	size_t len;
	_cleanup_free_ char *text = json_line(j, &len);

	if (send(s->clients[i].fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)len)
		drop_client(s, i, now_ns);
}

static void hear_client(struct keeper_server *s, int i, char *buf)
{
	int64_t now_ns = clock_now_ns();
	ssize_t n = recv(s->clients[i].fd, buf, KEEPER_MAX_MESSAGE + 1,
			 MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop_client(s, i, now_ns);
		return;
	}
	json_t *j = keeper_answer(s, i, buf, (size_t)n, now_ns);
	if (j)
		reply(s, i, j, now_ns);
}

/* A user of an earlier keeper that died before it came to us. */
static void orphan_died(struct keeper_server *s, struct keeper_slot *k)
{
	close(TAKE_FD(k->orphan_fd));
	k->pid = 0;
	keeper_board_left(&k->board, false, clock_now_ns());
	keeper_state_write(s);
}

/* Presses that are over are answered. */
static void answer_presses(struct keeper_server *s, int64_t now_ns)
{
	for (int i = 0; i < KEEPER_MAX_CLIENTS; i++) {
		struct keeper_client *c = &s->clients[i];
		const struct keeper_line *k;

		if (c->fd < 0 || c->slot < 0 || c->pressing < 0)
			continue;
		/* One that does not open is told by the end of the sequence. */
		k = &s->slots[c->slot].board.lines[c->pressing];
		if (k->open_at_ns != INT64_MAX && !k->is_stuck)
			continue;
		c->pressing = -1;
		reply(s, i, keeper_answer_ok(), now_ns);
	}
}

static int64_t tick(struct keeper_server *s)
{
	int64_t now_ns = clock_now_ns(), next = INT64_MAX;

	for (size_t i = 0; i < KEEPER_MAX_BOARDS; i++) {
		struct keeper_slot *k = &s->slots[i];
		bool was_off = k->board.is_switching_off;

		if (!k->is_used)
			continue;
		int64_t at = keeper_board_tick(&k->board, now_ns);
		if (was_off && !k->board.is_switching_off)
			keeper_state_write(s);
		if (at < next)
			next = at;
	}
	answer_presses(s, now_ns);
	return next;
}

static bool is_idle(const struct keeper_server *s)
{
	for (size_t i = 0; i < KEEPER_MAX_BOARDS; i++)
		if (s->slots[i].is_used)
			return false;
	for (size_t i = 0; i < KEEPER_MAX_CLIENTS; i++)
		if (s->clients[i].fd >= 0)
			return false;
	return true;
}

struct watched {
	struct pollfd p[2 + KEEPER_MAX_CLIENTS + KEEPER_MAX_BOARDS];
};

static void fill(const struct keeper_server *s, struct watched *w)
{
	struct pollfd *p = w->p;

	*p++ = (struct pollfd){ .fd = s->opts->stop_fd, .events = POLLIN };
	*p++ = (struct pollfd){ .fd = s->listen_fd, .events = POLLIN };
	for (size_t i = 0; i < KEEPER_MAX_CLIENTS; i++)
		*p++ = (struct pollfd){ .fd = s->clients[i].fd, .events = POLLIN };
	for (size_t i = 0; i < KEEPER_MAX_BOARDS; i++)
		*p++ = (struct pollfd){ .fd = s->slots[i].is_used ? s->slots[i].orphan_fd
								  : -1,
					.events = POLLIN };
}

static void serve_once(struct keeper_server *s, const struct watched *w, char *buf)
{
	const struct pollfd *clients = w->p + 2, *orphans = clients + KEEPER_MAX_CLIENTS;

	for (int i = 0; i < KEEPER_MAX_CLIENTS; i++)
		if (clients[i].revents && s->clients[i].fd == clients[i].fd)
			hear_client(s, i, buf);
	for (size_t i = 0; i < KEEPER_MAX_BOARDS; i++)
		if (orphans[i].revents && s->slots[i].orphan_fd == orphans[i].fd)
			orphan_died(s, &s->slots[i]);
	if (w->p[1].revents)
		accept_client(s);
	if (w->p[0].revents)
		s->is_stopping = true;
}

static void serve(struct keeper_server *s)
{
	_cleanup_free_ char *buf = xmalloc(KEEPER_MAX_MESSAGE + 1);
	struct watched w;

	while (!s->is_stopping) {
		struct deadline idle = deadline_in_ms(IDLE_MS);
		struct deadline d = { .at_ns = tick(s) };
		bool may_end = s->opts->is_on_demand && is_idle(s);

		fill(s, &w);
		int n = poll(w.p, ARRAY_SIZE(w.p),
			     deadline_poll_ms(may_end ? deadline_min(d, idle) : d));
		if (n > 0)
			serve_once(s, &w, buf);
		else if (n == 0 && may_end && deadline_passed(idle))
			s->is_stopping = true;
	}
}

static void close_server(struct keeper_server *s)
{
	for (size_t i = 0; i < KEEPER_MAX_CLIENTS; i++)
		if (s->clients[i].fd >= 0)
			close(s->clients[i].fd);
	for (size_t i = 0; i < KEEPER_MAX_BOARDS; i++)
		if (s->slots[i].is_used)
			keeper_board_release(&s->slots[i].board);
	if (s->listen_fd >= 0)
		close(s->listen_fd);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	if (s->dirfd >= 0)
		close(s->dirfd);
	free(s->name);
	free(s);
}

int keeper_serve(const struct keeper_opts *opts, struct err *err)
{
	struct keeper_server *s = xcalloc(1, sizeof(*s));
	static struct keeper_kept kept;
	int r;

	s->opts = opts;
	s->dirfd = s->lock_fd = s->listen_fd = -1;
	for (size_t i = 0; i < KEEPER_MAX_CLIENTS; i++)
		s->clients[i].fd = -1;
	for (size_t i = 0; i < KEEPER_MAX_BOARDS; i++)
		s->slots[i].client = s->slots[i].orphan_fd = -1;
	keeper_kept_read(&kept);
	r = open_server(s, err);
	if (!r) {
		keeper_state_restore(s, &kept);
		keeper_kept_close(&kept);
		s->has_store = keeper_store_ready();
		serve(s);
	}
	close_server(s);
	return r;
}
