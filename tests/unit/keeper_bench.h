// SPDX-License-Identifier: GPL-2.0-or-later
/* The keeper's process with its socket and its state on disk, and power.backend: gpio
 * that talks to it. Lines are memory that both share, because this host may have no GPIO;
 * the real relays are in tests/lab. */
#pragma once

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "board_text.h"
#include "hw/keeper.h"
#include "hw/power.h"

struct gpio_line {
	uint32_t place;
};

enum { POWER, RESET, MASKROM, SENSE, N_WIRES };

/* Of the host: it outlives each keeper. A line that nobody holds falls to 0. */
struct wires {
	bool value[N_WIRES];
	int n_rises[N_WIRES];
	bool sense_is_stuck;
	int n_refused; /* so many moves of POWER fail */
};
static struct wires *wires;

static inline int find(const struct board_line *l, struct gpio_place *out,
		       struct err *err)
{
	*out = (struct gpio_place){ .path = "/dev/gpiochip0",
				    .chip = "bench",
				    .offset = l->offset };
	return 0;
}

static inline int set(struct gpio_line *l, bool value, struct err *err)
{
	if (l->place == POWER && wires->n_refused > 0 && wires->n_refused--)
		return err_set(err, ERR_LAB, -EIO, "the line does not move");
	wires->n_rises[l->place] += value && !wires->value[l->place];
	wires->value[l->place] = value;
	return 0;
}

static inline int get(struct gpio_line *l, bool *value, struct err *err)
{
	*value = l->place != SENSE       ? wires->value[l->place]
		 : wires->sense_is_stuck ? true
					 : wires->value[POWER];
	return 0;
}

static inline int request(const struct gpio_place *where, const struct gpio_request *q,
			  struct gpio_line **out, struct err *err)
{
	*out = xcalloc(1, sizeof(**out));
	(*out)->place = where->offset;
	if (q->mode == GPIO_OUTPUT)
		wires->value[where->offset] = q->value;
	return 0;
}

static inline int adopt(const struct gpio_place *where, int take_fd,
			struct gpio_line **out, struct err *err)
{
	return err_set(err, ERR_LAB, -EBADF, "nothing was kept");
}

static inline void release(struct gpio_line *l)
{
	free(l);
}

static const struct keeper_hw hw = { find, request, adopt, release, set, get };

struct bench {
	pid_t keeper;
	struct board_spec *board;
	struct power *power;
	struct power_env env;
	struct strbuf did;
};

static inline pid_t start_keeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct keeper_opts opts = { .hw = &hw, .stop_fd = -1 };
		struct err err = ERR_INIT;

		prctl(PR_SET_PDEATHSIG,
		      SIGKILL); /* a case that fails tears nothing down */
		_exit(keeper_serve(&opts, &err) == 0 ? 0 : -err.code);
	}
	return pid;
}

static inline int wait_fd(void *arg, int fd, struct deadline d, struct err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, deadline_poll_ms(d)) <= 0)
		if (deadline_passed(d))
			return fd < 0 ? 0 : -ETIMEDOUT;
	return 0;
}

static inline int expect(void *arg, const char *pattern, struct deadline d,
			 struct err *err)
{
	struct bench *b = arg;

	strbuf_addf(&b->did, "expect %s;", pattern);
	return 0;
}

static inline void did(void *arg, const char *line, const char *act, int64_t ms)
{
	struct bench *b = arg;

	strbuf_addf(&b->did, "%s %s %lld;", act, line, (long long)ms);
}

static inline struct keeper *open_keeper(struct bench *b)
{
	struct deadline d = deadline_in_ms(10000);
	struct keeper *k = NULL;
	struct err err = ERR_INIT;

	while (keeper_open(&b->env, false, &k, &err)) {
		if (deadline_passed(d))
			tap_fail(__FILE__, __LINE__, "%s", err.msg);
		wait_fd(b, -1, deadline_in_ms(5), &err);
	}
	return k;
}

static const char board_text[] =
	"board: b\n"
	"console: {transport: pty, device: x}\n"
	"power:\n"
	"  backend: gpio\n"
	"  lines:\n"
	"    power: {chip: bench, offset: 0}\n"
	"    reset: {chip: bench, offset: 1, type: momentary}\n"
	"    maskrom: {chip: bench, offset: 2, type: momentary, only_with: [reset]}\n"
	"    sense: {chip: bench, offset: 3, type: input}\n"
	"  on: [{set: power}, {expect: DDR}]\n"
	"  off: [{clear: power}, {expect_power: off, timeout: 0.1}]\n"
	"  reset: [{press: reset, for: 0.05}]\n"
	"  long: [{press: reset, for: 2}]\n"
	"  maskrom: [{set: maskrom}, {press: reset, for: 0.02}, {wait: 0.01}, {clear: maskrom}]\n"
	"  button: [{press: reset, for: 0.02, unless_power: on}]\n"
	"  levels: [{set: power}, {wait: 1}, {set: power}]\n"
	"  sense: {line: sense}\n";

static inline void set_up(struct bench *b)
{
	_cleanup_free_ char *path = xasprintf("%s/keeper.sock", tap_tmpdir());
	struct err err = ERR_INIT;

	*b = (struct bench){ .env = { .wait = wait_fd,
				      .expect = expect,
				      .did = did,
				      .arg = b,
				      .run_dir = "/",
				      .hold_fds = { -1, -1 } } };
	wires = mmap(NULL, sizeof(*wires), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(wires != MAP_FAILED);
	setenv("BOOTRIG_KEEPER", path, 1);
	b->keeper = start_keeper();
	keeper_close(open_keeper(b));
	b->board = board_at("/b.yaml", board_text);
	CHECK_EQ(power_new(b->board, &b->env, &b->power, &err), 0);
}

static inline void tear_down(struct bench *b)
{
	power_free(b->power);
	kill(b->keeper, SIGKILL);
	waitpid(b->keeper, NULL, 0);
	board_spec_free(b->board);
	strbuf_release(&b->did);
}

static inline void run(struct bench *b, const char *name)
{
	struct err err = ERR_INIT;

	if (power_run(b->power, name, &err))
		tap_fail(__FILE__, __LINE__, "%s: %s", name, err.msg);
}

static inline void until(const volatile bool *what, bool value)
{
	struct deadline d = deadline_in_ms(10000);
	struct err err = ERR_INIT;

	while (*what != value) {
		CHECK(!deadline_passed(d));
		wait_fd(NULL, -1, deadline_in_ms(2), &err);
	}
}

static inline pid_t worker_in_a_press(struct bench *b)
{
	pid_t worker = fork();

	if (worker == 0) {
		run(b, "on");
		run(b, "long");
		_exit(0);
	}
	until(&wires->value[RESET], true);
	return worker;
}
