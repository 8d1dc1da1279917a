// SPDX-License-Identifier: GPL-2.0-or-later
/* What ends us comes through a file descriptor. */
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "cmd/cmd.h"

int cmd_take_signals(int one_more, int *fd, struct err *err)
{
	struct sigaction hup;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (one_more)
		sigaddset(&set, one_more);
	/* Blocked, it would come even where it is ignored. */
	if (!sigaction(SIGHUP, NULL, &hup) && hup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *fd < 0 ? err_set(err, ERR_LAB, -errno, "signalfd: %s", strerror(errno))
		       : 0;
}
