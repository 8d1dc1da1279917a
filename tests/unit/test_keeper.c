// SPDX-License-Identifier: GPL-2.0-or-later
/* The keeper's process with its socket and its state on disk, and power.backend: gpio
 * that talks to it. Lines are memory that both share, because this host may have no GPIO;
 * the real relays are in tests/lab. */
#include "hw/keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "hw/keeper_store.h"
#include "hw/power.h"
#include "tap.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

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

static int find(const struct board_line *l, struct gpio_place *out, struct err *err)
{
	*out = (struct gpio_place){ .path = "/dev/gpiochip0",
				    .chip = "bench",
				    .offset = l->offset };
	return 0;
}

static int set(struct gpio_line *l, bool value, struct err *err)
{
	if (l->place == POWER && wires->n_refused > 0 && wires->n_refused--)
		return err_set(err, ERR_LAB, -EIO, "the line does not move");
	wires->n_rises[l->place] += value && !wires->value[l->place];
	wires->value[l->place] = value;
	return 0;
}

static int get(struct gpio_line *l, bool *value, struct err *err)
{
	*value = l->place != SENSE       ? wires->value[l->place]
		 : wires->sense_is_stuck ? true
					 : wires->value[POWER];
	return 0;
}

static int request(const struct gpio_place *where, const struct gpio_request *q,
		   struct gpio_line **out, struct err *err)
{
	*out = xcalloc(1, sizeof(**out));
	(*out)->place = where->offset;
	if (q->mode == GPIO_OUTPUT)
		wires->value[where->offset] = q->value;
	return 0;
}

static int adopt(const struct gpio_place *where, int take_fd, struct gpio_line **out,
		 struct err *err)
{
	return err_set(err, ERR_LAB, -EBADF, "nothing was kept");
}

static void release(struct gpio_line *l)
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

static pid_t start_keeper(void)
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

static int wait_fd(void *arg, int fd, struct deadline d, struct err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, deadline_poll_ms(d)) <= 0)
		if (deadline_passed(d))
			return fd < 0 ? 0 : -ETIMEDOUT;
	return 0;
}

static int expect(void *arg, const char *pattern, struct deadline d, struct err *err)
{
	struct bench *b = arg;

	strbuf_addf(&b->did, "expect %s;", pattern);
	return 0;
}

static void did(void *arg, const char *line, const char *act, int64_t ms)
{
	struct bench *b = arg;

	strbuf_addf(&b->did, "%s %s %lld;", act, line, (long long)ms);
}

static struct keeper *open_keeper(struct bench *b)
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

