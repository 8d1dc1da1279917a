// SPDX-License-Identifier: GPL-2.0-or-later
/* The wait of commands that read no console. */
#include <errno.h>
#include <poll.h>

#include "cmd/cmd.h"

int cmd_wait(int fd, int cancel_fd, struct deadline d, struct err *err)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
			       { .fd = cancel_fd, .events = POLLIN } };

	for (;;) {
		int n = poll(p, 2, deadline_poll_ms(d));

		if (n < 0 && errno != EINTR)
			return err_set(err, ERR_LAB, -errno, "poll: %s", strerror(errno));
		if (n > 0 && p[0].revents)
			return 0;
		if (n > 0 && p[1].revents)
			return err_set(err, ERR_CANCELED, -ECANCELED, "interrupted");
		if (deadline_passed(d))
			return fd < 0 ? 0 : -ETIMEDOUT;
	}
}
