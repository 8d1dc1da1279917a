// SPDX-License-Identifier: GPL-2.0-or-later
/* How long an entry of the outbox waits for its next attempt. */
#include "post_bench.h"

TEST(an_entry_waits_out_its_back_off)
{
	_cleanup_receiver_ struct receiver r = start("500,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	int64_t t0 = 1795461300000;

	clock_pin_wall_ms(t0);
	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).pending, 1);
	CHECK_CONTAINS(said.buf, "retry run-1 1: HTTP 500");
	clock_pin_wall_ms(t0 + POST_BACKOFF_MS / 2 - 1);
	CHECK_EQ(flush(s, false).pending, 1);
	CHECK_CONTAINS(said.buf, "waiting run-1 1: HTTP 500");
	CHECK_EQ(requests(&r), 1);
	clock_pin_wall_ms(t0 + POST_BACKOFF_MS);
	CHECK_EQ(flush(s, false).sent, 1);
	CHECK_EQ(requests(&r), 2);
}

TEST(flush_does_not_wait_for_the_back_off)
{
	_cleanup_receiver_ struct receiver r = start("500,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).pending, 1);
	CHECK_EQ(flush(s, true).sent, 1);
}

TEST(a_clock_that_was_wrong_blocks_nothing)
{
	_cleanup_receiver_ struct receiver r = start("500,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	clock_pin_wall_ms(4102444800000); /* 2100 */
	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).pending, 1);
	clock_pin_wall_ms(1795461300000); /* 2026 */
	CHECK_EQ(flush(s, false).sent, 1);
}

TEST(the_receivers_wish_to_wait_is_honoured)
{
	_cleanup_receiver_ struct receiver r = start("429@600,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	int64_t t0 = 1795461300000;

	clock_pin_wall_ms(t0);
	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).pending, 1);
	clock_pin_wall_ms(t0 + 599999);
	CHECK_EQ(flush(s, false).pending, 1);
	CHECK_EQ(requests(&r), 1);
	clock_pin_wall_ms(t0 + 600000);
	CHECK_EQ(flush(s, false).sent, 1);
}

TEST(a_held_entry_is_not_tried_for_half_an_hour)
{
	_cleanup_receiver_ struct receiver r = start("403", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	int64_t t0 = 1795461300000;

	clock_pin_wall_ms(t0);
	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).pending, 1);
	clock_pin_wall_ms(t0 + POST_BACKOFF_MAX_MS / 2 - 1);
	CHECK_EQ(flush(s, false).pending, 1);
	CHECK_EQ(requests(&r), 1);
	clock_pin_wall_ms(t0 + POST_BACKOFF_MAX_MS);
	CHECK_EQ(flush(s, false).pending, 1);
	CHECK_EQ(requests(&r), 2);
}

TEST(the_back_off_doubles_to_an_hour_and_spreads)
{
	CHECK(post_backoff_ms("a", 1) >= POST_BACKOFF_MS / 2);
	CHECK(post_backoff_ms("a", 1) <= POST_BACKOFF_MS);
	CHECK(post_backoff_ms("a", 4) >= POST_BACKOFF_MS * 4);
	CHECK(post_backoff_ms("a", 4) <= POST_BACKOFF_MS * 8);
	CHECK(post_backoff_ms("a", 1000000) >= POST_BACKOFF_MAX_MS / 2);
	CHECK(post_backoff_ms("a", UINT32_MAX) <= POST_BACKOFF_MAX_MS);
	CHECK(post_backoff_ms("a", 9) != post_backoff_ms("b", 9));
	CHECK_EQ(post_backoff_ms("a", 9), post_backoff_ms("a", 9));
}

TESTS(T(an_entry_waits_out_its_back_off), T(flush_does_not_wait_for_the_back_off),
      T(a_clock_that_was_wrong_blocks_nothing), T(the_receivers_wish_to_wait_is_honoured),
      T(a_held_entry_is_not_tried_for_half_an_hour),
      T(the_back_off_doubles_to_an_hour_and_spreads))
