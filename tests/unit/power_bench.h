// SPDX-License-Identifier: GPL-2.0-or-later
/* A board of the case with power by commands or a machine, and its console. */
#pragma once

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "board_text.h"
#include "hw/power.h"
#include "util/io.h"

/* The console's part in a test: waits read it, because nobody else does. */
struct bench {
	struct board_spec *board;
	struct power *power;
	int console_fd;
	struct strbuf said;
	size_t n_waits;
	char run_dir[128];
	int limit_s; /* of a power command; 0 = plenty */
};

static inline struct board_spec *board_with(const char *power, int limit_s)
{
	_cleanup_free_ char *text = xasprintf("board: b\n"
					      "device_type: t\n"
					      "%s\n"
					      "limits: {power_command: {seconds: %d}}\n",
					      power, limit_s ? limit_s : 20);

	return board_at("/b.yaml", text);
}

static inline void drain(struct bench *b)
{
	char buf[65536];
	ssize_t n = read(b->console_fd, buf, sizeof(buf));

	if (n > 0)
		strbuf_add(&b->said, buf, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		close(TAKE_FD(b->console_fd));
}

static inline int wait_fd(void *arg, int fd, struct deadline d, struct err *err)
{
	struct bench *b = arg;

	b->n_waits++;
	for (;;) {
		struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
				       { .fd = b->console_fd, .events = POLLIN } };

		CHECK(poll(p, 2, deadline_poll_ms(d)) >= 0 || errno == EINTR);
		if (p[1].revents)
			drain(b);
		if (p[0].revents)
			return 0;
		if (deadline_passed(d))
			return -ETIMEDOUT;
	}
}

static inline void set_up(struct bench *b, const char *power)
{
	struct power_env env = {
		.wait = wait_fd, .arg = b, .run_dir = b->run_dir, .hold_fds = { -1, -1 }
	};
	struct err err = ERR_INIT;

	signal(SIGPIPE, SIG_IGN);
	b->console_fd = -1;
	snprintf(b->run_dir, sizeof(b->run_dir), "%s/run", tap_tmpdir());
	_cleanup_free_ char *artifacts = xasprintf("%s/artifacts", b->run_dir);
	CHECK_EQ(io_mkdir_p(artifacts), 0);
	b->board = board_with(power, b->limit_s);
	if (power_new(b->board, &env, &b->power, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
}

static inline void tear_down(struct bench *b)
{
	power_free(b->power);
	board_spec_free(b->board);
	strbuf_release(&b->said);
	if (b->console_fd >= 0)
		close(b->console_fd);
}
