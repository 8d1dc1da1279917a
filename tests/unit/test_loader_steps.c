// SPDX-License-Identifier: GPL-2.0-or-later
/* The lines typed into U-Boot: their order, and the sums of what they load. */
#include "boot/loader_steps.h"
#include "boot/uboot.h"

#include <string.h>

#include "tap.h"

static char server[] = "192.168.5.1";

/* What a board and a job say of a boot. */
struct given {
	struct board_boot b;
	struct job_boot boot;
};

static void given_release(struct given *g)
{
	strvec_release(&g->b.setup);
	strvec_release(&g->b.network);
	strvec_release(&g->b.boot_commands);
	strvec_release(&g->boot.command_list);
}

#define _cleanup_given_ _cleanup_(given_release)

TEST(setup_comes_before_the_network_and_the_boot_commands_last)
{
	_cleanup_loader_steps_ struct loader_steps lines = LOADER_STEPS_INIT;
	struct staged st = STAGED_INIT;
	_cleanup_given_ struct given g = { .b = { .server_ip = server },
					   .boot = { .commands = JOB_COMMANDS_RAMDISK } };
	struct loader_words w = { .label = "v1a-lockdep" };

	strvec_add(&g.b.setup, "pci enum");
	strvec_add(&g.b.network, "dhcp");
	strvec_add(&g.b.boot_commands, "setenv pxe_label_override {label}");
	strvec_add(&g.b.boot_commands, "pxe boot");
	loader_steps(&g.b, &g.boot, &w, &st, false, &lines);
	CHECK_EQ(lines.n, 4);
	CHECK_STR(lines.v[0].line, "pci enum");
	CHECK_STR(lines.v[1].line, "dhcp");
	CHECK_STR(lines.v[2].line, "setenv pxe_label_override v1a-lockdep");
	CHECK_STR(lines.v[3].line, "pxe boot");
}

TEST(a_list_of_the_job_stands_in_for_network_and_boot_commands)
{
	_cleanup_loader_steps_ struct loader_steps lines = LOADER_STEPS_INIT;
	struct staged st = STAGED_INIT;
	_cleanup_given_ struct given g = { .b = { .server_ip = server },
					   .boot = { .commands = JOB_COMMANDS_LIST } };
	struct loader_words w = { .ramdisk = "r1/ramdisk" };

	strvec_add(&g.b.setup, "pci enum");
	strvec_add(&g.b.network, "dhcp");
	strvec_add(&g.boot.command_list, "tftp {RAMDISK}");
	loader_steps(&g.b, &g.boot, &w, &st, false, &lines);
	CHECK_EQ(lines.n, 2);
	CHECK_STR(lines.v[0].line, "pci enum");
	CHECK_STR(lines.v[1].line, "tftp r1/ramdisk");
}

static char image[] = "Image", rd[] = "rd", dtb[] = "b.dtb", ov[] = "a.dtbo";
static char image_path[] = "r1/Image", rd_path[] = "r1/rd", dtb_path[] = "r1/b.dtb",
	    ov_path[] = "r1/a.dtbo";

static struct staged staged_set(void)
{
	struct staged st = STAGED_INIT;

	st.kernel = (struct staged_file){ .name = image,
					  .tftp_path = image_path,
					  .size = 0x1f00 };
	st.ramdisk =
		(struct staged_file){ .name = rd, .tftp_path = rd_path, .size = 0x20 };
	st.dtb = (struct staged_file){ .name = dtb, .tftp_path = dtb_path, .size = 7 };
	return st;
}

/* The lines, "!" before a sum of what boots, "?" before one of what is loaded again. */
static void check_steps(const struct given *g, const struct staged *st, const char *want)
{
	_cleanup_loader_steps_ struct loader_steps steps = LOADER_STEPS_INIT;
	_cleanup_strbuf_ struct strbuf got = STRBUF_INIT;
	const struct loader_words w = loader_words_of("v1", st);

	loader_steps(&g->b, &g->boot, &w, st, true, &steps);
	for (size_t i = 0; i < steps.n; i++)
		strbuf_addf(&got, "%s%s\n",
			    !steps.v[i].sum_of     ? ""
			    : steps.v[i].as_booted ? "!"
						   : "?",
			    steps.v[i].line);
	CHECK_STR(strbuf_str(&got), want);
}

