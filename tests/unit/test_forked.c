// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/forked.h"

#include <errno.h>
#include <signal.h>

#include "tap.h"
#include "util/io.h"

static struct forked_limits limits(int64_t ms)
{
	return (struct forked_limits){ .deadline = deadline_in_ms(ms),
				       .memory_bytes = UINT64_C(64) << 20,
				       .output_bytes = 100000 };
}

static void say(void *arg, int fd)
{
	if (io_write_all(fd, arg, strlen(arg)))
		_exit(3);
}

static void say_and_die(void *arg, int fd)
{
	say(arg, fd);
	raise(SIGKILL);
}

static void sleep_long(void *arg, int fd)
{
	say(arg, fd);
	for (;;)
		pause();
}

static void eat(void *arg, int fd)
{
	for (int i = 0; i < 100; i++) {
		char *p = malloc(10 << 20);

		if (!p)
			abort();
		memset(p, 1, 10 << 20);
	}
	say(arg, fd);
}

static void talk(void *arg, int fd)
{
	for (int i = 0; i < 100000; i++)
		say(arg, fd);
}

static int call(void (*fn)(void *arg, int fd), int64_t ms, struct strbuf *out,
		struct err *err)
{
	const struct forked_limits l = limits(ms);
	char text[] = "word";

	return forked_call(fn, text, &l, out, err);
}

TEST(what_a_function_writes_comes_back)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct err err = ERR_INIT;

	CHECK_EQ(call(say, 10000, &out, &err), 0);
	CHECK_STR(strbuf_str(&out), "word");
}

TEST(a_crash_is_an_error_and_what_came_before_is_kept)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct err err = ERR_INIT;

	CHECK_EQ(call(say_and_die, 10000, &out, &err), -EREMOTEIO);
	CHECK_STR(strbuf_str(&out), "word");
	CHECK_CONTAINS(err.msg, "killed by signal 9");
}

TEST(time_and_output_are_bounded)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct err err = ERR_INIT;

	CHECK_EQ(call(sleep_long, 100, &out, &err), -ETIMEDOUT);
	CHECK_STR(strbuf_str(&out), "word");
	CHECK_EQ(call(talk, 10000, &out, &err), -EFBIG);
	CHECK(out.len <= 100004);
}

TEST(memory_is_bounded)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct err err = ERR_INIT;

#if defined(__SANITIZE_ADDRESS__)
	SKIP("a sanitizer needs more memory than any limit");
#endif
	CHECK_EQ(call(eat, 10000, &out, &err), -EREMOTEIO);
	CHECK_EQ(out.len, 0);
}

TESTS(T(what_a_function_writes_comes_back),
      T(a_crash_is_an_error_and_what_came_before_is_kept), T(time_and_output_are_bounded),
      T(memory_is_bounded))