static void set_up(struct bench *b)
{
	_cleanup_free_ char *path = xasprintf("%s/keeper.sock", tap_tmpdir());
	struct spec_messages msgs = { STRVEC_INIT };
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
	if (board_spec_parse("/b.yaml", board_text, strlen(board_text), &b->board, &msgs,
			     &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	CHECK_EQ(power_new(b->board, &b->env, &b->power, &err), 0);
}

static void tear_down(struct bench *b)
{
	power_free(b->power);
	kill(b->keeper, SIGKILL);
	waitpid(b->keeper, NULL, 0);
	board_spec_free(b->board);
	strbuf_release(&b->did);
}

static void run(struct bench *b, const char *name)
{
	struct err err = ERR_INIT;

	if (power_run(b->power, name, &err))
		tap_fail(__FILE__, __LINE__, "%s: %s", name, err.msg);
}

static void until(const volatile bool *what, bool value)
{
	struct deadline d = deadline_in_ms(10000);
	struct err err = ERR_INIT;

	while (*what != value) {
		CHECK(!deadline_passed(d));
		wait_fd(NULL, -1, deadline_in_ms(2), &err);
	}
}

TEST(sequences_move_the_lines_and_say_each_move_before)
{
	struct bench b;
	struct err err = ERR_INIT;
	bool is_powered;

	set_up(&b);
	run(&b, "on");
	CHECK(wires->value[POWER]);
	CHECK_EQ(power_sense(b.power, &is_powered, &err), 0);
	CHECK(is_powered);
	run(&b, "reset");
	run(&b, "maskrom");
	CHECK_EQ(wires->n_rises[RESET], 2);
	CHECK_EQ(wires->n_rises[MASKROM], 1);
	CHECK(!wires->value[RESET] && !wires->value[MASKROM]);
	run(&b, "off");
	CHECK(!wires->value[POWER]);
	CHECK_STR(b.did.buf,
		  "set power 0;expect DDR;press reset 50;"
		  "set maskrom 0;press reset 20;clear maskrom 0;clear power 0;");
	tear_down(&b);
}

TEST(a_relay_that_sticks_is_found_by_the_sense_line)
{
	struct bench b;
	struct err err = ERR_INIT;

	set_up(&b);
	run(&b, "on");
	wires->sense_is_stuck = true;
	CHECK_EQ(power_off(b.power, &err), -ETIME);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "still has power");
	CHECK(b.power->is_on);
	tear_down(&b);
}

TEST(a_button_is_never_pressed_blindly)
{
	struct bench b;

	set_up(&b);
	run(&b, "button");
	CHECK_EQ(wires->n_rises[RESET], 1);
	run(&b, "on");
	run(&b, "button");
	CHECK_EQ(wires->n_rises[RESET], 1);
	tear_down(&b);
}

static pid_t worker_in_a_press(struct bench *b)
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

TEST(a_worker_killed_in_the_middle_of_a_press_leaves_all_relays_open)
{
	struct bench b;

	set_up(&b);
	pid_t worker = worker_in_a_press(&b);
	CHECK(wires->value[POWER]);
	kill(worker, SIGKILL);
	waitpid(worker, NULL, 0);
	until(&wires->value[RESET], false);
	until(&wires->value[POWER], false);
	run(&b, "on"); /* the next one gets the board */
	tear_down(&b);
}

TEST(a_worker_that_ends_well_leaves_the_power_as_it_is)
{
	struct bench b;
	struct err err = ERR_INIT;

	set_up(&b);
	run(&b, "on");
	power_free(b.power);
	CHECK_EQ(power_new(b.board, &b.env, &b.power, &err), 0);
	run(&b, "reset");
	CHECK(wires->value[POWER]);
	tear_down(&b);
}

TEST(a_board_has_one_user_at_a_time)
{
	struct bench b;
	struct power *other;
	struct err err = ERR_INIT;

	set_up(&b);
	run(&b, "on");
	CHECK_EQ(power_new(b.board, &b.env, &other, &err), 0);
	CHECK_EQ(power_off(other, &err), -EBUSY);
	CHECK_CONTAINS(err.msg, "has a user already");
	power_free(other);
	CHECK(wires->value[POWER]);
	tear_down(&b);
}

TEST(a_second_keeper_ends_at_once)
{
	struct bench b;
	int status;

	set_up(&b);
	pid_t second = start_keeper();
	CHECK_EQ(waitpid(second, &status, 0), second);
	CHECK_EQ(WEXITSTATUS(status), EALREADY);
	run(&b, "on");
	tear_down(&b);
}

static void restart_keeper(struct bench *b)
{
	kill(b->keeper, SIGKILL);
	waitpid(b->keeper, NULL, 0);
	b->keeper = start_keeper();
	keeper_close(open_keeper(b));
}

/* AS_IS in this test: the memory keeps what it had, as a driver may. */
TEST(a_worker_finds_its_lines_again_after_the_keepers_death)
{
	struct bench b;
	struct err err = ERR_INIT;

	set_up(&b);
	run(&b, "on");
	restart_keeper(&b);
	CHECK(wires->value[POWER]);
	CHECK_EQ(power_check(b.power, &err), 0);
	run(&b, "off");
	CHECK(!wires->value[POWER]);
	tear_down(&b);
}

static int wait_and_wake_keeper(void *arg, int fd, struct deadline d, struct err *err)
{
	struct bench *b = arg;

	kill(b->keeper, SIGCONT);
	return wait_fd(arg, fd, d, err);
}

TEST(who_meets_a_keeper_that_is_too_busy_waits_as_the_console_wants_it)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fds[512], n = 0, full = 0;
	struct keeper *k = NULL;
	struct err err = ERR_INIT;
	struct bench b;

	set_up(&b);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", getenv("BOOTRIG_KEEPER"));
	kill(b.keeper, SIGSTOP);
	while (!full && n < 512) {
		fds[n] =
			socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		full = connect(fds[n], (struct sockaddr *)&a, sizeof(a)) &&
		       errno == EAGAIN;
		n++;
	}
	CHECK(full);
	const struct power_env env = { .wait = wait_and_wake_keeper, .arg = &b };
	CHECK_EQ(keeper_open(&env, false, &k, &err), 0);
	keeper_close(k);
	for (int i = 0; i < n; i++)
		close(fds[i]);
	tear_down(&b);
}

