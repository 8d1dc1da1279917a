// SPDX-License-Identifier: GPL-2.0-or-later
/* Others who read a console's record along: real sockets, a real file. */
#include "console/share.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tap.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/strbuf.h"

struct rig {
	struct share *s;
	int dirfd, raw_fd;
	uint64_t size;
};

static void start(struct rig *r)
{
	struct err err = ERR_INIT;

	signal(SIGPIPE, SIG_IGN);
	*r = (struct rig){ .dirfd = open(tap_tmpdir(), O_RDONLY | O_DIRECTORY) };
	r->raw_fd = openat(r->dirfd, "console.raw", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK(r->raw_fd >= 0);
	CHECK_EQ(share_new(r->dirfd, &r->s, &err), 0);
}

static void finish(struct rig *r)
{
	share_free(r->s);
	CHECK_EQ(faccessat(r->dirfd, "console.sock", F_OK, 0), -1);
	close(r->raw_fd);
	close(r->dirfd);
}

static void record(struct rig *r, const char *data, size_t len)
{
	CHECK_EQ(io_write_all(r->raw_fd, data, len), 0);
	r->size += len;
	share_tell(r->s, r->size);
}

static void serve(struct rig *r)
{
	struct pollfd p = { .fd = share_fd(r->s), .events = POLLIN };

	while (poll(&p, 1, 0) > 0)
		share_serve(r->s);
}

static int connect_reader(struct rig *r)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/console.sock", tap_tmpdir());
	CHECK_EQ(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	serve(r);
	return fd;
}

/* Until len bytes came, or the end. */
static struct strbuf take(struct rig *r, int fd, size_t len)
{
	struct strbuf got = STRBUF_INIT;
	struct deadline d = deadline_in_ms(10000);
	char buf[8192];

	CHECK_EQ(io_set_nonblock(fd, true), 0);
	while (got.len < len && !deadline_passed(d)) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n == 0)
			break;
		if (n > 0)
			strbuf_add(&got, buf, (size_t)n);
		else
			CHECK_EQ(errno, EAGAIN);
		if (r->s)
			serve(r);
	}
	return got;
}

static void check_takes(struct rig *r, int fd, const char *want, size_t len)
{
	struct strbuf got = take(r, fd, len);

	CHECK_EQ(got.len, len);
	CHECK_EQ(memcmp(strbuf_str(&got), want, len), 0);
	strbuf_release(&got);
}

static bool is_hung_up(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	return poll(&p, 1, 1000) == 1 && read(fd, &c, 1) <= 0;
}

TEST(a_reader_gets_what_was_said_before_and_then_what_is_said)
{
	struct rig r;

	start(&r);
	record(&r, "U-Boot\n", 7);
	int a = connect_reader(&r), b;
	check_takes(&r, a, "U-Boot\n", 7);
	record(&r, "=> ", 3);
	check_takes(&r, a, "=> ", 3);
	b = connect_reader(&r);
	check_takes(&r, b, "U-Boot\n=> ", 10);
	record(&r, "x", 1);
	check_takes(&r, a, "x", 1);
	check_takes(&r, b, "x", 1);
	close(a);
	close(b);
	finish(&r);
}

TEST(the_back_log_is_the_last_64_kib)
{
	_cleanup_free_ char *text = xmalloc(100000);
	struct rig r;

	start(&r);
	for (size_t i = 0; i < 100000; i++)
		text[i] = (char)('a' + i % 23);
	record(&r, text, 100000);
	int fd = connect_reader(&r);
	check_takes(&r, fd, text + 100000 - SHARE_BACKLOG_BYTES, SHARE_BACKLOG_BYTES);
	close(fd);
	finish(&r);
}

TEST(a_slow_reader_costs_nobody_time_and_misses_nothing)
{
	enum { N = 4 << 20, CHUNK = 1000 };
	_cleanup_free_ char *text = xmalloc(N);
	struct rig r;

	start(&r);
	int slow = connect_reader(&r), quick = connect_reader(&r);
	for (size_t i = 0; i < N; i++)
		text[i] = (char)('a' + i % 25);
	for (size_t i = 0; i < N; i += CHUNK) {
		size_t len = N - i < CHUNK ? N - i : CHUNK;

		record(&r, text + i, len);
		check_takes(&r, quick, text + i, len);
	}
	check_takes(&r, slow, text, N);
	close(slow);
	close(quick);
	finish(&r);
}

TEST(a_reader_that_leaves_or_talks_is_forgotten)
{
	struct rig r;

	start(&r);
	int leaves = connect_reader(&r), talks = connect_reader(&r);
	close(leaves);
	CHECK_EQ(write(talks, "reboot\n", 7), 7);
	record(&r, "one", 3);
	serve(&r);
	record(&r, "two", 3);
	char buf[16];
	CHECK_EQ(read(talks, buf, sizeof(buf)), 3);
	CHECK(is_hung_up(talks));
	close(talks);
	int next = connect_reader(&r);
	check_takes(&r, next, "onetwo", 6);
	close(next);
	finish(&r);
}

TEST(readers_beyond_the_limit_are_turned_away)
{
	int fds[SHARE_MAX_READERS + 1];
	struct rig r;

	start(&r);
	for (size_t i = 0; i <= SHARE_MAX_READERS; i++)
		fds[i] = connect_reader(&r);
	CHECK(is_hung_up(fds[SHARE_MAX_READERS]));
	record(&r, "x", 1);
	check_takes(&r, fds[SHARE_MAX_READERS - 1], "x", 1);
	for (size_t i = 0; i <= SHARE_MAX_READERS; i++)
		close(fds[i]);
	finish(&r);
}

TEST(the_end_of_the_console_is_the_readers_end_after_its_last_words)
{
	struct rig r;

	start(&r);
	int fd = connect_reader(&r);
	record(&r, "last words", 10);
	finish(&r);
	r.s = NULL;
	check_takes(&r, fd, "last words", 10);
	CHECK(is_hung_up(fd));
	close(fd);
}

TESTS(T(a_reader_gets_what_was_said_before_and_then_what_is_said),
      T(the_back_log_is_the_last_64_kib),
      T(a_slow_reader_costs_nobody_time_and_misses_nothing),
      T(a_reader_that_leaves_or_talks_is_forgotten),
      T(readers_beyond_the_limit_are_turned_away),
      T(the_end_of_the_console_is_the_readers_end_after_its_last_words))
