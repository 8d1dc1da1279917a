// SPDX-License-Identifier: GPL-2.0-or-later
/* The outbox against receivers that are well, slow, down, or talk nonsense. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include "post_bench.h"

TEST(a_result_arrives_and_the_outbox_is_empty)
{
	_cleanup_receiver_ struct receiver r = start("ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	queue_to(s, "run-1", r.url);
	struct post_summary sum = flush(s, false);
	CHECK_EQ(sum.sent, 1);
	CHECK_EQ(sum.pending, 0);
	CHECK(is_stored(&r, "run-1"));
	_cleanup_free_ char *log = received_log(&r);
	CHECK_CONTAINS(log, "200 /results key=run-1-");
	CHECK_EQ(flush(s, true).sent, 0);
	CHECK_EQ(requests(&r), 1);
}

TEST(a_receiver_that_is_down_gets_it_once_it_is_up)
{
	_cleanup_receiver_ struct receiver r = start("down", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	queue_to(s, "run-1", r.url);
	queue_to(s, "run-2", r.url);
	struct post_summary sum = flush(s, false);
	CHECK_EQ(sum.sent, 0);
	CHECK_EQ(sum.pending, 2);
	CHECK_CONTAINS(said.buf, "retry run-1 1: ");
	CHECK_CONTAINS(said.buf, "waiting run-2 0: its receiver failed a moment ago");
	stop(&r);
	start_on(&r, r.port, "ok", NULL);
	sum = flush(s, true);
	CHECK_EQ(sum.sent, 2);
	CHECK_EQ(sum.pending, 0);
	CHECK(is_stored(&r, "run-1") && is_stored(&r, "run-2"));
}

TEST(a_slow_receiver_costs_no_more_than_the_limit)
{
	_cleanup_receiver_ struct receiver r = start("slow,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	struct post_opts o = POST_OPTS_INIT;
	int64_t begin_ns = clock_now_ns();

	queue_to(s, "run-1", r.url);
	queue_to(s, "run-2", r.url);
	o.request_ms = 300;
	CHECK_EQ(flush_with(s, o).pending, 2);
	CHECK(clock_now_ns() - begin_ns < 10000000000);
	CHECK_CONTAINS(said.buf, "timed out");
	CHECK_CONTAINS(said.buf, "waiting run-2 0"); /* asked once, not once per entry */
	CHECK_EQ(flush(s, true).sent, 2);
}

TEST(the_time_for_all_of_it_is_kept)
{
	_cleanup_receiver_ struct receiver r = start("slow", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	struct post_opts o = POST_OPTS_INIT;
	int64_t begin_ns = clock_now_ns();

	queue_to(s, "run-1", r.url);
	o.deadline = deadline_in_ms(300);
	CHECK_EQ(flush_with(s, o).pending, 1);
	CHECK(clock_now_ns() - begin_ns < 10000000000);
}

TEST(garbage_instead_of_http_is_tried_again)
{
	static const char *const scripts[] = { "garbage,ok", "close,ok", "half,ok" };

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		_cleanup_receiver_ struct receiver r = start(scripts[i], NULL);
		_cleanup_spool_ struct spool *s = open_spool();
		_cleanup_free_ char *run = xasprintf("run-%zu", i);

		queue_to(s, run, r.url);
		CHECK_EQ(flush(s, false).pending, 1);
		CHECK_CONTAINS(said.buf, "retry ");
		CHECK_EQ(flush(s, true).sent, 1);
		CHECK(is_stored(&r, run));
	}
}

TEST(an_answer_without_end_is_not_read_to_its_end)
{
	_cleanup_receiver_ struct receiver r = start("huge", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).sent, 1); /* its head said 200 */
	CHECK_EQ(requests(&r), 1);
}

