// SPDX-License-Identifier: GPL-2.0-or-later
/* Archives whose maker means harm, or did not know better: nothing leads out, nothing
 * takes more memory than it is worth, and what is refused is named. */
#include "kernel/bundle.h"

#include <sys/resource.h>

#include "kernel/modules.h"
#include "make_archive.h"
#include "make_tar.h"

static struct err err;
static struct bundle_piece pieces[3];

static int read_sb(const struct strbuf *sb)
{
	_cleanup_close_ int in = memfile(sb->buf, sb->len);
	const struct unpack u = { .fd = in, .name = "file:x" };
	struct task task = TASK_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
		pieces[i] = (struct bundle_piece){ .what = (enum bundle_what)i,
						   .member = "b.dtb",
						   .compression = "",
						   .out_fd = memfile("", 0) };
	err = (struct err)ERR_INIT;
	return bundle_read(&u, pieces, 3, &task, &err);
}

/* As it is, below gzip, and as the data of a package. */
static void check_refused(const struct strbuf *tar, const char *want)
{
	for (int way = 0; way < 3; way++) {
		_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT, gz = STRBUF_INIT;
		const struct member raw = { "x", tar->buf, tar->len, NULL };

		if (way > 0)
			pack(&gz, "raw", "gzip", &raw, 1);
		const struct member parts[] = { { "debian-binary", "2.0\n", 4, NULL },
						{ "data.tar.gz", gz.buf, gz.len, NULL } };
		if (way == 2)
			pack(&sb, "ar", "", parts, ARRAY_SIZE(parts));
		int r = read_sb(way == 0 ? tar : way == 1 ? &gz : &sb);
		CHECK(r < 0);
		CHECK_EQ(err.class, ERR_JOB);
		CHECK_CONTAINS(err.msg, want);
		for (const char *p = err.msg; *p; p++)
			CHECK((unsigned char)*p >= ' ' && *p != 0x7f);
	}
}

static void check_entry_refused(const char *name, char type, const char *link,
				const char *want)
{
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

	tar_file(&tar, "boot/vmlinuz-6.1", "the kernel");
	tar_file(&tar, "lib/modules/6.1/a.ko", "a module");
	tar_header(&tar, name, type, 0, link);
	tar_end(&tar);
	check_refused(&tar, want);
}

