// SPDX-License-Identifier: GPL-2.0-or-later
/* A QEMU machine as a board: power on starts the process, off kills it, reset is QMP
 * system_reset. The serial port and the monitor are socket pairs that QEMU inherits: no
 * path, no race, and both end with either side. A second monitor on a path serves the
 * board file's user commands. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "hw/power.h"
#include "hw/qmp.h"
#include "util/child.h"
#include "util/io.h"
#include "util/mem.h"
#include "util/strvec.h"

enum { RESET_MS = 5000, USER_SOCKET_MAX = 100 };

struct power_qemu {
	struct power base;
	struct child child;
	struct qmp qmp;
	char *sock_path; /* of the user monitor */
	char *tmp_dir;   /* NULL when the socket stands in the run directory */
	struct strvec user_env;
};

static struct power_qemu *from(struct power *p)
{
	return (struct power_qemu *)(void *)p;
}

static char *expand(const struct power *p, const char *arg)
{
	static const char root_key[] = "{tftp_root}", dir_key[] = "{run_dir}";
	struct strbuf sb = STRBUF_INIT;

	while (*arg) {
		if (strncmp(arg, root_key, sizeof(root_key) - 1) == 0) {
			strbuf_addstr(&sb, p->env.tftp_root ? p->env.tftp_root : "");
			arg += sizeof(root_key) - 1;
		} else if (strncmp(arg, dir_key, sizeof(dir_key) - 1) == 0) {
			strbuf_addstr(&sb, p->env.run_dir);
			arg += sizeof(dir_key) - 1;
		} else {
			strbuf_addch(&sb, *arg++);
		}
	}
	return strbuf_take(&sb);
}

static void build_argv(struct power_qemu *q, int console_fd, int qmp_fd,
		       struct strvec *argv)
{
	const struct board_power *bp = &q->base.board->power;

	strvec_add(argv, bp->qemu_binary);
	for (size_t i = 0; i < bp->qemu_args.n; i++)
		strvec_add_take(argv, expand(&q->base, bp->qemu_args.v[i]));
	strvec_add(argv, "-chardev");
	strvec_addf(argv, "socket,id=bootrig-console,fd=%d", console_fd);
	strvec_add(argv, "-serial");
	strvec_add(argv, "chardev:bootrig-console");
	strvec_add(argv, "-chardev");
	strvec_addf(argv, "socket,id=bootrig-qmp,fd=%d", qmp_fd);
	strvec_add(argv, "-mon");
	strvec_add(argv, "chardev=bootrig-qmp,mode=control");
	strvec_add(argv, "-qmp");
	strvec_addf(argv, "unix:%s,server=on,wait=off", q->sock_path);
}

/* The child's ends must live through exec: QEMU finds them by number. */
static int pair(int fds[2], struct err *err)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		return err_set(err, ERR_LAB, -errno, "socketpair: %s", strerror(errno));
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	return io_set_nonblock(fds[0], true);
}

/* The user monitor's socket stands in the run directory where its path is short enough
 * for a socket. */
static int make_socket_path(struct power_qemu *q, struct err *err)
{
	char dir[] = "/tmp/bootrig-qemu-XXXXXX";

	if (q->sock_path)
		return 0;
	if (strlen(q->base.env.run_dir) < USER_SOCKET_MAX) {
		q->sock_path = xasprintf("%s/qmp", q->base.env.run_dir);
	} else {
		if (!mkdtemp(dir))
			return err_set(err, ERR_LAB, -errno, "%s: %s", dir,
				       strerror(errno));
		q->tmp_dir = xstrdup(dir);
		q->sock_path = xasprintf("%s/qmp", dir);
	}
	strvec_addf(&q->user_env, "BOOTRIG_QMP=%s", q->sock_path);
	strvec_addf(&q->user_env, "BOOTRIG_RUN_DIR=%s", q->base.env.run_dir);
	return 0;
}

