// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/overlay.h"

#include "make_archive.h"
#include "util/child.h"

static struct err err;
static const struct task task = TASK_INIT;

static int build(const struct overlay_tree *trees, size_t n, struct strbuf *out)
{
	_cleanup_close_ int fd = memfile("", 0);
	uint64_t size = 0;

	err = (struct err)ERR_INIT;
	int r = overlay_write(trees, n, fd, &task, &size, &err);
	CHECK_EQ(r, err.code);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(io_read_fd(fd, 1 << 28, out), 0);
	if (!r)
		CHECK_EQ(size, out->len);
	return r;
}

/* "path mode[ -> link]" one line each. */
static char *listing(const struct strbuf *cpio)
{
	struct archive *a = archive_read_new();
	struct strbuf out = STRBUF_INIT;
	struct archive_entry *e;

	archive_read_support_format_cpio(a);
	CHECK_EQ(archive_read_open_memory(a, cpio->buf, cpio->len), ARCHIVE_OK);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		CHECK_EQ(archive_entry_uid(e), 0);
		CHECK_EQ(archive_entry_mtime(e), 0);
		strbuf_addf(&out, "%s %o", archive_entry_pathname(e),
			    (unsigned int)archive_entry_mode(e));
		if (archive_entry_symlink(e))
			strbuf_addf(&out, " -> %s", archive_entry_symlink(e));
		strbuf_addch(&out, '\n');
	}
	archive_read_free(a);
	return strbuf_take(&out);
}

static char *make_tree(void)
{
	char *tree = tmp_path("tree");
	_cleanup_free_ char *git = xasprintf("%s/.git", tree);
	_cleanup_free_ char *sub = xasprintf("%s/sub", tree);
	_cleanup_free_ char *link = xasprintf("%s/sub/up", tree);

	CHECK_EQ(io_mkdir_p(git), 0);
	CHECK_EQ(io_mkdir_p(sub), 0);
	free(write_file("tree/run.sh", "#!/bin/sh\n", 10));
	free(write_file("tree/.git/config", "x", 1));
	free(write_file("tree/sub/data", "12345", 5));
	_cleanup_free_ char *script = tmp_path("tree/run.sh");
	CHECK_EQ(chmod(script, 0700), 0);
	CHECK_EQ(symlink("../run.sh", link), 0);
	return tree;
}

TEST(the_archive_holds_the_helpers_and_the_trees)
{
	_cleanup_strbuf_ struct strbuf cpio = STRBUF_INIT;
	_cleanup_free_ char *path = make_tree();
	struct overlay_tree tree = { .host_path = path, .name = "0_smoke" };

	CHECK_EQ(build(&tree, 1, &cpio), 0);
	_cleanup_free_ char *list = listing(&cpio);
	CHECK_STR(list, "lava 40755\n"
			"lava/bin 40755\n"
			"lava/bin/lava-test-case 100755\n"
			"lava/bin/lava-test-set 100755\n"
			"lava/bin/lava-test-raise 100755\n"
			"lava/bin/lava-test-reference 100755\n"
			"lava/tests 40755\n"
			"lava/tests/0_smoke 40755\n"
			"lava/tests/0_smoke/run.sh 100755\n"
			"lava/tests/0_smoke/sub 40755\n"
			"lava/tests/0_smoke/sub/data 100644\n"
			"lava/tests/0_smoke/sub/up 120777 -> ../run.sh\n");
	CHECK_EQ(cpio.len % 512, 0);
}

TEST(the_same_input_gives_the_same_bytes)
{
	_cleanup_strbuf_ struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
	_cleanup_free_ char *path = make_tree();
	struct overlay_tree tree = { .host_path = path, .name = "x" };

	CHECK_EQ(build(&tree, 1, &a), 0);
	CHECK_EQ(build(&tree, 1, &b), 0);
	CHECK_EQ(a.len, b.len);
	CHECK_EQ(memcmp(a.buf, b.buf, a.len), 0);
}

