// SPDX-License-Identifier: GPL-2.0-or-later
/* Nothing is lost and nothing is stored twice: posters that are killed, that meet each
 * other, or whose disk is full. */
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "post_bench.h"

TEST(a_disk_that_takes_no_note_loses_nothing)
{
	_cleanup_receiver_ struct receiver r = start("500,ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	struct rlimit was, none;

	queue_to(s, "run-1", r.url);
	CHECK_EQ(getrlimit(RLIMIT_FSIZE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	signal(SIGXFSZ, SIG_IGN);
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
	struct post_summary sum = flush(s, false);
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &was), 0);
	CHECK_EQ(sum.pending, 1);
	CHECK_CONTAINS(said.buf, "cannot note the attempt: File too large");
	CHECK_EQ(flush(s, false).sent, 1); /* nobody remembers that it should wait */
}

TEST(two_posters_at_once_send_each_entry_once)
{
	_cleanup_receiver_ struct receiver r = start("ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	enum { N = 60 };
	pid_t pids[2];
	int status;

	for (int i = 0; i < N; i++) {
		char run[16];

		snprintf(run, sizeof(run), "run-%d", i);
		queue_to(s, run, r.url);
	}
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			_cleanup_spool_ struct spool *own = open_spool();

			flush(own, true);
			_exit(0);
		}
	}
	for (int i = 0; i < 2; i++)
		CHECK(waitpid(pids[i], &status, 0) == pids[i] && status == 0);
	CHECK_EQ(flush(s, true).pending, 0);
	_cleanup_free_ char *log = received_log(&r);
	CHECK_EQ(times(log, " new\n"), N);
	CHECK_EQ(times(log, "\n"), N); /* not even a duplicate request */
}

/* A run queues its result and posts; it is killed at an arbitrary moment. Returns whether
 * it had been told that the result is queued. */
static bool killed_run(const char *url, int round, unsigned int *seed)
{
	struct timespec moment = { .tv_nsec = (long)(rand_r(seed) % 12000) * 1000 };
	char run[16], told;
	int fds[2];

	snprintf(run, sizeof(run), "run-%d", round);
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		_cleanup_spool_ struct spool *s = open_spool();

		queue_to(s, run, url);
		if (write(fds[1], "q", 1) != 1)
			_exit(1);
		flush(s, true);
		_exit(0);
	}
	close(fds[1]);
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	ppoll(&p, 1, &moment, NULL);
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	bool was_told = read(fds[0], &told, 1) == 1;
	close(fds[0]);
	close(pidfd);
	return was_told;
}

TEST(kill_9_at_any_moment_loses_nothing_and_stores_each_once)
{
	_cleanup_receiver_ struct receiver r = start("ok", NULL);
	_cleanup_spool_ struct spool *s = open_spool();
	enum { ROUNDS = 40 };
	bool promised[ROUNDS];
	unsigned int seed = 42;
	size_t stored = 0;

	for (int i = 0; i < ROUNDS; i++)
		promised[i] = killed_run(r.url, i, &seed);
	struct post_summary sum = flush(s, true);
	CHECK_EQ(sum.pending, 0);
	CHECK_EQ(sum.damaged, 0);
	for (int i = 0; i < ROUNDS; i++) {
		char run[16];

		snprintf(run, sizeof(run), "run-%d", i);
		if (promised[i] && !is_stored(&r, run))
			tap_fail(__FILE__, __LINE__, "%s was queued and is lost", run);
		stored += is_stored(&r, run);
	}
	_cleanup_free_ char *log = received_log(&r);
	CHECK_EQ(times(log, " new\n"), stored);
	CHECK(stored > 0);
}

TESTS(T(a_disk_that_takes_no_note_loses_nothing),
      T(two_posters_at_once_send_each_entry_once),
      T(kill_9_at_any_moment_loses_nothing_and_stores_each_once))