TEST(a_yes_that_got_lost_is_asked_again_and_stored_once)
{
	_cleanup_receiver_ struct receiver r = start("lostok,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).pending, 1);
	CHECK_EQ(flush(s, true).sent, 1);
	_cleanup_free_ char *log = received_log(&r);
	CHECK_EQ(times(log, " new\n"), 1);
	CHECK_EQ(times(log, " duplicate\n"), 1);
}

TEST(a_rejected_body_goes_to_the_dead_letters_with_the_reason)
{
	_cleanup_receiver_ struct receiver r = start("422,400,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	queue_to(s, "run-1", r.url);
	queue_to(s, "run-2", r.url);
	queue_to(s, "run-3", r.url);
	struct post_summary sum = flush(s, false);
	CHECK_EQ(sum.rejected, 2);
	CHECK_EQ(sum.sent, 1);
	CHECK_EQ(sum.pending, 0);
	CHECK_CONTAINS(said.buf, "rejected run-1 0: HTTP 422: {\"status\":\"error\"}");
	CHECK_EQ(flush(s, true).rejected, 0);
	CHECK_EQ(requests(&r), 3);
}

TEST(a_redirect_is_told_not_followed)
{
	_cleanup_receiver_ struct receiver r = start("302,404,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, true).pending, 1);
	CHECK_CONTAINS(said.buf, "held run-1 1: HTTP 302: moved to "
				 "http://127.0.0.1:1/elsewhere");
	CHECK_EQ(flush(s, true).pending, 1);
	CHECK_CONTAINS(said.buf, "held run-1 2: HTTP 404");
	CHECK_EQ(flush(s, true).sent, 1);
}

TEST(a_kcidb_answer_that_says_error_is_no_yes)
{
	_cleanup_receiver_ struct receiver r = start("errorok,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	_cleanup_free_ char *url = xasprintf("kcidb+http://127.0.0.1:%u/", r.port);

	queue_to(s, "run-1", url);
	CHECK_EQ(flush(s, true).pending, 1);
	CHECK_EQ(flush(s, true).sent, 1);
	_cleanup_free_ char *log = received_log(&r);
	CHECK_CONTAINS(log, "200 /submit key=run-1-");
}

TEST(one_bad_entry_does_not_block_the_others)
{
	_cleanup_receiver_ struct receiver r = start("500,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	_cleanup_free_ char *noise = xasprintf("%s/spool/pending/0-noise", tap_tmpdir());

	int fd = open(noise, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write(fd, "noise", 5) == 5);
	close(fd);
	queue_to(s, "run-1", r.url);
	queue_to(s, "run-2", r.url);
	queue_to(s, "run-3", "http://127.0.0.1:1/nobody");
	struct post_summary sum = flush(s, false);
	CHECK_EQ(sum.damaged, 1);
	CHECK_EQ(sum.sent, 1);
	CHECK_EQ(sum.pending, 2);
	CHECK_CONTAINS(said.buf, "damaged");
	CHECK(is_stored(&r, "run-2"));
}

TEST(a_proxy_is_not_asked_for_this_host)
{
	_cleanup_receiver_ struct receiver r = start("ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	queue_to(s, "run-1", r.url);
	CHECK_EQ(flush(s, false).sent, 1);
}

TEST(a_cancel_ends_a_slow_post_at_once)
{
	_cleanup_receiver_ struct receiver r = start("slow", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	struct post_opts o = POST_OPTS_INIT;
	struct post_summary sum;
	struct err err = ERR_INIT;
	int fds[2];

	queue_to(s, "run-1", r.url);
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct pollfd p = { .fd = -1 };

		poll(&p, 1, 200);
		_exit(write(fds[1], "x", 1) != 1);
	}
	o.cancel_fd = fds[0];
	CHECK_EQ(post_flush(s, &o, &sum, &err), -ECANCELED);
	CHECK_EQ(err.class, ERR_CANCELED);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	CHECK_EQ(sum.pending, 1);
}

TEST(each_status_has_its_meaning)
{
	static const struct {
		long status;
		enum post_outcome want;
	} cases[] = {
		{ 200, POST_SENT },  { 201, POST_SENT },     { 202, POST_SENT },
		{ 204, POST_SENT },  { 301, POST_HELD },     { 400, POST_REJECTED },
		{ 401, POST_HELD },  { 403, POST_HELD },     { 404, POST_HELD },
		{ 408, POST_RETRY }, { 413, POST_REJECTED }, { 422, POST_REJECTED },
		{ 429, POST_RETRY }, { 500, POST_RETRY },    { 502, POST_RETRY },
		{ 503, POST_RETRY }, { 100, POST_RETRY },    { 0, POST_RETRY },
		{ 999, POST_RETRY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_STR(post_outcome_to_str(post_outcome_of_status(cases[i].status)),
			  post_outcome_to_str(cases[i].want));
}

TESTS(T(a_result_arrives_and_the_outbox_is_empty),
      T(a_receiver_that_is_down_gets_it_once_it_is_up),
      T(a_slow_receiver_costs_no_more_than_the_limit), T(the_time_for_all_of_it_is_kept),
      T(garbage_instead_of_http_is_tried_again),
      T(an_answer_without_end_is_not_read_to_its_end),
      T(a_yes_that_got_lost_is_asked_again_and_stored_once),
      T(a_rejected_body_goes_to_the_dead_letters_with_the_reason),
      T(a_redirect_is_told_not_followed), T(a_kcidb_answer_that_says_error_is_no_yes),
      T(one_bad_entry_does_not_block_the_others), T(a_proxy_is_not_asked_for_this_host),
      T(a_cancel_ends_a_slow_post_at_once), T(each_status_has_its_meaning))
