// SPDX-License-Identifier: GPL-2.0-or-later
/* Other kernels beside the one of the run, each with a label of its own. */
#include "stage_bench.h"

/* A second kernel beside the first: its own image, the same device tree. */
static struct stage_request beside_request(const char *name,
					   const struct job_file *image2)
{
	struct stage_request req = request("r1");

	req.label = name;
	req.kernel = image2;
	return req;
}

TEST(labels_beside_have_files_of_their_own_and_share_what_is_the_same)
{
	struct job_file image2 = { .url = NULL };
	struct staged s;

	make_inputs();
	struct stage_request req = request("r1");
	image[4000 + 14] = '7'; /* Linux version 7… */
	image2.url = write_file("Image2", image, sizeof(image));
	const struct stage_request beside[] = { beside_request("v2", &image2),
						beside_request("v3", &image2) };
	req.beside = beside;
	req.n_beside = 2;
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_EQ(s.n_beside, 2);
	check_file(&s.kernel, "Image", "bootrig-r1/Image");
	struct staged *v2 = &s.beside[0], *v3 = &s.beside[1];
	check_file(&v2->kernel, "label-v2/Image", "bootrig-r1/label-v2/Image");
	CHECK_STR(v2->label, "v2");
	CHECK_STR(v2->image.release, "7.9.0-x");
	CHECK_STR(v3->kernel.boot_path, "bootrig-r1/label-v2/Image");
	CHECK(v3->kernel.is_shared && !v2->kernel.is_shared);
	CHECK_STR(v2->dtb.boot_path, "bootrig-r1/board.dtb");
	CHECK_STR(v2->ramdisk.boot_path, "bootrig-r1/ramdisk");
	CHECK(v2->ramdisk.is_shared && !s.ramdisk.is_shared);
	CHECK(!exists("bootrig-r1/label-v2/board.dtb"));
	CHECK(!exists("bootrig-r1/label-v3/Image"));
	CHECK_EQ(stage_remove(&s, &err), 0);
	CHECK(!exists("bootrig-r1"));
	staged_release(&s);
	free(image2.url);
	drop_inputs();
}

TEST(modules_of_one_label_are_in_no_other_label_s_ramdisk)
{
	struct job_file inner[3], plain;
	struct staged s;

	make_inputs();
	plain = kernel;
	kernel.url = NULL;
	set_bundle("6.9.0-x", true);
	struct stage_request req = bundle_request(inner);
	const struct stage_request beside = beside_request("plain", &plain);
	req.beside = &beside;
	req.n_beside = 1;
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_STR(s.modules_release, "6.9.0-x");
	struct staged *other = &s.beside[0];
	CHECK_STR(other->modules_release, "");
	check_file(&other->ramdisk, "label-plain/ramdisk",
		   "bootrig-r1/label-plain/ramdisk");
	CHECK(other->ramdisk.size < s.ramdisk.size);
	CHECK_STR(other->kernel.boot_path, "bootrig-r1/Image"); /* the same bytes */
	CHECK_EQ(stage_remove(&s, &err), 0);
	staged_release(&s);
	free(plain.url);
	drop_inputs();
}

TEST(a_label_beside_that_cannot_be_staged_is_named_and_nothing_stays)
{
	struct job_file gone = { .url = xasprintf("file:%s/no-such", tap_tmpdir()) };
	struct staged s;

	make_inputs();
	struct stage_request req = request("r1");
	const struct stage_request beside = beside_request("v2", &gone);
	req.beside = &beside;
	req.n_beside = 1;
	CHECK_EQ(stage(&req, &s), -ENOENT);
	CHECK_EQ(err.class, ERR_JOB);
	CHECK_CONTAINS(err.msg, "label v2: ");
	CHECK(!exists("bootrig-r1"));
	free(gone.url);
	drop_inputs();
}

TESTS(T(labels_beside_have_files_of_their_own_and_share_what_is_the_same),
      T(modules_of_one_label_are_in_no_other_label_s_ramdisk),
      T(a_label_beside_that_cannot_be_staged_is_named_and_nothing_stays))
