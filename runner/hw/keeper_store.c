// SPDX-License-Identifier: GPL-2.0-or-later
/* systemd's descriptor store, spoken by hand: sd_notify(3), sd_listen_fds(3). */
#include "hw/keeper_store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "util/num.h"

enum { FIRST_FD = 3 };

void keeper_kept_read(struct keeper_kept *kept)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS"),
		   *names = getenv("LISTEN_FDNAMES");
	uint32_t pid_n = 0, count = 0;

	kept->n = 0;
	if (!pid || !n || parse_u32(pid, 10, INT32_MAX, &pid_n) ||
	    parse_u32(n, 10, KEEPER_STORE_MAX, &count) || (pid_t)pid_n != getpid())
		return;
	for (uint32_t i = 0; i < count; i++) {
		size_t len = names ? strcspn(names, ":") : 0;

		snprintf(kept->v[i].name, sizeof(kept->v[i].name), "%.*s", (int)len,
			 names ? names : "");
		if (names)
			names += len + (names[len] == ':');
		kept->v[i].fd = FIRST_FD + (int)i;
		fcntl(kept->v[i].fd, F_SETFD, FD_CLOEXEC);
	}
	kept->n = count;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

int keeper_kept_take(struct keeper_kept *kept, const char *board, const char *line)
{
	char name[KEEPER_FD_NAME_SIZE];

	snprintf(name, sizeof(name), "%s/%s", board, line);
	for (size_t i = 0; i < kept->n; i++)
		if (kept->v[i].fd >= 0 && strcmp(kept->v[i].name, name) == 0)
			return TAKE_FD(kept->v[i].fd);
	return -1;
}

void keeper_kept_close(struct keeper_kept *kept)
{
	for (size_t i = 0; i < kept->n; i++)
		if (kept->v[i].fd >= 0)
			close(TAKE_FD(kept->v[i].fd));
}

static int notify_address(struct sockaddr_un *a, socklen_t *len)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path ? strlen(path) : 0;

	if (!n || n >= sizeof(a->sun_path) || (path[0] != '/' && path[0] != '@'))
		return -ENOENT;
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(a->sun_path, path, n);
	if (path[0] == '@')
		a->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return 0;
}

static bool notify(const char *text, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .buf = "" };
	struct sockaddr_un a;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)text,
			     .iov_len = strlen(text) };
	struct msghdr msg = {
		.msg_name = &a,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	_cleanup_close_ int s = -1;

	if (notify_address(&a, &msg.msg_namelen))
		return false;
	if (fd >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return s >= 0 && sendmsg(s, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
}

bool keeper_store_ready(void)
{
	return notify("READY=1", -1);
}

bool keeper_store_put(const char *board, const char *line, int fd)
{
	char text[KEEPER_FD_NAME_SIZE + 64];

	/* FDPOLL=0: a line's descriptor polls as it likes, and is kept all the same. */
	snprintf(text, sizeof(text), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s/%s", board, line);
	return notify(text, fd);
}

void keeper_store_remove(const char *board, const char *line)
{
	char text[KEEPER_FD_NAME_SIZE + 64];

	snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s/%s", board, line);
	notify(text, -1);
}
