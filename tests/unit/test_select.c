// SPDX-License-Identifier: GPL-2.0-or-later
/* Which files of a directory or an archive a job's kernel is, and what of it the deploy
 * action is told. */
#include "kernel/select.h"

#include <fcntl.h>
#include <libgen.h>

#include "job_text.h"
#include "util/io.h"
#include "util/mem.h"

#define HEAD                                                                              \
	"job_name: k\n"                                                                   \
	"timeouts: {job: {minutes: 5}, action: {minutes: 2}, connection: {minutes: 1}}\n" \
	"actions:\n"                                                                      \
	"- deploy: {to: tftp, os: oe, ramdisk: {url: 'http://h/rd.gz', "                  \
	"compression: gz}}\n"                                                             \
	"- boot: {method: u-boot, commands: ramdisk, prompts: ['# ']}\n"                  \
	"bootrig:\n"                                                                      \
	"  kernel:\n"

static void touch(const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name), *copy = xstrdup(path);
	const char *top = dirname(copy);

	CHECK_EQ(io_mkdir_p(top), 0);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
}

/* A directory of the test that may hold a kernel. */
static char *new_dir(const char *name)
{
	char *dir = xasprintf("%s/%s", tap_tmpdir(), name);

	CHECK_EQ(io_mkdir_p(dir), 0);
	return dir;
}

/* The job with one %s, selected as a cell. */
static int select_in(struct job_spec **job, const char *format, const char *dir,
		     const char *cell, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	_cleanup_job_cells_ struct job_cells cells = JOB_CELLS_INIT;
	const char *at = strstr(format, "%s");

	strbuf_addf(&text, "%s%.*s%s%s", HEAD, (int)(at - format), format, dir, at + 2);
	*job = job_of(strbuf_str(&text));
	job_cells_list(&(*job)->kernels, &cells);
	const struct kernel_select k = { .cell = job_cells_find(&cells, cell),
					 .task = { .cancel_fd = -1 } };
	CHECK(k.cell != NULL);
	return kernel_select(*job, &k, err);
}

static const struct job_deploy *deploy_of(const struct job_spec *job)
{
	CHECK_EQ(job->actions[0].kind, JOB_DEPLOY);
	return &job->actions[0].deploy;
}

static void check_below(const char *url, const char *dir, const char *name)
{
	_cleanup_free_ char *want = xasprintf("file:%s%s%s", dir, *name ? "/" : "", name);

	CHECK_STR(url, want);
}

TEST(a_kernels_output_gives_image_device_tree_and_vmlinux)
{
	_cleanup_free_ char *dir = new_dir("out [1]"); /* no pattern of ours */
	_cleanup_free_ char *vmlinux = xasprintf("%s/vmlinux", dir);
	_cleanup_job_spec_ struct job_spec *job = NULL;
	struct err err = ERR_INIT;

	touch(dir, "arch/arm64/boot/Image");
	touch(dir, "arch/arm64/boot/Image.gz");
	touch(dir, "arch/arm64/boot/dts/rockchip/b.dtb");
	touch(dir, "vmlinux");
	CHECK_EQ(select_in(&job,
			   "    select: [{name: a, from: {url: '%s'}, "
			   "dtb: rockchip/b.dtb, kernel_args: [x=1]}]\n",
			   dir, "a", &err),
		 0);
	check_below(deploy_of(job)->kernel.url, dir, "arch/arm64/boot/Image");
	check_below(deploy_of(job)->dtb.url, dir, "arch/arm64/boot/dts/rockchip/b.dtb");
	check_below(deploy_of(job)->modules.url, dir, "");
	CHECK_STR(job->vmlinux, vmlinux);
	CHECK_STR(deploy_of(job)->label, "a");
	CHECK_STR(job->kernel_args.v[job->kernel_args.n - 1], "x=1");
}

