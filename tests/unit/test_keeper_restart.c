// SPDX-License-Identifier: GPL-2.0-or-later
/* The keeper dies, and the next one and the board's user find each other again. */
#include <dirent.h>
#include <errno.h>

#include "keeper_bench.h"
#include "util/jsonx.h"

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

TESTS(T(a_worker_finds_its_lines_again_after_the_keepers_death),
      T(power_that_went_with_the_keeper_is_a_lab_fault_told_once),
      T(a_relay_that_moved_while_its_keeper_was_dead_does_not_keep_the_board_on),
      T(a_board_that_the_keeper_could_not_switch_off_is_told_to_the_next_user_once),
      T(a_board_given_back_by_its_own_orphan_leaves_no_descriptor_open),
      T(a_worker_that_died_together_with_its_keeper_is_noticed_by_the_next),
      T(a_sequence_of_levels_goes_on_with_the_next_keeper))
