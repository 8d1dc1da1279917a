// SPDX-License-Identifier: GPL-2.0-or-later
/* Child processes: what they get, how they end, and that none outlives us. */
#include "util/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tap.h"
#include "util/io.h"
#include "util/mem.h"

#define SH(line) ((const char *const[]){ "/bin/sh", "-c", line, NULL })

static struct deadline soon(void)
{
	return deadline_in_ms(20000);
}

static void check_says(const char *line, const struct child_opts *o, const char *want)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct err err = ERR_INIT;

	if (child_capture(SH(line), o, soon(), -1, 65536, &out, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	CHECK_STR(strbuf_str(&out), want);
}

TEST(a_childs_output_is_collected)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct err err = ERR_INIT;

	check_says("echo one; echo oops >&2; echo two", NULL, "one\ntwo\n");
	CHECK_EQ(child_capture(
			 SH("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2"),
			 NULL, soon(), -1, 300000, &out, &err),
		 0);
	CHECK_EQ(out.len, 300000);
}

TEST(a_child_that_fails_is_told_with_its_last_word)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct err err = ERR_INIT;

	CHECK_EQ(child_capture(SH("echo first >&2; echo why >&2; echo >&2; exit 3"), NULL,
			       soon(), -1, 100, &out, &err),
		 -EREMOTEIO);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_STR(err.msg, "/bin/sh: exit status 3: why");
	CHECK_EQ(child_capture(SH("kill -TERM $$"), NULL, soon(), -1, 100, &out, &err),
		 -EREMOTEIO);
	CHECK_STR(err.msg, "/bin/sh: killed by signal 15");
}

TEST(more_output_than_allowed_is_an_error)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct err err = ERR_INIT;

	CHECK_EQ(child_capture(SH("echo 1234"), NULL, soon(), -1, 5, &out, &err), 0);
	CHECK_EQ(child_capture(SH("yes"), NULL, soon(), -1, 100000, &out, &err), -EFBIG);
	CHECK_EQ(err.class, ERR_LAB);
}

TEST(a_missing_program_is_told_by_its_name)
{
	const char *const argv[] = { "bootrig-nonexistent", NULL };
	struct child c = CHILD_INIT;
	struct err err = ERR_INIT;

	CHECK_EQ(child_spawn(&c, argv, NULL, &err), -ENOENT);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "bootrig-nonexistent: cannot start");
	CHECK_EQ(c.pid, 0);
	CHECK_EQ(c.pidfd, -1);
	child_kill(&c, SIGKILL); /* fine on none */
}

TEST(directory_and_environment_are_as_asked)
{
	static const char *const env[] = { "A=one two", "B", "C=", NULL };
	struct child_opts o = CHILD_OPTS_INIT;

	setenv("B", "there", 1);
	setenv("D", "kept", 1);
	o.env_add = env;
	o.dir = "/";
	check_says("pwd; echo \"$A|${B-gone}|${C-gone}|$D\"", &o,
		   "/\none two|gone||kept\n");
	CHECK_STR(getenv("B"), "there");
	CHECK(!getenv("A"));
	o.dir = "/nonexistent";
	struct child c;
	struct err err = ERR_INIT;
	CHECK_EQ(child_spawn(&c, SH("true"), &o, &err), -ENOENT);
}

TEST(input_is_empty_unless_given)
{
	_cleanup_close_ int in = open("/bin/sh", O_RDONLY | O_CLOEXEC);
	struct child_opts o = CHILD_OPTS_INIT;

	check_says("wc -c", NULL, "0\n");
	o.stdin_fd = in;
	check_says("test $(wc -c) -gt 1000 && echo some", &o, "some\n");
}

TEST(descriptors_of_ours_are_not_inherited)
{
	int fds[2];

	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	_cleanup_free_ char *line =
		xasprintf("test -e /proc/self/fd/%d || echo no", fds[1]);
	check_says(line, NULL, "no\n");
}

TEST(signals_reach_a_child_as_if_we_had_never_touched_them)
{
	sigset_t all;

	/* Whatever started this test may ignore some; only SIGPIPE is ours. make starts
	 * programs by posix_spawn, which leaves glibc's own 32 and 33 ignored, and
	 * signal() does not touch these. */
	const char default_action[64] = { 0 };

	for (int sig = 1; sig < 34; sig++)
		syscall(SYS_rt_sigaction, sig, default_action, NULL, 8);
	signal(SIGPIPE, SIG_IGN);
	sigfillset(&all);
	CHECK_EQ(sigprocmask(SIG_BLOCK, &all, NULL), 0);
	check_says("grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\\t0'", NULL,
		   "SigBlk:\nSigIgn:\n");
}