static long max_rss_kib(void)
{
	struct rusage usage;

	CHECK_EQ(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

static void check_memory(long before_kib)
{
#ifndef __SANITIZE_ADDRESS__
	CHECK(max_rss_kib() - before_kib < 192 << 10);
#endif
}

TEST(nothing_leads_out)
{
	check_entry_refused("lib/modules/6.1/../../../../etc/x", '0', NULL, "leads out");
	check_entry_refused("/lib/modules/../b.dtb", '0', NULL, "leads out");
	check_entry_refused("lib/modules/6.1/x.ko", '1', "/etc/passwd", "hard link");
	check_entry_refused("lib/modules/6.1/x.ko", '1', "../../etc/passwd", "hard link");
	check_entry_refused("lib/modules/6.1/x", '2', "/etc", "leads out of lib/modules");
	check_entry_refused("lib/modules/6.1/x", '2', "a/../../y",
			    "leads out of lib/mod");
	check_entry_refused("lib/modules/6.1/d////x", '2', "../../e", "leads out of lib");
	check_entry_refused("usr/b.dtb", '2', "../../etc/passwd", "leads out");
	check_entry_refused("usr/b.dtb", '1', "../etc/passwd", "leads out");
	check_entry_refused("usr/b.dtb", '2', "/etc/passwd", "leads out");
}

TEST(a_hard_link_inside_is_what_it_links_to)
{
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

	tar_file(&tar, "usr/a.dtb", "a tree");
	tar_header(&tar, "usr/b.dtb", '1', 0, "./usr/a.dtb");
	tar_end(&tar);
	CHECK_EQ(read_sb(&tar), 0);
	CHECK(pieces[1].is_found);
	CHECK_STR(pieces[1].out.member, "usr/a.dtb");
	CHECK_EQ(pieces[1].out.size, 6);
}

TEST(a_link_below_a_link_leads_out_as_well)
{
	static const char *const names[] = { "lib/modules/6.1/d/e/up/out",
					     "lib/modules/6.1/d/./e//up/./out",
					     "usr/lib/modules/6.1//d/e/up/out" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

		tar_file(&tar, "boot/vmlinuz-6.1", "the kernel");
		tar_header(&tar, "lib/modules/6.1/d/e/up", '2', 0, "../..");
		tar_header(&tar, names[i], '2', 0, "../../../etc");
		tar_end(&tar);
		check_refused(&tar, "is below a symbolic link");
	}
}

TEST(no_devices_and_no_pipes)
{
	check_entry_refused("lib/modules/6.1/x.ko", '6', NULL, "is no file");
	check_entry_refused("lib/modules/6.1/x.ko", '3', NULL, "is no file");
	check_entry_refused("lib/modules/6.1/x.ko", '4', NULL, "is no file");
}

TEST(a_pipe_that_is_called_like_a_kernel_is_none)
{
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

	tar_header(&tar, "boot/Image", '6', 0, NULL);
	tar_header(&tar, "b.dtb", '3', 0, NULL);
	tar_end(&tar);
	CHECK_EQ(read_sb(&tar), 0);
	CHECK(!pieces[0].is_found);
	CHECK(!pieces[1].is_found);
}

TEST(names_that_a_terminal_obeys_are_refused)
{
	check_entry_refused("lib/modules/6.1/x\n.ko", '0', NULL, "control characters");
	check_entry_refused("lib/modules/6.1/\033[2J.ko", '0', NULL, "control charac");
	check_entry_refused("boot/\x7f/b.dtb", '0', NULL, "control characters");
	check_entry_refused("lib/modules/6.1/x", '2', "y\033[2J", "control characters");
}

TEST(names_and_links_that_no_kernel_takes_are_refused)
{
	for (int is_link = 0; is_link < 2; is_link++) {
		_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT, records = STRBUF_INIT;
		char *name = xcalloc(1, 8001);

		memset(name, 'x', 8000);
		memcpy(name, "lib/modules/6.1/", is_link ? 0 : 16);
		tar_record(&records, is_link ? "linkpath" : "path", name);
		tar_file(&tar, "boot/vmlinuz-6.1", "the kernel");
		tar_pax(&tar, &records);
		tar_header(&tar, "lib/modules/6.1/x", is_link ? '2' : '0', 0, "x");
		tar_end(&tar);
		check_refused(&tar, "too long");
		free(name);
	}
}

TEST(names_in_other_alphabets_stay_what_they_are)
{
	static const char *const names[] = { "lib/modules/6.1/\xc3\xbc.ko",
					     "lib/modules/6.1/\xff.ko" };

	for (int is_pax = 0; is_pax < 2; is_pax++)
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT,
						       records = STRBUF_INIT,
						       cpio = STRBUF_INIT;

			tar_record(&records, "path", names[i]);
			if (is_pax)
				tar_pax(&tar, &records);
			tar_file(&tar, is_pax ? "short" : names[i], "a module");
			tar_end(&tar);
			CHECK_EQ(read_sb(&tar), 0);
			CHECK(pieces[2].is_found);
			CHECK_EQ(lseek(pieces[2].out_fd, 0, SEEK_SET), 0);
			CHECK_EQ(io_read_fd(pieces[2].out_fd, 1 << 20, &cpio), 0);
			CHECK(memmem(cpio.buf, cpio.len, names[i], strlen(names[i])));
		}
}

TEST(the_same_kernel_twice_is_one_too_many)
{
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

	tar_file(&tar, "boot/vmlinuz-6.1", "one");
	tar_file(&tar, "boot/vmlinuz-6.1", "two");
	tar_end(&tar);
	check_refused(&tar, "more than one kernel in it");
}

TEST(links_in_a_circle_lead_nowhere)
{
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

	tar_header(&tar, "boot/Image", '2', 0, "Image");
	tar_header(&tar, "usr/b.dtb", '2', 0, "c.dtb");
	tar_header(&tar, "usr/c.dtb", '2', 0, "b.dtb");
	tar_end(&tar);
	CHECK_EQ(read_sb(&tar), 0);
	CHECK(!pieces[0].is_found);
	CHECK(!pieces[1].is_found);
}

TEST(what_is_cut_short_is_damaged)
{
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

	tar_file(&tar, "boot/vmlinuz-6.1", "the kernel");
	tar_header(&tar, "lib/modules/6.1/a.ko", '0', 100000, NULL);
	strbuf_add(&tar, "and then", 8);
	check_refused(&tar, "damaged");
	tar.len = 512 + 5;
	check_refused(&tar, "damaged");
}

/* ---- much out of little ---- */

TEST(a_map_of_holes_takes_no_memory)
{
	enum { N_HOLES = 20000000 };
	const long before = max_rss_kib();
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT, records = STRBUF_INIT,
				       map = STRBUF_INIT, gz = STRBUF_INIT;

	tar_record(&records, "GNU.sparse.major", "1");
	tar_record(&records, "GNU.sparse.minor", "0");
	tar_record(&records, "GNU.sparse.name", "Image");
	tar_record(&records, "GNU.sparse.realsize", "10");
	strbuf_addf(&map, "%d\n", N_HOLES);
	for (int i = 0; i < N_HOLES; i++)
		strbuf_add(&map, "0\n0\n", 4);
	tar_pax(&tar, &records);
	tar_header(&tar, "x", '0', map.len, NULL);
	strbuf_add(&tar, map.buf, map.len);
	strbuf_release(&map);
	const struct member raw = { "x", tar.buf, tar.len, NULL };
	pack(&gz, "raw", "gzip", &raw, 1);
	const long made = max_rss_kib();
	CHECK_EQ(read_sb(&gz), -EFBIG);
	CHECK_CONTAINS(err.msg, "file:x: what it says of one file takes too many bytes");
	CHECK_EQ(read_sb(&tar), -EFBIG);
	check_memory(made > before ? made : before);
}

TEST(a_header_that_says_gigabytes_takes_none)
{
	static const char types[] = { 'x', 'g', 'L', 'K' };
	const long before = max_rss_kib();

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

		tar_header(&tar, "x", types[i], UINT64_C(5) << 30, NULL);
		for (int k = 0; k < 20000; k++)
			tar_file(&tar, "boot/vmlinuz-6.1", "the kernel");
		tar_end(&tar);
		check_refused(&tar, "");
	}
	check_memory(before);
}

