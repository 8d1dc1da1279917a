// SPDX-License-Identifier: GPL-2.0-or-later
/* One user of a board at a time. */
#include "session/board_lock.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "tap.h"
#include "util/io.h"
#include "util/mem.h"

static const char desk[] = "board: b\n"
			   "console: {transport: pty, device: x}\n"
			   "power: {backend: none}\n";
static const char machine[] = "board: b\n"
			      "console: {transport: qemu}\n"
			      "power: {backend: qemu, qemu: {args: []}}\n";

static struct board_spec *board_of(const char *path, const char *text)
{
	struct spec_messages msgs = { STRVEC_INIT };
	struct board_spec *b = NULL;
	struct err err = ERR_INIT;

	CHECK_EQ(io_atomic_write(path, text, strlen(text)), 0);
	if (board_spec_load(path, &b, &msgs, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	return b;
}

/* Locks lie in a runtime directory of the case's own. */
static struct board_spec *board_at(const char *path)
{
	setenv("XDG_RUNTIME_DIR", tap_tmpdir(), 1);
	return board_of(path, desk);
}

TEST(a_board_has_one_user_until_that_one_lets_go)
{
	_cleanup_free_ char *path = xasprintf("%s/b.yaml", tap_tmpdir());
	struct board_spec *b = board_at(path);
	struct err err = ERR_INIT;
	struct board_lock first, second;

	CHECK_EQ(board_lock(b, &first, &err), 0);
	CHECK_EQ(board_lock(b, &second, &err), -EBUSY);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "board b is busy");
	CHECK_CONTAINS(err.msg, path);
	CHECK_EQ(second.file_fd, -1);
	CHECK_EQ(second.name_fd, -1);
	board_unlock(&first);
	CHECK_EQ(board_lock(b, &second, &err), 0);
	board_unlock(&second);
	board_spec_free(b);
}

TEST(a_user_that_was_killed_holds_nothing)
{
	_cleanup_free_ char *path = xasprintf("%s/b.yaml", tap_tmpdir());
	struct board_spec *b = board_at(path);
	struct err err = ERR_INIT;
	struct board_lock l;
	int told[2];
	char c;

	CHECK_EQ(pipe(told), 0);
	pid_t other = fork();
	if (other == 0) {
		if (board_lock(b, &l, &err) == 0)
			(void)!write(told[1], "x", 1);
		pause();
	}
	CHECK_EQ(read(told[0], &c, 1), 1);
	CHECK_EQ(board_lock(b, &l, &err), -EBUSY);
	kill(other, SIGKILL);
	CHECK_EQ(waitpid(other, NULL, 0), other);
	CHECK_EQ(board_lock(b, &l, &err), 0);
	board_unlock(&l);
	board_spec_free(b);
}

TEST(a_board_whose_file_an_editor_replaced_is_still_busy)
{
	_cleanup_free_ char *path = xasprintf("%s/b.yaml", tap_tmpdir());
	_cleanup_free_ char *lock = xasprintf("%s/bootrig/board-b.lock", tap_tmpdir());
	struct board_spec *b = board_at(path), *again;
	struct err err = ERR_INIT;
	struct board_lock first, second;

	CHECK_EQ(board_lock(b, &first, &err), 0);
	again = board_at(path); /* written beside it and renamed: another inode */
	CHECK_EQ(board_lock(again, &second, &err), -EBUSY);
	CHECK_CONTAINS(err.msg, lock);
	board_unlock(&first);
	CHECK_EQ(board_lock(again, &second, &err), 0);
	board_unlock(&second);
	board_spec_free(again);
	board_spec_free(b);
}

TEST(a_copy_of_the_file_is_the_same_board_but_another_qemu_machine)
{
	_cleanup_free_ char *path = xasprintf("%s/b.yaml", tap_tmpdir());
	_cleanup_free_ char *copy = xasprintf("%s/copy.yaml", tap_tmpdir());
	struct board_spec *b = board_at(path), *c = board_at(copy);
	struct err err = ERR_INIT;
	struct board_lock first, second;

	CHECK_EQ(board_lock(b, &first, &err), 0);
	CHECK_EQ(board_lock(c, &second, &err), -EBUSY);
	board_unlock(&first);
	board_spec_free(b);
	board_spec_free(c);
	b = board_of(path, machine);
	c = board_of(copy, machine);
	CHECK_EQ(board_lock(b, &first, &err), 0);
	CHECK_EQ(board_lock(c, &second, &err), 0);
	board_unlock(&second);
	board_spec_free(c);
	c = board_of(path, machine);
	CHECK_EQ(board_lock(c, &second, &err), -EBUSY);
	board_unlock(&first);
	board_spec_free(b);
	board_spec_free(c);
}

TEST(a_board_file_that_went_away_is_the_submitters_fault)
{
	_cleanup_free_ char *path = xasprintf("%s/b.yaml", tap_tmpdir());
	struct board_spec *b = board_at(path);
	struct err err = ERR_INIT;
	struct board_lock l;

	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(board_lock(b, &l, &err), -ENOENT);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "b.yaml: No such file");
	CHECK_EQ(l.file_fd, -1);
	board_spec_free(b);
}