TEST(links_that_lead_out_of_their_tree_are_refused)
{
	static const char *const bad[] = { "/etc/passwd", "../../x", "..", "a/../../..",
					   "./../.." };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_strbuf_ struct strbuf cpio = STRBUF_INIT;
		_cleanup_free_ char *dir = xasprintf("%s/t%zu", tap_tmpdir(), i);
		_cleanup_free_ char *link = xasprintf("%s/l", dir);
		struct overlay_tree tree = { .host_path = dir, .name = "x" };

		CHECK_EQ(io_mkdir_p(dir), 0);
		CHECK_EQ(symlink(bad[i], link), 0);
		CHECK_EQ(build(&tree, 1, &cpio), -EINVAL);
		CHECK_EQ(err.class, ERR_JOB);
		CHECK_CONTAINS(err.msg, "a symbolic link out of its directory");
	}
}

TEST(what_is_neither_file_nor_directory_is_refused)
{
	_cleanup_strbuf_ struct strbuf cpio = STRBUF_INIT;
	_cleanup_free_ char *fifo = tmp_path("fifo");
	struct overlay_tree tree = { .host_path = tap_tmpdir(), .name = "x" };

	CHECK_EQ(mkfifo(fifo, 0600), 0);
	CHECK_EQ(build(&tree, 1, &cpio), -EINVAL);
	CHECK_CONTAINS(err.msg, "lava/tests/x/fifo: neither a file nor a directory");
}

TEST(tree_names_cannot_lead_out_and_trees_must_exist)
{
	static const char *const bad[] = { "", "..", "a/b", ".x", "a b" };
	struct overlay_tree tree = { .host_path = tap_tmpdir() };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_strbuf_ struct strbuf cpio = STRBUF_INIT;

		tree.name = bad[i];
		CHECK_EQ(build(&tree, 1, &cpio), -EINVAL);
	}
	_cleanup_strbuf_ struct strbuf cpio = STRBUF_INIT;
	tree = (struct overlay_tree){ .host_path = "/nowhere", .name = "x" };
	CHECK_EQ(build(&tree, 1, &cpio), -ENOENT);
	CHECK_EQ(err.class, ERR_JOB);
}

/* ---- ramdisk ---- */

static struct ramdisk_info probe(const void *data, size_t len)
{
	_cleanup_close_ int fd = memfile(data, len);
	struct ramdisk_info info;

	err = (struct err)ERR_INIT;
	CHECK_EQ(ramdisk_probe(fd, "rd", NULL, &info, &err), 0);
	return info;
}

static const struct member init = { "init", "#!/bin/sh\n", 10, NULL };

TEST(a_ramdisk_is_seen_through_its_compression)
{
	static const char *const kinds[][2] = { { "", "" },        { "gzip", "gz" },
						{ "xz", "xz" },    { "zstd", "zst" },
						{ "lz4", "lz4" },  { "bzip2", "bz2" },
						{ "lzma", "lzma" } };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_strbuf_ struct strbuf rd = STRBUF_INIT;

		pack(&rd, "newc", kinds[i][0], &init, 1);
		struct ramdisk_info info = probe(rd.buf, rd.len);
		CHECK_STR(info.compression, kinds[i][1]);
		CHECK(info.is_cpio);
		CHECK_EQ(info.header_bytes, 0);
		CHECK_EQ(info.payload_bytes, rd.len);
	}
}

TEST(a_u_boot_wrapper_is_found_and_measured)
{
	_cleanup_strbuf_ struct strbuf rd = STRBUF_INIT, file = STRBUF_INIT;
	char header[64] = "\x27\x05\x19\x56";

	pack(&rd, "newc", "gzip", &init, 1);
	header[14] = (char)(rd.len >> 8);
	header[15] = (char)rd.len;
	strbuf_add(&file, header, sizeof(header));
	strbuf_add(&file, rd.buf, rd.len);
	struct ramdisk_info info = probe(file.buf, file.len);
	CHECK_EQ(info.header_bytes, 64);
	CHECK_EQ(info.payload_bytes, rd.len);
	CHECK(info.is_cpio);
	_cleanup_close_ int fd = memfile(file.buf, file.len - 1);
	CHECK_EQ(ramdisk_probe(fd, "rd", NULL, &info, &err), -EINVAL);
	CHECK_CONTAINS(err.msg, "U-Boot header for more bytes than there are");
}

TEST(a_file_system_image_is_no_cpio)
{
	_cleanup_strbuf_ struct strbuf gz = STRBUF_INIT;
	char image[2048] = "";
	const struct member one = { "x", image, sizeof(image), NULL };

	memcpy(image + 1080, "\x53\xef", 2);
	CHECK(!probe(image, sizeof(image)).is_cpio);
	pack(&gz, "raw", "gzip", &one, 1);
	CHECK(!probe(gz.buf, gz.len).is_cpio);
}

