// SPDX-License-Identifier: GPL-2.0-or-later
/* Waits on the console: how they end, and what they serve and record meanwhile. */
#include "console_rig.h"

TEST(an_idle_wait_ticks)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;

	START(&rig);
	CHECK_EQ(console_wait_fd(rig.c, -1, deadline_in_ms(450), &err), 0);
	CHECK(rig.ticks >= 2);
	finish(&rig);
}

TEST(cancel_ends_every_wait_unless_it_is_masked)
{
	struct rig rig = { 0 };
	struct console_hit hit;
	struct err err = ERR_INIT;
	int fds[2];

	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	START(&rig, .cancel_fd = fds[0]);
	say(&rig, "x");
	CHECK_EQ(write(fds[1], "c", 1), 1);
	console_mask_cancel(rig.c, true);
	pump(&rig);
	CHECK(!console_was_canceled(rig.c));
	console_mask_cancel(rig.c, false);
	CHECK_EQ(wait_for(&rig, "never", 20000, &hit, &err), -ECANCELED);
	CHECK_EQ(err.class, ERR_CANCELED);
	CHECK(console_was_canceled(rig.c));
	CHECK_EQ(console_wait_fd(rig.c, -1, deadline_in_ms(20000), &err), -ECANCELED);
	CHECK_EQ(console_send(rig.c, "x", 1, 0, deadline_in_ms(20000), &err), -ECANCELED);
	console_mask_cancel(rig.c, true);
	pump(&rig);
	finish(&rig);
}

TEST(an_observer_stops_the_wait_before_the_prompt_counts)
{
	struct rig rig = { .stop_at = "panic" };
	struct console_hit hit;
	struct err err = ERR_INIT;

	START(&rig);
	say(&rig, "Kernel panic\r\n# ");
	CHECK_EQ(wait_for(&rig, "# $", 20000, &hit, &err), -EINTR);
	CHECK_EQ(err.class, ERR_NONE);
	CHECK_EQ(wait_for(&rig, "# $", 20000, &hit, &err), -EINTR);
	console_resume(rig.c);
	check_found(&rig, "# $", "# ");
	finish(&rig);
}

TEST(a_wait_for_a_descriptor_serves_the_console)
{
	struct rig rig = { 0 };
	struct err err = ERR_INIT;
	int fds[2];

	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	START(&rig);
	say(&rig, "while we wait");
	CHECK_EQ(console_wait_fd(rig.c, fds[0], deadline_in_ms(5), &err), -ETIMEDOUT);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(console_wait_fd(rig.c, fds[0], deadline_in_ms(20000), &err), 0);
	CHECK_STR(strbuf_str(&rig.seen), "while we wait");
	finish(&rig);
}

TEST(the_record_stops_at_its_limit)
{
	struct rig rig = { 0 };
	struct console_hit hit;
	struct err err = ERR_INIT;

	START(&rig, .max_bytes = 10);
	say(&rig, "0123456789ABCDEF");
	CHECK_EQ(wait_for(&rig, "F", 20000, &hit, &err), -EFBIG);
	CHECK_EQ(err.class, ERR_LAB);
	say(&rig, "more");
	CHECK_EQ(wait_for(&rig, "F", 20000, &hit, &err), -EFBIG);
	CHECK_STR(strbuf_str(&rig.seen), "0123456789");
	finish(&rig);
}

TEST(a_limit_that_is_met_exactly_is_no_error)
{
	struct rig rig = { 0 };

	START(&rig, .max_bytes = 10);
	say(&rig, "012345678#");
	check_found(&rig, "#", "#");
	finish(&rig);
}

TEST(bytes_that_come_close_together_share_a_line_of_the_index)
{
	struct rig rig = { 0 };

	clock_pin_ns(INT64_C(1000000000));
	START(&rig);
	for (int i = 0; i < 100; i++) {
		struct console_hit hit;
		struct err err = ERR_INIT;

		clock_pin_ns(INT64_C(1000000000) + i * 100000);
		say(&rig, i == 99 ? "#" : ".");
		CHECK_EQ(wait_for(&rig, i == 99 ? "#" : "\\.", 1000, &hit, &err), 0);
	}
	struct strbuf idx = record(&rig, "console.idx");
	size_t lines = 0;
	for (size_t i = 0; i < idx.len; i++)
		lines += idx.buf[i] == '\n';
	CHECK_EQ(lines, 5); /* 10 ms at one line for each 2 ms */
	strbuf_release(&idx);
	clock_pin_ns(0);
	finish(&rig);
}

TESTS(T(an_idle_wait_ticks), T(cancel_ends_every_wait_unless_it_is_masked),
      T(an_observer_stops_the_wait_before_the_prompt_counts),
      T(a_wait_for_a_descriptor_serves_the_console), T(the_record_stops_at_its_limit),
      T(a_limit_that_is_met_exactly_is_no_error),
      T(bytes_that_come_close_together_share_a_line_of_the_index))
