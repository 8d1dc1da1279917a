// SPDX-License-Identifier: GPL-2.0-or-later
/* What systemd does for a service with a descriptor store, where there is no systemd: run
 * the keeper, keep copies of what it sends, start it again with them when it dies. Does
 * nothing else, so that it has no reason to die itself. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "hw/keeper.h"
#include "hw/keeper_store.h"
#include "util/log.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { MAX_STARTS = 5, STARTS_WINDOW_MS = 60000, STOP_MS = 5000 };

struct held {
	char *name;
	int fd;
};

struct holder {
	struct held v[KEEPER_STORE_MAX];
	size_t n;
	int notify_fd;
	char notify_name[64]; /* abstract, after an @ */
	pid_t pid;
	int pidfd;
	int n_starts;
	struct deadline window;
};

static void forget(struct holder *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++) {
		if (strcmp(h->v[i].name, name) != 0)
			continue;
		free(h->v[i].name);
		close(h->v[i].fd);
		h->v[i] = h->v[--h->n];
		return;
	}
}

static void keep(struct holder *h, const char *name, int take_fd)
{
	forget(h, name);
	if (h->n == KEEPER_STORE_MAX) {
		close(take_fd);
		return;
	}
	h->v[h->n++] = (struct held){ .name = xstrdup(name), .fd = take_fd };
}

static void heard(struct holder *h, char *text, int take_fd)
{
	const char *name = NULL;
	bool store = false, drop = false;
	char *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (strncmp(l, "FDNAME=", 7) == 0)
			name = l + 7;
		store |= strcmp(l, "FDSTORE=1") == 0;
		drop |= strcmp(l, "FDSTOREREMOVE=1") == 0;
	}
	if (store && name && take_fd >= 0)
		keep(h, name, TAKE_FD(take_fd));
	else if (drop && name)
		forget(h, name);
	if (take_fd >= 0)
		close(take_fd);
}

/* The descriptor of a message, and whether our keeper sent it. */
/* Anyone on this host may send descriptors: all but the one that a message may have are
 * closed. */
static void take_fds(const struct cmsghdr *c, int *fd)
{
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < n; i++) {
		int got;

		memcpy(&got, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
		if (n == 1 && *fd < 0)
			*fd = got;
		else
			close(got);
	}
}

static bool read_control(const struct holder *h, struct msghdr *msg, int *fd)
{
	struct ucred who = { .pid = 0 };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_RIGHTS)
			take_fds(c, fd);
		else if (c->cmsg_type == SCM_CREDENTIALS)
			memcpy(&who, CMSG_DATA(c), sizeof(who));
	}
	return who.pid == h->pid;
}

static void hear(struct holder *h)
{
	union {
		char buf[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	char text[512];
	struct iovec iov = { .iov_base = text, .iov_len = sizeof(text) - 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	ssize_t n = recvmsg(h->notify_fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int fd = -1;

	if (n < 0)
		return;
	text[n] = '\0';
	if (read_control(h, &msg, &fd))
		heard(h, text, fd);
	else if (fd >= 0)
		close(fd);
}

static int open_notify(struct holder *h, struct err *err)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(sa_family_t), alen = sizeof(a);
	int on = 1;

	h->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* The kernel chooses a free abstract name. */
	if (h->notify_fd < 0 ||
	    setsockopt(h->notify_fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) ||
	    bind(h->notify_fd, (struct sockaddr *)&a, len) ||
	    getsockname(h->notify_fd, (struct sockaddr *)&a, &alen))
		return err_set(err, ERR_LAB, -errno, "notify socket: %s",
			       strerror(errno));
	snprintf(h->notify_name, sizeof(h->notify_name), "@%.*s",
		 (int)(alen - offsetof(struct sockaddr_un, sun_path) - 1),
		 a.sun_path + 1);
	return 0;
}

static char *join_names(const struct holder *h)
{
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < h->n; i++)
		strbuf_addf(&sb, "%s%s", i ? ":" : "", h->v[i].name);
	return strbuf_take(&sb);
}

/* Copies first far away, so that none is overwritten before it was moved. */
static void place_fds(const struct holder *h)
{
	int far[KEEPER_STORE_MAX];

	for (size_t i = 0; i < h->n; i++)
		far[i] = fcntl(h->v[i].fd, F_DUPFD_CLOEXEC, 3 + KEEPER_STORE_MAX);
	for (size_t i = 0; i < h->n; i++)
		if (dup2(far[i], 3 + (int)i) < 0)
			_exit(126);
}

NORETURN static void child(const struct holder *h, const char *const argv[])
{
	_cleanup_free_ char *names = join_names(h);
	char number[16];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	place_fds(h);
	snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
	snprintf(number, sizeof(number), "%zu", h->n);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	setenv("NOTIFY_SOCKET", h->notify_name, 1);
	execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
	_exit(127);
}

static int start(struct holder *h, const char *const argv[], struct err *err)
{
	if (deadline_passed(h->window)) {
		h->window = deadline_in_ms(STARTS_WINDOW_MS);
		h->n_starts = 0;
	}
	if (h->n_starts++ >= MAX_STARTS)
		return err_set(err, ERR_LAB, -ELOOP, "the keeper died %d times in %d s",
			       MAX_STARTS, STARTS_WINDOW_MS / 1000);
	h->pid = fork();
	if (h->pid < 0)
		return err_set(err, ERR_LAB, -errno, "fork: %s", strerror(errno));
	if (h->pid == 0)
		child(h, argv);
	h->pidfd = (int)syscall(SYS_pidfd_open, h->pid, 0);
	return h->pidfd < 0
		       ? err_set(err, ERR_LAB, -errno, "pidfd_open: %s", strerror(errno))
		       : 0;
}

/* Did it die, so that it is to be started again? */
static bool wait_for_end(struct holder *h, int stop_fd, int *status)
{
	struct pollfd p[] = { { .fd = h->pidfd, .events = POLLIN },
			      { .fd = h->notify_fd, .events = POLLIN },
			      { .fd = stop_fd, .events = POLLIN } };

	for (;;) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0)
			continue;
		if (p[1].revents)
			hear(h);
		else if (p[0].revents)
			break;
		if (p[2].revents) {
			kill(h->pid, SIGTERM);
			p[2].fd = -1;
		}
	}
	while (waitpid(h->pid, status, 0) < 0 && errno == EINTR)
		;
	close(TAKE_FD(h->pidfd));
	return p[2].fd >= 0 && WIFSIGNALED(*status);
}

int keeper_hold(const char *const argv[], int stop_fd, struct err *err)
{
	struct holder h = { .notify_fd = -1, .pidfd = -1, .window = { .at_ns = 0 } };
	int status = 0, r = open_notify(&h, err);
	bool again = true;

	prctl(PR_SET_NAME, "bootrig-holder");
	while (!r && again) {
		r = start(&h, argv, err);
		again = !r && wait_for_end(&h, stop_fd, &status);
		if (again)
			log_warn("the keeper died; it starts again with %zu lines", h.n);
	}
	while (h.n)
		forget(&h, h.v[0].name);
	if (h.notify_fd >= 0)
		close(h.notify_fd);
	if (r)
		return r;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
