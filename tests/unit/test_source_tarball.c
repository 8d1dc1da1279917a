// SPDX-License-Identifier: GPL-2.0-or-later
/* Tarballs of a kernel's source: what becomes of a good one, and what is refused. */
#include "kernel/source.h"

#include <sys/resource.h>

#include "make_archive.h"
#include "make_tar.h"

static struct err err;
static struct source_tree tree;

/* The pool's tree of a tarball; 0 or what source_prepare() says. */
static int prepare(const char *name, const void *data, size_t len)
{
	_cleanup_free_ char *path = write_file(name, data, len);
	_cleanup_free_ char *pool = tmp_path("pool");
	_cleanup_source_ struct source s = { .given = NULL };
	const struct task task = TASK_INIT;

	err = (struct err)ERR_INIT;
	CHECK_EQ(source_open(path, &s, &err), 0);
	CHECK_EQ(source_identify(&s, pool, &task, &err), 0);
	source_tree_release(&tree);
	return source_prepare(&s, pool, &task, &tree, &err);
}

static void check_refused(const char *name, const struct strbuf *tar, int code,
			  const char *want)
{
	_cleanup_free_ char *src = tmp_path("pool/src");
	_cleanup_strvec_ struct strvec left = STRVEC_INIT;

	CHECK_EQ(prepare(name, tar->buf, tar->len), code);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, name);
	CHECK_CONTAINS(err.msg, want);
	CHECK_EQ(io_list_at(AT_FDCWD, src, &left), 0);
	CHECK_EQ(left.n, 0);
}

/* As it is, and below gzip. */
static void check_both_refused(const struct strbuf *tar, int code, const char *want)
{
	_cleanup_strbuf_ struct strbuf gz = STRBUF_INIT;
	const struct member raw = { "x", tar->buf, tar->len, NULL };

	check_refused("linux.tar", tar, code, want);
	pack(&gz, "raw", "gzip", &raw, 1);
	check_refused("linux.tar.gz", &gz, code, want);
}

static void check_file(const char *path, const char *want)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", tree.dir, path);
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	CHECK_EQ(io_read_file_at(AT_FDCWD, full, 4096, &text), 0);
	CHECK_STR(strbuf_str(&text), want);
}

static long max_rss_kib(void)
{
	struct rusage usage;

	CHECK_EQ(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

TEST(a_tree_is_unpacked_without_its_first_directory)
{
	static const char *const filters[] = { "", "gzip", "xz", "zstd", "bzip2" };
	static const struct member v[] = { { "./linux-6/", NULL, 0, NULL },
					   { "./linux-6/Makefile", "all:\n", 5, NULL },
					   { "./linux-6/a/b.c", "int b;\n", 7, NULL },
					   { "./linux-6/link", NULL, 0, "a/b.c" } };

	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		_cleanup_free_ char *pool = tmp_path("pool");
		_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

		pack(&tar, "ustar", filters[i], v, ARRAY_SIZE(v));
		CHECK_EQ(prepare("linux.tar", tar.buf, tar.len), 0);
		check_file("Makefile", "all:\n");
		check_file("a/b.c", "int b;\n");
		check_file("link", "int b;\n");
		CHECK_EQ(io_remove_tree_at(AT_FDCWD, pool), 0);
	}
}

TEST(hard_links_and_holes_come_out_and_devices_do_not)
{
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT, records = STRBUF_INIT;

	tar_file(&tar, "linux/Makefile", "all:\n");
	tar_header(&tar, "linux/same", '1', 0, "linux/Makefile");
	tar_header(&tar, "linux/device", '3', 0, NULL);
	tar_record(&records, "GNU.sparse.major", "1");
	tar_record(&records, "GNU.sparse.minor", "0");
	tar_record(&records, "GNU.sparse.name", "linux/holes");
	tar_record(&records, "GNU.sparse.realsize", "5");
	tar_pax(&tar, &records);
	tar_header(&tar, "x", '0', 514, NULL);
	strbuf_addf(&tar, "1\n3\n2\n");
	tar_pad(&tar);
	strbuf_addf(&tar, "ab");
	tar_pad(&tar);
	tar_end(&tar);
	CHECK_EQ(prepare("linux.tar", tar.buf, tar.len), 0);
	check_file("same", "all:\n");
	_cleanup_free_ char *device = xasprintf("%s/device", tree.dir);
	_cleanup_free_ char *holes = xasprintf("%s/holes", tree.dir);
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	CHECK(access(device, F_OK) != 0);
	CHECK_EQ(io_read_file_at(AT_FDCWD, holes, 100, &text), 0);
	CHECK_EQ(text.len, 5);
	CHECK_EQ(memcmp(text.buf, "\0\0\0ab", 5), 0);
}

TEST(what_is_no_tarball_is_refused)
{
	static const struct member v[] = { { "linux/Makefile", "all:\n", 5, NULL } };
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT, zip = STRBUF_INIT,
				       deb = STRBUF_INIT, empty = STRBUF_INIT;

	for (int i = 0; i < 1000; i++)
		strbuf_addf(&text, "this is no tarball ");
	check_both_refused(&text, -EINVAL, "not a tarball");
	pack(&zip, "zip", "", v, 1);
	check_refused("linux.tar", &zip, -EINVAL, "not a tarball");
	make_deb(&deb, "data.tar.xz", "xz", v, 1);
	check_refused("linux.tar", &deb, -EINVAL, "not a tarball");
	check_refused("linux.tar", &empty, -EINVAL, "empty");
	pack(&empty, "ustar", "", NULL, 0);
	check_both_refused(&empty, -EINVAL, "no Makefile");
}

TEST(what_is_cut_short_is_damaged)
{
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

	tar_file(&tar, "linux/Makefile", "all:\n");
	tar_header(&tar, "linux/x.c", '0', 100000, NULL);
	strbuf_addf(&tar, "and then");
	check_both_refused(&tar, -EINVAL, "damaged");
}

TEST(nothing_leads_out)
{
	static const struct {
		const char *name, *link;
		char type;
	} v[] = { { "linux/../out", NULL, '0' },
		  { "linux/a/../../out", NULL, '0' },
		  { "linux/up/out", NULL, '0' },
		  { "linux/x", "linux/../../../secret", '1' } };
	_cleanup_free_ char *out = tmp_path("out");
	_cleanup_free_ char *secret = write_file("secret", "s", 1);

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

		tar_file(&tar, "linux/Makefile", "all:\n");
		tar_header(&tar, "linux/up", '2', 0, "../../..");
		tar_header(&tar, v[i].name, v[i].type, 0, v[i].link);
		tar_end(&tar);
		check_both_refused(&tar, -EINVAL, "");
		CHECK(access(out, F_OK) != 0);
	}
}

