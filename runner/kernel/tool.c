// SPDX-License-Identifier: GPL-2.0-or-later
/* Running a program for what it does and says. */
#include "kernel/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "util/child.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/strvec.h"

static const char *package_of(const char *program)
{
	static const char *const table[][2] = {
		{ "git", "git" },     { "make", "make" }, { "bc", "bc" },
		{ "bison", "bison" }, { "flex", "flex" }, { "pahole", "dwarves" },
		{ "gcc", "gcc" },     { "cpio", "cpio" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(program, table[i][0]) == 0)
			return table[i][1];
	return program;
}

static int read_output(int fd, struct strbuf *output)
{
	char buf[16384];
	off_t at = 0;
	ssize_t n;

	while (output->len < TOOL_MAX_OUTPUT &&
	       (n = pread(fd, buf, sizeof(buf), at)) > 0) {
		strbuf_add(output, buf, (size_t)n);
		at += n;
	}
	return 0;
}

static void add_env(struct strvec *env, const char *const *more)
{
	strvec_add(env, "LC_ALL=C");
	strvec_add(env, "GIT_TERMINAL_PROMPT=0");
	for (; more && *more; more++)
		strvec_add(env, *more);
}

int tool_run(const struct tool *t, const struct task *task, int *status,
	     struct strbuf *output, struct err *err)
{
	_cleanup_close_ int out = memfd_create("output", MFD_CLOEXEC);
	_cleanup_close_ int in = -1;
	_cleanup_strvec_ struct strvec env = STRVEC_INIT;
	struct child_opts opts = CHILD_OPTS_INIT;
	struct child child = CHILD_INIT;
	int code = 0;

	if (out < 0)
		return err_set(err, ERR_LAB, -errno, "memfd: %s", strerror(errno));
	if (t->stdin_path && (in = open(t->stdin_path, O_RDONLY | O_CLOEXEC)) < 0)
		return err_set(err, ERR_LAB, -errno, "%s: %s", t->stdin_path,
			       strerror(errno));
	add_env(&env, t->env_add);
	opts.stdin_fd = in;
	opts.stdout_fd = opts.stderr_fd = out;
	opts.dir = t->dir;
	opts.env_add = (const char *const *)env.v;
	opts.own_group = true;
	int r = child_spawn(&child, t->argv, &opts, err);
	if (r == -ENOENT)
		return err_set(err, ERR_LAB, -ENOPKG,
			       "%s is not installed: apt install %s", t->argv[0],
			       package_of(t->argv[0]));
	if (!r)
		r = child_wait(&child, task->deadline, task->cancel_fd, &code, err);
	if (r) {
		child_kill(&child, SIGTERM);
		return err_prefix(err, "%s: ", t->what);
	}
	*status = WIFEXITED(code) ? WEXITSTATUS(code) : 128 + WTERMSIG(code);
	return output ? read_output(out, output) : 0;
}

bool tool_exists(const char *program)
{
	const char *path = getenv("PATH");

	if (strchr(program, '/'))
		return access(program, X_OK) == 0;
	for (path = path ?: "/usr/bin:/bin"; *path; path += *path == ':') {
		size_t n = strcspn(path, ":");
		_cleanup_free_ char *file = xasprintf("%.*s/%s", (int)n, path, program);

		if (n && access(file, X_OK) == 0)
			return true;
		path += n;
	}
	return false;
}

const char *tool_last_line(struct strbuf *output)
{
	while (output->len && (output->buf[output->len - 1] == '\n' ||
			       output->buf[output->len - 1] == ' '))
		output->buf[--output->len] = '\0';
	const char *nl = output->len ? strrchr(output->buf, '\n') : NULL;
	return nl ? nl + 1 : strbuf_str(output);
}
