// SPDX-License-Identifier: GPL-2.0-or-later
/* The guard: fork, wait for the pipe to close, switch off. Shares nothing with the worker
 * but the pipe and the lock; no terminal, no session, so that what kills the worker does
 * not kill it too. */
#include "hw/power_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static bool is_held(const int hold_fds[POWER_HOLD_FDS], int fd)
{
	for (size_t i = 0; i < POWER_HOLD_FDS; i++)
		if (hold_fds[i] == fd)
			return true;
	return false;
}

static void close_all_but(int kept, const int hold_fds[POWER_HOLD_FDS])
{
	long max = sysconf(_SC_OPEN_MAX);

	for (int fd = 0; fd < (max > 0 && max < 4096 ? (int)max : 4096); fd++)
		if (fd != kept && !is_held(hold_fds, fd))
			close(fd);
}

NORETURN static void guard_main(int fd, const int hold_fds[POWER_HOLD_FDS],
				const char *off_command)
{
	sigset_t none;
	ssize_t n;
	char word;

	setsid();
	prctl(PR_SET_NAME, "bootrig-guard");
	close_all_but(fd, hold_fds);
	for (int i = 0; i < 3; i++)
		if (open("/dev/null", O_RDWR) < 0)
			_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	do
		n = read(fd, &word, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		_exit(0); /* dismissed */
	close(fd);
	for (size_t i = 0; i < POWER_HOLD_FDS; i++)
		if (hold_fds[i] >= 0)
			fcntl(hold_fds[i], F_SETFD, 0);
	execl("/bin/sh", "sh", "-c", off_command, (char *)NULL);
	_exit(127);
}

int power_guard_start(struct power_guard *g, const char *off_command,
		      const int hold_fds[POWER_HOLD_FDS], struct err *err)
{
	int fds[2];

	if (g->pid > 0)
		return 0;
	if (pipe2(fds, O_CLOEXEC))
		return err_set(err, ERR_LAB, -errno, "pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid < 0) {
		int r = -errno;

		close(fds[0]);
		close(fds[1]);
		return err_set(err, ERR_LAB, r, "fork: %s", strerror(-r));
	}
	if (pid == 0)
		guard_main(fds[0], hold_fds, off_command);
	close(fds[0]);
	g->pid = pid;
	g->fd = fds[1];
	return 0;
}

void power_guard_dismiss(struct power_guard *g)
{
	if (g->pid <= 0)
		return;
	if (write(g->fd, "k", 1) != 1)
		kill(g->pid,
		     SIGKILL); /* it must not act on a board that others may use */
	close(g->fd);
	while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*g = (struct power_guard)POWER_GUARD_INIT;
}
