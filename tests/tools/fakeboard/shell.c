// SPDX-License-Identifier: GPL-2.0-or-later
/* A real POSIX shell takes over the board's console, on a pty of its own, with `hook
 * NAME` as its way back into the script. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "fakeboard/board.h"
#include "util/io.h"
#include "util/mem.h"

static const char shell_rc[] =
	"set +m\n"
	"hook() { \"$FAKEBOARD\" ctl \"$FAKEBOARD_DIR\" hook \"$@\" >/dev/null; }\n"
	"cat() { case $1 in /proc/cmdline) printf '%s\\n' \"$FAKEBOARD_CMDLINE\" ;;"
	" *) command cat \"$@\" ;; esac; }\n"
	"od() { case $4 in /sys/module/*) command od $1 $2 $3 \"$FAKEBOARD_DIR$4\" ;;"
	" *) command od \"$@\" ;; esac; }\n"
	"uname() { case $1 in -r) printf '%s\\n' \"$FAKEBOARD_RELEASE\" ;;"
	" *) command uname \"$@\" ;; esac; }\n";

int shell_prepare(int dirfd)
{
	return io_atomic_write_at(dirfd, "shellrc", shell_rc, sizeof(shell_rc) - 1);
}

NORETURN static void shell_main(const struct board *b, const char *ps1)
{
	_cleanup_free_ char *home = xasprintf("%s/home", b->dir);
	_cleanup_free_ char *rc = xasprintf("%s/shellrc", b->dir);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* A suite in the background of a script ignores them; a getty's shell does not.
	 */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || chdir(home) || setenv("PS1", ps1, 1) ||
	    setenv("ENV", rc, 1) || setenv("HOME", home, 1) ||
	    setenv("TERM", "dumb", 1) || setenv("FAKEBOARD", b->self, 1) ||
	    setenv("FAKEBOARD_DIR", b->dir, 1) ||
	    setenv("FAKEBOARD_CMDLINE", board_get(b, "cmdline"), 1) ||
	    setenv("FAKEBOARD_RELEASE", board_get(b, "release"), 1))
		_exit(126);
	execl("/bin/sh", "sh", "-i", (char *)NULL);
	_exit(127);
}

/* What the shell printed so far, at most once round; false when it is gone. */
static int relay_output(struct board *b, bool *is_open)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(b->shell_fd, buf, sizeof(buf))) > 0)
		if (board_put(b, buf, (size_t)n))
			return GONE;
	*is_open = n < 0 && errno == EAGAIN;
	return board_check_gone(b);
}

static int run_hook(struct board *b)
{
	const char *name = b->hook->args.v[0];
	bool is_open;
	/* What the shell wrote before it called comes first. */
	int r = relay_output(b, &is_open);

	wire_log(&b->wire, "hook", name);
	if (r == GO_ON)
		r = board_run_block(b, b->hook);
	if (r == GO_ON && send(b->hook_fd, "ok\n", 3, MSG_NOSIGNAL) < 0)
		wire_log(&b->wire, "client went away", name);
	cleanup_close(&b->hook_fd);
	b->hook_fd = -1;
	return r;
}

/* The first prompt, and right behind it, in one piece, what a driver prints at that
 * moment: no prompt is left at the end of the output. */
static int break_prompt(struct board *b, const char *ps1, const char *noise)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	char buf[4096];

	while (out.len < strlen(ps1) ||
	       memcmp(out.buf + out.len - strlen(ps1), ps1, strlen(ps1))) {
		ssize_t n = read(b->shell_fd, buf, sizeof(buf));

		if (n > 0)
			strbuf_add(&out, buf, (size_t)n);
		else if (n < 0 && errno != EAGAIN)
			return board_check_gone(b);
		else if (board_pump(b, deadline_in_ms(10)))
			return GONE;
	}
	strbuf_addf(&out, "%s\r\n", noise);
	return board_put(b, out.buf, out.len);
}

int shell_run(struct board *b, const char *ps1, const char *noise)
{
	bool is_open = true;
	int r = GO_ON;
	pid_t pid = forkpty(&b->shell_fd, NULL, NULL, NULL);

	if (pid < 0)
		BUG("forkpty: %s", strerror(errno));
	if (pid == 0)
		shell_main(b, ps1);
	if (io_set_nonblock(b->shell_fd, true) || fcntl(b->shell_fd, F_SETFD, FD_CLOEXEC))
		BUG("shell's pty: %s", strerror(errno));
	if (noise)
		r = break_prompt(b, ps1, noise);
	while (r == GO_ON && is_open) {
		r = board_pump(b, DEADLINE_NEVER);
		if (r == GO_ON && b->hook_fd >= 0)
			r = run_hook(b);
		if (r == GO_ON)
			r = relay_output(b, &is_open);
	}
	kill(-pid, SIGKILL);
	cleanup_close(&b->shell_fd);
	b->shell_fd = -1;
	cleanup_close(&b->hook_fd);
	b->hook_fd = -1;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}
