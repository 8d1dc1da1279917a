// SPDX-License-Identifier: GPL-2.0-or-later
/* A program on this host run for a board, while the board's console is served. */
#include "hw/host_tool.h"

#include <errno.h>
#include <sys/mman.h>

#include "util/child.h"

static void read_output(int fd, struct strbuf *out)
{
	char buf[4096];
	off_t at = 0;
	ssize_t n;

	while (at < HOST_TOOL_MAX_OUTPUT && (n = pread(fd, buf, sizeof(buf), at)) > 0) {
		strbuf_add(out, buf, (size_t)n);
		at += n;
	}
}

int host_tool_run(const char *const argv[], const struct host_tool_env *env,
		  struct deadline d, struct strbuf *out, int *status, struct err *err)
{
	_cleanup_close_ int fd = memfd_create("output", MFD_CLOEXEC);
	struct child_opts opts = CHILD_OPTS_INIT;
	struct child c = CHILD_INIT;
	int r;

	opts.stdout_fd = opts.stderr_fd = fd;
	opts.own_group = true;
	r = child_spawn(&c, argv, &opts, err);
	if (r)
		return r;
	r = env->wait(env->arg, c.pidfd, d, err);
	if (!r)
		r = child_wait(&c, d, -1, status, err);
	child_kill(&c, SIGKILL);
	if (out && fd >= 0)
		read_output(fd, out);
	return r;
}
