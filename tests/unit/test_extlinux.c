// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/extlinux.h"

#include <errno.h>

#include "tap.h"
#include "util/mem.h"

static struct err err;

static int format(const struct extlinux_label *labels, size_t n, const char *dflt,
		  struct strbuf *out)
{
	struct extlinux x = { .default_label = dflt, .labels = labels, .n_labels = n };

	err = (struct err)ERR_INIT;
	return extlinux_format(&x, out, &err);
}

TEST(labels_are_written_as_u_boot_reads_them)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	const struct extlinux_label labels[] = {
		{ .name = "bootrig",
		  .kernel = "bootrig-r1/Image",
		  .initrd = "bootrig-r1/ramdisk",
		  .fdt = "bootrig-r1/board.dtb",
		  .fdtdir = "ignored",
		  .append = "console=ttyS2,1500000 bootrig.nonce=00ff" },
		{ .name = "good", .kernel = "good/Image", .fdtdir = "good/dtbs" },
	};

	CHECK_EQ(format(labels, 2, "bootrig", &out), 0);
	CHECK_STR(strbuf_str(&out),
		  EXTLINUX_MARK "DEFAULT bootrig\n"
				"PROMPT 0\n"
				"TIMEOUT 1\n"
				"\n"
				"LABEL bootrig\n"
				"\tKERNEL bootrig-r1/Image\n"
				"\tINITRD bootrig-r1/ramdisk\n"
				"\tFDT bootrig-r1/board.dtb\n"
				"\tAPPEND console=ttyS2,1500000 bootrig.nonce=00ff\n"
				"\n"
				"LABEL good\n"
				"\tKERNEL good/Image\n"
				"\tFDTDIR good/dtbs\n");
}

TEST(what_u_boot_would_misread_is_refused)
{
	static const struct {
		struct extlinux_label label;
		const char *why;
	} table[] = {
		{ { .name = "a b", .kernel = "Image" }, "want 1 to 64 of" },
		{ { .name = "", .kernel = "Image" }, "want 1 to 64 of" },
		{ { .name = NULL, .kernel = "Image" }, "want 1 to 64 of" },
		{ { .name = "a" }, "KERNEL is missing" },
		{ { .name = "a", .kernel = "" }, "KERNEL is empty" },
		{ { .name = "a", .kernel = "my Image" }, "KERNEL has one of" },
		{ { .name = "a", .kernel = "Im\nage" }, "KERNEL has a line break" },
		{ { .name = "a", .kernel = "I", .initrd = "a\tb" },
		  "INITRD has a control character" },
		{ { .name = "a", .kernel = "I", .fdt = "$fdtfile" }, "FDT has one of" },
		{ { .name = "a", .kernel = "I", .append = "a\nLABEL b" },
		  "APPEND has a line break" },
		{ { .name = "a", .kernel = "I", .append = "a\rb" },
		  "APPEND has a control character" },
		{ { .name = "a", .kernel = "I", .append = "x=${serverip}" },
		  "APPEND has ${…}" },
		{ { .name = "a", .kernel = "I", .append = "x=$(serverip)" },
		  "APPEND has ${…}" },
		{ { .name = "a", .kernel = "I", .append = "x='y z'" },
		  "APPEND has a backslash or '" },
		{ { .name = "a", .kernel = "I", .append = "x=y\\z" },
		  "APPEND has a backslash or '" },
		{ { .name = "a", .kernel = "I", .append = "#x" }, "comment" },
		{ { .name = "a", .kernel = "I", .append = " x" }, "blank" },
		{ { .name = "a", .kernel = "I", .append = "x " }, "blank" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

		CHECK_EQ(format(&table[i].label, 1, "a", &out), -EINVAL);
		CHECK_EQ(err.class, ERR_JOB);
		CHECK_CONTAINS(err.msg, table[i].why);
		CHECK_EQ(out.len, 0);
	}
}

TEST(quotes_dollars_and_wanted_expansion_pass)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	const struct extlinux_label labels[] = {
		{ .name = "a",
		  .kernel = "I",
		  .append = "dyndbg=\"file a.c +p\" x=$y # z" },
		{ .name = "b",
		  .kernel = "I",
		  .append = "nfsroot=${serverip}:/srv",
		  .expand = true },
	};

	CHECK_EQ(format(labels, 2, "b", &out), 0);
	CHECK_CONTAINS(strbuf_str(&out), "APPEND nfsroot=${serverip}:/srv\n");
}

TEST(an_append_of_511_bytes_fits_and_512_do_not)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	char text[513];
	struct extlinux_label label = { .name = "a", .kernel = "I", .append = text };

	memset(text, 'x', 511);
	text[511] = '\0';
	CHECK_EQ(format(&label, 1, "a", &out), 0);
	text[511] = 'x';
	text[512] = '\0';
	CHECK_EQ(format(&label, 1, "a", &out), -E2BIG);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "APPEND has 512 bytes, U-Boot takes 511");
}

TEST(a_board_may_take_a_longer_append)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	char text[1001];
	struct extlinux_label label = { .name = "a", .kernel = "I", .append = text };
	struct extlinux x = {
		.default_label = "a", .labels = &label, .n_labels = 1, .append_max = 2047
	};

	memset(text, 'x', 1000);
	text[1000] = '\0';
	CHECK_EQ(extlinux_format(&x, &out, &err), 0);
}

TEST(labels_are_unique_and_the_default_exists)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	const struct extlinux_label two[] = { { .name = "a", .kernel = "I" },
					      { .name = "a", .kernel = "J" } };

	CHECK_EQ(format(two, 2, "a", &out), -EEXIST);
	CHECK_EQ(format(two, 1, "b", &out), -EINVAL);
	CHECK_CONTAINS(err.msg, "the default label \"b\" is none of the 1 labels");
	CHECK_EQ(format(two, 0, "a", &out), -EINVAL);
}

TEST(the_file_is_called_by_the_mac_in_lower_case)
{
	struct pxe_name name;

	CHECK_EQ(pxe_name_from_mac("52:54:00:12:AB:cD", &name, &err), 0);
	CHECK_STR(name.str, "01-52-54-00-12-ab-cd");
	CHECK_EQ(pxe_name_from_mac("52-54-00-12-34-56", &name, &err), 0);
	CHECK_STR(name.str, "01-52-54-00-12-34-56");
}

TEST(what_is_no_mac_is_refused)
{
	static const char *const bad[] = { "",
					   "52:54:00:12:34",
					   "52:54:00:12:34:5g",
					   "52:54:00:12:34:567",
					   "525:4:00:12:34:56",
					   "../../../etc/pass" };
	struct pxe_name name;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(pxe_name_from_mac(bad[i], &name, &err), -EINVAL);
		CHECK_EQ(err.class, ERR_JOB);
	}
}

TESTS(T(labels_are_written_as_u_boot_reads_them), T(what_u_boot_would_misread_is_refused),
      T(quotes_dollars_and_wanted_expansion_pass),
      T(an_append_of_511_bytes_fits_and_512_do_not), T(a_board_may_take_a_longer_append),
      T(labels_are_unique_and_the_default_exists),
      T(the_file_is_called_by_the_mac_in_lower_case), T(what_is_no_mac_is_refused))
