// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of options. What make does with them: tests/bench/build.t. */
#include "kernel/kconfig.h"

#include <errno.h>
#include <fcntl.h>

#include "tap.h"
#include "util/io.h"

static const char *write_file(const char *name, const char *text)
{
	if (io_atomic_write(name, text, strlen(text)))
		tap_fail(__FILE__, __LINE__, "%s cannot be written", name);
	return name;
}

static void enter(char *dir)
{
	CHECK(mkdtemp(dir) != NULL);
	CHECK_EQ(chdir(dir), 0);
}

/* What loading this one fragment says; "" = it is fine. */
static const char *said_of(const char *text)
{
	static struct err err;
	_cleanup_strvec_ struct strvec fragments = STRVEC_INIT;
	_cleanup_kconfig_ struct kconfig k = { .base = NULL };

	err = (struct err)ERR_INIT;
	strvec_add(&fragments, write_file("x.config", text));
	return kconfig_load("defconfig", &fragments, NULL, &k, &err) ? err.msg : "";
}

TEST(the_last_word_on_an_option_counts)
{
	static const char config[] = "CONFIG_A=y\n# CONFIG_A is not set\nCONFIG_B=m\n"
				     "CONFIG_B=\"-vb2\"\nCONFIG_AB=y\n";
	_cleanup_free_ char *a = kconfig_get(config, "A"), *b = kconfig_get(config, "B"),
			    *ab = kconfig_get(config, "AB"),
			    *c = kconfig_get(config, "C");

	CHECK_STR(a, "");
	CHECK_STR(b, "\"-vb2\"");
	CHECK_STR(ab, "y");
	CHECK_STR(c, "");
}

TEST(modules_are_options_of_one_m)
{
	CHECK(kconfig_has_modules("CONFIG_A=y\nCONFIG_B=m\n"));
	CHECK(!kconfig_has_modules("CONFIG_A=y\nCONFIG_B=\"m\"\n# CONFIG_C=m\n"));
}

TEST(a_base_is_a_target_unless_a_file_has_its_name)
{
	char dir[] = "/tmp/bootrig-kconfig.XXXXXX";
	_cleanup_kconfig_ struct kconfig target = { .base = NULL };
	_cleanup_kconfig_ struct kconfig file = { .base = NULL };
	_cleanup_kconfig_ struct kconfig none = { .base = NULL };
	struct err err = ERR_INIT;

	enter(dir);
	CHECK_EQ(kconfig_load("my_defconfig", NULL, NULL, &target, &err), 0);
	CHECK_STR(target.base, "my_defconfig");
	CHECK_EQ(target.n_whole, 0);
	write_file("my_defconfig", "CONFIG_A=y\n");
	CHECK_EQ(kconfig_load("my_defconfig", NULL, NULL, &file, &err), 0);
	CHECK(file.base == NULL);
	CHECK_EQ(file.n_whole, 1);
	CHECK_EQ(kconfig_load("./nothing", NULL, NULL, &none, &err), -ENOENT);
	CHECK_CONTAINS(err.msg, "configuration ./nothing: No such file");
	CHECK_EQ(io_remove_tree_at(AT_FDCWD, dir), 0);
}

TEST(a_line_that_sets_nothing_is_told_with_its_place)
{
	static const char where[] = "x.config:2:1: expected CONFIG_NAME=VALUE";
	char dir[] = "/tmp/bootrig-kconfig.XXXXXX";

	enter(dir);
	CHECK_STR(said_of("CONFIG_A=y\r\n\n  \n# any words\n# CONFIG_B is not set\n"),
		  "");
	CHECK_STR(said_of("CONFIG_A=\nCONFIG_B=0x10\nCONFIG_C=\"a b\""), "");
	CHECK_CONTAINS(said_of("CONFIG_A=y\nB=y\n"), where);
	CHECK_CONTAINS(said_of("CONFIG_A=y\nCONFIG_B y\n"), where);
	CHECK_CONTAINS(said_of("\nCONFIG B=y"), where);
	CHECK_CONTAINS(said_of("\n<<<<<<< HEAD\n"), where);
	CHECK_EQ(io_remove_tree_at(AT_FDCWD, dir), 0);
}

TESTS(T(the_last_word_on_an_option_counts), T(modules_are_options_of_one_m),
      T(a_base_is_a_target_unless_a_file_has_its_name),
      T(a_line_that_sets_nothing_is_told_with_its_place))