/* What a child of ours gets. */
static int lock_in_child(const struct board_spec *b, bool is_grandchild)
{
	struct err err = ERR_INIT;
	struct board_lock l;
	int status;
	pid_t pid = fork();

	if (pid == 0 && is_grandchild)
		_exit(-lock_in_child(b, false));
	if (pid == 0)
		_exit(-board_lock(b, &l, &err));
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return -WEXITSTATUS(status);
}

TEST(a_board_that_is_reserved_is_for_the_children_of_its_owner)
{
	_cleanup_free_ char *path = xasprintf("%s/b.yaml", tap_tmpdir());
	struct board_spec *b = board_at(path);
	struct err err = ERR_INIT;
	int fd;

	CHECK_EQ(board_reserve(b, &fd, &err), 0);
	CHECK_EQ(lock_in_child(b, false), 0);
	/* The child of another process, as far as the lock can tell. */
	CHECK_EQ(lock_in_child(b, true), -EBUSY);
	close(fd);
	CHECK_EQ(lock_in_child(b, true), 0);
	board_spec_free(b);
}

TEST(a_board_is_reserved_once_until_its_owner_dies)
{
	_cleanup_free_ char *path = xasprintf("%s/b.yaml", tap_tmpdir());
	struct board_spec *b = board_at(path);
	struct err err = ERR_INIT;
	struct board_lock l;
	int fd, told[2];
	char c;

	CHECK_EQ(pipe(told), 0);
	pid_t other = fork();
	if (other == 0) {
		if (board_reserve(b, &fd, &err) == 0)
			(void)!write(told[1], "x", 1);
		pause();
	}
	CHECK_EQ(read(told[0], &c, 1), 1);
	CHECK_EQ(board_reserve(b, &fd, &err), -EBUSY);
	CHECK_EQ(fd, -1);
	_cleanup_free_ char *who =
		xasprintf("a matrix or soak has it, process %d", other);
	CHECK_CONTAINS(err.msg, who);
	CHECK_EQ(board_lock(b, &l, &err), -EBUSY);
	kill(other, SIGKILL);
	CHECK_EQ(waitpid(other, NULL, 0), other);
	CHECK_EQ(board_lock(b, &l, &err), 0);
	board_unlock(&l);
	CHECK_EQ(board_reserve(b, &fd, &err), 0);
	close(fd);
	board_spec_free(b);
}

TESTS(T(a_board_has_one_user_until_that_one_lets_go),
      T(a_user_that_was_killed_holds_nothing),
      T(a_board_that_is_reserved_is_for_the_children_of_its_owner),
      T(a_board_is_reserved_once_until_its_owner_dies),
      T(a_board_whose_file_an_editor_replaced_is_still_busy),
      T(a_copy_of_the_file_is_the_same_board_but_another_qemu_machine),
      T(a_board_file_that_went_away_is_the_submitters_fault))
