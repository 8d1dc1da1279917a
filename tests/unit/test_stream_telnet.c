// SPDX-License-Identifier: GPL-2.0-or-later
/* A console behind a telnet server that is awkward: over a real socket. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hw/stream.h"
#include "loopback.h"
#include "util/mem.h"

enum { LIMIT_S = 10 };

/* A server in a child: says text, and waits for its end. */
static pid_t serve(const char *text, size_t len, char address[32])
{
	uint16_t port;
	int fd = bind_to_loopback(SOCK_STREAM, &port);
	pid_t pid;

	CHECK_EQ(listen(fd, 1), 0);
	snprintf(address, 32, "127.0.0.1:%u", port);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		alarm(LIMIT_S);
		int c = accept(fd, NULL, NULL);

		if (send(c, text, len, MSG_NOSIGNAL) > 0)
			pause();
		_exit(0);
	}
	close(fd);
	return pid;
}

static struct stream *open_stream(enum board_transport transport, char *address)
{
	struct board_console bc = { .transport = transport,
				    .device = address,
				    .baud = 1500000 };
	struct stream *s = NULL;
	struct err err = ERR_INIT;

	alarm(LIMIT_S);
	if (stream_open(&bc, deadline_in_ms(5000), &s, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return s;
}

static void end(struct stream *s, pid_t pid)
{
	stream_close(s);
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

static int wait_turn(struct stream *s)
{
	struct pollfd p = { .fd = stream_fd(s),
			    .events = stream_has_unsent(s) ? POLLIN | POLLOUT : POLLIN };

	return poll(&p, 1, 2000);
}

TEST(what_came_while_the_port_was_set_is_read_without_waiting_for_more)
{
	static const char text[] =
		"\xff\xfd\x2clogin: \xff\xfa\x2c\x65\x00\x16\xe3\x60\xff\xf0"
		"\xff\xfa\x2c\x66\x08\xff\xf0\xff\xfa\x2c\x67\x01\xff\xf0"
		"\xff\xfa\x2c\x68\x01\xff\xf0";
	char address[32], buf[64];
	pid_t pid = serve(text, sizeof(text) - 1, address);
	struct stream *s = open_stream(BOARD_CONSOLE_RFC2217, address);

	/* The board says no more until it is answered. */
	CHECK_EQ(wait_turn(s), 1);
	CHECK_EQ(stream_read(s, buf, sizeof(buf)), 7);
	CHECK(memcmp(buf, "login: ", 7) == 0);
	end(s, pid);
}

TEST(a_peer_that_sends_nothing_but_commands_does_not_hold_a_read)
{
	static char text[8192 + 1];
	char address[32], buf[64];
	ssize_t n;

	for (size_t i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xff\xf1", 2); /* IAC NOP */
	text[sizeof(text) - 1] = 'x';
	pid_t pid = serve(text, sizeof(text), address);
	struct stream *s = open_stream(BOARD_CONSOLE_TELNET, address);
	int n_turns = 0;

	while ((n = stream_read(s, buf, sizeof(buf))) == -EAGAIN && wait_turn(s) > 0)
		n_turns++;
	CHECK_EQ(n, 1);
	CHECK_EQ(buf[0], 'x');
	CHECK(n_turns >= 8192 / (16 * 64) - 1);
	end(s, pid);
}

TESTS(T(a_peer_that_sends_nothing_but_commands_does_not_hold_a_read),
      T(what_came_while_the_port_was_set_is_read_without_waiting_for_more))
