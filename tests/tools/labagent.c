// SPDX-License-Identifier: GPL-2.0-or-later
/* Process 1 of the guest that tests/lab uses as a lab host: runs commands for the
 * harness, tells it the levels of the relays' lines, carries the bytes of the board's
 * UART to the USB adapter's far end, and stands in for udev.
 *
 *     labagent CONTROL WIRE|- DIR TTY-GID GPIO-GID
 *
 * CONTROL and WIRE are terminals whose other ends the harness has. What comes on CONTROL
 * (N.sh and N.out are files in DIR; the command gets a process group of its own; -PID is
 * one of these):
 *
 *     start N UID | signal PID SIG | pull LINE 0|1
 *
 * What goes (WAIT-STATUS as waitpid has it; BYTES from WIRE, in all; TEXT is a line that
 * some program of the guest wrote into /run/lab/dut):
 *
 *     ready | started N PID | ended N WAIT-STATUS | line NAME 0|1 MS | adapter NODE
 *     took BYTES | dut TEXT
 *
 * The guest powers off when CONTROL ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labagent/agent.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/mem.h"

enum {
	LOOK_MS = 2, /* between looks at the lines: a press is 100 times as long */
	MAX_COMMANDS = 1000,
};

#define DUT_FIFO "/run/lab/dut"

struct agent {
	const char *dir;
	int control_fd, dut_fd, signal_fd;
	struct strbuf control, dut; /* incomplete lines */
	struct udev udev;
	struct lines lines;
	struct cable cable;
	pid_t pids[MAX_COMMANDS];
};

PRINTF(2, 3) static void tell(struct agent *a, const char *fmt, ...)
{
	struct strbuf line = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&line, fmt, ap);
	va_end(ap);
	strbuf_addch(&line, '\n');
	const char *p = line.buf;
	/* The harness always reads; the terminal's buffer is what may be full. */
	for (size_t left = line.len; left;) {
		ssize_t n = write(a->control_fd, p, left);

		if (n < 0 && errno != EAGAIN)
			break;
		if (n < 0) {
			struct pollfd out = { .fd = a->control_fd, .events = POLLOUT };

			poll(&out, 1, 1000);
			continue;
		}
		p += n;
		left -= (size_t)n;
	}
	strbuf_release(&line);
}

static void tell_level(void *arg, const char *name, char level)
{
	tell(arg, "line %s %c %lld", name, level, (long long)(clock_now_ns() / 1000000));
}

/* ---- commands ---- */

_Noreturn static void be_command(const struct agent *a, int n, uid_t uid)
{
	char script[256], output[256];
	gid_t groups[] = { a->udev.tty_gid, a->udev.gpio_gid };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	snprintf(script, sizeof(script), "%s/%d.sh", a->dir, n);
	snprintf(output, sizeof(output), "%s/%d.out", a->dir, n);
	setpgid(0,
		0); /* no session of its own: opening a tty must not make it a terminal */
	if (uid && (setgroups(2, groups) < 0 || setgid(uid) < 0 || setuid(uid) < 0))
		_exit(126);
	int in = open("/dev/null", O_RDONLY),
	    out = open(output, O_WRONLY | O_CREAT | O_APPEND, 0666);
	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	execl("/bin/sh", "sh", script, (char *)NULL);
	_exit(127);
}

static void start(struct agent *a, int n, uid_t uid)
{
	if (n < 0 || n >= MAX_COMMANDS)
		return;
	pid_t pid = fork();
	if (pid == 0)
		be_command(a, n, uid);
	a->pids[n] = pid;
	tell(a, "started %d %d", n, (int)pid);
}

/* Orphans of commands end here too; they have no number. */
static void reap(struct agent *a)
{
	struct signalfd_siginfo info;
	pid_t pid;
	int status;

	while (read(a->signal_fd, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int n = 0; n < MAX_COMMANDS; n++) {
			if (a->pids[n] != pid)
				continue;
			a->pids[n] = 0;
			tell(a, "ended %d %d", n, status);
		}
	}
}

static void obey(struct agent *a, const char *line)
{
	char name[64];
	int n, m;

	if (sscanf(line, "start %d %d", &n, &m) == 2)
		start(a, n, (uid_t)m);
	else if (sscanf(line, "signal %d %d", &n, &m) == 2)
		kill(n, m);
	else if (sscanf(line, "pull %63s %d", name, &m) == 2)
		n = lines_pull(&a->lines, name, m != 0);
	else
		tell(a, "what? %s", line);
}