static void add_holes(struct strbuf *tar, const char *name, const char *size)
{
	_cleanup_strbuf_ struct strbuf records = STRBUF_INIT, map = STRBUF_INIT;

	strbuf_addf(&map, "1\n%s\n0\n", size);
	tar_record(&records, "GNU.sparse.major", "1");
	tar_record(&records, "GNU.sparse.minor", "0");
	tar_record(&records, "GNU.sparse.name", name);
	tar_record(&records, "GNU.sparse.realsize", size);
	tar_pax(tar, &records);
	tar_header(tar, "x", '0', 512, NULL);
	strbuf_add(tar, map.buf, map.len);
	tar_pad(tar);
}

TEST(files_of_nothing_but_holes_are_bombs)
{
	static const char *const names[] = { "boot/vmlinuz-6.1", "b.dtb",
					     "lib/modules/6.1/a.ko" };
	static const char *const sizes[] = { "900000000", "1000000000000",
					     "9223372036854775807" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
			_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

			add_holes(&tar, names[i], sizes[k]);
			tar_end(&tar);
			check_refused(&tar, "");
			for (size_t p = 0; p < ARRAY_SIZE(pieces); p++)
				CHECK(lseek(pieces[p].out_fd, 0, SEEK_END) < 128 << 20);
		}
}

TEST(a_hole_at_the_end_is_zeros)
{
	_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;

	add_holes(&tar, "boot/vmlinuz-6.1", "5000");
	tar_end(&tar);
	CHECK_EQ(read_sb(&tar), 0);
	CHECK(pieces[0].is_found);
	CHECK_EQ(pieces[0].out.size, 5000);
	CHECK_EQ(lseek(pieces[0].out_fd, 0, SEEK_END), 5000);
}

TEST(a_bomb_is_told_wherever_it_lies)
{
	static const char *const names[] = { "boot/vmlinuz-6.1", "b.dtb",
					     "lib/modules/6.1/a.ko", "usr/other" };
	static const char *const filters[] = { "gzip", "zstd", "xz" };
	const size_t size = 256 << 20;
	_cleanup_free_ char *zeros = xcalloc(1, size);

	for (size_t f = 0; f < ARRAY_SIZE(filters); f++)
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
			const struct member v[] = { { names[i], zeros, size, NULL },
						    { "z", "z", 1, NULL } };

			if (f == 2 && i > 0)
				continue; /* slow to make */
			pack(&sb, "ustar", filters[f], v, 2);
			CHECK_EQ(read_sb(&sb), -EFBIG);
			CHECK_EQ(err.class, ERR_JOB);
		}
}

