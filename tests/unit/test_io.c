// SPDX-License-Identifier: GPL-2.0-or-later
/* Files: bounded reads, replacement that is never half done, trees removed without
 * following links. */
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tap.h"
#include "util/mem.h"

static int here(void)
{
	int fd = open(tap_tmpdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

static void put(int dirfd, const char *name, const char *text)
{
	_cleanup_close_ int fd =
		openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	CHECK_EQ(io_write_all(fd, text, strlen(text)), 0);
}

static void check_text(int dirfd, const char *name, const char *want)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	CHECK_EQ(io_read_file_at(dirfd, name, 1 << 20, &sb), 0);
	CHECK_STR(strbuf_str(&sb), want);
}

TEST(a_file_of_exactly_the_bound_is_read_and_one_byte_more_is_not)
{
	_cleanup_close_ int d = here();
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	put(d, "f", "12345");
	CHECK_EQ(io_read_file_at(d, "f", 5, &sb), 0);
	CHECK_STR(sb.buf, "12345");
	CHECK_EQ(io_read_file_at(d, "f", 5, &sb), 0);
	CHECK_STR(sb.buf, "1234512345"); /* appends */
	CHECK_EQ(io_read_file_at(d, "f", 4, &sb), -EFBIG);
	CHECK_EQ(io_read_file_at(d, "g", 4, &sb), -ENOENT);
}

TEST(a_whole_write_survives_a_slow_reader)
{
	_cleanup_free_ char *data = xmalloc(1 << 20);
	_cleanup_strbuf_ struct strbuf got = STRBUF_INIT;
	int fds[2], status;

	for (size_t i = 0; i < 1 << 20; i++)
		data[i] = (char)(i * 7);
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		_exit(io_write_all(fds[1], data, 1 << 20) != 0);
	}
	close(fds[1]);
	CHECK_EQ(io_read_fd(fds[0], 1 << 20, &got), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(got.len, 1 << 20);
	CHECK_EQ(memcmp(got.buf, data, 1 << 20), 0);
}

TEST(a_write_that_fails_says_why)
{
	_cleanup_close_ int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (full < 0)
		SKIP("no /dev/full");
	CHECK_EQ(io_write_all(full, "x", 1), -ENOSPC);
	CHECK_EQ(io_write_all(-1, "x", 1), -EBADF);
	CHECK_EQ(io_write_all(-1, "x", 0), 0);
}

TEST(a_replaced_file_is_the_old_one_or_the_new_one)
{
	_cleanup_close_ int d = here();
	struct stat before, after;

	put(d, "f", "old");
	_cleanup_close_ int held = openat(d, "f", O_RDONLY | O_CLOEXEC);
	CHECK_EQ(fstat(held, &before), 0);
	CHECK_EQ(io_atomic_write_at(d, "f", "new text", 8), 0);
	check_text(d, "f", "new text");
	CHECK_EQ(fstatat(d, "f", &after, 0), 0);
	CHECK(before.st_ino != after.st_ino); /* who has it open keeps the old one */
	_cleanup_strbuf_ struct strbuf old = STRBUF_INIT;
	CHECK_EQ(io_read_fd(held, 100, &old), 0);
	CHECK_STR(old.buf, "old");
}

TEST(a_replacement_that_fails_leaves_nothing_behind)
{
	_cleanup_close_ int d = here();

	CHECK_EQ(mkdirat(d, "f", 0755), 0);
	put(d, "f/inside", "x"); /* a file cannot replace a directory */
	CHECK(io_atomic_write_at(d, "f", "new", 3) < 0);
	check_text(d, "f/inside", "x");
	CHECK_EQ(io_remove_tree_at(d, "f"), 0);
	CHECK_EQ(unlinkat(AT_FDCWD, tap_tmpdir(), AT_REMOVEDIR), 0); /* it is empty */
	CHECK_EQ(mkdir(tap_tmpdir(), 0700), 0);
}

TEST(directories_are_made_with_their_parents)
{
	_cleanup_free_ char *path = xasprintf("%s/a/b//c", tap_tmpdir());
	_cleanup_free_ char *below = xasprintf("%s/f/x", tap_tmpdir());
	_cleanup_close_ int d = here();
	struct stat st;

	CHECK_EQ(io_mkdir_p(path), 0);
	CHECK_EQ(io_mkdir_p(path), 0);
	CHECK_EQ(stat(path, &st), 0);
	CHECK(S_ISDIR(st.st_mode));
	put(d, "f", "");
	CHECK_EQ(io_mkdir_p(below), -ENOTDIR);
}

TEST(a_tree_is_removed_and_what_links_point_to_stays)
{
	_cleanup_close_ int d = here();

	CHECK_EQ(mkdirat(d, "keep", 0755), 0);
	put(d, "keep/f", "kept");
	CHECK_EQ(mkdirat(d, "t", 0755), 0);
	CHECK_EQ(mkdirat(d, "t/deep", 0755), 0);
	CHECK_EQ(mkdirat(d, "t/deep/er", 0755), 0);
	put(d, "t/deep/er/f", "x");
	CHECK_EQ(symlinkat("../keep", d, "t/link"), 0);
	CHECK_EQ(symlinkat("../../keep/f", d, "t/deep/link"), 0);
	CHECK_EQ(symlinkat("nowhere", d, "t/dangling"), 0);
	CHECK_EQ(io_remove_tree_at(d, "t"), 0);
	CHECK(faccessat(d, "t", F_OK, AT_SYMLINK_NOFOLLOW) != 0);
	check_text(d, "keep/f", "kept");
	/* A link itself, a file, nothing at all. */
	CHECK_EQ(symlinkat("keep", d, "l"), 0);
	CHECK_EQ(io_remove_tree_at(d, "l"), 0);
	check_text(d, "keep/f", "kept");
	CHECK_EQ(io_remove_tree_at(d, "keep/f"), 0);
	CHECK_EQ(io_remove_tree_at(d, "nothing"), 0);
}

TEST(the_names_in_a_directory_come_sorted_or_not_at_all)
{
	_cleanup_close_ int d = here();
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;

	CHECK_EQ(mkdirat(d, "l", 0755), 0);
	CHECK_EQ(io_list_at(d, "l", &names), 0);
	CHECK_EQ(names.n, 0);
	put(d, "l/b", "");
	put(d, "l/B", "");
	put(d, "l/.a", "");
	put(d, "l/..c", "");
	CHECK_EQ(mkdirat(d, "l/a", 0755), 0);
	CHECK_EQ(symlinkat("nowhere", d, "l/10"), 0);
	CHECK_EQ(symlinkat("nowhere", d, "l/9"), 0);
	strvec_add(&names, "z");
	CHECK_EQ(io_list_at(d, "l", &names), 0); /* adds */
	static const char *const want[] = { "z", "..c", ".a", "10", "9", "B", "a", "b" };
	CHECK_EQ(names.n, ARRAY_SIZE(want));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		CHECK_STR(names.v[i], want[i]);
	CHECK_EQ(io_list_at(d, "missing", &names), -ENOENT);
	CHECK_EQ(io_list_at(d, "l/b", &names), -ENOTDIR);
	CHECK_EQ(io_list_at(-1, ".", &names), -EBADF);
	CHECK_EQ(names.n, ARRAY_SIZE(want));
}

TEST(an_empty_directory_that_nobody_may_enter_is_removed)
{
	_cleanup_close_ int d = here();

	CHECK_EQ(mkdirat(d, "shut", 0400), 0);
	CHECK_EQ(io_remove_tree_at(d, "shut"), 0);
	CHECK_EQ(io_remove_tree_at(d, "shut"), 0);
}

TEST(bytes_are_copied_to_the_end_of_another_file)
{
	_cleanup_close_ int d = here();

	put(d, "from", "0123456789");
	_cleanup_close_ int from = openat(d, "from", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int to = openat(d, "to", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK_EQ(lseek(from, 4, SEEK_SET), 4);
	CHECK_EQ(io_write_all(to, ">", 1), 0);
	CHECK_EQ(io_copy_fd(from, to), 0);
	check_text(d, "to", ">456789");
	CHECK_EQ(io_copy_fd(to, from), -EBADF); /* both the wrong way round */
}

TEST(a_descriptor_can_be_made_not_to_block_and_back)
{
	int fds[2];
	char c;

	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	CHECK_EQ(io_set_nonblock(fds[0], true), 0);
	CHECK(read(fds[0], &c, 1) < 0 && errno == EAGAIN);
	CHECK_EQ(io_set_nonblock(fds[0], false), 0);
	CHECK(!(fcntl(fds[0], F_GETFL) & O_NONBLOCK));
	CHECK_EQ(io_set_nonblock(-1, true), -EBADF);
}

TESTS(T(a_file_of_exactly_the_bound_is_read_and_one_byte_more_is_not),
      T(a_whole_write_survives_a_slow_reader), T(a_write_that_fails_says_why),
      T(a_replaced_file_is_the_old_one_or_the_new_one),
      T(a_replacement_that_fails_leaves_nothing_behind),
      T(directories_are_made_with_their_parents),
      T(a_tree_is_removed_and_what_links_point_to_stays),
      T(the_names_in_a_directory_come_sorted_or_not_at_all),
      T(an_empty_directory_that_nobody_may_enter_is_removed),
      T(bytes_are_copied_to_the_end_of_another_file),
      T(a_descriptor_can_be_made_not_to_block_and_back))
