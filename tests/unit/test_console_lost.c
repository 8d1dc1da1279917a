// SPDX-License-Identifier: GPL-2.0-or-later
/* A console that ends, comes back, or stays away; a pty that hangs up. */
#include "console_rig.h"

static int reopen(void *arg, struct stream **out, struct err *err)
{
	struct rig *rig = arg;

	rig->n_reopens++;
	if (rig->reopen_fd < 0)
		return err_set(err, ERR_LAB, -ENOENT, "the port is not back");
	*out = stream_of_fd(TAKE_FD(rig->reopen_fd));
	return 0;
}

TEST(an_end_of_the_stream_is_a_gap_until_it_is_open_again)
{
	struct rig rig = { 0 };
	struct console_hit hit;
	struct err err = ERR_INIT;
	int fds[2];

	START(&rig, .reopen = reopen);
	say(&rig, "before");
	close(TAKE_FD(rig.peer));
	CHECK_EQ(wait_for(&rig, "after", 150, &hit, &err), -ETIMEDOUT);
	CHECK(rig.n_reopens >= 1);
	CHECK(!console_is_attached(rig.c));
	/* An attempt that failed is no error of this wait. */
	CHECK_EQ(err.class, ERR_NONE);
	CHECK_EQ(rig.n_gaps, 0);
	line_pair(fds);
	rig.peer = fds[1];
	rig.reopen_fd = fds[0];
	say(&rig, "after");
	check_found(&rig, "after", "after");
	CHECK_EQ(rig.n_gaps, 1);
	CHECK_EQ(rig.gap_offset, 6);
	finish(&rig);
}

TEST(a_console_that_stays_away_is_a_lab_fault)
{
	struct rig rig = { 0 };
	struct console_hit hit;
	struct err err = ERR_INIT;

	START(&rig, .reopen = reopen, .gap_ms = 60);
	close(TAKE_FD(rig.peer));
	CHECK_EQ(wait_for(&rig, "x", 20000, &hit, &err), -ENOLINK);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "console lost for");
	CHECK_EQ(console_wait_fd(rig.c, -1, deadline_in_ms(20000), &err), -ENOLINK);
	/* The power goes off all the same. */
	console_expect_eof(rig.c, true);
	pump(&rig);
	finish(&rig);
}

TEST(a_console_that_cannot_be_opened_again_is_a_lab_fault)
{
	struct rig rig = { 0 };
	struct console_hit hit;
	struct err err = ERR_INIT;

	START(&rig, .gap_ms = 30);
	say(&rig, "last words");
	close(TAKE_FD(rig.peer));
	CHECK_EQ(wait_for(&rig, "x", 20000, &hit, &err), -ENOLINK);
	CHECK_STR(strbuf_str(&rig.seen), "last words");
	finish(&rig);
}

TEST(a_stream_that_ends_while_the_board_is_off_is_no_loss_and_comes_back)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;
	int fds[2];

	START(&rig, .reopen = reopen, .gap_ms = 40);
	console_expect_eof(rig.c, true);
	close(TAKE_FD(rig.peer));
	CHECK_EQ(console_wait_fd(rig.c, -1, deadline_in_ms(120), &err), 0);
	CHECK(!console_is_attached(rig.c));
	line_pair(fds);
	rig.peer = fds[1];
	rig.reopen_fd = fds[0];
	console_expect_eof(rig.c, false);
	say(&rig, "U-Boot SPL");
	check_found(&rig, "U-Boot", "U-Boot");
	finish(&rig);
}

TEST(the_bytes_still_in_the_line_are_read_before_it_is_closed)
{
	struct rig rig = { 0 };

	START(&rig);
	say(&rig, "last words");
	console_detach(rig.c);
	CHECK(!console_is_attached(rig.c));
	CHECK_STR(strbuf_str(&rig.seen), "last words");
	check_found(&rig, "words", "words");
	finish(&rig);
}

TEST(a_pty_is_raw_and_its_hang_up_is_an_end)
{
	struct rig rig = { 0 };
	struct board_console bc = { .transport = BOARD_CONSOLE_PTY };
	struct console_hit hit;
	struct err err = ERR_INIT;
	char buf[16], slave[64];
	struct stream *stream = NULL, *other = NULL;

	START(&rig, .gap_ms = 30);
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(master >= 0);
	CHECK_EQ(grantpt(master), 0);
	CHECK_EQ(unlockpt(master), 0);
	CHECK_EQ(ptsname_r(master, slave, sizeof(slave)), 0);
	bc.device = slave;
	CHECK_EQ(stream_open(&bc, deadline_in_ms(1000), &stream, &err), 0);
	console_attach(rig.c, stream);
	CHECK_EQ(write(master, "a\r\n\003# ", 6), 6);
	check_found(&rig, "# $", "# ");
	CHECK_EQ(rig.seen.len, 6);
	CHECK_EQ(console_send(rig.c, "x\n", 2, 0, deadline_in_ms(5000), &err), 0);
	CHECK_EQ(read(master, buf, sizeof(buf)), 2);
	/* No second program may open the line meanwhile. */
	CHECK_EQ(stream_open(&bc, deadline_in_ms(1000), &other, &err), -EBUSY);
	close(master);
	CHECK_EQ(wait_for(&rig, "y", 20000, &hit, &err), -ENOLINK);
	finish(&rig);
}

TESTS(T(an_end_of_the_stream_is_a_gap_until_it_is_open_again),
      T(a_console_that_stays_away_is_a_lab_fault),
      T(a_console_that_cannot_be_opened_again_is_a_lab_fault),
      T(a_stream_that_ends_while_the_board_is_off_is_no_loss_and_comes_back),
      T(the_bytes_still_in_the_line_are_read_before_it_is_closed),
      T(a_pty_is_raw_and_its_hang_up_is_an_end))
