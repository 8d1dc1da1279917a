// SPDX-License-Identifier: GPL-2.0-or-later
/* The program that was built beside this test, run as a user does. */
#pragma once

#include <fcntl.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case_file.h"
#include "tap.h"
#include "util/child.h"
#include "util/io.h"
#include "util/strvec.h"

/* Everything that the program printed, and its exit status. */
static int run_program(struct strbuf *out, const char *arg, ...)
{
	_cleanup_strvec_ struct strvec argv = STRVEC_INIT;
	struct child_opts opts = CHILD_OPTS_INIT;
	struct child c = CHILD_INIT;
	struct err err = ERR_INIT;
	char self[512];
	int fds[2], status;
	va_list ap;

	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	CHECK(n > 0);
	self[n] = '\0';
	char *slash = strstr(self, "/tests/");
	CHECK(slash);
	*slash = '\0';
	strvec_addf(&argv, "%s/bootrig", self);
	if (access(argv.v[0], X_OK))
		SKIP("%s is not built", argv.v[0]);
	va_start(ap, arg);
	for (const char *a = arg; a; a = va_arg(ap, const char *))
		strvec_add(&argv, a);
	va_end(ap);
	CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
	opts.stdout_fd = opts.stderr_fd = fds[1];
	if (child_spawn(&c, (const char *const *)argv.v, &opts, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	close(fds[1]);
	strbuf_reset(out);
	CHECK_EQ(io_read_fd(fds[0], 1 << 20, out), 0);
	close(fds[0]);
	CHECK_EQ(child_wait(&c, deadline_in_ms(20000), -1, &status, &err), 0);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}