static void tell_dut(struct agent *a, const char *line)
{
	tell(a, "dut %s", line);
}

/* -errno or 0; every whole line goes to one. */
static int read_lines(int fd, struct strbuf *partial, struct agent *a,
		      void (*one)(struct agent *a, const char *line))
{
	char buf[1024];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n <= 0)
		return n == 0 ? -EPIPE : errno == EAGAIN ? 0 : -errno;
	strbuf_add(partial, buf, (size_t)n);
	for (char *end; (end = memchr(partial->buf, '\n', partial->len));) {
		*end = '\0';
		one(a, partial->buf);
		strbuf_drop_front(partial, (size_t)(end - partial->buf) + 1);
	}
	return 0;
}

/* ---- the whole ---- */

static int open_signals(void)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Open for writing too, so that it never ends. */
static int open_dut_fifo(void)
{
	if (mkfifo(DUT_FIFO, 0622) < 0 || chmod(DUT_FIFO, 0622) < 0)
		return -errno;
	int fd = open(DUT_FIFO, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void new_adapter(struct agent *a)
{
	a->udev.is_new = false;
	if (a->cable.wire_fd >= 0)
		cable_plug(&a->cable);
	tell(a, "adapter %s", a->udev.adapter);
}

/* The harness sends no more than the terminal's buffer takes: User-Mode Linux forgets a
 * terminal that was throttled once (arch/um/drivers/line.c, line_unthrottle). */
static void run_cable(struct agent *a)
{
	uint64_t had = a->cable.n_taken;

	cable_run(&a->cable);
	if (a->cable.n_taken != had)
		tell(a, "took %llu", (unsigned long long)a->cable.n_taken);
}

static void serve(struct agent *a)
{
	for (;;) {
		struct pollfd p[] = {
			{ .fd = a->control_fd, .events = POLLIN },
			{ .fd = a->signal_fd, .events = POLLIN },
			{ .fd = a->udev.netlink_fd, .events = POLLIN },
			{ .fd = a->udev.inotify_fd, .events = POLLIN },
			{ .fd = a->dut_fd, .events = POLLIN },
			{ .fd = a->cable.wire_fd,
			  .events = cable_wire_events(&a->cable) },
			{ .fd = a->cable.tty_fd, .events = cable_tty_events(&a->cable) },
		};

		poll(p, sizeof(p) / sizeof(p[0]), LOOK_MS);
		lines_look(&a->lines, tell_level, a);
		if (p[2].revents | p[3].revents)
			udev_run(&a->udev);
		a->cable.has_reader = a->udev.has_reader;
		if (a->udev.is_new)
			new_adapter(a);
		if (a->cable.wire_fd >= 0 && (p[5].revents | p[6].revents))
			run_cable(a);
		if (p[4].revents)
			read_lines(a->dut_fd, &a->dut, a, tell_dut);
		if (p[1].revents)
			reap(a);
		if (p[0].revents && read_lines(a->control_fd, &a->control, a, obey) < 0)
			return;
	}
}

static int open_all(struct agent *a, char **argv)
{
	int r = a->control_fd = open_raw(argv[1]);

	a->cable.tty_fd = a->cable.wire_fd = -1;
	if (r >= 0 && strcmp(argv[2], "-"))
		r = a->cable.wire_fd = open_raw(argv[2]);
	a->dir = argv[3];
	if (r >= 0)
		r = a->signal_fd = open_signals();
	if (r >= 0)
		r = a->dut_fd = open_dut_fifo();
	if (r >= 0)
		r = lines_open(&a->lines, "/run/lab/lines");
	if (r >= 0)
		r = udev_open(&a->udev, (gid_t)atoi(argv[4]), (gid_t)atoi(argv[5]));
	return r;
}

int main(int argc, char **argv)
{
	static struct agent a;
	int r = argc == 6 ? open_all(&a, argv) : -EINVAL;

	if (r < 0) {
		fprintf(stderr, "labagent: %s\n", strerror(-r));
	} else {
		tell(&a, "ready");
		serve(&a);
	}
	/* A guest without its harness is of no use, and process 1 must not just end. */
	if (getpid() == 1)
		reboot(RB_POWER_OFF);
	return 1;
}