TEST(an_unpacked_package_gives_its_kernel_and_only_one)
{
	_cleanup_free_ char *dir = new_dir("deb");
	_cleanup_job_spec_ struct job_spec *job = NULL, *again = NULL;
	struct err err = ERR_INIT;
	static const char one[] = "    select: [{name: a, from: {url: '%s'}, "
				  "modules: false}]\n";

	touch(dir, "boot/vmlinuz-6.1.0-56-arm64");
	CHECK_EQ(select_in(&job, one, dir, "a", &err), 0);
	check_below(deploy_of(job)->kernel.url, dir, "boot/vmlinuz-6.1.0-56-arm64");
	CHECK(!deploy_of(job)->modules.url);

	touch(dir, "boot/vmlinuz-6.1.0-57-arm64");
	CHECK_EQ(select_in(&again, one, dir, "a", &err), -EINVAL);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "kernel a: more than one file fits");
}

TEST(a_directory_without_a_kernel_or_the_device_tree_says_where_it_looked)
{
	_cleanup_free_ char *dir = new_dir("empty");
	_cleanup_job_spec_ struct job_spec *job = NULL, *again = NULL;
	struct err err = ERR_INIT;
	static const char one[] = "    select: [{name: a, from: {url: '%s'}, "
				  "dtb: q/x.dtb}]\n";

	CHECK_EQ(select_in(&job, one, dir, "a", &err), -ENOENT);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "no kernel in it; looked for Image, arch/arm64");
	touch(dir, "Image");
	err = (struct err)ERR_INIT;
	CHECK_EQ(select_in(&again, one, dir, "a", &err), -ENOENT);
	CHECK_CONTAINS(err.msg, "no q/x.dtb in it; looked for dtbs/q/x.dtb");
}

TEST(out_of_an_archive_each_file_is_a_member_and_the_kernel_is_found_later)
{
	_cleanup_job_spec_ struct job_spec *job = NULL;
	struct err err = ERR_INIT;

	CHECK_EQ(select_in(&job,
			   "    select: [{name: a, from: {url: '%s'}, dtb: q/x.dtb, "
			   "overlays: [q/y.dtbo]}]\n",
			   "http://h/linux-image.deb", "a", &err),
		 0);
	CHECK(deploy_of(job)->is_bundle);
	CHECK_STR(deploy_of(job)->kernel.url, "http://h/linux-image.deb");
	CHECK_STR(deploy_of(job)->dtb.url, "http://h/linux-image.deb");
	CHECK_STR(deploy_of(job)->dtb.member, "q/x.dtb");
	CHECK_EQ(deploy_of(job)->n_overlays, 1);
	CHECK_STR(deploy_of(job)->overlays[0].member, "q/y.dtbo");
	CHECK(deploy_of(job)->modules_optional);
}

TEST(with_stage_all_every_other_kernel_stands_beside_with_its_own_arguments)
{
	_cleanup_free_ char *dir = new_dir("two");
	_cleanup_job_spec_ struct job_spec *job = NULL;
	struct err err = ERR_INIT;

	touch(dir, "Image");
	CHECK_EQ(select_in(&job,
			   "    stage: all\n"
			   "    select:\n"
			   "    - {name: a, from: {url: '%s'}, kernel_args: [for=a]}\n"
			   "    - {name: b, kernel: {url: 'http://h/Image'}, "
			   "kernel_args: [for=b]}\n",
			   dir, "b", &err),
		 0);
	const struct job_deploy *d = deploy_of(job);
	CHECK_STR(d->kernel.url, "http://h/Image");
	CHECK_STR(d->label, "b");
	CHECK_EQ(d->n_beside, 1);
	CHECK_STR(d->beside[0].label, "a");
	check_below(d->beside[0].kernel.url, dir, "Image");
	CHECK_EQ(d->beside[0].kernel_args.n, 1);
	CHECK_STR(d->beside[0].kernel_args.v[0], "for=a");
	CHECK_STR(job->kernel_args.v[job->kernel_args.n - 1], "for=b");
}

TESTS(T(a_kernels_output_gives_image_device_tree_and_vmlinux),
      T(an_unpacked_package_gives_its_kernel_and_only_one),
      T(a_directory_without_a_kernel_or_the_device_tree_says_where_it_looked),
      T(out_of_an_archive_each_file_is_a_member_and_the_kernel_is_found_later),
      T(with_stage_all_every_other_kernel_stands_beside_with_its_own_arguments))
