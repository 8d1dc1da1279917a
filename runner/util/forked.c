// SPDX-License-Identifier: GPL-2.0-or-later
/* A function in a process of its own. */
#include "util/forked.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Sanitizers map more than any limit leaves them. */
#if defined(__SANITIZE_ADDRESS__)
#define HAS_SHADOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SHADOW 1
#endif
#endif
#ifndef HAS_SHADOW
#define HAS_SHADOW 0
#endif

NORETURN static void forked_main(void (*fn)(void *arg, int fd), void *arg, int fd,
				 pid_t parent, uint64_t memory_bytes)
{
	const struct rlimit memory = { memory_bytes, memory_bytes };
	const struct rlimit no_core = { 0, 0 };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(127);
	if (setrlimit(RLIMIT_CORE, &no_core) ||
	    (!HAS_SHADOW && setrlimit(RLIMIT_DATA, &memory)))
		_exit(126);
	fn(arg, fd);
	_exit(0);
}

static int read_output(int fd, const struct forked_limits *limits, struct strbuf *out)
{
	const size_t from = out->len;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[16384];

	for (;;) {
		int n = poll(&p, 1, deadline_poll_ms(limits->deadline));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0) {
			if (deadline_passed(limits->deadline))
				return -ETIMEDOUT;
			continue;
		}
		ssize_t got = read(fd, buf, sizeof(buf));

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			return 0;
		if (got < 0)
			continue;
		if (out->len - from + (size_t)got > limits->output_bytes)
			return -EFBIG;
		strbuf_add(out, buf, (size_t)got);
	}
}

int forked_start(struct child *c, void (*fn)(void *arg, int fd), void *arg, int fd,
		 uint64_t memory_bytes, struct err *err)
{
	pid_t parent = getpid();

	*c = (struct child)CHILD_INIT;
	c->pid = fork();
	if (c->pid < 0) {
		c->pid = 0;
		return err_set(err, ERR_LAB, -errno, "fork: %s", strerror(errno));
	}
	if (c->pid == 0)
		forked_main(fn, arg, fd, parent, memory_bytes);
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd >= 0)
		return 0;
	int r = err_set(err, ERR_LAB, -errno, "pidfd_open: %s", strerror(errno));
	child_kill(c, SIGKILL);
	return r;
}

int forked_call(void (*fn)(void *arg, int fd), void *arg,
		const struct forked_limits *limits, struct strbuf *out, struct err *err)
{
	_cleanup_close_ int read_fd = -1;
	_cleanup_close_ int write_fd = -1;
	struct child c = CHILD_INIT;
	int fds[2], status = 0, r;

	if (pipe2(fds, O_CLOEXEC))
		return err_set(err, ERR_LAB, -errno, "pipe: %s", strerror(errno));
	read_fd = fds[0];
	write_fd = fds[1];
	r = forked_start(&c, fn, arg, write_fd, limits->memory_bytes, err);
	if (r)
		return r;
	close(TAKE_FD(write_fd));
	r = read_output(read_fd, limits, out);
	if (!r)
		r = child_wait(&c, limits->deadline, -1, &status, err);
	child_kill(&c, SIGKILL);
	if (r)
		return err_set(err, ERR_LAB, r, "%s",
			       r == -ETIMEDOUT ? "took too long"
			       : r == -EFBIG   ? "wrote too much"
					       : strerror(-r));
	if (WIFSIGNALED(status))
		return err_set(err, ERR_LAB, -EREMOTEIO, "killed by signal %d (%s)",
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return err_set(err, ERR_LAB, -EREMOTEIO, "exit status %d",
			       WEXITSTATUS(status));
	return 0;
}
