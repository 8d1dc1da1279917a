// SPDX-License-Identifier: GPL-2.0-or-later
/* One user of a board at a time. */
#include "session/board_lock.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "tap.h"
#include "util/io.h"
#include "util/mem.h"

static struct board_spec *board_at(const char *path)
{
	static const char text[] = "board: b\n"
				   "console: {transport: pty, device: x}\n"
				   "power: {backend: none}\n";
	struct spec_messages msgs = { STRVEC_INIT };
	struct board_spec *b = NULL;
	struct err err = ERR_INIT;

	CHECK_EQ(io_atomic_write(path, text, strlen(text)), 0);
	if (board_spec_load(path, &b, &msgs, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return b;
}

TEST(a_board_has_one_user_until_that_one_lets_go)
{
	_cleanup_free_ char *path = xasprintf("%s/b.yaml", tap_tmpdir());
	struct board_spec *b = board_at(path);
	struct err err = ERR_INIT;
	int first, second;

	CHECK_EQ(board_lock(b, &first, &err), 0);
	CHECK_EQ(board_lock(b, &second, &err), -EBUSY);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "board b is busy");
	CHECK_EQ(second, -1);
	close(first);
	CHECK_EQ(board_lock(b, &second, &err), 0);
	close(second);
	board_spec_free(b);
}

TEST(a_user_that_was_killed_holds_nothing)
{
	_cleanup_free_ char *path = xasprintf("%s/b.yaml", tap_tmpdir());
	struct board_spec *b = board_at(path);
	struct err err = ERR_INIT;
	int fd, told[2];
	char c;

	CHECK_EQ(pipe(told), 0);
	pid_t other = fork();
	if (other == 0) {
		if (board_lock(b, &fd, &err) == 0)
			(void)!write(told[1], "x", 1);
		pause();
	}
	CHECK_EQ(read(told[0], &c, 1), 1);
	CHECK_EQ(board_lock(b, &fd, &err), -EBUSY);
	kill(other, SIGKILL);
	CHECK_EQ(waitpid(other, NULL, 0), other);
	CHECK_EQ(board_lock(b, &fd, &err), 0);
	close(fd);
	board_spec_free(b);
}

TEST(a_board_file_that_went_away_is_the_submitters_fault)
{
	_cleanup_free_ char *path = xasprintf("%s/b.yaml", tap_tmpdir());
	struct board_spec *b = board_at(path);
	struct err err = ERR_INIT;
	int fd = 7;

	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(board_lock(b, &fd, &err), -ENOENT);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "b.yaml: No such file");
	CHECK_EQ(fd, -1);
	board_spec_free(b);
}

TESTS(T(a_board_has_one_user_until_that_one_lets_go),
      T(a_user_that_was_killed_holds_nothing),
      T(a_board_file_that_went_away_is_the_submitters_fault))
