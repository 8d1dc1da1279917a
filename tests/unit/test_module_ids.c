// SPDX-License-Identifier: GPL-2.0-or-later
/* Which builds the modules are of that go to a board. */
#include "kernel/module_ids.h"

#include "make_archive.h"
#include "make_module.h"

static struct module_ids ids;

static int read_from(const char *filter, const struct member *v, size_t n, ...)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct strvec names = { .n = 0 };
	struct task task = TASK_INIT;
	struct err err = ERR_INIT;
	const char *name;
	va_list ap;

	va_start(ap, n);
	while ((name = va_arg(ap, const char *)))
		strvec_add(&names, name);
	va_end(ap);
	pack(&sb, "newc", filter, v, n);
	_cleanup_close_ int fd = memfile(sb.buf, sb.len);
	int r = module_ids_read(fd, &names, &task, &ids, &err);
	strvec_release(&names);
	return r;
}

static void check_id(const char *name, const char *want)
{
	const char *id = module_ids_find(&ids, name);

	CHECK_STR(id ?: "none", want);
}

TEST(those_that_are_wanted_are_found_by_the_name_the_kernel_gives_them)
{
	const struct made_module a = make_module(0xaa), b = make_module(0xbb),
				 c = make_module(0xcc);
	const struct member v[] = {
		{ "lib/modules/6.1/kernel", NULL, 0, NULL },
		{ "lib/modules/6.1/kernel/videobuf2-common.ko", &a, sizeof(a), NULL },
		{ "lib/modules/6.1/kernel/snd_pcm.ko", &b, sizeof(b), NULL },
		{ "lib/modules/6.1/kernel/other.ko", &c, sizeof(c), NULL },
		{ "lib/modules/6.1/modules.dep", "x", 1, NULL },
	};
	static const char *const filters[] = { "", "gzip", "zstd" };

	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		CHECK_EQ(read_from(filters[i], v, ARRAY_SIZE(v), "videobuf2_common",
				   "snd_pcm", "absent", NULL),
			 0);
		CHECK_EQ(ids.n, 2);
		check_id("videobuf2_common", MODULE_ID("aa"));
		check_id("snd_pcm", MODULE_ID("bb"));
		check_id("other", "none");
	}
}

/* In pieces of 100 bytes, as an archive's reader gives them. */
static void pass(struct module_watch *w, const char *path, const void *data, size_t len)
{
	module_watch_next(w, path);
	for (size_t at = 0; at < len; at += 100)
		module_watch_data(w, (const char *)data + at,
				  len - at < 100 ? len - at : 100);
}

TEST(ids_are_taken_while_modules_pass_by)
{
	const struct made_module a = make_module(0xaa), b = make_module(0xbb),
				 c = make_module(0xcc);
	struct strvec names = { .n = 0 };
	struct task task = TASK_INIT;
	struct module_watch w;

	strvec_add(&names, "snd_pcm");
	strvec_add(&names, "last");
	module_watch_init(&w, &names, &task, &ids);
	pass(&w, "lib/modules/6.1/modules.dep", "x", 1);
	pass(&w, "lib/modules/6.1/other.ko", &a, sizeof(a));
	pass(&w, "lib/modules/6.1/snd-pcm.ko", &b, sizeof(b));
	pass(&w, "lib/modules/6.1/updates/snd-pcm.ko", &a, sizeof(a));
	module_watch_next(&w, NULL);
	module_watch_data(&w, "no file", 7);
	pass(&w, "lib/modules/6.1/last.ko", &c, sizeof(c));
	module_watch_next(&w, NULL);
	CHECK_EQ(ids.n, 2);
	check_id("snd_pcm", MODULE_ID("bb"));
	check_id("last", MODULE_ID("cc"));
	strvec_release(&names);
}

/* Its number was kept after the file was closed: what came next was written to, and
 * closed. */
TEST(a_file_that_is_opened_behind_a_wanted_module_is_left_alone)
{
	const struct made_module a = make_module(0xaa);
	struct strvec names = { .n = 0 };
	struct task task = TASK_INIT;
	struct module_watch w;
	char byte;

	strvec_add(&names, "first");
	module_watch_init(&w, &names, &task, &ids);
	pass(&w, "lib/modules/6.1/first.ko", &a, sizeof(a));
	module_watch_next(&w, "lib/modules/6.1/other.ko");
	_cleanup_close_ int other = memfile("", 0);
	CHECK(other >= 0);
	module_watch_data(&w, "bytes", 5);
	module_watch_next(&w, NULL);
	CHECK_EQ(pread(other, &byte, 1, 0), 0); /* open, and empty */
	check_id("first", MODULE_ID("aa"));
	strvec_release(&names);
}

TEST(a_module_that_is_packed_is_unpacked_first)
{
	const struct made_module a = make_module(0xaa);
	const struct member plain = { "x", &a, sizeof(a), NULL };
	_cleanup_strbuf_ struct strbuf xz = STRBUF_INIT, zst = STRBUF_INIT,
				       gz = STRBUF_INIT;

	pack(&xz, "raw", "xz", &plain, 1);
	pack(&zst, "raw", "zstd", &plain, 1);
	pack(&gz, "raw", "gzip", &plain, 1);
	const struct member v[] = { { "a.ko.xz", xz.buf, xz.len, NULL },
				    { "b.ko.zst", zst.buf, zst.len, NULL },
				    { "c.ko.gz", gz.buf, gz.len, NULL } };
	CHECK_EQ(read_from("", v, 3, "a", "b", "c", NULL), 0);
	check_id("a", MODULE_ID("aa"));
	check_id("b", MODULE_ID("aa"));
	check_id("c", MODULE_ID("aa"));
}

TEST(what_is_no_module_or_damaged_has_no_build_id)
{
	const struct made_module a = make_module(0xaa);
	const struct member v[] = { { "a.ko", "no ELF file", 11, NULL },
				    { "b.ko.xz",
				      "\xfd"
				      "7zXZ\0cut off",
				      14, NULL },
				    { "c.ko", &a, sizeof(a) - 4, NULL },
				    { "d.ko", "", 0, NULL },
				    { "e.ko", "", 0, "c.ko" },
				    { "f.kobold", &a, sizeof(a), NULL } };

	CHECK_EQ(read_from("", v, ARRAY_SIZE(v), "a", "b", "c", "d", "e", "f", NULL), 0);
	CHECK_EQ(ids.n, 0);
}

TESTS(T(those_that_are_wanted_are_found_by_the_name_the_kernel_gives_them),
      T(ids_are_taken_while_modules_pass_by),
      T(a_file_that_is_opened_behind_a_wanted_module_is_left_alone),
      T(a_module_that_is_packed_is_unpacked_first),
      T(what_is_no_module_or_damaged_has_no_build_id))
