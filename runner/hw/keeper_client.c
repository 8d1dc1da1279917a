// SPDX-License-Identifier: GPL-2.0-or-later
/* Talking to the keeper, and starting it where none serves. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "hw/keeper.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { START_MS = 10000, RETRY_MS = 20, MAX_FD = 4096 };

struct keeper {
	const struct power_env *env; /* borrowed */
	int fd;
	char *buf;
};

static int try_connect(const char *path, int *fd)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	*fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return -errno;
	if (connect(*fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return 0;
	int r = -errno;
	close(TAKE_FD(*fd));
	return r;
}

/* Out of our session, terminal and process group, with nothing of ours open: what ends us
 * must not end it. Its words go to keeper.log beside the socket. */
NORETURN static void become_keeper(const char *path)
{
	_cleanup_free_ char *log = xasprintf("%s.log", path);
	sigset_t none;
	int null_fd, log_fd;

	setsid();
	if (fork() != 0)
		_exit(0);
	for (int fd = 3; fd < MAX_FD; fd++)
		close(fd);
	null_fd = open("/dev/null", O_RDWR);
	log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
	if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0 ||
	    dup2(log_fd < 0 ? null_fd : log_fd, 2) < 0 || chdir("/"))
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	unsetenv("NOTIFY_SOCKET");
	setenv("BOOTRIG_KEEPER", path, 1);
	execl("/proc/self/exe", "bootrig", "keeper", "--on-demand", (char *)NULL);
	_exit(127);
}

static int start(const char *path, struct err *err)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return err_set(err, ERR_LAB, -errno, "fork: %s", strerror(errno));
	if (pid == 0)
		become_keeper(path);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return 0;
}

static int say_none(const char *path, int r, struct err *err)
{
	if (r == -EACCES || r == -EPERM)
		return err_set(
			err, ERR_LAB, r,
			"%s: this user may not talk to the keeper of the relays; its group may",
			path);
	return err_set(err, ERR_LAB, r, "no keeper of the relays at %s: %s", path,
		       strerror(-r));
}

/* -EAGAIN: one is there and too busy to open its door. */
static bool may_come(int r)
{
	return r == -ENOENT || r == -ECONNREFUSED || r == -EAGAIN;
}

/* Waits for a keeper that is on its way up, serving the console. */
static int connect_soon(const struct power_env *env, const char *path, int *fd,
			struct err *err)
{
	struct deadline d = deadline_in_ms(START_MS);
	int r;

	while (may_come(r = try_connect(path, fd))) {
		if (deadline_passed(d))
			return err_set(err, ERR_LAB, -ETIMEDOUT,
				       "the keeper of the relays %s; %s.log may say why",
				       r == -EAGAIN ? "does not answer" : "did not start",
				       path);
		r = env->wait(env->arg, -1, deadline_in_ms(RETRY_MS), err);
		if (r && r != -ETIMEDOUT)
			return r;
	}
	return r ? say_none(path, r, err) : 0;
}

int keeper_open(const struct power_env *env, bool do_start, struct keeper **out,
		struct err *err)
{
	_cleanup_free_ char *path = NULL;
	int fd = -1, r = keeper_socket_path(&path, err);

	if (r)
		return r;
	r = try_connect(path, &fd);
	if (r == -EAGAIN || (do_start && may_come(r))) {
		r = r == -EAGAIN ? 0 : start(path, err);
		if (!r)
			r = connect_soon(env, path, &fd, err);
		if (r)
			return r;
	}
	if (r)
		return say_none(path, r, err);
	*out = xcalloc(1, sizeof(**out));
	**out = (struct keeper){ .env = env,
				 .fd = fd,
				 .buf = xmalloc(KEEPER_MAX_MESSAGE) };
	return 0;
}

void keeper_close(struct keeper *k)
{
	if (!k)
		return;
	close(k->fd);
	free(k->buf);
	free(k);
}

static int gone(struct err *err)
{
	return err_set(err, ERR_LAB, -EPIPE, "the keeper of the relays died");
}

/* A cancel or a lost console does not cut an answer short: it is here in a moment, and
 * the next one must not be taken for it. */
static int wait_readable(struct keeper *k, struct deadline d, struct err *err)
{
	struct pollfd p = { .fd = k->fd, .events = POLLIN };
	int r = k->env->wait(k->env->arg, k->fd, d, err);

	if (!r || r == -ETIMEDOUT)
		return r;
	*err = (struct err)ERR_INIT;
	while ((r = poll(&p, 1, deadline_poll_ms(d))) < 0 && errno == EINTR)
		;
	return r > 0 ? 0 : -ETIMEDOUT;
}

static int wait_answer(struct keeper *k, struct deadline d, ssize_t *len, struct err *err)
{
	for (;;) {
		int r = wait_readable(k, d, err);

		if (r) {
			/* Its late answer must not be taken for that of the next request.
			 */
			shutdown(k->fd, SHUT_RDWR);
			return err_set(err, ERR_LAB, r,
				       "the keeper of the relays does not answer");
		}
		*len = recv(k->fd, k->buf, KEEPER_MAX_MESSAGE, MSG_DONTWAIT);
		if (*len > 0)
			return 0;
		if (*len == 0 || (errno != EAGAIN && errno != EINTR))
			return gone(err);
	}
}

int keeper_ask(struct keeper *k, json_t *take_request, struct deadline d, json_t **reply,
	       struct err *err)
{
	_cleanup_json_ json_t *request = take_request;
	_cleanup_json_ json_t *j = NULL;
	size_t len;
	_cleanup_free_ char *text = json_line(request, &len);
	ssize_t n = 0;
	int r;

	if (send(k->fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
		return errno == EMSGSIZE ? err_set(err, ERR_LAB, -EMSGSIZE,
						   "the board has too much to say")
					 : gone(err);
	r = wait_answer(k, d, &n, err);
	if (r)
		return r;
	j = json_loadb(k->buf, (size_t)n, 0, NULL);
	if (!json_is_object(j))
		return err_set(err, ERR_LAB, -EPROTO, "the keeper answered nonsense");
	if (!json_get_bool(j, "ok", false)) {
		int64_t code = json_get_int(j, "errno", EIO);

		return err_set(err, ERR_LAB, code > 0 && code < 4096 ? -(int)code : -EIO,
			       "%s", json_get_str(j, "error", "the keeper refused"));
	}
	if (reply)
		*reply = TAKE_PTR(j);
	return 0;
}

bool keeper_is_gone(const struct keeper *k)
{
	struct pollfd p = { .fd = k->fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR);
}
