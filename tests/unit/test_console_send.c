// SPDX-License-Identifier: GPL-2.0-or-later
/* What we do to the board's line: typing, BREAK, TX held low; and what its receiver
 * counts meanwhile. */
#include <sys/wait.h>

#include "console_rig.h"
#include "hw/stream_int.h"

TEST(a_board_that_takes_no_bytes_does_not_stop_the_record)
{
	_cleanup_free_ char *text = xcalloc(1, 4 << 20);
	struct err err = ERR_INIT;
	struct rig rig = { 0 };

	START(&rig);
	memset(text, 'y', 50000);
	text[50000] = '\0';
	say(&rig, text);
	memset(text, 'z', 4 << 20);
	CHECK_EQ(console_send(rig.c, text, 4 << 20, 0, deadline_in_ms(200), &err), -EIO);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_EQ(console_offset(rig.c), 50000);
	finish(&rig);
}

TEST(what_is_typed_arrives_in_order_though_the_board_talks_meanwhile)
{
	enum { N = 1 << 20 };
	_cleanup_free_ char *text = xmalloc(N);
	struct err err = ERR_INIT;
	struct rig rig = { 0 };
	struct console_hit hit;
	int status;

	START(&rig);
	for (size_t i = 0; i < N; i++)
		text[i] = (char)('a' + i % 23);
	pid_t pid = fork();
	if (pid == 0) {
		/* The board echoes 1 KiB for each that it takes. */
		char buf[1024];
		size_t got = 0;

		while (got < N) {
			ssize_t n = read(rig.peer, buf, sizeof(buf));

			if (n <= 0 || memcmp(buf, text + got, (size_t)n) != 0 ||
			    io_write_all(rig.peer, buf, (size_t)n))
				_exit(1);
			got += (size_t)n;
		}
		_exit(io_write_all(rig.peer, "\n# ", 3) != 0);
	}
	CHECK_EQ(console_send(rig.c, text, N, 0, deadline_in_ms(20000), &err), 0);
	CHECK_EQ(wait_for(&rig, "^# $", 20000, &hit, &err), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(console_offset(rig.c), N + 3);
	finish(&rig);
}

TEST(a_pause_between_typed_bytes_is_kept)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;
	char buf[8];

	START(&rig);
	int64_t begin = clock_now_ns();
	CHECK_EQ(console_send(rig.c, "abcd\n", 5, 3000, deadline_in_ms(20000), &err), 0);
	CHECK(clock_now_ns() - begin >= INT64_C(12000000));
	CHECK_EQ(read(rig.peer, buf, sizeof(buf)), 5);
	CHECK_EQ(memcmp(buf, "abcd\n", 5), 0);
	finish(&rig);
}

TEST(typing_at_a_line_that_is_gone_fails_in_time)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;

	START(&rig);
	close(TAKE_FD(rig.peer));
	CHECK_EQ(console_send(rig.c, "x", 1, 0, deadline_in_ms(100), &err), -EIO);
	CHECK_EQ(err.class, ERR_LAB);
	finish(&rig);
}

/* A line whose BREAK and counters the case sees. */
struct uart {
	struct stream s;
	struct stream_errors n;
	uint32_t n_on, n_off;
};

static int uart_set_break(struct stream *s, bool on, struct err *err)
{
	struct uart *u = (struct uart *)s;

	*(on ? &u->n_on : &u->n_off) += 1;
	return 0;
}

static int uart_errors(struct stream *s, struct stream_errors *total)
{
	*total = ((struct uart *)s)->n;
	return 0;
}

static struct uart *attach_uart(struct rig *rig)
{
	static const struct stream_ops ops = { .set_break = uart_set_break,
					       .errors = uart_errors };
	struct uart *u = xcalloc(1, sizeof(*u));
	int fds[2];

	close(rig->peer);
	line_pair(fds);
	CHECK_EQ(io_set_nonblock(fds[0], true), 0);
	u->s.ops = &ops;
	u->s.fd = fds[0];
	rig->peer = fds[1];
	console_attach(rig->c, &u->s);
	return u;
}

TEST(a_break_has_its_length_and_the_console_is_served_meanwhile)
{
	struct rig rig = { .stop_at = "sysrq" };
	struct err err = ERR_INIT;

	START(&rig);
	struct uart *u = attach_uart(&rig);
	say(&rig, "sysrq: HELP");
	int64_t begin = clock_now_ns();
	CHECK_EQ(console_break(rig.c, 20, &err), 0);
	CHECK(clock_now_ns() - begin >= INT64_C(20000000));
	CHECK_EQ(u->n_on, 1);
	CHECK_EQ(u->n_off, 1);
	CHECK_STR(strbuf_str(&rig.seen), "sysrq: HELP");
	/* What stopped the waits stops the next one. */
	CHECK_EQ(console_wait_fd(rig.c, -1, deadline_in_ms(2000), &err), -EINTR);
	finish(&rig);
}

TEST(a_console_without_a_break_says_so)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;

	START(&rig);
	CHECK_EQ(console_break(rig.c, 20, &err), -EOPNOTSUPP);
	CHECK_EQ(console_hold_tx_low(rig.c, true, &err), -EOPNOTSUPP);
	CHECK_EQ(console_hold_tx_low(rig.c, false, &err), 0);
	CHECK_EQ(err.class, ERR_NONE);
	finish(&rig);
}

TEST(tx_that_is_held_low_stays_low_through_a_break_and_a_new_stream)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;

	START(&rig);
	struct uart *u = attach_uart(&rig);
	CHECK_EQ(console_hold_tx_low(rig.c, true, &err), 0);
	CHECK_EQ(console_break(rig.c, 1, &err), 0);
	CHECK(u->s.is_break_on);
	CHECK_EQ(u->n_off, 0);
	u = attach_uart(&rig);
	CHECK_EQ(u->n_on, 1);
	CHECK_EQ(console_hold_tx_low(rig.c, false, &err), 0);
	CHECK(!u->s.is_break_on);
	finish(&rig);
}

TEST(what_the_receiver_counts_is_told_once)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;

	START(&rig);
	struct uart *u = attach_uart(&rig);
	u->n = (struct stream_errors){ .overrun = 2, .frame = 5 };
	CHECK_EQ(console_wait_fd(rig.c, -1, deadline_in_ms(1300), &err), 0);
	CHECK_EQ(rig.n_line_errors, 1);
	CHECK_EQ(rig.line_errors.overrun, 2);
	u->n.frame = 7;
	console_detach(rig.c);
	CHECK_EQ(rig.n_line_errors, 2);
	CHECK_EQ(rig.line_errors.overrun, 0);
	CHECK_EQ(rig.line_errors.frame, 2);
	finish(&rig);
}

TESTS(T(a_board_that_takes_no_bytes_does_not_stop_the_record),
      T(what_is_typed_arrives_in_order_though_the_board_talks_meanwhile),
      T(a_pause_between_typed_bytes_is_kept),
      T(typing_at_a_line_that_is_gone_fails_in_time),
      T(a_break_has_its_length_and_the_console_is_served_meanwhile),
      T(a_console_without_a_break_says_so),
      T(tx_that_is_held_low_stays_low_through_a_break_and_a_new_stream),
      T(what_the_receiver_counts_is_told_once))
