// SPDX-License-Identifier: GPL-2.0-or-later
#include "parse/patch_files.h"

#include <errno.h>

#include "tap.h"
#include "util/strbuf.h"

static struct err err;

/* The files of a patch, joined by blanks; or the message. */
static const char *files_of(const char *text, uint32_t strip)
{
	static struct strbuf said;
	_cleanup_strvec_ struct strvec files = STRVEC_INIT;

	err = (struct err)ERR_INIT;
	strbuf_reset(&said);
	if (patch_files(text, strlen(text), strip, "x.patch", &files, &err)) {
		CHECK_EQ(err.class, ERR_JOB);
		return err.msg;
	}
	for (size_t i = 0; i < files.n; i++)
		strbuf_addf(&said, "%s%s", i ? " " : "", files.v[i]);
	return strbuf_str(&said);
}

#define HUNK "@@ -1,2 +1,2 @@\n a\n-b\n+c\n"

TEST(a_mail_names_each_file_once)
{
	CHECK_STR(
		files_of("From 0 Mon Sep 17\nSubject: x\n\n--- text\n---\n a.c | 2 +-\n\n"
			 "diff --git a/d/a.c b/d/a.c\nindex 1..2 100644\n--- a/d/a.c\n"
			 "+++ b/d/a.c\n" HUNK "@@ -9 +9 @@\n-x\n+y\n"
			 "diff --git a/b.h b/b.h\n--- a/b.h\n+++ b/b.h\n" HUNK
			 "-- \n2.39\n",
			 1),
		"d/a.c b.h");
}

TEST(a_plain_diff_has_names_and_times)
{
	CHECK_STR(files_of("--- linux-1/a.c\t2026-01-01 00:00:00\n"
			   "+++ linux-2/a.c\t2026-01-02 00:00:00\n" HUNK,
			   1),
		  "a.c");
	CHECK_STR(files_of("--- a.c\n+++ a.c\n" HUNK, 0), "a.c");
}

TEST(a_removed_line_that_looks_like_a_header_is_none)
{
	CHECK_STR(
		files_of(
			"--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,2 @@\n--- a/evil\n+++ b/evil\n x\n",
			1),
		"a.c");
}

TEST(new_deleted_renamed_empty_and_binary_files_are_named)
{
	CHECK_STR(
		files_of(
			"diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n"
			"@@ -0,0 +1 @@\n+x\n",
			1),
		"n");
	CHECK_STR(files_of("diff --git a/o b/o\ndeleted file mode 100644\n--- a/o\n"
			   "+++ /dev/null\n@@ -1 +0,0 @@\n-x\n",
			   1),
		  "o");
	CHECK_STR(
		files_of("diff --git a/x y b/z\nsimilarity index 100%\nrename from x y\n"
			 "rename to z\n",
			 1),
		"x y z");
	CHECK_STR(files_of("diff --git a/e b/e\nnew file mode 100644\nindex 0..e\n", 1),
		  "e");
	CHECK_STR(files_of("diff --git a/s.sh b/s.sh\nold mode 100644\nnew mode 100755\n",
			   1),
		  "s.sh");
	CHECK_STR(
		files_of("diff --git a/d/p.png b/d/p.png\nindex 1..2\nGIT binary patch\n"
			 "literal 3\nabc\n",
			 1),
		"d/p.png");
}

TEST(names_that_leave_the_tree_are_refused_with_their_line)
{
	static const char *const names[] = { "a/../../etc/passwd",
					     "a/x/../y",
					     "a/.git/config",
					     "a//x",
					     "a/./x",
					     "a/x/",
					     "a/" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char text[200];

		snprintf(text, sizeof(text), "text\n--- %s\n+++ %s\n" HUNK, names[i],
			 names[i]);
		CHECK_CONTAINS(files_of(text, 1), "x.patch:4: ");
	}
	CHECK_CONTAINS(files_of("--- /etc/passwd\n+++ /etc/passwd\n" HUNK, 0),
		       "an absolute file name");
	CHECK_CONTAINS(files_of("--- \"a/\\t\"\n+++ \"b/\\t\"\n" HUNK, 1), "quoted");
	CHECK_CONTAINS(files_of("--- a.c\n+++ a.c\n" HUNK, 1), "too few directories");
}

TEST(links_and_submodules_are_refused)
{
	CHECK_CONTAINS(
		files_of(
			"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n"
			"@@ -0,0 +1 @@\n+/etc\n",
			1),
		"x.patch:2: a symbolic link");
	CHECK_CONTAINS(files_of("diff --git a/l b/l\nnew file mode 160000\n", 1),
		       "submodule");
	/* git takes the mode without its carriage return. */
	CHECK_CONTAINS(files_of("diff --git a/l b/l\r\nnew file mode 120000\r\n", 1),
		       "x.patch:2: a symbolic link");
}

TEST(damaged_hunks_are_told_with_their_line)
{
	CHECK_CONTAINS(files_of("--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n a\n", 1),
		       "x.patch:4: the patch is cut off");
	CHECK_CONTAINS(files_of("--- a/a\n+++ b/a\n@@ -1,x +1 @@\n a\n", 1),
		       "x.patch:3: a hunk header");
	CHECK_CONTAINS(files_of("--- a/a\n+++ b/a\n@@ -1,2 +1,1 @@\n-a\n?b\n", 1),
		       "x.patch:5: a line in a hunk");
	CHECK_CONTAINS(files_of("--- a/a\n+++ b/a\n@@ -1 +1 @@\n+a\n+b\n", 1),
		       "x.patch:5: a hunk with more lines");
}

TEST(a_text_without_a_diff_is_no_patch)
{
	CHECK_CONTAINS(files_of("hello\n", 1), "x.patch: no diff in it");
	CHECK_CONTAINS(files_of("", 1), "no diff");
	CHECK_CONTAINS(files_of("--- a/x\nno plus\n", 1), "no diff");
}

TESTS(T(a_mail_names_each_file_once), T(a_plain_diff_has_names_and_times),
      T(a_removed_line_that_looks_like_a_header_is_none),
      T(new_deleted_renamed_empty_and_binary_files_are_named),
      T(names_that_leave_the_tree_are_refused_with_their_line),
      T(links_and_submodules_are_refused), T(damaged_hunks_are_told_with_their_line),
      T(a_text_without_a_diff_is_no_patch))