TEST(a_wait_ends_with_its_deadline_and_the_child_still_runs)
{
	struct child c;
	struct err err = ERR_INIT;
	int status;

	CHECK_EQ(child_spawn(&c, SH("exec sleep 1000"), NULL, &err), 0);
	CHECK_EQ(child_wait(&c, deadline_in_ms(10), -1, &status, &err), -ETIMEDOUT);
	CHECK(c.pid > 0);
	CHECK_EQ(kill(c.pid, 0), 0);
	child_kill(&c, SIGTERM);
	CHECK_EQ(c.pid, 0);
	CHECK_EQ(c.pidfd, -1);
	CHECK_EQ(child_wait(&c, soon(), -1, &status, &err), -ECHILD);
	CHECK_EQ(err.class, ERR_BUG);
}

TEST(a_wait_ends_when_it_is_canceled)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct child c;
	struct err err = ERR_INIT;
	int status, fds[2];

	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(child_spawn(&c, SH("exec sleep 1000"), NULL, &err), 0);
	CHECK_EQ(child_wait(&c, soon(), fds[0], &status, &err), -ECANCELED);
	CHECK_EQ(err.class, ERR_CANCELED);
	child_kill(&c, SIGKILL);
	CHECK_EQ(child_capture(SH("exec sleep 1000"), NULL, soon(), fds[0], 10, &out,
			       &err),
		 -ECANCELED);
	CHECK_EQ(err.class, ERR_CANCELED);
}

TEST(the_exit_status_comes_as_from_waitpid)
{
	struct child c;
	struct err err = ERR_INIT;
	int status;

	CHECK_EQ(child_spawn(&c, SH("exit 42"), NULL, &err), 0);
	CHECK_EQ(child_wait(&c, soon(), -1, &status, &err), 0);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 42);
	CHECK_EQ(c.pid, 0);
}

/* Whoever holds the write end keeps the read end open. */
static void check_all_gone(int read_fd)
{
	struct pollfd p = { .fd = read_fd, .events = POLLIN };
	char c;

	CHECK_EQ(poll(&p, 1, 10000), 1);
	CHECK_EQ(read(read_fd, &c, 1), 0);
}

TEST(a_group_is_killed_with_its_grandchildren)
{
	struct child_opts o = CHILD_OPTS_INIT;
	struct child c;
	struct err err = ERR_INIT;
	int fds[2];
	char byte;

	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	o.stdout_fd = fds[1];
	o.own_group = true;
	CHECK_EQ(child_spawn(&c, SH("sleep 1000 & echo; wait"), &o, &err), 0);
	close(fds[1]);
	CHECK_EQ(read(fds[0], &byte, 1), 1); /* the grandchild is there */
	child_kill(&c, SIGKILL);
	check_all_gone(fds[0]);
	close(fds[0]);
}

TEST(a_child_that_does_not_listen_is_killed_in_the_end)
{
	struct child_opts o = CHILD_OPTS_INIT;
	struct child c;
	struct err err = ERR_INIT;
	int fds[2];
	char byte;

	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	o.stdout_fd = fds[1];
	o.own_group = true;
	CHECK_EQ(child_spawn(&c, SH("trap '' TERM; echo; while :; do sleep 1; done"), &o,
			     &err),
		 0);
	close(fds[1]);
	CHECK_EQ(read(fds[0], &byte, 1), 1);
	child_kill(&c, SIGTERM);
	CHECK_EQ(c.pid, 0);
	check_all_gone(fds[0]);
	close(fds[0]);
}

TEST(a_child_dies_with_us_however_we_die)
{
	int fds[2];
	char byte;

	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct child_opts o = CHILD_OPTS_INIT;
		struct child c;
		struct err err = ERR_INIT;

		o.stdout_fd = fds[1];
		if (child_spawn(&c, SH("echo; exec sleep 1000"), &o, &err))
			_exit(1);
		pause();
	}
	close(fds[1]);
	CHECK_EQ(read(fds[0], &byte, 1), 1);
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	check_all_gone(fds[0]);
	close(fds[0]);
}

TESTS(T(a_childs_output_is_collected), T(a_child_that_fails_is_told_with_its_last_word),
      T(more_output_than_allowed_is_an_error), T(a_missing_program_is_told_by_its_name),
      T(directory_and_environment_are_as_asked), T(input_is_empty_unless_given),
      T(descriptors_of_ours_are_not_inherited),
      T(signals_reach_a_child_as_if_we_had_never_touched_them),
      T(a_wait_ends_with_its_deadline_and_the_child_still_runs),
      T(a_wait_ends_when_it_is_canceled), T(the_exit_status_comes_as_from_waitpid),
      T(a_group_is_killed_with_its_grandchildren),
      T(a_child_that_does_not_listen_is_killed_in_the_end),
      T(a_child_dies_with_us_however_we_die))