TEST(archives_in_archives_are_not_opened)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	static const struct member v[] = { { "boot/Image", "the kernel", 10, NULL } };

	pack(&sb, "ustar", "", v, 1);
	for (int i = 0; i < 5; i++) {
		_cleanup_strbuf_ struct strbuf outer = STRBUF_INIT;
		const struct member raw = { "x", sb.buf, sb.len, NULL };

		pack(&outer, "raw", i % 2 ? "xz" : "gzip", &raw, 1);
		sb.len = 0;
		strbuf_add(&sb, outer.buf, outer.len);
	}
	CHECK_EQ(read_sb(&sb), -EINVAL);
	CHECK_CONTAINS(err.msg, "compressed too many times over");
	_cleanup_strbuf_ struct strbuf inner = STRBUF_INIT, zip = STRBUF_INIT;
	pack(&inner, "zip", "", v, 1);
	const struct member nested = { "more.zip", inner.buf, inner.len, NULL };
	pack(&zip, "zip", "", &nested, 1);
	CHECK_EQ(read_sb(&zip), 0);
	CHECK(!pieces[0].is_found);
}

TEST(too_many_files_are_refused)
{
	static const char *const dirs[] = { "lib/modules/6.1", "usr/share" };
	static const int counts[] = { 100001, 200001 };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_strbuf_ struct strbuf tar = STRBUF_INIT;
		char name[64];

		for (int k = 0; k < counts[i]; k++) {
			snprintf(name, sizeof(name), "%s/%d", dirs[i], k);
			tar_header(&tar, name, '0', 0, NULL);
		}
		tar_end(&tar);
		CHECK_EQ(read_sb(&tar), -EFBIG);
		CHECK_CONTAINS(err.msg,
			       i ? "more than 200000 entries" : "more than 100000 files");
	}
}

/* ---- a directory ---- */

static int put_dir(void)
{
	struct task task = TASK_INIT;
	struct cpio_writer w = { .task = &task, .out_fd = memfile("", 0), .err = &err };
	bool has_dep;
	int r;

	err = (struct err)ERR_INIT;
	CHECK_EQ(cpio_open(&w, ""), 0);
	r = modules_put_dir(&w, tap_tmpdir(), "6.1", &has_dep, &err);
	r = cpio_close(&w, r);
	close(w.out_fd);
	return r;
}

TEST(a_directory_with_more_than_files_is_refused)
{
	_cleanup_free_ char *dir = tmp_path("lib/modules/6.1/kernel");
	_cleanup_free_ char *odd = tmp_path("lib/modules/6.1/kernel/x.ko");

	CHECK_EQ(io_mkdir_p(dir), 0);
	CHECK_EQ(put_dir(), 0);
	CHECK_EQ(mkfifo(odd, 0644), 0);
	CHECK_EQ(put_dir(), -EINVAL);
	CHECK_CONTAINS(err.msg, "neither a file nor a directory");
	CHECK_EQ(unlink(odd), 0);
	CHECK_EQ(symlink("/dev/zero", odd), 0);
	CHECK_EQ(put_dir(), -EINVAL);
	CHECK_CONTAINS(err.msg, "a symbolic link out of its directory");
	CHECK_EQ(unlink(odd), 0);
	CHECK_EQ(symlink("../../../../../etc", odd), 0);
	CHECK_EQ(put_dir(), -EINVAL);
}

TESTS(T(nothing_leads_out), T(a_hard_link_inside_is_what_it_links_to),
      T(a_link_below_a_link_leads_out_as_well), T(no_devices_and_no_pipes),
      T(a_pipe_that_is_called_like_a_kernel_is_none),
      T(names_that_a_terminal_obeys_are_refused),
      T(names_and_links_that_no_kernel_takes_are_refused),
      T(names_in_other_alphabets_stay_what_they_are),
      T(the_same_kernel_twice_is_one_too_many), T(links_in_a_circle_lead_nowhere),
      T(what_is_cut_short_is_damaged), T(a_map_of_holes_takes_no_memory),
      T(a_header_that_says_gigabytes_takes_none), T(files_of_nothing_but_holes_are_bombs),
      T(a_hole_at_the_end_is_zeros), T(a_bomb_is_told_wherever_it_lies),
      T(archives_in_archives_are_not_opened), T(too_many_files_are_refused),
      T(a_directory_with_more_than_files_is_refused))
