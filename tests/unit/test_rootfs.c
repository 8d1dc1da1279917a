// SPDX-License-Identifier: GPL-2.0-or-later
/* What a board's shell says of its root file system, and what breaks into that. */
#include "parse/rootfs.h"

#include <sys/wait.h>

#include "tap.h"
#include "util/strbuf.h"

#define SHA "200dca3eef7fc48057a548da19d1d5967c3499ae2f58988f7995734c01d15bb2"

static struct rootfs parse(const char *text, bool want)
{
	struct rootfs r;

	CHECK_EQ(rootfs_parse(text, strlen(text), &r), want);
	return r;
}

TEST(a_dirty_btrfs_with_its_packages_is_known_again)
{
	struct rootfs r = parse("rootfs source /dev/nvme0n1p2 ;\r\n"
				"rootfs fstype btrfs ;\r\n"
				"rootfs flags rw,relatime,subvol=/@ ;\r\n"
				"rootfs version \"13\" ;\r\nrootfs id debian ;\r\n"
				"rootfs uuid 0f2a-11 ;\r\nrootfs generation 4711 ;\r\n"
				"rootfs replays 1 ;\r\n"
				"rootfs file " SHA "  /var/lib/dpkg/status ;\r\n",
				true);

	CHECK_STR(r.source, "/dev/nvme0n1p2");
	CHECK_STR(r.fstype, "btrfs");
	CHECK_STR(r.flags, "rw,relatime,subvol=/@");
	CHECK_STR(r.os_id, "debian");
	CHECK_STR(r.os_version, "13");
	CHECK_STR(r.uuid, "0f2a-11");
	CHECK_EQ(r.generation, 4711);
	CHECK_EQ(r.replays, 1);
	CHECK_EQ(r.n_files, 1);
	CHECK_STR(r.files[0].path, "/var/lib/dpkg/status");
	CHECK_STR(r.files[0].sha256, SHA);
	CHECK(!r.is_initramfs);
}

TEST(an_initramfs_is_no_file_system_of_its_own)
{
	struct rootfs r = parse("rootfs source none ;\nrootfs fstype rootfs ;\n", true);

	CHECK(r.is_initramfs);
	CHECK_EQ(r.generation, -1);
	CHECK_EQ(r.replays, -1);
}

TEST(a_line_that_the_kernel_broke_into_says_nothing)
{
	struct rootfs r = parse("rootfs source /dev/vd[    5.1] usb 1-1: new device\n"
				"a1 ;\n[    5.2] rootfs fstype xfs ;\n"
				"rootfs generation 12x ;\nrootfs id a\tb ;\n"
				"rootfs file " SHA " ;\nrootfs file x  /etc ;\n"
				"rootfs flags rw ;\n",
				true);

	CHECK_STR(r.source, "");
	CHECK_STR(r.fstype, "");
	CHECK_STR(r.os_id, "");
	CHECK_STR(r.flags, "rw");
	CHECK_EQ(r.generation, -1);
	CHECK_EQ(r.n_files, 0);
	parse("/ # rootfs\nrootfs\nrootfs  ;\nrootfs what is ;\n", false);
}

TEST(no_more_files_than_there_is_room_for)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	for (int i = 0; i < 3 * ROOTFS_MAX_FILES; i++)
		strbuf_addf(&sb, "rootfs file " SHA "  /f%d ;\n", i);
	CHECK_EQ(parse(sb.buf, true).n_files, ROOTFS_MAX_FILES);
}

/* The real line in the real shell of this host. */
TEST(the_line_works_in_the_shell_of_this_host)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	char buf[4096];
	int fds[2], status;
	ssize_t n;

	CHECK_EQ(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		close(fds[0]);
		execl("/bin/sh", "sh", "-c", rootfs_command(), NULL);
		_exit(127);
	}
	close(fds[1]);
	while ((n = read(fds[0], buf, sizeof(buf))) > 0)
		strbuf_add(&out, buf, (size_t)n);
	close(fds[0]);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	struct rootfs r = parse(strbuf_str(&out), true);
	CHECK(r.fstype[0]);
	CHECK(r.flags[0]);
	CHECK(r.os_id[0]);
}

TESTS(T(a_dirty_btrfs_with_its_packages_is_known_again),
      T(an_initramfs_is_no_file_system_of_its_own),
      T(a_line_that_the_kernel_broke_into_says_nothing),
      T(no_more_files_than_there_is_room_for),
      T(the_line_works_in_the_shell_of_this_host))
