// SPDX-License-Identifier: GPL-2.0-or-later
/* What was unpacked once is not unpacked again, as long as nobody damaged it. */
#include "kernel/unpack_cache.h"
#include "stage_bench.h"

static bool stage_cached(const char *run, const char *cache)
{
	_cleanup_free_ char *path = xasprintf("bootrig-%s/Image", run);
	struct stage_request req = request(run);
	struct staged s;

	req.cache_dir = cache;
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_STR(s.kernel.sha256.str, sha256_of(image, sizeof(image)).str);
	CHECK_STR(s.kernel_member, "boot/vmlinuz-1");
	CHECK_STR(s.kernel_how, "deb, tar.xz");
	check_file(&s.kernel, "Image", path);
	bool hit = s.kernel_from_cache;
	staged_release(&s);
	return hit;
}

/* The one file in the cache that holds the bytes. */
static char *cached_file(const char *cache)
{
	_cleanup_free_ char *script =
		xasprintf("ls %s/* | grep -v json >%s/list", cache, tap_tmpdir());
	_cleanup_free_ char *list = tmp_path("list");
	struct strbuf text = STRBUF_INIT;

	CHECK_EQ(system(script), 0);
	CHECK_EQ(io_read_file_at(AT_FDCWD, list, 4096, &text), 0);
	text.buf[text.len - 1] = '\0';
	return strbuf_take(&text);
}

TEST(a_kernel_is_unpacked_once_and_a_damaged_cache_is_a_miss)
{
	_cleanup_strbuf_ struct strbuf deb = STRBUF_INIT;
	_cleanup_free_ char *cache = tmp_path("cache");
	const struct member tree[] = { { "boot/vmlinuz-1", image, sizeof(image), NULL } };

	make_inputs();
	make_deb(&deb, "data.tar.xz", "xz", tree, 1);
	set_kernel(deb.buf, deb.len);
	CHECK(!stage_cached("r1", cache));
	CHECK(stage_cached("r2", cache));
	_cleanup_free_ char *file = cached_file(cache);
	_cleanup_close_ int fd = open(file, O_WRONLY | O_CLOEXEC);
	CHECK_EQ(pwrite(fd, "?", 1, 5000), 1);
	CHECK(!stage_cached("r3", cache));
	CHECK(stage_cached("r4", cache));
	CHECK_EQ(truncate(file, 100), 0);
	CHECK(!stage_cached("r5", cache));
	/* What the job says is part of the key: a wrong word is found out again. */
	kernel.archive = xstrdup("tar");
	struct stage_request req = request("r6");
	struct staged s;
	req.cache_dir = cache;
	CHECK_EQ(stage(&req, &s), -EINVAL);
	free(kernel.archive);
	kernel.archive = NULL;
	drop_inputs();
}

TEST(the_cache_drops_what_was_used_longest_ago)
{
	_cleanup_free_ char *dir = tmp_path("cache");
	_cleanup_close_ int cache = unpack_cache_open(dir);
	struct task task = TASK_INIT;
	struct unpacked un, back;
	struct sha256_hex keys[4];

	CHECK(cache >= 0);
	for (int i = 0; i < 4; i++) {
		char text[100];
		_cleanup_close_ int out = memfile("", 0);

		memset(text, 'a' + i, sizeof(text));
		_cleanup_close_ int fd = memfile(text, sizeof(text));
		keys[i] = sha256_of(&i, sizeof(i));
		un = (struct unpacked){ .size = 100, .sha256 = sha256_of(text, 100) };
		unpack_cache_put(cache, &keys[i], fd, &un, 300);
		/* The first is used each time, so the second is the oldest. */
		struct timespec when[2] = { { .tv_sec = 1000 + i },
					    { .tv_sec = 1000 + i } };
		CHECK_EQ(utimensat(cache, keys[i].str, when, 0), 0);
		CHECK(unpack_cache_get(cache, &keys[0], out, &task, &back));
	}
	_cleanup_close_ int out = memfile("", 0);
	CHECK(!unpack_cache_get(cache, &keys[1], out, &task, &back));
	CHECK(unpack_cache_get(cache, &keys[2], out, &task, &back));
	CHECK(unpack_cache_get(cache, &keys[3], out, &task, &back));
}

/* A copy that was killed leaves .KEY.PID. */
TEST(what_a_killed_copy_left_goes_an_hour_later)
{
	_cleanup_free_ char *dir = tmp_path("left");
	_cleanup_close_ int cache = unpack_cache_open(dir);
	struct sha256_hex key = sha256_of("left", 4), other = sha256_of("put", 3);
	_cleanup_free_ char *old = xasprintf(".%s.4711", key.str);
	_cleanup_free_ char *young = xasprintf(".%s.4712", key.str);
	const char *const names[] = { old, young, ".notes" };
	const struct timespec long_ago[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	_cleanup_close_ int fd = memfile("bytes", 5);
	struct unpacked un = { .size = 5, .sha256 = sha256_of("bytes", 5) };

	CHECK(cache >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		CHECK_EQ(io_atomic_write_at(cache, names[i], "x", 1), 0);
	CHECK_EQ(utimensat(cache, old, long_ago, 0), 0);
	CHECK_EQ(utimensat(cache, ".notes", long_ago, 0), 0);
	unpack_cache_put(cache, &other, fd, &un, 300);
	CHECK(faccessat(cache, old, F_OK, 0) != 0);
	CHECK(faccessat(cache, young, F_OK, 0) == 0); /* may be at work */
	CHECK(faccessat(cache, ".notes", F_OK, 0) == 0);
}

TESTS(T(a_kernel_is_unpacked_once_and_a_damaged_cache_is_a_miss),
      T(the_cache_drops_what_was_used_longest_ago),
      T(what_a_killed_copy_left_goes_an_hour_later))
