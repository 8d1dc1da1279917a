// SPDX-License-Identifier: GPL-2.0-or-later
/* The extlinux configuration of a run, beside what others wrote by hand. */
#include "stage_bench.h"

static const char mac[] = "52:54:00:12:34:56";
static const char config_path[] = "pxelinux.cfg/01-52-54-00-12-34-56";

static int config(struct staged *s, const char *name)
{
	struct extlinux_label l = { .name = name, .kernel = s->kernel.boot_path };
	struct extlinux x = { .default_label = name, .labels = &l, .n_labels = 1 };

	err = (struct err)ERR_INIT;
	return stage_config(s, mac, &x, &err);
}

TEST(the_configuration_is_written_replaced_and_removed)
{
	struct staged s;
	size_t len;

	make_inputs();
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_EQ(config(&s, "first"), 0);
	CHECK_EQ(config(&s, "second"), 0);
	check_file(&s.config, "01-52-54-00-12-34-56", config_path);
	_cleanup_free_ char *text = content(config_path, &len);
	CHECK_CONTAINS(text, "DEFAULT second\n");
	CHECK_CONTAINS(text, "\tKERNEL bootrig-r1/Image\n");
	CHECK_EQ(stage_remove(&s, &err), 0);
	CHECK(!exists(config_path));
	staged_release(&s);
	drop_inputs();
}

TEST(without_a_mac_the_configuration_is_the_default_one)
{
	struct extlinux_label l = { .name = "a", .kernel = "I" };
	struct extlinux x = { .default_label = "a", .labels = &l, .n_labels = 1 };
	struct staged s;

	make_inputs();
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_EQ(stage_config(&s, NULL, &x, &err), 0);
	check_file(&s.config, "default", "pxelinux.cfg/default");
	CHECK_EQ(stage_remove(&s, &err), 0);
	CHECK(!exists("pxelinux.cfg/default"));
	staged_release(&s);
	drop_inputs();
}

TEST(a_config_written_by_hand_comes_back_after_the_run)
{
	_cleanup_free_ char *dir = tmp_path("root/pxelinux.cfg");
	struct staged s;
	size_t len;

	make_inputs();
	CHECK_EQ(io_mkdir_p(dir), 0);
	free(write_file("root/pxelinux.cfg/01-52-54-00-12-34-56", "DEFAULT mine\n", 13));
	free(write_file("root/pxelinux.cfg/01-other", "other", 5));
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_EQ(config(&s, "a"), 0);
	CHECK_EQ(config(&s, "b"), 0);
	CHECK_EQ(stage_remove(&s, &err), 0);
	_cleanup_free_ char *text = content(config_path, &len);
	CHECK_STR(text, "DEFAULT mine\n");
	_cleanup_free_ char *other = content("pxelinux.cfg/01-other", &len);
	CHECK_STR(other, "other");
	staged_release(&s);
	drop_inputs();
}

TEST(a_config_that_somebody_else_wrote_since_stays)
{
	struct staged s;

	make_inputs();
	struct stage_request req = request("r1");
	CHECK_EQ(stage(&req, &s), 0);
	CHECK_EQ(config(&s, "a"), 0);
	_cleanup_free_ char *path = xasprintf("%s/%s", root, config_path);
	CHECK_EQ(unlink(path), 0);
	free(write_file("root/pxelinux.cfg/01-52-54-00-12-34-56", "later", 5));
	CHECK_EQ(stage_remove(&s, &err), 0);
	CHECK(exists(config_path));
	staged_release(&s);
	drop_inputs();
}

TESTS(T(the_configuration_is_written_replaced_and_removed),
      T(without_a_mac_the_configuration_is_the_default_one),
      T(a_config_written_by_hand_comes_back_after_the_run),
      T(a_config_that_somebody_else_wrote_since_stays))
