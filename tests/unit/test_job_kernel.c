// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig: kernel:` as people write it, and every mistake with its place. */
#include "parse/job_cells.h"
#include "job_text.h"

#define HEAD                                                                             \
	"job_name: t\n"                                                                  \
	"timeouts: {job: {minutes: 5}}\n"                                                \
	"priority: medium\nvisibility: public\n"                                         \
	"actions:\n"                                                                     \
	"- deploy: {to: tftp, ramdisk: {url: 'http://h/i.gz'}}\n"                        \
	"- boot: {method: u-boot, commands: ramdisk, prompts: ['# ']}\n"                 \
	"bootrig:\n"                                                                     \
	"  hypotheses: [{name: null-slot, fault_address: '0x20'}]\n"
#define JOB HEAD "  kernel:\n"
#define SELECT JOB "    select:\n"

TEST(what_a_kernel_does_not_say_comes_from_the_defaults)
{
	_cleanup_job_spec_ struct job_spec *job = job_of(
		JOB
		"    build: {base: linux-source-6.12, config_base: defconfig,\n"
		"            configs: [../kernels/configs/virt.config]}\n"
		"    select:\n"
		"    - {name: v1, series: ../kernels/patches/v1, upto: 3}\n"
		"    - {name: v2, series: ../kernels/patches/v2, base: ./linux, arch: arm,\n"
		"       configs: [a.config, b.config]}\n");
	const struct job_build *one = &job->kernels.v[0].build;
	const struct job_build *two = &job->kernels.v[1].build;

	CHECK_EQ(job->kernels.n, 2);
	CHECK_EQ(job->kernels.v[0].from, JOB_KERNEL_BUILD);
	CHECK_STR(one->base, "linux-source-6.12");
	CHECK_STR(one->series, "/kernels/patches/v1");
	CHECK_STR(one->upto, "3");
	CHECK_STR(one->arch, "arm64");
	CHECK_STR(one->config_base, "defconfig");
	CHECK_EQ(one->configs.n, 1);
	CHECK_STR(one->configs.v[0], "/kernels/configs/virt.config");
	CHECK_STR(two->base, "/jobs/linux");
	CHECK_STR(two->arch, "arm");
	CHECK(!two->upto);
	CHECK_EQ(two->configs.n, 2);
	CHECK_STR(two->configs.v[0], "/jobs/a.config");
}

TEST(upto_of_the_defaults_goes_with_their_series)
{
	_cleanup_job_spec_ struct job_spec *job =
		job_of(JOB "    build: {base: linux, series: ./long, upto: 7}\n"
			   "    select: [{name: a}, {name: b, upto: 2, series: ./long},\n"
			   "             {name: c, series: ./other}]\n");

	CHECK_STR(job->kernels.v[0].build.upto, "7");
	CHECK_STR(job->kernels.v[1].build.upto, "2");
	CHECK(!job->kernels.v[2].build.upto);
}

TEST(a_range_of_commits_is_no_path)
{
	_cleanup_job_spec_ struct job_spec *job =
		job_of(SELECT "    - {name: a, base: ./linux, series: v6.12..fix/vb2}\n"
			      "    - {name: b, base: ./linux, series: v6.12..fix}\n");

	CHECK_STR(job->kernels.v[0].build.series, "v6.12..fix/vb2");
	CHECK_STR(job->kernels.v[1].build.series, "v6.12..fix");
}

TEST(a_bundle_and_its_parts_are_read)
{
	_cleanup_job_spec_ struct job_spec *job = job_of(
		SELECT
		"    - name: distro\n"
		"      from: {url: 'https://h/l.deb', archive: deb}\n"
		"      dtb: rockchip/rk3588-rock-5b.dtb\n"
		"      overlays: [rockchip/x.dtbo, 'file:/y.dtbo', {url: z.dtbo}]\n"
		"      modules: false\n"
		"      kernel_args: [a=1, b]\n"
		"    - {name: dir, from: {url: ../out}}\n");
	const struct job_kernel *k = &job->kernels.v[0];

	CHECK_EQ(k->from, JOB_KERNEL_BUNDLE);
	CHECK_STR(k->bundle.url, "https://h/l.deb");
	CHECK_STR(k->dtb_path, "rockchip/rk3588-rock-5b.dtb");
	CHECK_EQ(k->overlays.n, 3);
	CHECK_STR(k->overlays.v[0], "rockchip/x.dtbo");
	CHECK_STR(k->overlays.v[1], "file:/y.dtbo");
	CHECK_STR(k->overlays.v[2], "file:/jobs/z.dtbo");
	CHECK(k->no_modules);
	CHECK_EQ(k->kernel_args.n, 2);
	CHECK_STR(job->kernels.v[1].bundle.url, "file:/out");
	CHECK(!job->kernels.v[1].no_modules);
}

