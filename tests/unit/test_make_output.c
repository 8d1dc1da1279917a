// SPDX-License-Identifier: GPL-2.0-or-later
#include "parse/make_output.h"

#include "tap.h"
#include "util/strbuf.h"

static enum make_line kind_of(const char *line)
{
	return make_output_line(line, strlen(line)).kind;
}

TEST(compiled_objects_are_counted_and_links_are_not)
{
	struct make_said s = make_output_line("  CC [M]  drivers/a/b.o", 23);

	CHECK_EQ(s.kind, MAKE_LINE_OBJECT);
	CHECK_EQ(s.len, 13);
	CHECK(memcmp(s.text, "drivers/a/b.o", 13) == 0);
	CHECK_EQ(kind_of("  AS      arch/arm64/kernel/head.o"), MAKE_LINE_OBJECT);
	CHECK_EQ(kind_of("  CC      kernel/bounds.s"), MAKE_LINE_OTHER);
	CHECK_EQ(kind_of("  AR      drivers/built-in.a"), MAKE_LINE_OTHER);
	CHECK_EQ(kind_of("  LD      vmlinux.o"), MAKE_LINE_OTHER);
	CHECK_EQ(kind_of("  HOSTCC  scripts/kallsyms.o"), MAKE_LINE_OTHER);
	CHECK_EQ(kind_of(""), MAKE_LINE_OTHER);
	CHECK_EQ(kind_of("  CC "), MAKE_LINE_OTHER);
}

TEST(errors_of_every_tool_are_known_and_warnings_are_none)
{
	static const char *const errors[] = {
		"/src/drivers/x.c:12:3: error: 'y' undeclared (first use in this function)",
		"/src/x.c:1:10: fatal error: linux/nothing.h: No such file or directory",
		"head.S:12: Error: unknown mnemonic `foo'",
		"aarch64-linux-gnu-ld: x.o: undefined reference to `foo'",
		"ERROR: modpost: \"foo\" [drivers/x.ko] undefined!",
		"make[3]: *** No rule to make target 'drivers/y.o', needed by 'drivers/built-in.a'.  Stop.",
		"Error: arch/arm64/boot/dts/x.dts:3.1-2 syntax error",
		"/bin/sh: 1: bc: not found",
	};
	static const char *const others[] = {
		"/src/x.c:3:4: warning: unused variable 'error' [-Wunused-variable]",
		"  CC      drivers/error.c",
		"  GEN     Makefile",
	};

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (kind_of(errors[i]) != MAKE_LINE_ERROR)
			tap_fail(__FILE__, __LINE__, "%s", errors[i]);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (kind_of(others[i]) != MAKE_LINE_OTHER)
			tap_fail(__FILE__, __LINE__, "%s", others[i]);
	CHECK_EQ(kind_of("make[2]: *** [scripts/Makefile.build:229: x.o] Error 1"),
		 MAKE_LINE_FAILED);
}

TEST(a_full_disk_and_the_oom_killer_are_the_labs_and_text_about_them_is_not)
{
	static const char *const labs[] = {
		"cc1: fatal error: error writing to x.s: No space left on device",
		"cp: error writing '/out/x.ko': Disk quota exceeded",
		"aarch64-linux-gnu-gcc: fatal error: Killed signal terminated program cc1",
		"cc1: out of memory allocating 65536 bytes after a total of 1 bytes",
		"virtual memory exhausted: Cannot allocate memory",
		"scripts/link-vmlinux.sh: line 113:  4711 Killed                  ld -r x.o",
		"Killed",
	};
	static const char *const others[] = {
		"   12 |  pr_err(\"x: No space left on device\");",
		"  CC      mm/oom_kill.o: Killed by nobody",
	};

	for (size_t i = 0; i < ARRAY_SIZE(labs); i++)
		if (kind_of(labs[i]) != MAKE_LINE_LAB)
			tap_fail(__FILE__, __LINE__, "%s", labs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (kind_of(others[i]) == MAKE_LINE_LAB)
			tap_fail(__FILE__, __LINE__, "%s", others[i]);
}

static bool collect(void *arg, const char *path)
{
	strbuf_addf(arg, "%s;", path);
	return true;
}

TEST(the_source_and_its_headers_are_prerequisites_and_options_are_not)
{
	static const char text[] = "savedcmd_a/x.o := gcc -c /src/a/x.c\n\n"
				   "source_a/x.o := /src/a/x.c\n\n"
				   "deps_a/x.o := \\\n"
				   "  $(wildcard include/config/SMP) \\\n"
				   "  /src/include/linux/a.h \\\n"
				   "  include/generated/autoconf.h \\\n\n"
				   "a/x.o: $(deps_a/x.o)\n\n"
				   "$(deps_a/x.o):\n";
	_cleanup_strbuf_ struct strbuf got = STRBUF_INIT;

	make_dependencies(text, strlen(text), collect, &got);
	CHECK_STR(strbuf_str(&got),
		  "/src/a/x.c;/src/include/linux/a.h;include/generated/autoconf.h;");
	strbuf_reset(&got);
	make_dependencies("\ndeps_x := ", 11, collect, &got);
	make_dependencies("", 0, collect, &got);
	make_dependencies("\nsource_x := ", 13, collect, &got);
	CHECK_EQ(got.len, 0);
}

TESTS(T(compiled_objects_are_counted_and_links_are_not),
      T(a_full_disk_and_the_oom_killer_are_the_labs_and_text_about_them_is_not),
      T(errors_of_every_tool_are_known_and_warnings_are_none),
      T(the_source_and_its_headers_are_prerequisites_and_options_are_not))
