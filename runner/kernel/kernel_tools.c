// SPDX-License-Identifier: GPL-2.0-or-later
/* Compilers and programs that a kernel's build needs, by the names of their Debian
 * packages. */
#include <errno.h>
#include <sys/utsname.h>

#include "kernel/kconfig.h"
#include "kernel/kernel_make.h"
#include "kernel/tool.h"
#include "util/mem.h"

static const struct {
	const char *arch, *machine, *cross, *package;
} targets[] = {
	{ "arm64", "aarch64", "aarch64-linux-gnu-", "gcc-aarch64-linux-gnu" },
	{ "arm", "armv7l", "arm-linux-gnueabihf-", "gcc-arm-linux-gnueabihf" },
	{ "riscv", "riscv64", "riscv64-linux-gnu-", "gcc-riscv64-linux-gnu" },
	{ "x86_64", "x86_64", "x86_64-linux-gnu-", "gcc-x86-64-linux-gnu" },
	{ "x86", "x86_64", "x86_64-linux-gnu-", "gcc-x86-64-linux-gnu" },
	{ "um", "", "", "gcc" },
};

const char *kernel_cross_of(const char *arch)
{
	struct utsname host;

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		if (strcmp(targets[i].arch, arch) != 0)
			continue;
		if (!uname(&host) && strcmp(host.machine, targets[i].machine) == 0)
			return "";
		return targets[i].cross;
	}
	return NULL;
}

static const char *package_of(const char *cross)
{
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		if (strcmp(targets[i].cross, cross) == 0)
			return targets[i].package;
	return NULL;
}

int kernel_compiler_version(const char *cross, const struct task *task, char **version,
			    struct err *err)
{
	_cleanup_free_ char *gcc = xasprintf("%sgcc", cross);
	_cleanup_strbuf_ struct strbuf said = STRBUF_INIT;
	const char *argv[] = { gcc, "--version", NULL };
	const struct tool tool = { .argv = argv, .what = gcc };
	int status, r = tool_run(&tool, task, &status, &said, err);

	if (r == -ENOPKG)
		return err_set(err, ERR_LAB, r, "missing packages: %s",
			       package_of(cross) ?: gcc);
	if (!r && status)
		r = err_set(err, ERR_LAB, -EREMOTEIO, "%s --version: %s", gcc,
			    tool_last_line(&said));
	if (!r)
		*version = xstrndup(strbuf_str(&said), strcspn(strbuf_str(&said), "\n"));
	return r;
}

static bool has(const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);

	return access(path, F_OK) == 0;
}

static void need(struct strbuf *missing, bool is_there, const char *package)
{
	if (!is_there)
		strbuf_addf(missing, " %s", package);
}

int kernel_check_tools(const char *source, const char *arch, const char *cross,
		       const char *config, struct err *err)
{
	_cleanup_free_ char *gcc = xasprintf("%sgcc", cross);
	_cleanup_free_ char *btf = kconfig_get(config, "DEBUG_INFO_BTF");
	_cleanup_strbuf_ struct strbuf missing = STRBUF_INIT;

	need(&missing, tool_exists("make"), "make");
	need(&missing, tool_exists(gcc), package_of(cross) ?: gcc);
	need(&missing, tool_exists("gcc"), "gcc"); /* the host's, for its tools */
	if (has(source, "scripts/kconfig/parser.y")) {
		need(&missing, tool_exists("flex"), "flex");
		need(&missing, tool_exists("bison"), "bison");
	}
	need(&missing, !has(source, "kernel/time/timeconst.bc") || tool_exists("bc"),
	     "bc");
	need(&missing, strcmp(btf, "y") != 0 || tool_exists("pahole"), "dwarves");
	if (strcmp(btf, "y") == 0 || strcmp(arch, "x86_64") == 0)
		need(&missing,
		     !has(source, "tools/objtool") || has("/usr/include", "libelf.h"),
		     "libelf-dev");
	need(&missing,
	     !has(source, "certs/extract-cert.c") ||
		     has("/usr/include", "openssl/opensslv.h"),
	     "libssl-dev");
	return missing.len ? err_set(err, ERR_LAB, -ENOPKG, "missing packages:%s",
				     strbuf_str(&missing))
			   : 0;
}