/* What gpio-sim and others do. */
static void keeper_dies_and_power_falls(struct bench *b)
{
	kill(b->keeper, SIGKILL);
	waitpid(b->keeper, NULL, 0);
	wires->value[POWER] = false;
	b->keeper = start_keeper();
	keeper_close(open_keeper(b));
}

TEST(power_that_went_with_the_keeper_is_a_lab_fault_told_once)
{
	struct bench b;
	struct err err = ERR_INIT;

	set_up(&b);
	run(&b, "on");
	keeper_dies_and_power_falls(&b);
	CHECK_EQ(power_check(b.power, &err), -EREMOTEIO);
	CHECK_EQ(err.class, ERR_LAB);
	CHECK_CONTAINS(err.msg, "line power went from set to clear");
	CHECK_EQ(power_check(b.power, &err), 0);
	run(&b, "off");
	tear_down(&b);
}

TEST(a_relay_that_moved_while_its_keeper_was_dead_does_not_keep_the_board_on)
{
	struct bench b;
	struct err err = ERR_INIT;

	set_up(&b);
	run(&b, "on");
	keeper_dies_and_power_falls(&b);
	strbuf_reset(&b.did);
	CHECK_EQ(power_run(b.power, "off", &err), 0);
	CHECK_CONTAINS(strbuf_str(&b.did), "clear power 0;");
	CHECK(!wires->value[POWER]);
	tear_down(&b);
}

TEST(an_off_that_failed_is_the_keepers_when_the_worker_is_gone)
{
	struct bench b;
	struct err err = ERR_INIT;

	set_up(&b);
	run(&b, "on");
	wires->n_refused = 1;
	CHECK_EQ(power_run(b.power, "off", &err), -EIO);
	CHECK(wires->value[POWER]);
	power_free(b.power);
	b.power = NULL;
	until(&wires->value[POWER], false);
	tear_down(&b);
}

static void warned(void *arg, const char *text)
{
	struct bench *b = arg;

	strbuf_addf(&b->did, "warn %s;", text);
}

/* As it stands on disk after the last of the rounds, which take 16 s. */
static void mark_as_not_off(const char *why)
{
	_cleanup_free_ char *path = xasprintf("%s.state", getenv("BOOTRIG_KEEPER"));
	json_t *j = json_load_file(path, 0, NULL);
	json_t *board = json_array_get(json_object_get(j, "boards"), 0);

	CHECK(board && json_object_get(board, "not_off"));
	json_object_set_new(board, "not_off", json_string(why));
	CHECK_EQ(json_dump_file(j, path, 0), 0);
	json_decref(j);
}

TEST(a_board_that_the_keeper_could_not_switch_off_is_told_to_the_next_user_once)
{
	struct bench b;
	struct err err = ERR_INIT;

	set_up(&b);
	b.env.warn = warned;
	run(&b, "on");
	power_free(b.power);
	kill(b.keeper, SIGKILL);
	waitpid(b.keeper, NULL, 0);
	mark_as_not_off("the line does not move");
	b.keeper = start_keeper();
	keeper_close(open_keeper(&b));
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(power_new(b.board, &b.env, &b.power, &err), 0);
		strbuf_reset(&b.did);
		CHECK_EQ(power_check(b.power, &err), 0);
		if (i == 0) {
			CHECK_CONTAINS(
				strbuf_str(&b.did),
				"warn board b was left on when its last user died");
			CHECK_CONTAINS(strbuf_str(&b.did), "the line does not move;");
		} else {
			CHECK_STR(strbuf_str(&b.did), "");
		}
		power_free(b.power);
	}
	b.power = NULL;
	tear_down(&b);
}

