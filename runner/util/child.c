// SPDX-License-Identifier: GPL-2.0-or-later
/* Child processes by posix fork and exec; exec errors come back through a close-on-exec
 * pipe. */
#include "util/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "util/io.h"
#include "util/mem.h"

static int take_over_fd(int fd, int as, int open_flags)
{
	if (fd < 0) {
		fd = open("/dev/null", open_flags);
		if (fd < 0)
			return -errno;
	}
	if (fd == as)
		return fcntl(fd, F_SETFD, 0) ? -errno : 0;
	return dup2(fd, as) < 0 ? -errno : 0;
}

NORETURN static void child_main(const char *const argv[], const struct child_opts *o,
				pid_t parent, int report_fd)
{
	sigset_t none;
	int r = 0;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, o->death_signal ? o->death_signal : SIGKILL))
		r = -errno;
	if (getppid() != parent)
		_exit(127); /* the parent died before PDEATHSIG was armed */
	if (o->own_group)
		setpgid(0, 0);
	if (!r)
		r = take_over_fd(o->stdin_fd, 0, O_RDONLY);
	if (!r)
		r = take_over_fd(o->stdout_fd, 1, O_WRONLY);
	if (!r && o->stderr_fd >= 0)
		r = take_over_fd(o->stderr_fd, 2, O_WRONLY);
	if (!r && o->keep_fd >= 0 && fcntl(o->keep_fd, F_SETFD, 0))
		r = -errno;
	if (!r && o->dir && chdir(o->dir))
		r = -errno;
	for (const char *const *e = o->env_add; !r && e && *e; e++)
		if (putenv(xstrdup(*e)))
			r = -errno;
	if (!r) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		r = -errno;
	}
	if (write(report_fd, &r, sizeof(r)) < 0)
		_exit(126);
	_exit(127);
}

int child_spawn(struct child *c, const char *const argv[], const struct child_opts *opts,
		struct err *err)
{
	static const struct child_opts defaults = CHILD_OPTS_INIT;
	_cleanup_close_ int read_fd = -1;
	_cleanup_close_ int write_fd = -1;
	pid_t parent = getpid();
	int fds[2], r = 0;

	*c = (struct child)CHILD_INIT;
	if (pipe2(fds, O_CLOEXEC))
		return err_set(err, ERR_LAB, -errno, "pipe: %s", strerror(errno));
	read_fd = fds[0];
	write_fd = fds[1];
	pid_t pid = fork();
	if (pid < 0)
		return err_set(err, ERR_LAB, -errno, "fork: %s", strerror(errno));
	if (pid == 0)
		child_main(argv, opts ? opts : &defaults, parent, write_fd);
	c->pid = pid;
	c->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	close(TAKE_FD(write_fd));
	ssize_t n;
	do
		n = read(read_fd, &r, sizeof(r));
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(r) || c->pidfd < 0) {
		if (n != (ssize_t)sizeof(r))
			r = -ENOSYS;
		child_kill(c, SIGKILL);
		return err_set(err, ERR_LAB, r, "%s: cannot start: %s", argv[0],
			       strerror(-r));
	}
	return 0;
}

static int reap(struct child *c, int *status)
{
	pid_t r;

	do
		r = waitpid(c->pid, status, 0);
	while (r < 0 && errno == EINTR);
	int code = r < 0 ? -errno : 0;
	if (c->pidfd >= 0)
		close(c->pidfd);
	*c = (struct child)CHILD_INIT;
	return code;
}

int child_wait(struct child *c, struct deadline d, int cancel_fd, int *status,
	       struct err *err)
{
	struct pollfd p[2] = { { .fd = c->pidfd, .events = POLLIN },
			       { .fd = cancel_fd, .events = POLLIN } };

	if (c->pid <= 0)
		return err_set(err, ERR_BUG, -ECHILD, "no child to wait for");
	for (;;) {
		int n = poll(p, 2, deadline_poll_ms(d));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_LAB, -errno, "poll: %s", strerror(errno));
		if (p[0].revents)
			break;
		if (p[1].revents)
			return err_set(err, ERR_CANCELED, -ECANCELED, "canceled");
		if (deadline_passed(d))
			return err_set(err, ERR_LAB, -ETIMEDOUT, "process %d still runs",
				       (int)c->pid);
	}
	int r = reap(c, status);
	return r ? err_set(err, ERR_LAB, r, "waitpid: %s", strerror(-r)) : 0;
}