TEST(what_pxe_boot_loads_is_loaded_and_summed_before_all_of_it_first)
{
	/* pxe does not ask for the address */
	_cleanup_given_ struct given g = { .b = { .kernel_addr = server },
					   .boot = { .commands = JOB_COMMANDS_RAMDISK } };
	struct staged st = staged_set();

	st.n_overlays = 1;
	st.overlays[0] =
		(struct staged_file){ .name = ov, .tftp_path = ov_path, .size = 9 };
	strvec_add(&g.b.network, "dhcp");
	strvec_add(&g.b.boot_commands, "pxe get");
	strvec_add(&g.b.boot_commands, "pxe boot");
	check_steps(&g, &st,
		    "dhcp\n"
		    "tftpboot ${kernel_addr_r} r1/Image\n"
		    "tftpboot ${ramdisk_addr_r} r1/rd\n"
		    "tftpboot ${fdt_addr_r} r1/b.dtb\n"
		    "tftpboot ${fdtoverlay_addr_r} r1/a.dtbo\n"
		    "?crc32 ${fdtoverlay_addr_r} 9\n"
		    "?crc32 ${kernel_addr_r} 1f00\n"
		    "?crc32 ${ramdisk_addr_r} 20\n"
		    "?crc32 ${fdt_addr_r} 7\n"
		    "pxe get\npxe boot\n");
}

TEST(what_lines_load_is_summed_where_it_lies_before_anything_is_done_to_it)
{
	_cleanup_given_ struct given g = { .b = { .kernel_addr = server },
					   .boot = { .commands = JOB_COMMANDS_LIST } };
	struct staged st = staged_set();

	strvec_add(&g.boot.command_list, "dhcp");
	strvec_add(&g.boot.command_list, "tftp {KERNEL_ADDR} {KERNEL}");
	strvec_add(&g.boot.command_list, "tftpboot 0x44000000 {RAMDISK}");
	strvec_add(&g.boot.command_list, "setenv initrd_size ${filesize}");
	strvec_add(&g.boot.command_list, "tftpboot ${fdt_addr_r} {DTB}");
	strvec_add(&g.boot.command_list, "booti 1 2 3");
	check_steps(&g, &st,
		    "dhcp\ntftp 192.168.5.1 r1/Image\ntftpboot 0x44000000 r1/rd\n"
		    "!crc32 192.168.5.1 1f00\n!crc32 0x44000000 20\n"
		    "setenv initrd_size ${filesize}\n"
		    "tftpboot ${fdt_addr_r} r1/b.dtb\n!crc32 ${fdt_addr_r} 7\n"
		    "booti 1 2 3\n");
}

TEST(a_list_that_boots_by_pxe_is_summed_before_its_last_line)
{
	_cleanup_given_ struct given g = { .b = { .server_ip = server },
					   .boot = { .commands = JOB_COMMANDS_LIST } };
	struct staged st = staged_set();

	st.ramdisk.name = st.dtb.name = NULL;
	st.kernel.size = 0; /* still to be fetched: a plan */
	strvec_add(&g.boot.command_list, "dhcp; pxe get");
	strvec_add(&g.boot.command_list, "pxe boot");
	check_steps(&g, &st,
		    "dhcp; pxe get\ntftpboot ${kernel_addr_r} r1/Image\n"
		    "?crc32 ${kernel_addr_r} SIZE\npxe boot\n");
}

static char dtbs[] = "dtbs", dtbs_path[] = "sub/r1/dtbs", tree_name[] = "q/v.dtb";

static void add_step(struct strbuf *got, const struct loader_step *s)
{
	if (s->line)
		strbuf_addf(got, "%s%s\n", s->asks_tree ? "ask " : "", s->line);
}