/* ---- much out of little ---- */

TEST(a_map_of_holes_takes_no_memory)
{
	enum { N_HOLES = 5000000 };
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT, records = STRBUF_INIT,
				       map = STRBUF_INIT;

	tar_file(&tar, "linux/Makefile", "all:\n");
	tar_record(&records, "GNU.sparse.major", "1");
	tar_record(&records, "GNU.sparse.minor", "0");
	tar_record(&records, "GNU.sparse.name", "linux/x.c");
	tar_record(&records, "GNU.sparse.realsize", "10");
	strbuf_addf(&map, "%d\n", N_HOLES);
	for (int i = 0; i < N_HOLES; i++)
		strbuf_add(&map, "0\n0\n", 4);
	tar_pad(&map);
	tar_pax(&tar, &records);
	tar_header(&tar, "x", '0', map.len, NULL);
	strbuf_add(&tar, map.buf, map.len);
	tar_pad(&tar);
	tar_end(&tar);
	const long before = max_rss_kib();
	check_both_refused(&tar, -EFBIG, "what it says of one file takes too many bytes");
#ifndef __SANITIZE_ADDRESS__
	CHECK(max_rss_kib() - before < 96 << 10);
#else
	(void)before;
#endif
}

TEST(bombs_are_told)
{
	const size_t size = 256 << 20;
	_cleanup_free_ char *zeros = xcalloc(1, size);
	const struct member v[] = { { "linux/Makefile", "all:\n", 5, NULL },
				    { "linux/x.c", zeros, size, NULL } };
	_cleanup_strbuf_ struct strbuf gz = STRBUF_INIT, tar = STRBUF_INIT;

	pack(&gz, "ustar", "gzip", v, 2);
	check_refused("linux.tar.gz", &gz, -EFBIG, "bomb");
	tar_file(&tar, "linux/Makefile", "all:\n");
	tar_header(&tar, "linux/x.c", '0', UINT64_C(17) << 30, NULL);
	check_both_refused(&tar, -EFBIG, "more than 17179869184 bytes");
}

TESTS(T(a_tree_is_unpacked_without_its_first_directory),
      T(hard_links_and_holes_come_out_and_devices_do_not),
      T(what_is_no_tarball_is_refused), T(what_is_cut_short_is_damaged),
      T(nothing_leads_out), T(a_map_of_holes_takes_no_memory), T(bombs_are_told))
