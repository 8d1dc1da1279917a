// SPDX-License-Identifier: GPL-2.0-or-later
/* Power by shell commands, as LAVA's power_on_command, power_off_command and
 * hard_reset_command, and any further one that the board file names. */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "hw/power.h"
#include "hw/power_guard.h"
#include "util/child.h"
#include "util/mem.h"

static int run(struct power *p, const char *what, const char *line, struct err *err)
{
	const char *const argv[] = { "/bin/sh", "-c", line, NULL };
	struct child_opts opts = CHILD_OPTS_INIT;
	struct child c = CHILD_INIT;
	struct deadline d = deadline_in_ms(p->board->limits.power_command_ms);
	int status, r;

	opts.own_group = true;
	r = child_spawn(&c, argv, &opts, err);
	if (r)
		return err_prefix(err, "power %s: ", what);
	r = p->env.wait(p->env.arg, c.pidfd, d, err);
	if (!r)
		r = child_wait(&c, d, -1, &status, err);
	if (r) {
		child_kill(&c, SIGKILL);
		if (r == -ETIMEDOUT)
			return err_set(err, ERR_LAB, r,
				       "power %s: \"%s\" still ran after %lld ms", what,
				       line,
				       (long long)p->board->limits.power_command_ms);
		return err_prefix(err, "power %s: ", what);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(err, ERR_LAB, -EIO, "power %s: \"%s\" ended with %s %d",
			       what, line, WIFEXITED(status) ? "exit status" : "signal",
			       WIFEXITED(status) ? WEXITSTATUS(status)
						 : WTERMSIG(status));
	return 0;
}

struct power_command {
	struct power base;
	struct power_guard guard;
};

static struct power_command *from(struct power *p)
{
	return (struct power_command *)(void *)p;
}

/* Whatever may switch the board on is watched over; off ends the watch. */
static int command_run(struct power *p, const char *name, struct err *err)
{
	const struct board_power *bp = &p->board->power;
	const struct board_sequence *off = board_power_sequence(bp, "off");
	bool is_off = strcmp(name, "off") == 0;
	int r = 0;

	if (!is_off && off && !bp->keep_on_worker_death)
		r = power_guard_start(&from(p)->guard, off->shell, p->env.hold_fds, err);
	if (!r)
		r = run(p, name, board_power_sequence(bp, name)->shell, err);
	if (!r && is_off)
		power_guard_dismiss(&from(p)->guard);
	return r;
}

static void command_free(struct power *p)
{
	power_guard_dismiss(&from(p)->guard);
	free(p);
}

static const struct power_ops ops = {
	.run = command_run,
	.free = command_free,
};

struct power *power_command_new(void)
{
	struct power_command *c = xcalloc(1, sizeof(*c));

	c->base.ops = &ops;
	c->guard = (struct power_guard)POWER_GUARD_INIT;
	return &c->base;
}