/* The lines of a set with a directory of trees, once U-Boot has told that name. */
static char *lines_of_tree(const char *told)
{
	_cleanup_loader_steps_ struct loader_steps steps = LOADER_STEPS_INIT;
	_cleanup_given_ struct given g = { .b = { .server_ip = server },
					   .boot = { .commands = JOB_COMMANDS_RAMDISK } };
	struct staged st = staged_set();
	struct staged_tree_file f = { .path = tree_name, .size = 0x1c0, .crc32 = 0xcafe };
	const struct loader_words w = loader_words_of("v1", &st);
	struct strbuf got = STRBUF_INIT;

	st.ramdisk.name = st.dtb.name = NULL;
	st.fdtdir.dir = (struct staged_file){ .name = dtbs, .tftp_path = dtbs_path };
	st.fdtdir.v = &f;
	st.fdtdir.n = 1;
	strvec_add(&g.b.boot_commands, "pxe boot");
	loader_steps(&g.b, &g.boot, &w, &st, true, &steps);
	if (told)
		loader_steps_choose(&steps, &st.fdtdir, told);
	for (size_t i = 0; i < steps.n; i++)
		add_step(&got, &steps.v[i]);
	if (steps.tree.name) {
		CHECK_STR(steps.tree.name, "dtbs/q/v.dtb");
		CHECK_EQ(steps.tree.crc32, 0xcafe);
		CHECK(steps.v[4].sum_of == &steps.tree && !steps.v[4].as_booted);
	}
	return strbuf_take(&got);
}

#define BEFORE_TREE "tftpboot ${kernel_addr_r} r1/Image\nask " UBOOT_FDTFILE_COMMAND "\n"

TEST(of_a_directory_of_trees_the_one_that_u_boot_names_is_loaded_and_summed)
{
	_cleanup_free_ char *lines = lines_of_tree("q/v.dtb");

	CHECK_STR(lines, BEFORE_TREE "tftpboot ${fdt_addr_r} sub/r1/dtbs/q/v.dtb\n"
				     "crc32 ${kernel_addr_r} 1f00\n"
				     "crc32 ${fdt_addr_r} 1c0\npxe boot\n");
}

TEST(a_name_that_no_tree_has_leaves_nothing_to_load)
{
	_cleanup_free_ char *other = lines_of_tree("v.dtb"), *none = lines_of_tree("");

	CHECK_STR(other, BEFORE_TREE "crc32 ${kernel_addr_r} 1f00\npxe boot\n");
	CHECK_STR(none, other);
}

TEST(a_plan_has_a_word_for_the_tree_that_will_be_chosen)
{
	_cleanup_free_ char *lines = lines_of_tree(NULL);

	CHECK_STR(lines, BEFORE_TREE "tftpboot ${fdt_addr_r} sub/r1/dtbs/FDTFILE\n"
				     "crc32 ${kernel_addr_r} 1f00\n"
				     "crc32 ${fdt_addr_r} SIZE\npxe boot\n");
}

TEST(the_name_is_fdtfile_or_soc_and_board_as_u_boot_itself_makes_it)
{
	static const struct {
		const char *answer, *name;
	} cases[] = {
		{ "bootrig-dtb rockchip/rk3588-rock-5b.dtb:rk3588:evb_rk3588:",
		  "rockchip/rk3588-rock-5b.dtb" },
		{ "bootrig-dtb :imx6:wandboard:", "imx6-wandboard.dtb" },
		{ "bootrig-dtb ::qemu-arm:", "qemu-arm.dtb" },
		{ "bootrig-dtb :rk3588::", "rk3588.dtb" },
		{ "bootrig-dtb :::", ".dtb" },
		{ "", ".dtb" },
	};
	char name[UBOOT_FDTFILE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uboot_fdtfile_name(cases[i].answer, name);
		CHECK_STR(name, cases[i].name);
	}
}

TESTS(T(of_a_directory_of_trees_the_one_that_u_boot_names_is_loaded_and_summed),
      T(a_name_that_no_tree_has_leaves_nothing_to_load),
      T(a_plan_has_a_word_for_the_tree_that_will_be_chosen),
      T(the_name_is_fdtfile_or_soc_and_board_as_u_boot_itself_makes_it),
      T(setup_comes_before_the_network_and_the_boot_commands_last),
      T(a_list_of_the_job_stands_in_for_network_and_boot_commands),
      T(what_pxe_boot_loads_is_loaded_and_summed_before_all_of_it_first),
      T(what_lines_load_is_summed_where_it_lies_before_anything_is_done_to_it),
      T(a_list_that_boots_by_pxe_is_summed_before_its_last_line))
