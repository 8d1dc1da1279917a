// SPDX-License-Identifier: GPL-2.0-or-later
/* Power of one board behind one interface: nothing, shell commands, or a QEMU machine
 * (relays come as one more backend). A backend acts and returns; waits go through the
 * caller's wait function, which serves the console meanwhile, so no byte is lost while a
 * relay settles or QMP answers. */
#pragma once

#include <stdbool.h>

#include "hw/power_guard.h"
#include "parse/board_spec.h"
#include "util/clock.h"
#include "util/err.h"

/* Wait until fd (-1: none) is readable or the deadline; 0, -ETIMEDOUT, or an error of the
 * console. */
typedef int (*power_wait_fn)(void *arg, int fd, struct deadline d, struct err *err);

/* Wait until the pattern stands on the console, in what came since the call. */
typedef int (*power_expect_fn)(void *arg, const char *pattern, struct deadline d,
			       struct err *err);
/* Told before each relay moves: act is "set", "clear" or "press" (ms: for how long). */
typedef void (*power_did_fn)(void *arg, const char *line, const char *act, int64_t ms);

/* Told what is no error and should stand in the record. */
typedef void (*power_warn_fn)(void *arg, const char *text);

struct power_env {
	power_wait_fn wait;
	power_expect_fn expect; /* NULL: nobody reads the console */
	power_did_fn did;       /* may be NULL */
	power_warn_fn warn;     /* may be NULL */
	void *arg;
	const char *run_dir; /* absolute; borrowed for the life of the power object */
	/* The board's locks, held by whoever switches it off after our death; -1 = none
	 */
	int hold_fds[POWER_HOLD_FDS];
	const char *tftp_root; /* absolute or NULL; borrowed */
};

struct power;

struct power_ops {
	/* A sequence that board_power_has(): on and off may come twice. */
	int (*run)(struct power *p, const char *name, struct err *err);
	/* Before the first move: can it be switched? Later 0 while the board may be
	 * running, ERR_LAB when its power left us by itself. NULL = cannot know */
	int (*check)(struct power *p, struct err *err);
	/* A BREAK on the board's console, where the backend owns it; NULL = cannot */
	int (*send_break)(struct power *p, struct err *err);
	/* Has the board power? NULL = cannot see it */
	int (*sense)(struct power *p, bool *is_powered, struct err *err);
	void (*free)(struct power *p);
};

struct power {
	const struct power_ops *ops;
	const struct board_spec *board; /* borrowed */
	struct power_env env;
	bool is_on;     /* what we did last */
	int console_fd; /* qemu: the machine's serial port, -1 while off; taken by
			   power_take_console */
};

/* No hardware moves. */
MUST_CHECK int power_new(const struct board_spec *board, const struct power_env *env,
			 struct power **out, struct err *err);
/* Ends what it started (a QEMU machine dies); does not switch relays. */
void power_free(struct power *p);
/* Names of sequences: on, off, reset, maskrom, or any that the board file has. reset is
 * warm: RAM keeps its content. */
bool power_has(const struct power *p, const char *name);
/* -EOPNOTSUPP when the board has no such sequence. off is fine when off already. */
MUST_CHECK int power_run(struct power *p, const char *name, struct err *err);
MUST_CHECK int power_on(struct power *p, struct err *err);
MUST_CHECK int power_off(struct power *p, struct err *err);
MUST_CHECK int power_reset(struct power *p, struct err *err);
bool power_can_reset(const struct power *p);
/* -EOPNOTSUPP where the backend does not carry the console: the port itself can, then. */
MUST_CHECK int power_send_break(struct power *p, struct err *err);
/* -EOPNOTSUPP without a sense input. */
MUST_CHECK int power_sense(struct power *p, bool *is_powered, struct err *err);
MUST_CHECK int power_check(struct power *p, struct err *err);
/* The console that came with power-on, -1 when the board's console is apart. The caller
 * owns it. */
int power_take_console(struct power *p);
/* "NAME=value" strings for the board's user commands, NULL-terminated; borrowed; may be
 * NULL. */
const char *const *power_user_env(const struct power *p);

/* Backends, for power.c only. */
struct power *power_command_new(void);
struct power *power_qemu_new(void);
struct power *power_gpio_new(void);
