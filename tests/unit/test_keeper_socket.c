// SPDX-License-Identifier: GPL-2.0-or-later
/* The keeper's socket: a keeper that is busy or late, and clients that talk nonsense. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "keeper_bench.h"

static int wait_and_wake_keeper(void *arg, int fd, struct deadline d, struct err *err)
{
	struct bench *b = arg;

	kill(b->keeper, SIGCONT);
	return wait_fd(arg, fd, d, err);
}

TEST(who_meets_a_keeper_that_is_too_busy_waits_as_the_console_wants_it)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fds[512], n = 0, full = 0;
	struct keeper *k = NULL;
	struct err err = ERR_INIT;
	struct bench b;

	set_up(&b);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", getenv("BOOTRIG_KEEPER"));
	kill(b.keeper, SIGSTOP);
	while (!full && n < 512) {
		fds[n] =
			socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		full = connect(fds[n], (struct sockaddr *)&a, sizeof(a)) &&
		       errno == EAGAIN;
		n++;
	}
	CHECK(full);
	const struct power_env env = { .wait = wait_and_wake_keeper, .arg = &b };
	CHECK_EQ(keeper_open(&env, false, &k, &err), 0);
	keeper_close(k);
	for (int i = 0; i < n; i++)
		close(fds[i]);
	tear_down(&b);
}

TEST(an_answer_that_comes_too_late_is_nobodys)
{
	struct err err = ERR_INIT;
	json_t *reply = NULL;
	struct bench b;

	set_up(&b);
	struct keeper *k = open_keeper(&b);
	kill(b.keeper, SIGSTOP);
	CHECK_EQ(keeper_ask(k, json_pack("{s:s}", "do", "status"), deadline_in_ms(50),
			    &reply, &err),
		 -ETIMEDOUT);
	kill(b.keeper, SIGCONT);
	err = (struct err)ERR_INIT;
	CHECK_EQ(keeper_ask(k, json_pack("{s:s}", "do", "status"), deadline_in_ms(2000),
			    &reply, &err),
		 -EPIPE);
	CHECK(keeper_is_gone(k));
	keeper_close(k);
	tear_down(&b);
}

static void ask_raw(int fd, const char *text, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[4096];

	CHECK_EQ(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
	CHECK_EQ(poll(&p, 1, 10000), 1);
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, 0);
	CHECK(n > 0);
	buf[n] = '\0';
	CHECK_CONTAINS(buf, "\"ok\":false");
}

TEST(nonsense_is_refused_and_the_keeper_lives)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	_cleanup_free_ char *big = xcalloc(1, KEEPER_MAX_MESSAGE + 100);
	struct bench b;

	set_up(&b);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", getenv("BOOTRIG_KEEPER"));
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	CHECK_EQ(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ask_raw(fd, "x", 1);
	ask_raw(fd, "{\"do\":\"fly\"}", 12);
	ask_raw(fd, "{\"do\":\"set\",\"line\":\"power\",\"value\":true}", 41);
	ask_raw(fd, "{\"do\":\"claim\",\"claim\":{\"board\":\"../x\",\"lines\":[{}]}}",
		53);
	memset(big, '[', KEEPER_MAX_MESSAGE + 99);
	ask_raw(fd, big, KEEPER_MAX_MESSAGE + 99);
	close(fd);
	CHECK(!wires->value[POWER]);
	run(&b, "on");
	tear_down(&b);
}

TESTS(T(who_meets_a_keeper_that_is_too_busy_waits_as_the_console_wants_it),
      T(an_answer_that_comes_too_late_is_nobodys),
      T(nonsense_is_refused_and_the_keeper_lives))
