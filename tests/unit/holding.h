// SPDX-License-Identifier: GPL-2.0-or-later
/* A UART as a board file has it, and other programs that hold one. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hw/stream.h"
#include "tap.h"
#include "util/mem.h"

static inline struct board_console uart_at(const char *device)
{
	return (struct board_console){ .transport = BOARD_CONSOLE_SERIAL,
				       .device = (char *)(uintptr_t)device,
				       .baud = 1500000 };
}

static inline int open_uart(const char *device, struct stream **out, struct err *err)
{
	const struct board_console c = uart_at(device);

	return stream_open(&c, deadline_in_ms(1000), out, err);
}

/* A process that has the device open until it is killed, with or without the lock. */
static inline pid_t start_holder(const char *path, bool with_lock)
{
	int ready[2];
	char c;

	CHECK_EQ(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

		if (fd < 0 || (with_lock && flock(fd, LOCK_EX)) ||
		    write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	CHECK_EQ(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static inline void check_refused(const char *device, int want, const char *says)
{
	struct stream *s = NULL;
	struct err err = ERR_INIT;

	CHECK_EQ(open_uart(device, &s, &err), want);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, says);
	CHECK_CONTAINS(err.msg, device);
}

static inline void check_holder_is_named(const char *path, bool with_lock,
					 const char *says)
{
	pid_t pid = start_holder(path, with_lock);
	_cleanup_free_ char *want = xasprintf("(pid %d) %s", (int)pid, says);

	check_refused(path, -EBUSY, want);
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}
