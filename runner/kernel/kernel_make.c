// SPDX-License-Identifier: GPL-2.0-or-later
/* Running make and reading along. When we are killed, make is told to stop (SIGTERM), and
 * the lock that all of its children inherit keeps the next build waiting until the last
 * of them is gone: none can write an old object beside a new source. */
#include "kernel/kernel_make.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include "kernel/tool.h"
#include "parse/make_output.h"
#include "util/child.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { LINE_MAX_BYTES = 16384, FLAGS_MAX = 16 };

/* One running make. */
struct running {
	struct kernel_make *m;
	struct child child;
	int out_fd;
	struct strbuf line;
	char first_error[400]; /* "" = none yet */
	char lab_error[400];   /* the first that is the machine's fault */
	struct err *err;
};

static void take_line(struct running *r)
{
	struct make_said said = make_output_line(strbuf_str(&r->line), r->line.len);

	if (said.kind == MAKE_LINE_OBJECT) {
		r->m->objects_made++;
		if (r->m->on_object)
			r->m->on_object(r->m->arg, said.text, r->m->objects_made);
	} else if (said.kind == MAKE_LINE_LAB && !r->lab_error[0]) {
		snprintf(r->lab_error, sizeof(r->lab_error), "%.*s", (int)said.len,
			 said.text);
	} else if ((said.kind == MAKE_LINE_ERROR || said.kind == MAKE_LINE_FAILED) &&
		   !r->first_error[0]) {
		snprintf(r->first_error, sizeof(r->first_error), "%.*s", (int)said.len,
			 said.text);
	}
	strbuf_reset(&r->line);
}

/* 0 = more may come, 1 = the end. */
static int read_some(struct running *r)
{
	char buf[16384];
	ssize_t n = read(r->out_fd, buf, sizeof(buf));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR
			       ? 0
			       : err_set(r->err, ERR_LAB, -errno, "make: %s",
					 strerror(errno));
	if (n == 0)
		return 1;
	int e = io_write_all(r->m->log_fd, buf, (size_t)n);
	if (e)
		return err_set(r->err, ERR_LAB, e, "%s: %s", r->m->log_path,
			       strerror(-e));
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\n')
			take_line(r);
		else if (r->line.len < LINE_MAX_BYTES)
			strbuf_addch(&r->line, buf[i]);
	}
	return 0;
}

/* Until make is gone and has said all. */
static int follow(struct running *r, int *status)
{
	const struct task *t = r->m->task;
	bool is_gone = false;
	int e = 0;

	while (e == 0) {
		struct pollfd p[3] = { { .fd = r->out_fd, .events = POLLIN },
				       { .fd = is_gone ? -1 : r->child.pidfd,
					 .events = POLLIN },
				       { .fd = t->cancel_fd, .events = POLLIN } };
		int n = poll(p, 3, is_gone ? 0 : deadline_poll_ms(t->deadline));

		if (n < 0 && errno != EINTR)
			return err_set(r->err, ERR_LAB, -errno, "poll: %s",
				       strerror(errno));
		e = task_check(t, "make", r->err);
		if (!e && n > 0 && p[0].revents)
			e = read_some(r);
		else if (!e && is_gone)
			e = 1;
		if (n > 0 && p[1].revents)
			is_gone = true;
	}
	if (e < 0)
		return e;
	return child_wait(&r->child, t->deadline, t->cancel_fd, status, r->err);
}

static int judge(const struct running *r, int status, const char *what)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (r->lab_error[0])
		return err_set(r->err, ERR_LAB, -EIO, "%s: %s (log in %s)", what,
			       r->lab_error, r->m->log_path);
	if (WIFSIGNALED(status) && !r->first_error[0])
		return err_set(r->err, ERR_LAB, -EREMOTEIO,
			       "%s: make was killed by signal %d, log in %s", what,
			       WTERMSIG(status), r->m->log_path);
	return err_set(r->err, ERR_JOB, -EREMOTEIO, "%s does not build: %s (log in %s)",
		       what, r->first_error[0] ? r->first_error : "make gives no reason",
		       r->m->log_path);
}

/* ---- unfinished, or not on the disk: OBJECTS/.bootrig-running ---------------------- */

static char *mark_path(const struct kernel_make *m)
{
	return xasprintf("%s/.bootrig-running", m->objects);
}

static int set_mark(const struct kernel_make *m, struct err *err)
{
	_cleanup_free_ char *path = mark_path(m);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	return fd < 0 ? err_set(err, ERR_LAB, -errno, "%s: %s", path, strerror(errno))
		      : 0;
}

int kernel_make_whole(const struct kernel_make *m, struct err *err)
{
	_cleanup_free_ char *path = mark_path(m);

	return unlink(path) && errno != ENOENT
		       ? err_set(err, ERR_LAB, -errno, "%s: %s", path, strerror(errno))
		       : 0;
}

