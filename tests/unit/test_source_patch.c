// SPDX-License-Identifier: GPL-2.0-or-later
/* A small tree from point to point of a series, by the real git apply. */
#include "kernel/source_patch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "tap.h"
#include "util/io.h"
#include "util/mem.h"

static const char change[] = "--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-one\n+two\n";
static const char again[] = "--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-two\n+three\n";
static const char rename_it[] = "diff --git a/x.c b/d/y.c\nsimilarity index 100%\n"
				"rename from x.c\nrename to d/y.c\n";
static const char through_link[] = "--- /dev/null\n+++ b/link/z.c\n@@ -0,0 +1 @@\n+z\n";

static void put(const char *path, const char *text)
{
	CHECK_EQ(io_atomic_write(path, text, strlen(text)), 0);
}

/* What a file below the tree holds; "-" = it is not there. The caller owns it. */
static char *in_tree(const char *path)
{
	_cleanup_free_ char *full = xasprintf("tree/%s", path);
	struct strbuf text = STRBUF_INIT;

	if (io_read_file_at(AT_FDCWD, full, 4096, &text))
		strbuf_addstr(&text, "-");
	return strbuf_take(&text);
}

/* The tree with these patches, NULL behind the last; 0 or what source_patch() says. */
static int go_to(const char *const *patches, struct err *err)
{
	_cleanup_series_ struct series series = { .v = NULL };
	_cleanup_free_ char *dir = realpath("tree", NULL), *state = NULL;
	_cleanup_strbuf_ struct strbuf list = STRBUF_INIT;
	const struct task task = TASK_INIT;

	*err = (struct err)ERR_INIT;
	CHECK_EQ(io_mkdir_p("series"), 0);
	for (size_t i = 0; patches[i]; i++) {
		_cleanup_free_ char *path = xasprintf("series/%zu.patch", i);

		put(path, patches[i]);
		strbuf_addf(&list, "%zu.patch\n", i);
	}
	put("series/series", strbuf_str(&list));
	CHECK_EQ(series_load("series", NULL, &task, &series, err), 0);
	state = xasprintf("%s.state", dir);
	const struct source_tree t = { .dir = dir, .state = state };
	return source_patch(&t, &series, &task, err);
}

static void check_tree(const char *x, const char *y)
{
	_cleanup_free_ char *is_x = in_tree("x.c"), *is_y = in_tree("d/y.c");

	CHECK_STR(is_x, x);
	CHECK_STR(is_y, y);
}

static void make_tree(char *dir)
{
	CHECK(mkdtemp(dir) != NULL);
	CHECK_EQ(chdir(dir), 0);
	CHECK_EQ(io_mkdir_p("tree"), 0);
	CHECK_EQ(io_mkdir_p("outside"), 0);
	put("tree/x.c", "one\n");
	CHECK_EQ(symlink("../outside", "tree/link"), 0);
}

TEST(every_point_is_reached_from_every_other)
{
	char dir[] = "/tmp/bootrig-patch.XXXXXX";
	struct err err;

	make_tree(dir);
	for (int round = 0; round < 2; round++) {
		CHECK_EQ(go_to((const char *[]){ change, again, NULL }, &err), 0);
		check_tree("three\n", "-");
		CHECK_EQ(go_to((const char *[]){ rename_it, NULL }, &err), 0);
		check_tree("-", "one\n");
		CHECK_EQ(go_to((const char *[]){ change, rename_it, NULL }, &err), 0);
		check_tree("-", "two\n");
		CHECK_EQ(go_to((const char *[]){ NULL }, &err), 0);
		check_tree("one\n", "-");
	}
	CHECK_EQ(io_remove_tree_at(AT_FDCWD, dir), 0);
}

TEST(a_patch_that_does_not_apply_leaves_the_tree_as_it_was)
{
	char dir[] = "/tmp/bootrig-patch.XXXXXX";
	struct err err;

	make_tree(dir);
	CHECK_EQ(go_to((const char *[]){ change, NULL }, &err), 0);
	CHECK_EQ(go_to((const char *[]){ rename_it, again, NULL }, &err), -EBADMSG);
	CHECK_CONTAINS(err.msg, "series/1.patch: does not apply");
	check_tree("two\n", "-");
	CHECK_EQ(go_to((const char *[]){ again, NULL }, &err), -EBADMSG);
	CHECK_CONTAINS(err.msg, "series/0.patch: hunk 1 of x.c (line 1)");
	check_tree("two\n", "-");
	CHECK_EQ(io_remove_tree_at(AT_FDCWD, dir), 0);
}

TEST(no_patch_writes_through_a_symbolic_link)
{
	char dir[] = "/tmp/bootrig-patch.XXXXXX";
	struct err err;

	make_tree(dir);
	CHECK(go_to((const char *[]){ through_link, NULL }, &err) < 0);
	CHECK(access("outside/z.c", F_OK) != 0);
	CHECK_EQ(io_remove_tree_at(AT_FDCWD, dir), 0);
}

TESTS(T(every_point_is_reached_from_every_other),
      T(a_patch_that_does_not_apply_leaves_the_tree_as_it_was),
      T(no_patch_writes_through_a_symbolic_link))