TEST(single_files_are_read)
{
	_cleanup_job_spec_ struct job_spec *job = job_of(
		SELECT
		"    - {name: f, kernel: {url: Image, type: image},\n"
		"       dtb: {url: b.dtb}, modules: {url: m.tar.xz, compression: xz}}\n"
		"    stage: own\n");
	const struct job_kernel *k = &job->kernels.v[0];

	CHECK_EQ(k->from, JOB_KERNEL_FILES);
	CHECK_STR(k->kernel.url, "file:/jobs/Image");
	CHECK_STR(k->kernel.image_type, "image");
	CHECK_STR(k->dtb.url, "file:/jobs/b.dtb");
	CHECK_STR(k->modules.compression, "xz");
	CHECK(!job->kernels.stage_all);
	_cleanup_job_spec_ struct job_spec *all =
		job_of(SELECT "    - {name: f, kernel: {url: Image}}\n    stage: all\n");
	CHECK(all->kernels.stage_all);
}

TEST(what_cells_should_come_to_is_read)
{
	_cleanup_job_spec_ struct job_spec *job = job_of(
		JOB
		"    configs: [{name: plain}, {name: kasan, configs: [k.config]}]\n"
		"    select:\n"
		"    - name: v1\n"
		"      base: linux\n"
		"      expect: {status: fail, kinds: [null-deref, panic],\n"
		"               hypotheses: {null-slot: confirmed}}\n"
		"      expect_in: {kasan: {status: fail, failed_tests: ['fence.*']}}\n"
		"    - {name: v2, base: linux, not_with: kasan}\n");
	_cleanup_job_cells_ struct job_cells cells = JOB_CELLS_INIT;
	const struct job_outcome *o = &job->kernels.v[0].outcome;

	CHECK(o->given);
	CHECK_STR(o->status, "fail");
	CHECK_EQ(o->kinds, 1ULL << INCIDENT_NULL_DEREF | 1ULL << INCIDENT_PANIC);
	CHECK_EQ(o->n_hypotheses, 1);
	CHECK_STR(o->hypotheses[0].verdict, "confirmed");
	job_cells_list(&job->kernels, &cells);
	CHECK_EQ(cells.n, 3);
	CHECK_STR(cells.v[2].name, "v1/kasan");
	CHECK_STR(cells.v[2].outcome->failed_tests.v[0], "fence.*");
	CHECK_STR(cells.v[2].config->configs.v[0], "/jobs/k.config");
}

TEST(a_copy_in_a_run_directory_is_read_without_the_files_it_names)
{
	static const char text[] =
		"job_name: t\ntimeouts: {job: {minutes: 5}}\n"
		"actions:\n- boot: {method: minimal, prompts: ['# ']}\n"
		"bootrig:\n  hypotheses: [gone.yaml]\n  kernel:\n    select:\n"
		"    - {name: a, base: linux, expect: {hypotheses: {gone: falsified}}}\n";
	struct spec_messages msgs = { STRVEC_INIT };
	_cleanup_job_spec_ struct job_spec *job = NULL;
	struct err err = ERR_INIT;

	CHECK_EQ(
		job_spec_parse_copy("/r/job.yaml", text, strlen(text), &job, &msgs, &err),
		0);
	CHECK_STR(job->kernels.v[0].outcome.hypotheses[0].name, "gone");
}