static int run(struct kernel_make *m, const char *const argv[], const char *dir,
	       const char *const *env, const char *what, struct err *err)
{
	struct running r = { .m = m, .child = CHILD_INIT, .err = err };
	struct child_opts opts = CHILD_OPTS_INIT;
	int fds[2], status = 0, e = set_mark(m, err);

	if (e)
		return e;
	if (pipe2(fds, O_CLOEXEC))
		return err_set(err, ERR_LAB, -errno, "pipe: %s", strerror(errno));
	r.out_fd = fds[0];
	opts.stdout_fd = opts.stderr_fd = fds[1];
	opts.dir = dir;
	opts.env_add = env;
	opts.own_group = true;
	opts.keep_fd = m->lock_fd;
	opts.death_signal = SIGTERM;
	e = io_set_nonblock(r.out_fd, true);
	if (e)
		err_set(err, ERR_LAB, e, "pipe: %s", strerror(-e));
	else
		e = child_spawn(&r.child, argv, &opts, err);
	close(fds[1]);
	if (e == -ENOENT)
		err_set(err, ERR_LAB, e = -ENOPKG, "%s is not installed: apt install %s",
			argv[0], argv[0]);
	if (!e)
		e = follow(&r, &status);
	child_kill(&r.child, SIGTERM);
	close(r.out_fd);
	strbuf_release(&r.line);
	return e ? e : judge(&r, status, what);
}

/* What a user's shell may have set for builds of its own. A name alone takes it away. */
static void add_env(const struct kernel_make *m, struct strvec *env)
{
	static const char *const unset[] = {
		"MAKEFLAGS",
		"MFLAGS",
		"MAKELEVEL",
		"GNUMAKEFLAGS",
		"ARCH",
		"CROSS_COMPILE",
		"KCFLAGS",
		"KAFLAGS",
		"KCPPFLAGS",
		"LLVM",
		"LOCALVERSION",
		"M",
		"V",
		"SUBARCH",
		"W",
		"C",
		"CHECK",
		"MAKEFILES",
		"CFLAGS_KERNEL",
		"CFLAGS_MODULE",
		"AFLAGS_KERNEL",
		"AFLAGS_MODULE",
		"LDFLAGS_MODULE",
		"LDFLAGS_vmlinux",
		"DTC_FLAGS",
		"USERCFLAGS",
		"USERLDFLAGS",
		"CROSS_COMPILE_COMPAT",
		"KERNELRELEASE",
		"EXTRAVERSION",
		"SOURCE_DATE_EPOCH",
		"CPATH",
		"C_INCLUDE_PATH",
		"COMPILER_PATH",
		"GCC_EXEC_PREFIX",
	};
	static const char *const families[] = { "KBUILD_", "KCONFIG_", "INSTALL_",
						"HOST" };
	/* The same source gives the same kernel, whoever builds it and when. */
	static const char *const set[] = {
		"LC_ALL=C", "KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 2026",
		"KBUILD_BUILD_USER=bootrig", "KBUILD_BUILD_HOST=bootrig",
		"KBUILD_BUILD_VERSION=1"
	};
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	for (size_t i = 0; i < ARRAY_SIZE(unset); i++)
		strvec_add(env, unset[i]);
	for (char **e = environ; *e; e++)
		for (size_t i = 0; i < ARRAY_SIZE(families); i++)
			if (strncmp(*e, families[i], strlen(families[i])) == 0)
				strvec_add_take(env, xstrndup(*e, strcspn(*e, "=")));
	for (size_t i = 0; i < ARRAY_SIZE(set); i++)
		strvec_add(env, set[i]);
	/* Debug information names no directory of ours (see KCFLAGS below), so objects of
	 * another object tree are as good. */
	strvec_add(env, "CCACHE_NOHASHDIR=1");
	if (!getenv("CCACHE_DIR") && xdg && xdg[0] == '/')
		strvec_addf(env, "CCACHE_DIR=%s/bootrig/ccache", xdg);
	else if (!getenv("CCACHE_DIR") && home)
		strvec_addf(env, "CCACHE_DIR=%s/.cache/bootrig/ccache", home);
	if (!getenv("CCACHE_MAXSIZE"))
		strvec_add(env, "CCACHE_MAXSIZE=4G");
}

static void add_arguments(const struct kernel_make *m, struct strvec *argv)
{
	const char *ccache = tool_exists("ccache") ? "ccache " : "";

	strvec_add(argv, "make");
	strvec_addf(argv, "-j%u", m->jobs);
	strvec_addf(argv, "--directory=%s", m->source);
	strvec_addf(argv, "O=%s", m->objects);
	strvec_addf(argv, "ARCH=%s", m->arch);
	strvec_addf(argv, "CROSS_COMPILE=%s", m->cross);
	strvec_addf(argv, "CC=%s%sgcc", ccache, m->cross);
	/* Documentation/kbuild/reproducible-builds.rst, "Absolute filenames". */
	for (int i = 0; i < 2; i++)
		strvec_addf(argv, "%s=-fdebug-prefix-map=%s=. -fdebug-prefix-map=%s=.",
			    i ? "KAFLAGS" : "KCFLAGS", m->objects, m->source);
}

int kernel_make(struct kernel_make *m, const char *const targets[], const char *what,
		struct err *err)
{
	_cleanup_strvec_ struct strvec argv = STRVEC_INIT, env = STRVEC_INIT;

	add_arguments(m, &argv);
	for (; *targets; targets++)
		strvec_add(&argv, *targets);
	add_env(m, &env);
	return run(m, (const char *const *)argv.v, NULL, (const char *const *)env.v, what,
		   err);
}

int kernel_make_command(struct kernel_make *m, const char *shell_line, const char *dir,
			const struct strvec *env, struct err *err)
{
	const char *argv[] = { "/bin/sh", "-c", shell_line, NULL };

	return run(m, argv, dir, (const char *const *)env->v, "the command", err);
}