void child_kill(struct child *c, int sig)
{
	int status;

	if (c->pid <= 0)
		return;
	if (getpgid(c->pid) == c->pid)
		kill(-c->pid, sig);
	kill(c->pid, sig);
	if (sig != SIGKILL) {
		struct pollfd p = { .fd = c->pidfd, .events = POLLIN };

		if (poll(&p, 1, 2000) <= 0)
			kill(c->pid, SIGKILL);
	}
	(void)reap(c, &status);
}

/* The last non-empty line of a text, for messages. */
static const char *last_line(struct strbuf *sb)
{
	while (sb->len && (sb->buf[sb->len - 1] == '\n' || sb->buf[sb->len - 1] == ' '))
		sb->buf[--sb->len] = '\0';
	const char *nl = sb->len ? strrchr(sb->buf, '\n') : NULL;
	return nl ? nl + 1 : strbuf_str(sb);
}

struct capture {
	int fd;
	size_t max;
	struct strbuf *out; /* borrowed */
};

/* Read what is there; 1 at end of file, 0 when more may come, or a negative errno. */
static int drain(struct capture *cap)
{
	char buf[8192];
	ssize_t n = read(cap->fd, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (n == 0)
		return 1;
	if (cap->out->len + (size_t)n > cap->max)
		return -EFBIG;
	strbuf_add(cap->out, buf, (size_t)n);
	return 0;
}

static int collect(struct capture cap[2], struct deadline d, int cancel_fd)
{
	bool open[2] = { true, true };

	while (open[0] || open[1]) {
		struct pollfd p[3] = {
			{ .fd = open[0] ? cap[0].fd : -1, .events = POLLIN },
			{ .fd = open[1] ? cap[1].fd : -1, .events = POLLIN },
			{ .fd = cancel_fd, .events = POLLIN }
		};
		int n = poll(p, 3, deadline_poll_ms(d));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && p[2].revents)
			return -ECANCELED;
		if (deadline_passed(d))
			return -ETIMEDOUT;
		for (int i = 0; n > 0 && i < 2; i++) {
			int r = p[i].revents ? drain(&cap[i]) : 0;

			if (r < 0)
				return r;
			if (r)
				open[i] = false;
		}
	}
	return 0;
}

int child_capture(const char *const argv[], const struct child_opts *opts,
		  struct deadline d, int cancel_fd, size_t max, struct strbuf *out,
		  struct err *err)
{
	struct child_opts o = opts ? *opts : (struct child_opts)CHILD_OPTS_INIT;
	_cleanup_strbuf_ struct strbuf errors = STRBUF_INIT;
	struct child c = CHILD_INIT;
	int po[2], pe[2], status, r;

	if (pipe2(po, O_CLOEXEC))
		return err_set(err, ERR_LAB, -errno, "pipe: %s", strerror(errno));
	if (pipe2(pe, O_CLOEXEC)) {
		r = -errno;
		close(po[0]);
		close(po[1]);
		return err_set(err, ERR_LAB, r, "pipe: %s", strerror(-r));
	}
	o.stdout_fd = po[1];
	o.stderr_fd = pe[1];
	o.own_group = true;
	r = child_spawn(&c, argv, &o, err);
	close(po[1]);
	close(pe[1]);
	if (!r) {
		struct capture cap[2] = { { po[0], max, out },
					  { pe[0], 1 << 20, &errors } };

		r = collect(cap, d, cancel_fd);
		if (r)
			err_set(err, r == -ECANCELED ? ERR_CANCELED : ERR_LAB, r,
				"%s: %s", argv[0],
				r == -EFBIG ? "too much output" : strerror(-r));
		else
			r = child_wait(&c, d, cancel_fd, &status, err);
	}
	child_kill(&c, SIGKILL);
	close(po[0]);
	close(pe[0]);
	if (r)
		return r;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return err_set(err, ERR_LAB, -EREMOTEIO, "%s: killed by signal %d",
			       argv[0], WTERMSIG(status));
	return err_set(err, ERR_LAB, -EREMOTEIO, "%s: exit status %d: %s", argv[0],
		       WEXITSTATUS(status), last_line(&errors));
}