static int n_open_fds(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/fd", (int)pid);
	DIR *d = opendir(path);
	int n = 0;

	CHECK(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void ask_ok(struct keeper *k, json_t *take)
{
	struct err err = ERR_INIT;

	if (keeper_ask(k, take, deadline_in_ms(5000), NULL, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
}

/* Its user lives on over the keeper's death, and gives the lines back with no claim. */
TEST(a_board_given_back_by_its_own_orphan_leaves_no_descriptor_open)
{
	struct bench b;
	int before;

	set_up(&b);
	run(&b, "on");
	restart_keeper(&b);
	struct keeper *k = open_keeper(&b);
	ask_ok(k, json_pack("{s:s}", "do", "status"));
	before = n_open_fds(b.keeper);
	ask_ok(k, json_pack("{s:s, s:s}", "do", "release", "board", "b"));
	/* The pidfd of this process; lines are memory here. */
	CHECK_EQ(n_open_fds(b.keeper), before - 1);
	keeper_close(k);
	tear_down(&b);
}

TEST(an_answer_that_comes_too_late_is_nobodys)
{
	struct err err = ERR_INIT;
	json_t *reply = NULL;
	struct bench b;

	set_up(&b);
	struct keeper *k = open_keeper(&b);
	kill(b.keeper, SIGSTOP);
	CHECK_EQ(keeper_ask(k, json_pack("{s:s}", "do", "status"), deadline_in_ms(50),
			    &reply, &err),
		 -ETIMEDOUT);
	kill(b.keeper, SIGCONT);
	err = (struct err)ERR_INIT;
	CHECK_EQ(keeper_ask(k, json_pack("{s:s}", "do", "status"), deadline_in_ms(2000),
			    &reply, &err),
		 -EPIPE);
	CHECK(keeper_is_gone(k));
	keeper_close(k);
	tear_down(&b);
}

TEST(a_worker_that_died_together_with_its_keeper_is_noticed_by_the_next)
{
	struct bench b;

	set_up(&b);
	pid_t worker = worker_in_a_press(&b);
	kill(b.keeper, SIGSTOP);
	kill(worker, SIGKILL);
	waitpid(worker, NULL, 0);
	restart_keeper(&b);
	until(&wires->value[RESET], false);
	until(&wires->value[POWER], false);
	tear_down(&b);
}

TEST(a_sequence_of_levels_goes_on_with_the_next_keeper)
{
	struct bench b;
	struct err err = ERR_INIT;
	int status;

	set_up(&b);
	pid_t worker = fork();
	if (worker == 0) {
		run(&b, "levels");
		power_free(b.power);
		_exit(0);
	}
	/* Once it waits: a client that finds no keeper would start one, of this program.
	 */
	until(&wires->value[POWER], true);
	CHECK_EQ(wait_fd(NULL, -1, deadline_in_ms(100), &err), 0);
	restart_keeper(&b);
	CHECK_EQ(waitpid(worker, &status, 0), worker);
	CHECK_EQ(status, 0);
	CHECK(wires->value[POWER]);
	tear_down(&b);
}

static void ask_raw(int fd, const char *text, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[4096];

	CHECK_EQ(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
	CHECK_EQ(poll(&p, 1, 10000), 1);
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, 0);
	CHECK(n > 0);
	buf[n] = '\0';
	CHECK_CONTAINS(buf, "\"ok\":false");
}

TEST(nonsense_is_refused_and_the_keeper_lives)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	_cleanup_free_ char *big = xcalloc(1, KEEPER_MAX_MESSAGE + 100);
	struct bench b;

	set_up(&b);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", getenv("BOOTRIG_KEEPER"));
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	CHECK_EQ(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ask_raw(fd, "x", 1);
	ask_raw(fd, "{\"do\":\"fly\"}", 12);
	ask_raw(fd, "{\"do\":\"set\",\"line\":\"power\",\"value\":true}", 41);
	ask_raw(fd, "{\"do\":\"claim\",\"claim\":{\"board\":\"../x\",\"lines\":[{}]}}",
		53);
	memset(big, '[', KEEPER_MAX_MESSAGE + 99);
	ask_raw(fd, big, KEEPER_MAX_MESSAGE + 99);
	close(fd);
	CHECK(!wires->value[POWER]);
	run(&b, "on");
	tear_down(&b);
}

TEST(a_keeper_in_use_is_not_stopped_and_a_free_one_is)
{
	struct bench b;
	struct err err = ERR_INIT;
	int status;

	set_up(&b);
	run(&b, "on");
	struct keeper *k = open_keeper(&b);
	CHECK_EQ(keeper_ask(k, json_pack("{s:s}", "do", "stop"), deadline_in_ms(5000),
			    NULL, &err),
		 -EBUSY);
	power_free(b.power);
	b.power = NULL;
	CHECK_EQ(keeper_ask(k, json_pack("{s:s}", "do", "stop"), deadline_in_ms(5000),
			    NULL, &err),
		 0);
	keeper_close(k);
	CHECK_EQ(waitpid(b.keeper, &status, 0), b.keeper);
	CHECK_EQ(status, 0);
	b.keeper = start_keeper();
	tear_down(&b);
}

TEST(a_descriptor_that_was_kept_is_found_by_board_and_line)
{
	static struct keeper_kept kept;
	char pid[16];

	/* 3 and 4, as systemd passes them. */
	for (int i = 3; i < 5; i++)
		CHECK_EQ(dup2(2, i), i);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "2", 1);
	setenv("LISTEN_FDNAMES", "b/power:b/light", 1);
	keeper_kept_read(&kept);
	CHECK_EQ(kept.n, 2);
	CHECK(!getenv("LISTEN_FDS"));
	CHECK_EQ(keeper_kept_take(&kept, "b", "light"), 4);
	CHECK_EQ(keeper_kept_take(&kept, "b", "light"), -1);
	CHECK_EQ(keeper_kept_take(&kept, "c", "power"), -1);
	keeper_kept_close(&kept);
	CHECK_EQ(fcntl(3, F_GETFD), -1);
	CHECK(fcntl(4, F_GETFD) >= 0);
	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "2", 1);
	keeper_kept_read(&kept);
	CHECK_EQ(kept.n, 0);
}

TESTS(T(who_meets_a_keeper_that_is_too_busy_waits_as_the_console_wants_it),
      T(sequences_move_the_lines_and_say_each_move_before),
      T(a_relay_that_sticks_is_found_by_the_sense_line),
      T(a_button_is_never_pressed_blindly),
      T(a_worker_killed_in_the_middle_of_a_press_leaves_all_relays_open),
      T(a_worker_that_ends_well_leaves_the_power_as_it_is),
      T(a_board_has_one_user_at_a_time), T(a_second_keeper_ends_at_once),
      T(a_worker_finds_its_lines_again_after_the_keepers_death),
      T(power_that_went_with_the_keeper_is_a_lab_fault_told_once),
      T(a_relay_that_moved_while_its_keeper_was_dead_does_not_keep_the_board_on),
      T(an_off_that_failed_is_the_keepers_when_the_worker_is_gone),
      T(a_board_that_the_keeper_could_not_switch_off_is_told_to_the_next_user_once),
      T(a_board_given_back_by_its_own_orphan_leaves_no_descriptor_open),
      T(an_answer_that_comes_too_late_is_nobodys),
      T(a_worker_that_died_together_with_its_keeper_is_noticed_by_the_next),
      T(a_sequence_of_levels_goes_on_with_the_next_keeper),
      T(nonsense_is_refused_and_the_keeper_lives),
      T(a_keeper_in_use_is_not_stopped_and_a_free_one_is),
      T(a_descriptor_that_was_kept_is_found_by_board_and_line))
