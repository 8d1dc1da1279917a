// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of a run in the TFTP root: their names, who may read them, and that they are
 * gone after it. */
#include <sys/wait.h>

#include "stage_bench.h"

TEST(a_plain_boot_is_staged_under_stable_names)
{
	struct staged s;

	make_inputs();
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	check_file(&s.kernel, "Image", "bootrig-r1/Image");
	check_file(&s.dtb, "board.dtb", "bootrig-r1/board.dtb");
	check_file(&s.ramdisk, "ramdisk", "bootrig-r1/ramdisk");
	CHECK_STR(s.kernel.sha256.str, sha256_of(image, sizeof(image)).str);
	CHECK_STR(s.kernel.url, kernel.url);
	CHECK_EQ(s.image.kind, IMAGE_ARM64);
	CHECK_STR(s.image.release, "6.9.0-x");
	CHECK(!s.kernel_member);
	CHECK_STR(s.kernel_how, "");
	CHECK(!s.has_overlay);
	CHECK_EQ(stage_remove(&s, &err), 0);
	CHECK(!exists("bootrig-r1"));
	staged_release(&s);
	drop_inputs();
}

TEST(a_subdirectory_is_in_the_server_s_path_but_not_in_the_config_s)
{
	struct staged s;

	make_inputs();
	struct stage_request req = request("r1");
	req.tftp_subdir = "lab/board1";
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_STR(s.kernel.tftp_path, "lab/board1/bootrig-r1/Image");
	check_file(&s.kernel, "Image", "bootrig-r1/Image");
	staged_release(&s);
	req.tftp_subdir = "../up";
	CHECK_EQ(stage(&req, &s), -EINVAL);
	drop_inputs();
}

TEST(everybody_may_read_it_whatever_the_umask)
{
	static const char *const paths[] = { "",
					     "bootrig-r1",
					     "bootrig-r1/Image",
					     "bootrig-r1/ramdisk",
					     "pxelinux.cfg",
					     "pxelinux.cfg/01-52-54-00-12-34-56" };
	struct extlinux_label l = { .name = "a", .kernel = "I" };
	struct extlinux x = { .default_label = "a", .labels = &l, .n_labels = 1 };
	struct staged s;
	struct stat st;

	make_inputs();
	umask(077);
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_EQ(stage_config(&s, "52:54:00:12:34:56", &x, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", root, paths[i]);

		CHECK_EQ(stat(path, &st), 0);
		CHECK_EQ(st.st_mode & 07777, S_ISDIR(st.st_mode) ? 0755 : 0444);
	}
	staged_release(&s);
	drop_inputs();
}

TEST(a_missing_file_is_the_job_s_fault_and_nothing_stays)
{
	struct staged s;

	make_inputs();
	free(ramdisk.url);
	ramdisk.url = xstrdup("file:///nowhere/rd.gz");
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), -ENOENT);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "file:///nowhere/rd.gz");
	CHECK(!exists("bootrig-r1.part"));
	CHECK(!exists("bootrig-r1"));
	drop_inputs();
}

TEST(a_root_that_cannot_be_written_is_the_lab_s_fault)
{
	struct staged s;

	make_inputs();
	free(root);
	root = write_file("not-a-directory", "x", 1);
	struct stage_request req = request("r1");
	CHECK(stage(&req, &s) < 0);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "TFTP root");
	drop_inputs();
}

TEST(run_names_cannot_lead_out)
{
	static const char *const bad[] = { "", "..", "a/b", ".x", "a b", "a\n" };
	struct staged s;

	make_inputs();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct stage_request req = request(bad[i]);

		CHECK_EQ(stage(&req, &s), -EINVAL);
	}
	drop_inputs();
}

TEST(two_living_runs_cannot_have_one_name)
{
	struct staged a, b;

	make_inputs();
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &a), 0);
	CHECK_EQ(stage(&req, &b), -EEXIST);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK(exists("bootrig-r1/Image"));
	staged_release(&a);
	drop_inputs();
}

TEST(what_dead_runs_left_is_swept_and_living_ones_stay)
{
	struct staged live, next;
	struct err e = ERR_INIT;
	int status;

	make_inputs();
	fflush(NULL);
	if (fork() == 0) { /* dies with its files staged, as by kill -9 */
		struct stage_request req = request("dead");
		struct staged s;

		_exit(stage_files(&req, &s, &e) ? 1 : 0);
	}
	CHECK(wait(&status) > 0);
	CHECK_EQ(status, 0);
	CHECK(exists("bootrig-dead/Image"));
	struct stage_request req = request("live");
	CHECK_EQ(stage(&req, &live), 0);
	CHECK_EQ(live.n_swept, 1);
	CHECK(!exists("bootrig-dead"));
	req = request("next");
	CHECK_EQ(stage(&req, &next), 0);
	CHECK_EQ(next.n_swept, 0);
	CHECK(exists("bootrig-live/Image"));
	staged_release(&live);
	staged_release(&next);
	drop_inputs();
}

TEST(what_others_left_in_the_root_is_never_touched)
{
	static const char *const dirs[] = { "bootrig-notes", "other/bootrig-x" };
	struct staged s;

	make_inputs();
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", root, dirs[i]);

		CHECK_EQ(io_mkdir_p(path), 0);
	}
	free(write_file("root/bootrig-notes/mine", "x", 1));
	free(write_file("root/bootrig-file", "x", 1));
	_cleanup_free_ char *link = xasprintf("%s/bootrig-link", root);
	CHECK_EQ(symlink("other", link), 0);
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_EQ(s.n_swept, 0);
	CHECK(exists("bootrig-notes/mine"));
	CHECK(exists("bootrig-file"));
	CHECK(exists("bootrig-link/bootrig-x"));
	staged_release(&s);
	drop_inputs();
}

TEST(canceling_leaves_nothing_behind)
{
	struct staged s;
	int fds[2];

	make_inputs();
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	struct stage_request req = request("r1");
	req.task.cancel_fd = fds[0];
	CHECK_EQ(stage(&req, &s), -ECANCELED);
	CHECK_EQ(err.class, ERR_CANCELED);
	CHECK(!exists("bootrig-r1.part"));
	drop_inputs();
}

TESTS(T(a_plain_boot_is_staged_under_stable_names),
      T(a_subdirectory_is_in_the_server_s_path_but_not_in_the_config_s),
      T(everybody_may_read_it_whatever_the_umask),
      T(a_missing_file_is_the_job_s_fault_and_nothing_stays),
      T(a_root_that_cannot_be_written_is_the_lab_s_fault), T(run_names_cannot_lead_out),
      T(two_living_runs_cannot_have_one_name),
      T(what_dead_runs_left_is_swept_and_living_ones_stay),
      T(what_others_left_in_the_root_is_never_touched),
      T(canceling_leaves_nothing_behind))
