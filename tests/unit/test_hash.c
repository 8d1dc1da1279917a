// SPDX-License-Identifier: GPL-2.0-or-later
/* SHA-256 against the examples of FIPS 180-4. */
#include "util/hash.h"

#include <errno.h>
#include <fcntl.h>

#include "tap.h"
#include "util/io.h"
#include "util/mem.h"

static const char abc[] =
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(the_published_examples_come_out)
{
	static const char two_blocks[] =
		"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

	CHECK_STR(sha256_of("", 0).str,
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	CHECK_STR(sha256_of("abc", 3).str, abc);
	CHECK_STR(sha256_of(two_blocks, strlen(two_blocks)).str,
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(pieces_give_what_the_whole_gives)
{
	struct sha256 *h = sha256_new();

	sha256_update(h, "a", 1);
	sha256_update(h, "", 0);
	sha256_update(h, "bc", 2);
	CHECK_STR(sha256_finish(h).str, abc);
}

TEST(a_file_is_hashed_from_where_it_stands_and_measured)
{
	_cleanup_free_ char *path = xasprintf("%s/f", tap_tmpdir());
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	_cleanup_free_ char *big = xcalloc(1, 1000000);
	struct sha256_hex hex;
	uint64_t size = 0;

	memset(big, 'a', 1000000);
	CHECK_EQ(io_write_all(fd, big, 1000000), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(sha256_of_fd(fd, &hex, &size), 0);
	CHECK_STR(hex.str,
		  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	CHECK_EQ(size, 1000000);
	CHECK_EQ(lseek(fd, 999997, SEEK_SET), 999997);
	CHECK_EQ(sha256_of_fd(fd, &hex, NULL), 0);
	CHECK_STR(hex.str, sha256_of("aaa", 3).str);
}

TEST(a_file_that_cannot_be_read_is_an_error)
{
	_cleanup_close_ int fd = open(tap_tmpdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sha256_hex hex;

	CHECK_EQ(sha256_of_fd(fd, &hex, NULL), -EISDIR);
	CHECK_EQ(sha256_of_fd(-1, &hex, NULL), -EBADF);
}

TESTS(T(the_published_examples_come_out), T(pieces_give_what_the_whole_gives),
      T(a_file_is_hashed_from_where_it_stands_and_measured),
      T(a_file_that_cannot_be_read_is_an_error))