TEST(a_wrong_word_for_the_compression_is_refused)
{
	_cleanup_strbuf_ struct strbuf rd = STRBUF_INIT;
	struct ramdisk_info info;

	pack(&rd, "newc", "gzip", &init, 1);
	_cleanup_close_ int fd = memfile(rd.buf, rd.len);
	CHECK_EQ(ramdisk_probe(fd, "rd", "gz", &info, &err), 0);
	CHECK_EQ(ramdisk_probe(fd, "rd", "xz", &info, &err), -EINVAL);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "rd: the job says compression: xz, but it is gz");
	_cleanup_close_ int empty = memfile("", 0);
	CHECK_EQ(ramdisk_probe(empty, "rd", NULL, &info, &err), -EINVAL);
}

/* ---- the helpers in real shells ---- */

static char *install_helpers(void)
{
	char *bin = tmp_path("bin");

	CHECK_EQ(io_mkdir_p(bin), 0);
	for (const struct overlay_script *s = overlay_scripts; s->name; s++) {
		_cleanup_free_ char *name = xasprintf("bin/%s", s->name);
		_cleanup_free_ char *path = write_file(name, s->text, strlen(s->text));

		CHECK_EQ(chmod(path, 0755), 0);
	}
	return bin;
}

/* What `shell -c script` prints, with the helpers interpreted by the same shell. */
static char *run(const char *const shell[], const char *script)
{
	_cleanup_free_ char *bin = tmp_path("bin");
	_cleanup_free_ char *path = xasprintf("PATH=%s:%s", bin, getenv("PATH"));
	const char *const env[] = { path, NULL };
	struct child_opts opts = CHILD_OPTS_INIT;
	struct strbuf out = STRBUF_INIT;
	const char *argv[8];
	size_t n = 0;

	for (; shell[n]; n++)
		argv[n] = shell[n];
	argv[n++] = "-c";
	argv[n++] = script;
	argv[n] = NULL;
	opts.env_add = env;
	err = (struct err)ERR_INIT;
	int r = child_capture(argv, &opts, deadline_in_ms(20000), -1, 1 << 20, &out,
			      &err);
	CHECK_STR(err.msg, "");
	CHECK_EQ(r, 0);
	return strbuf_take(&out);
}

static const char *const dash[] = { "dash", NULL }, *const bash[] = { "bash", NULL },
			 *const posix[] = { "bash", "--posix", NULL },
			 *const ash[] = { "busybox", "ash", NULL };
static const char *const *const shells[] = { dash, bash, posix, ash };

static bool is_installed(const char *const shell[])
{
	_cleanup_free_ char *script = xasprintf("command -v %s >/dev/null", shell[0]);

	return system(script) == 0;
}

