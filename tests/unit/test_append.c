// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/append.h"

#include "tap.h"
#include "util/mem.h"

static void compose(const char *words, const char *want)
{
	_cleanup_strvec_ struct strvec defaults = STRVEC_INIT;

	strvec_add(&defaults, "sysrq_always_enabled");
	strvec_add(&defaults, "oops=panic");
	strvec_add(&defaults, "panic=10");
	strvec_add(&defaults, "ignore_loglevel");
	_cleanup_free_ char *got = append_compose(&defaults, words);
	CHECK_STR(got, want);
}

TEST(defaults_come_first)
{
	compose("console=ttyS2 nonce=1",
		"sysrq_always_enabled oops=panic panic=10 ignore_loglevel console=ttyS2 nonce=1");
}

TEST(a_word_of_the_same_name_takes_a_defaults_place)
{
	compose("panic=0  panic_on_warn=1",
		"sysrq_always_enabled oops=panic ignore_loglevel panic=0 panic_on_warn=1");
	compose("sysrq-always-enabled=1",
		"oops=panic panic=10 ignore_loglevel sysrq-always-enabled=1");
}

TEST(a_word_with_a_minus_takes_a_default_away)
{
	compose("-oops -panic -other a", "sysrq_always_enabled ignore_loglevel -other a");
}

TEST(quiet_is_quiet)
{
	compose("quiet", "sysrq_always_enabled oops=panic panic=10 quiet");
	compose("loglevel=3", "sysrq_always_enabled oops=panic panic=10 loglevel=3");
}

TESTS(T(defaults_come_first), T(a_word_of_the_same_name_takes_a_defaults_place),
      T(a_word_with_a_minus_takes_a_default_away), T(quiet_is_quiet))