TEST(mistakes_have_a_place)
{
	check_bad_job(SELECT "    - {name: a, from: {url: x.deb}, form: 1}\n",
		      "t.yaml:12:37: unknown key \"form\"");
	check_bad_job(SELECT "    - {name: a}\n", "t.yaml:12:7: the kernel has neither");
	check_bad_job(SELECT "    - {from: {url: x}}\n", "name");
	check_bad_job(SELECT "    - {name: a/b, from: {url: x}}\n", "12:14: ");
	check_bad_job(
		SELECT
		"    - {name: a, from: {url: x}}\n    - {name: a, from: {url: x}}\n",
		"t.yaml:13:7: two kernels are named a");
	check_bad_job(SELECT "    - {name: a, from: {url: x}, base: linux}\n",
		      "more than one of");
	check_bad_job(SELECT "    - {name: a, from: {url: x}, kernel: {url: y}}\n",
		      "more than one of");
	check_bad_job(SELECT "    - {name: a, kernel: {url: y}, dtb: a/b.dtb}\n",
		      "no device tree is inside it");
	check_bad_job(SELECT "    - {name: a, kernel: {url: y}, overlays: [b.dtbo]}\n",
		      "b.dtbo is not inside it");
	check_bad_job(SELECT "    - {name: a, from: {url: y}, dtb: ../b.dtb}\n",
		      "t.yaml:12:38: the kernel.dtb is");
	check_bad_job(SELECT
		      "    - {name: a, from: {url: y}, dtb: b.dtb, fdtdir: true}\n",
		      "both dtb and fdtdir");
	check_bad_job(SELECT "    - {name: a, kernel: {url: y}, fdtdir: true}\n",
		      "no device trees are with it");
	check_bad_job(SELECT "    - {name: a, from: {url: y}, fdtdir: dtbs}\n",
		      "t.yaml:12:41: ");
	check_bad_job(JOB "    select: [{name: a, from: {url: y}}]\n    stage: both\n",
		      "expected one of: own, all");
	check_bad_job(SELECT "    - {name: a, base: linux, upto: 2}\n",
		      "upto without series");
	check_bad_job(JOB "    select: []\n", "has 0 kernels");
	check_bad_job(JOB "    stage: own\n", "select");
}

TEST(references_are_checked)
{
	check_bad_job(
		SELECT
		"    - {name: a, base: linux, expect: {hypotheses: {nul: confirmed}}}\n",
		"12:52: \"nul\" is no hypothesis");
	check_bad_job(
		SELECT
		"    - {name: a, base: linux, expect_in: {kasan: {status: pass}}}\n",
		"12:42: expect_in names \"kasan\"");
	check_bad_job(JOB
		      "    configs: [{name: k}]\n    select:\n"
		      "    - {name: a, from: {url: x}, expect_in: {k: {status: pass}}}\n",
		      "a kernel that is not built");
	check_bad_job(JOB "    configs: [{name: k}]\n    select:\n"
			  "    - {name: a, base: linux, not_with: [k]}\n",
		      "no kernel is left to run");
	check_bad_job(JOB
		      "    configs: [{name: b}, {name: b-b}]\n    select:\n"
		      "    - {name: a, base: linux}\n    - {name: a-b, base: linux}\n",
		      "a-b/b and a/b-b would both be label a-b-b");
}

TEST(kernels_stand_in_one_place)
{
	static const char both[] =
		"job_name: t\ntimeouts: {job: {minutes: 5}}\n"
		"actions:\n- deploy: {to: tftp, kernel: {url: Image}}\n"
		"bootrig:\n  kernel:\n    select: [{name: a, from: {url: x}}]\n";
	static const char none[] = "job_name: t\ntimeouts: {job: {minutes: 5}}\n"
				   "actions:\n- deploy: {to: tftp}\n";

	check_bad_job(both, "t.yaml:4:30: deploy.kernel stands beside");
	check_bad_job(none, "deploy has no \"kernel\"");
}

TEST(modules_of_a_deploy_need_a_ramdisk)
{
	static const char text[] = "job_name: t\ntimeouts: {job: {minutes: 5}}\n"
				   "actions:\n"
				   "- deploy: {to: tftp, kernel: {url: Image},\n"
				   "           modules: {url: m.tar}}\n";

	check_bad_job(text, "deploy.modules has no ramdisk");
}

TESTS(T(what_a_kernel_does_not_say_comes_from_the_defaults),
      T(upto_of_the_defaults_goes_with_their_series), T(a_range_of_commits_is_no_path),
      T(a_bundle_and_its_parts_are_read), T(single_files_are_read),
      T(what_cells_should_come_to_is_read),
      T(a_copy_in_a_run_directory_is_read_without_the_files_it_names),
      T(mistakes_have_a_place), T(references_are_checked), T(kernels_stand_in_one_place),
      T(modules_of_a_deploy_need_a_ramdisk))
