// SPDX-License-Identifier: GPL-2.0-or-later
/* What the keeper does with a board's lines for its user, and when the user is gone. */
#include <errno.h>
#include <fcntl.h>

#include "hw/keeper_store.h"
#include "keeper_bench.h"
#include "util/jsonx.h"

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

TESTS(T(sequences_move_the_lines_and_say_each_move_before),
      T(a_relay_that_sticks_is_found_by_the_sense_line),
      T(a_button_is_never_pressed_blindly),
      T(a_worker_killed_in_the_middle_of_a_press_leaves_all_relays_open),
      T(a_worker_that_ends_well_leaves_the_power_as_it_is),
      T(a_board_has_one_user_at_a_time), T(a_second_keeper_ends_at_once),
      T(an_off_that_failed_is_the_keepers_when_the_worker_is_gone),
      T(a_keeper_in_use_is_not_stopped_and_a_free_one_is),
      T(a_descriptor_that_was_kept_is_found_by_board_and_line))