static int open_log(const struct power *p)
{
	_cleanup_free_ char *path = xasprintf("%s/artifacts/qemu.log", p->env.run_dir);

	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static int start(struct power_qemu *q, int console[2], int qmp[2], struct err *err)
{
	_cleanup_strvec_ struct strvec argv = STRVEC_INIT;
	_cleanup_close_ int log_fd = open_log(&q->base);
	struct child_opts opts = CHILD_OPTS_INIT;

	opts.stdout_fd = log_fd;
	opts.stderr_fd = log_fd;
	opts.own_group = true; /* Ctrl-C is for us: we power it off */
	build_argv(q, console[1], qmp[1], &argv);
	return child_spawn(&q->child, (const char *const *)argv.v, &opts, err);
}

static int qemu_off(struct power *p)
{
	struct power_qemu *q = from(p);

	/* Power is cut, not asked for: the console's last bytes stay readable in the
	 * socket. */
	child_kill(&q->child, SIGKILL);
	qmp_close(&q->qmp);
	return 0;
}

static int qemu_on(struct power *p, struct err *err)
{
	struct power_qemu *q = from(p);
	int console[2] = { -1, -1 }, qmp[2] = { -1, -1 }, r;

	if (q->child.pid > 0)
		return 0;
	r = make_socket_path(q, err);
	if (!r)
		r = pair(console, err);
	if (!r)
		r = pair(qmp, err);
	if (!r)
		r = start(q, console, qmp, err);
	if (console[1] >= 0)
		close(console[1]);
	if (qmp[1] >= 0)
		close(qmp[1]);
	if (r) {
		if (console[0] >= 0)
			close(console[0]);
		if (qmp[0] >= 0)
			close(qmp[0]);
		return r;
	}
	qmp_close(&q->qmp);
	q->qmp.fd = qmp[0];
	if (p->console_fd >= 0)
		close(p->console_fd);
	p->console_fd = console[0];
	return 0;
}

static int qemu_reset(struct power *p, struct err *err)
{
	struct power_qemu *q = from(p);

	if (q->child.pid <= 0)
		return err_set(err, ERR_LAB, -ESRCH,
			       "the machine is off: nothing to reset");
	int r = qmp_command(&q->qmp, "system_reset", NULL, &p->env,
			    deadline_in_ms(RESET_MS), err);
	/* A machine that QMP stopped stays stopped over a reset. */
	if (!r)
		r = qmp_command(&q->qmp, "cont", NULL, &p->env, deadline_in_ms(RESET_MS),
				err);
	return r;
}

static int qemu_run(struct power *p, const char *name, struct err *err)
{
	if (strcmp(name, "on") == 0)
		return qemu_on(p, err);
	if (strcmp(name, "reset") == 0)
		return qemu_reset(p, err);
	return qemu_off(p);
}

/* A socket carries no BREAK: the monitor sends it to the port's other side. */
static int qemu_send_break(struct power *p, struct err *err)
{
	struct power_qemu *q = from(p);

	if (q->child.pid <= 0)
		return err_set(err, ERR_LAB, -ESRCH,
			       "the machine is off: it hears no BREAK");
	return qmp_command(&q->qmp, "chardev-send-break",
			   json_pack("{s:s}", "id", "bootrig-console"), &p->env,
			   deadline_in_ms(RESET_MS), err);
}

static int qemu_sense(struct power *p, bool *is_powered, struct err *err)
{
	struct power_qemu *q = from(p);
	struct pollfd pfd = { .fd = q->child.pidfd, .events = POLLIN };

	*is_powered = q->child.pid > 0 && poll(&pfd, 1, 0) == 0;
	return 0;
}

static int qemu_check(struct power *p, struct err *err)
{
	struct power_qemu *q = from(p);
	struct pollfd pfd = { .fd = q->child.pidfd, .events = POLLIN };

	if (q->child.pid <= 0 || poll(&pfd, 1, 0) <= 0)
		return 0;
	return err_set(err, ERR_LAB, -ECHILD,
		       "the machine (%s) ended by itself; artifacts/qemu.log may say why",
		       p->board->power.qemu_binary);
}

static void qemu_free(struct power *p)
{
	struct power_qemu *q = from(p);

	child_kill(&q->child, SIGKILL);
	qmp_close(&q->qmp);
	if (q->sock_path)
		unlink(q->sock_path);
	if (q->tmp_dir)
		rmdir(q->tmp_dir);
	free(q->sock_path);
	free(q->tmp_dir);
	strvec_release(&q->user_env);
	free(q);
}

static const struct power_ops ops = {
	.run = qemu_run,
	.send_break = qemu_send_break,
	.sense = qemu_sense,
	.check = qemu_check,
	.free = qemu_free,
};

struct power *power_qemu_new(void)
{
	struct power_qemu *q = xcalloc(1, sizeof(*q));

	q->base.ops = &ops;
	q->child = (struct child)CHILD_INIT;
	q->qmp = (struct qmp)QMP_INIT;
	return &q->base;
}

const char *const *power_user_env(const struct power *p)
{
	if (p->ops != &ops)
		return NULL;
	return (const char *const *)((const struct power_qemu *)(const void *)p)
		->user_env.v;
}