static const struct {
	const char *script, *want;
} calls[] = {
	{ "lava-test-case ok --shell true; echo $?",
	  "<LAVA_SIGNAL_STARTTC ok>\n<LAVA_SIGNAL_ENDTC ok>\n"
	  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=ok RESULT=pass>\n0\n" },
	{ "lava-test-case bad --shell exit 3; echo $?",
	  "<LAVA_SIGNAL_STARTTC bad>\n<LAVA_SIGNAL_ENDTC bad>\n"
	  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=bad RESULT=fail>\n0\n" },
	{ "lava-test-case pipe --shell 'echo a b | wc -w | tr -d \" \"; test \"x y\" = \"x y\"'",
	  "<LAVA_SIGNAL_STARTTC pipe>\n2\n<LAVA_SIGNAL_ENDTC pipe>\n"
	  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=pipe RESULT=pass>\n" },
	{ "lava-test-case m --result pass --measurement 1.5 --units MB/s",
	  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=m RESULT=pass MEASUREMENT=1.5 "
	  "UNITS=MB/s>\n" },
	{ "lava-test-case s --result skip",
	  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=s RESULT=skip>\n" },
	{ "lava-test-case x --result 2>&1 | head -n 1; lava-test-case x --wrong y | "
	  "head -n 1; lava-test-case >/dev/null; echo $?",
	  "usage: lava-test-case ID --shell COMMAND...\n"
	  "usage: lava-test-case ID --shell COMMAND...\n1\n" },
	{ "lava-test-set start first; lava-test-set stop; lava-test-set start; echo $?",
	  "<LAVA_SIGNAL_TESTSET START first>\n<LAVA_SIGNAL_TESTSET STOP>\n"
	  "usage: lava-test-set start NAME, or stop\n1\n" },
	{ "lava-test-raise no more; echo $?", "<LAVA_SIGNAL_TESTRAISE no more>\n1\n" },
	{ "lava-test-reference r --result fail --reference http://x/y?z=1; echo $?",
	  "<LAVA_SIGNAL_TESTREFERENCE r fail http://x/y?z=1>\n0\n" },
	{ "lava-test-reference r --result fail; echo $?",
	  "usage: lava-test-reference ID --result RESULT --reference URL\n1\n" },
	{ "lava-test-case 'a*b' --result pass",
	  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a*b RESULT=pass>\n" },
};

TEST(the_helpers_print_lava_s_signals_in_every_shell)
{
	free(install_helpers());
	size_t n_shells = 0;

	for (size_t k = 0; k < ARRAY_SIZE(shells); k++) {
		if (!is_installed(shells[k]))
			continue;
		n_shells++;
		for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
			_cleanup_free_ char *out = run(shells[k], calls[i].script);

			CHECK_STR(out, calls[i].want);
		}
	}
	CHECK(n_shells > 0);
}

TEST(a_signal_is_never_spelled_out_in_what_is_typed)
{
	_cleanup_strvec_ struct strvec lines = STRVEC_INIT;

	overlay_shell_lines(&lines);
	for (size_t i = 0; i < lines.n; i++)
		CHECK(!strstr(lines.v[i], "<LAVA_SIGNAL_"));
	for (const struct overlay_script *s = overlay_scripts; s->name; s++)
		CHECK(!strstr(s->text, "<LAVA_SIGNAL_"));
}

/* The lines name a fixed directory; here they work in one of our own. */
static char *script_in(const char *dir)
{
	_cleanup_strvec_ struct strvec lines = STRVEC_INIT;
	struct strbuf out = STRBUF_INIT;

	overlay_shell_lines(&lines);
	for (size_t i = 0; i < lines.n; i++) {
		const char *p = lines.v[i];

		CHECK(strlen(p) <= OVERLAY_LINE_MAX);
		CHECK(!strchr(p, '\n'));
		for (const char *at; (at = strstr(p, OVERLAY_TYPED_BIN));
		     p = at + strlen(OVERLAY_TYPED_BIN)) {
			strbuf_add(&out, p, (size_t)(at - p));
			strbuf_addstr(&out, dir);
		}
		strbuf_addf(&out, "%s\n", p);
	}
	strbuf_addstr(&out, "command -v lava-test-reference\n");
	return strbuf_take(&out);
}

TEST(the_typed_lines_make_the_same_helpers_in_every_shell)
{
	for (size_t k = 0; k < ARRAY_SIZE(shells); k++) {
		_cleanup_free_ char *dir = xasprintf("%s/typed%zu", tap_tmpdir(), k);
		_cleanup_free_ char *script = script_in(dir);

		if (!is_installed(shells[k]))
			continue;
		_cleanup_free_ char *out = run(shells[k], script);
		CHECK_CONTAINS(out, dir);
		for (const struct overlay_script *s = overlay_scripts; s->name; s++) {
			_cleanup_free_ char *path = xasprintf("%s/%s", dir, s->name);
			_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

			CHECK_EQ(io_read_file_at(AT_FDCWD, path, 1 << 16, &text), 0);
			CHECK_STR(strbuf_str(&text), s->text);
			CHECK_EQ(access(path, X_OK), 0);
		}
	}
}

TESTS(T(the_archive_holds_the_helpers_and_the_trees),
      T(the_same_input_gives_the_same_bytes),
      T(links_that_lead_out_of_their_tree_are_refused),
      T(what_is_neither_file_nor_directory_is_refused),
      T(tree_names_cannot_lead_out_and_trees_must_exist),
      T(a_ramdisk_is_seen_through_its_compression),
      T(a_u_boot_wrapper_is_found_and_measured), T(a_file_system_image_is_no_cpio),
      T(a_wrong_word_for_the_compression_is_refused),
      T(the_helpers_print_lava_s_signals_in_every_shell),
      T(a_signal_is_never_spelled_out_in_what_is_typed),
      T(the_typed_lines_make_the_same_helpers_in_every_shell))
