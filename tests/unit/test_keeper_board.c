// SPDX-License-Identifier: GPL-2.0-or-later
/* The keeper's rules for a board's lines. This host may have no GPIO: lines are an array
 * here, the clock is a number. The real relays are in tests/lab. */
#include "hw/keeper_board.h"

#include <errno.h>

#include "tap.h"
#include "util/mem.h"

static const int64_t MS = 1000000;

struct gpio_line {
	int place;
};

static struct wire {
	bool exists, is_held, value;
	int n_sets, fail_next;
	enum gpio_mode mode;
	bool is_unreadable;
} wires[8];

static int find(const struct board_line *l, struct gpio_place *out, struct err *err)
{
	*out = (struct gpio_place){ .path = "/dev/gpiochip0", .offset = l->offset };
	return wires[l->offset].exists ? 0 : err_set(err, ERR_LAB, -ENODEV, "gone");
}

static int request(const struct gpio_place *where, const struct gpio_request *q,
		   struct gpio_line **out, struct err *err)
{
	struct wire *w = &wires[where->offset];

	if (w->is_held)
		return err_set(err, ERR_LAB, -EBUSY, "busy");
	w->is_held = true;
	w->mode = q->mode;
	if (q->mode == GPIO_OUTPUT)
		w->value = q->value;
	*out = xcalloc(1, sizeof(**out));
	(*out)->place = (int)where->offset;
	return 0;
}

/* The number of the descriptor is the line's. */
static int adopt(const struct gpio_place *where, int take_fd, struct gpio_line **out,
		 struct err *err)
{
	CHECK_EQ(take_fd, 100 + (int)where->offset);
	*out = xcalloc(1, sizeof(**out));
	(*out)->place = (int)where->offset;
	return 0;
}

static void release(struct gpio_line *l)
{
	if (l)
		wires[l->place].is_held = false;
	free(l);
}

static int set(struct gpio_line *l, bool value, struct err *err)
{
	struct wire *w = &wires[l->place];

	if (w->fail_next) {
		w->fail_next--;
		return err_set(err, ERR_LAB, -ENODEV, "went away");
	}
	w->value = value;
	w->n_sets++;
	return 0;
}

static int get(struct gpio_line *l, bool *value, struct err *err)
{
	if (wires[l->place].is_unreadable)
		return err_set(err, ERR_LAB, -EIO, "cannot be read");
	*value = wires[l->place].value;
	return 0;
}

static const struct keeper_hw hw = { find, request, adopt, release, set, get };

enum { POWER, RESET, MASKROM, SENSE };

static const char claim_text[] =
	"{\"board\": \"b\", \"keep\": false, \"sense\": \"sense\", \"powered\": true,"
	" \"lines\": [{\"name\": \"power\", \"chip\": \"c\", \"offset\": 0, \"type\": 0},"
	"  {\"name\": \"reset\", \"chip\": \"c\", \"offset\": 1, \"type\": 1, \"max_press_ms\": 1000},"
	"  {\"name\": \"maskrom\", \"chip\": \"c\", \"offset\": 2, \"type\": 1, \"max_press_ms\": 500,"
	"   \"only_with\": [\"reset\"]},"
	"  {\"name\": \"sense\", \"chip\": \"c\", \"offset\": 3, \"type\": 2}],"
	" \"off\": [{\"kind\": 1, \"line\": \"power\"}, {\"kind\": 3, \"ms\": 300},"
	"  {\"kind\": 2, \"line\": \"reset\", \"ms\": 200}]}";

static struct keeper_claim claim_of(const char *text)
{
	struct keeper_claim c;
	struct err err = ERR_INIT;
	json_t *j = json_loads(text, 0, NULL);

	CHECK(j);
	if (keeper_claim_from_json(j, &c, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
	json_decref(j);
	return c;
}

static struct keeper_board taken(void)
{
	struct keeper_claim c = claim_of(claim_text);
	struct keeper_board b;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(wires); i++)
		wires[i].exists = true;
	CHECK_EQ(keeper_board_take(&b, &hw, &c, &err), 0);
	return b;
}

static void begin(struct keeper_board *b, const char *x, const char *y)
{
	_cleanup_strvec_ struct strvec v = STRVEC_INIT;
	struct err err = ERR_INIT;

	strvec_add(&v, x);
	if (y)
		strvec_add(&v, y);
	CHECK_EQ(keeper_board_begin(b, &v, &err), 0);
}

TEST(lines_are_requested_with_their_safe_value)
{
	struct keeper_board b;

	wires[POWER].value = wires[RESET].value = true;
	b = taken();
	CHECK_EQ(wires[POWER].mode, GPIO_OUTPUT);
	CHECK(!wires[POWER].value && !wires[RESET].value);
	CHECK_EQ(wires[POWER].n_sets, 0); /* in the request itself */
	CHECK_EQ(wires[SENSE].mode, GPIO_INPUT);
	keeper_board_release(&b);
	CHECK(!wires[POWER].is_held && !wires[SENSE].is_held);
}

TEST(a_line_that_cannot_be_had_leaves_none_held)
{
	struct keeper_claim c = claim_of(claim_text);
	struct keeper_board b;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(wires); i++)
		wires[i].exists = true;
	wires[MASKROM].is_held = true;
	CHECK_EQ(keeper_board_take(&b, &hw, &c, &err), -EBUSY);
	CHECK(!wires[POWER].is_held && !wires[RESET].is_held);
}

TEST(a_press_ends_by_the_keepers_own_clock)
{
	struct keeper_board b = taken();
	struct err err = ERR_INIT;

	begin(&b, "reset", NULL);
	CHECK_EQ(keeper_board_press(&b, "reset", 200, 5 * MS, &err), 0);
	CHECK(wires[RESET].value);
	CHECK_EQ(keeper_board_tick(&b, 6 * MS), 205 * MS);
	CHECK(wires[RESET].value);
	CHECK_EQ(keeper_board_tick(&b, 205 * MS), INT64_MAX);
	CHECK(!wires[RESET].value);
	CHECK_EQ(keeper_board_set(&b, "reset", false, 206 * MS, &err), 0);
	CHECK_EQ(keeper_board_end(&b, &err), 0);
	keeper_board_release(&b);
}

TEST(no_press_is_longer_than_its_maximum)
{
	struct keeper_board b = taken();
	struct err err = ERR_INIT;

	begin(&b, "reset", NULL);
	CHECK_EQ(keeper_board_press(&b, "reset", 1001, 0, &err), -EPERM);
	CHECK_CONTAINS(err.msg, "1000 ms at most");
	CHECK_EQ(keeper_board_press(&b, "power", 10, 0, &err), -EPERM);
	CHECK_CONTAINS(err.msg, "not momentary");
	CHECK_EQ(keeper_board_set(&b, "reset", true, 0, &err), 0);
	keeper_board_tick(&b, 1000 * MS);
	CHECK(!wires[RESET].value);
	CHECK_EQ(keeper_board_set(&b, "reset", false, 1001 * MS, &err), -ETIME);
	CHECK_CONTAINS(err.msg, "opened by itself after 1000 ms");
	keeper_board_release(&b);
}

TEST(asking_again_does_not_make_a_press_longer)
{
	struct keeper_board b = taken();
	struct err err = ERR_INIT;

	begin(&b, "reset", NULL);
	CHECK_EQ(keeper_board_set(&b, "reset", true, 0, &err), 0);
	CHECK_EQ(keeper_board_set(&b, "reset", true, 900 * MS, &err), 0);
	CHECK_EQ(keeper_board_press(&b, "reset", 1000, 950 * MS, &err), 0);
	keeper_board_tick(&b, 1000 * MS);
	CHECK(!wires[RESET].value);
	keeper_board_release(&b);
}

TEST(an_interlocked_line_closes_only_beside_its_partner)
{
	struct keeper_board b = taken();
	struct err err = ERR_INIT;

	CHECK_EQ(keeper_board_set(&b, "maskrom", true, 0, &err), -EPERM);
	CHECK_CONTAINS(err.msg, "not part of the running sequence");
	begin(&b, "maskrom", "power");
	CHECK_EQ(keeper_board_set(&b, "maskrom", true, 0, &err), -EPERM);
	CHECK_CONTAINS(err.msg, "only_with");
	CHECK_EQ(wires[MASKROM].n_sets, 0);
	begin(&b, "maskrom", "reset");
	CHECK_EQ(keeper_board_set(&b, "maskrom", true, 0, &err), 0);
	CHECK_EQ(keeper_board_press(&b, "reset", 100, 0, &err), 0);
	keeper_board_tick(&b, 100 * MS);
	CHECK_EQ(keeper_board_set(&b, "maskrom", false, 200 * MS, &err), 0);
	CHECK_EQ(keeper_board_end(&b, &err), 0);
	/* A sequence that only says so is found at its end. */
	begin(&b, "maskrom", "reset");
	CHECK_EQ(keeper_board_set(&b, "maskrom", true, 0, &err), 0);
	CHECK_EQ(keeper_board_end(&b, &err), -EPERM);
	CHECK(!wires[MASKROM].value);
	keeper_board_release(&b);
}

TEST(nobody_drives_an_input_or_a_line_that_is_not_there)
{
	struct keeper_board b = taken();
	struct err err = ERR_INIT;
	bool value;

	begin(&b, "sense", NULL);
	CHECK_EQ(keeper_board_set(&b, "sense", true, 0, &err), -EPERM);
	CHECK_EQ(keeper_board_set(&b, "sense", false, 0, &err), -EPERM);
	CHECK_EQ(keeper_board_set(&b, "other", true, 0, &err), -EINVAL);
	CHECK_EQ(keeper_board_get(&b, "other", &value, &err), -EINVAL);
	CHECK_EQ(wires[SENSE].n_sets, 0);
	keeper_board_release(&b);
}

TEST(a_button_that_does_not_open_is_tried_again_and_the_sequence_fails)
{
	struct keeper_board b = taken();
	struct err err = ERR_INIT;

	begin(&b, "reset", NULL);
	CHECK_EQ(keeper_board_press(&b, "reset", 100, 0, &err), 0);
	wires[RESET].fail_next = 2;
	CHECK(keeper_board_tick(&b, 100 * MS) != INT64_MAX);
	CHECK(wires[RESET].value && b.lines[RESET].is_stuck);
	CHECK_EQ(keeper_board_end(&b, &err), -ENODEV);
	CHECK_CONTAINS(err.msg, "reset");
	/* The relay can be reached again, and nobody has to ask. */
	CHECK_EQ(keeper_board_tick(&b, 2000 * MS), INT64_MAX);
	CHECK(!wires[RESET].value && !b.lines[RESET].is_stuck);
	keeper_board_release(&b);
}

/* power on, reset held: as a worker leaves it that is killed. */
static struct keeper_board busy_board(void)
{
	struct keeper_board b = taken();
	struct err err = ERR_INIT;

	begin(&b, "power", "reset");
	CHECK_EQ(keeper_board_set(&b, "power", true, 0, &err), 0);
	CHECK_EQ(keeper_board_press(&b, "reset", 900, 0, &err), 0);
	return b;
}

TEST(a_button_opens_before_its_line_is_given_back)
{
	struct keeper_board b = busy_board();

	/* Many drivers leave a line that nobody holds as it was. */
	keeper_board_release(&b);
	CHECK(!wires[RESET].value);
	CHECK(!wires[RESET].is_held);
}

TEST(the_death_of_the_user_opens_buttons_at_once_and_switches_off)
{
	struct keeper_board b = busy_board();

	keeper_board_left(&b, false, 10 * MS);
	CHECK(!wires[RESET].value);
	CHECK(!wires[POWER].value);
	CHECK(b.is_switching_off);
	CHECK_EQ(keeper_board_tick(&b, 11 * MS), 310 * MS);
	/* The off sequence's own press, with its end. */
	CHECK_EQ(keeper_board_tick(&b, 310 * MS), 510 * MS);
	CHECK(wires[RESET].value && b.is_switching_off);
	CHECK_EQ(keeper_board_tick(&b, 510 * MS), INT64_MAX);
	CHECK(!wires[RESET].value && !b.is_switching_off);
	keeper_board_release(&b);
}

TEST(keep_and_a_farewell_leave_the_power_and_open_the_buttons)
{
	struct keeper_board b = busy_board();

	keeper_board_left(&b, true, 0);
	CHECK(wires[POWER].value && !wires[RESET].value && !b.is_switching_off);
	keeper_board_release(&b);
	b = busy_board();
	b.claim.keep_on_death = true;
	keeper_board_left(&b, false, 0);
	CHECK(wires[POWER].value && !wires[RESET].value && !b.is_switching_off);
	keeper_board_release(&b);
}

TEST(a_relay_that_fails_does_not_keep_the_others_on)
{
	struct keeper_board b = busy_board();

	wires[RESET].fail_next = 1;
	keeper_board_left(&b, false, 0);
	CHECK(!wires[POWER].value);
	keeper_board_release(&b);
}

/* Follows the board's own clock until it wants nothing more; when that was. */
static int64_t tick_to_the_end(struct keeper_board *b, int64_t now_ns)
{
	for (int64_t at; (at = keeper_board_tick(b, now_ns)) != INT64_MAX; now_ns = at)
		CHECK(at > now_ns);
	return now_ns;
}

TEST(a_relay_that_fails_in_the_off_of_a_dead_user_is_tried_again_and_alone)
{
	struct keeper_board b = busy_board();
	int before;

	wires[POWER].fail_next = 3;
	before = wires[RESET].n_sets;
	keeper_board_left(&b, false, 0);
	CHECK(wires[POWER].value);
	/* 0.5 s of the sequence itself, then 0.25, 0.5 and 1 s. */
	CHECK_EQ(tick_to_the_end(&b, 1 * MS), 2250 * MS);
	CHECK(!wires[POWER].value && !b.is_switching_off);
	CHECK_STR(b.not_off, "");
	/* Opened for the dead, then pressed once: not again with each round. */
	CHECK_EQ(wires[RESET].n_sets, before + 3);
	keeper_board_release(&b);
}

TEST(a_relay_card_that_was_unplugged_and_came_back_is_found_again)
{
	struct keeper_board b = busy_board();

	wires[POWER].fail_next = 1000;
	keeper_board_left(&b, false, 0);
	CHECK_EQ(keeper_board_tick(&b, 310 * MS), 510 * MS);
	CHECK_EQ(keeper_board_tick(&b, 510 * MS), 760 * MS);
	/* The old descriptor stays dead, and the card is not there at first. */
	wires[POWER].is_unreadable = true;
	wires[POWER].exists = false;
	CHECK_EQ(keeper_board_tick(&b, 760 * MS), 1260 * MS);
	CHECK(b.is_switching_off);
	CHECK_CONTAINS(b.not_off, "gone");
	wires[POWER].exists = true;
	wires[POWER].is_unreadable = false;
	wires[POWER].fail_next = 0;
	CHECK_EQ(keeper_board_tick(&b, 1260 * MS), INT64_MAX);
	CHECK(!wires[POWER].value && !b.is_switching_off);
	CHECK_STR(b.not_off, "");
	keeper_board_release(&b);
}

TEST(a_relay_that_never_obeys_ends_in_a_marked_board_and_not_in_a_loop)
{
	struct keeper_board b = busy_board();
	struct keeper_claim c = claim_of(claim_text);
	struct err err = ERR_INIT;

	wires[POWER].fail_next = 1000;
	keeper_board_left(&b, false, 0);
	CHECK_EQ(tick_to_the_end(&b, 1 * MS), (500 + 15750) * MS);
	CHECK(wires[POWER].value && !b.is_switching_off);
	CHECK_CONTAINS(b.not_off, "went away");
	/* The mark outlives a claim; who answers the claim takes it off. */
	CHECK_EQ(keeper_board_claim(&b, &c, &err), 0);
	CHECK_CONTAINS(b.not_off, "went away");
	keeper_board_release(&b);
}

static const char now_momentary[] =
	"{\"board\": \"b\", \"keep\": false, \"lines\": ["
	"{\"name\": \"power\", \"chip\": \"c\", \"offset\": 0, \"type\": 1, \"max_press_ms\": 1000}],"
	" \"off\": []}";

TEST(a_level_that_became_momentary_while_it_was_set_opens)
{
	struct keeper_board b = busy_board();
	struct keeper_claim c = claim_of(now_momentary);
	struct err err = ERR_INIT;

	keeper_board_left(&b, true, 0);
	CHECK(wires[POWER].value);
	b.lines[POWER].is_stored = true;
	CHECK_EQ(keeper_board_claim(&b, &c, &err), 0);
	CHECK(!wires[POWER].value);
	CHECK(!b.lines[POWER].is_stored);
	keeper_board_release(&b);
	/* And when it would not: the clock tries again. */
	b = busy_board();
	c = claim_of(now_momentary);
	keeper_board_left(&b, true, 0);
	wires[POWER].fail_next = 2;
	CHECK_EQ(keeper_board_claim(&b, &c, &err), 0);
	CHECK(wires[POWER].value);
	CHECK_EQ(keeper_board_tick(&b, 1 * MS), 501 * MS);
	CHECK_EQ(keeper_board_tick(&b, 501 * MS), INT64_MAX);
	CHECK(!wires[POWER].value);
	keeper_board_release(&b);
}

static int kept_power(void *arg, const char *board, const char *line)
{
	CHECK_STR(board, "b");
	return strcmp(line, "power") == 0 ? 100 + POWER : -1;
}

static int kept_nothing(void *arg, const char *board, const char *line)
{
	return -1;
}

TEST(a_kept_line_goes_on_and_a_button_opens)
{
	struct keeper_claim c = claim_of(claim_text);
	struct keeper_board b;

	for (size_t i = 0; i < ARRAY_SIZE(wires); i++)
		wires[i].exists = true;
	wires[POWER].value = wires[RESET].value = true;
	keeper_board_restore(&b, &hw, &c, 1U << POWER | 1U << RESET, kept_power, NULL);
	CHECK(wires[POWER].value && !wires[RESET].value);
	CHECK(!b.lines[POWER].was_lost);
	CHECK_EQ(keeper_board_values(&b), 1U << POWER);
	keeper_board_release(&b);
}

TEST(a_line_that_was_lost_is_known_and_never_closes_by_itself)
{
	struct keeper_claim c = claim_of(claim_text);
	struct keeper_board b;

	for (size_t i = 0; i < ARRAY_SIZE(wires); i++)
		wires[i].exists = true;
	/* It was set, and its driver let it go. */
	keeper_board_restore(&b, &hw, &c, 1U << POWER, kept_nothing, NULL);
	CHECK_EQ(wires[POWER].mode, GPIO_AS_IS);
	CHECK(b.lines[POWER].was_lost && !wires[POWER].value);
	keeper_board_release(&b);
	/* It was clear, and its pull closed it. */
	c = claim_of(claim_text);
	wires[POWER].value = true;
	keeper_board_restore(&b, &hw, &c, 0, kept_nothing, NULL);
	CHECK(b.lines[POWER].was_lost && !wires[POWER].value);
	keeper_board_release(&b);
}

TEST(a_line_that_is_gone_does_not_let_the_others_go)
{
	struct keeper_claim c = claim_of(claim_text);
	struct keeper_board b;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(wires); i++)
		wires[i].exists = i != RESET;
	wires[POWER].value = true;
	keeper_board_restore(&b, &hw, &c, 1U << POWER, kept_power, NULL);
	CHECK(wires[POWER].value && b.lines[POWER].gpio);
	CHECK(!b.lines[RESET].gpio);
	/* It is back when the board is claimed again. */
	wires[RESET].exists = true;
	c = claim_of(claim_text);
	CHECK_EQ(keeper_board_claim(&b, &c, &err), 0);
	CHECK(b.lines[RESET].gpio && wires[POWER].value);
	keeper_board_release(&b);
}

TEST(a_board_claimed_again_keeps_its_levels)
{
	struct keeper_board b = busy_board();
	struct keeper_claim c = claim_of(claim_text);
	struct err err = ERR_INIT;
	int before;

	keeper_board_left(&b, true, 0);
	before = wires[POWER].n_sets;
	CHECK_EQ(keeper_board_claim(&b, &c, &err), 0);
	CHECK(wires[POWER].value);
	CHECK_EQ(wires[POWER].n_sets, before);
	keeper_board_release(&b);
}

TEST(a_button_is_not_pressed_when_the_sense_line_says_that_it_need_not)
{
	struct keeper_board b = taken();

	/* off: press reset (a power button here) unless off already */
	b.claim.n_off = 1;
	b.claim.off[0] = (struct board_step){ .kind = BOARD_STEP_PRESS,
					      .line = RESET,
					      .ms = 100,
					      .unless = BOARD_UNLESS_OFF };
	wires[SENSE].value = false;
	keeper_board_left(&b, false, 0);
	CHECK_EQ(wires[RESET].n_sets, 0);
	wires[SENSE].value = true;
	keeper_board_left(&b, false, 0);
	CHECK(wires[RESET].value);
	keeper_board_tick(&b, 100 * MS);
	CHECK(!wires[RESET].value && !b.is_switching_off);
	wires[RESET].n_sets = 0;
	wires[SENSE].is_unreadable = true;
	keeper_board_left(&b, false, 0);
	tick_to_the_end(&b, 1 * MS);
	CHECK_EQ(wires[RESET].n_sets, 0);
	CHECK_CONTAINS(b.not_off, "power sense cannot be read");
	wires[SENSE].is_unreadable = false;
	keeper_board_release(&b);
}

TESTS(T(lines_are_requested_with_their_safe_value),
      T(a_line_that_cannot_be_had_leaves_none_held),
      T(a_press_ends_by_the_keepers_own_clock), T(no_press_is_longer_than_its_maximum),
      T(asking_again_does_not_make_a_press_longer),
      T(an_interlocked_line_closes_only_beside_its_partner),
      T(nobody_drives_an_input_or_a_line_that_is_not_there),
      T(a_button_that_does_not_open_is_tried_again_and_the_sequence_fails),
      T(a_button_opens_before_its_line_is_given_back),
      T(the_death_of_the_user_opens_buttons_at_once_and_switches_off),
      T(keep_and_a_farewell_leave_the_power_and_open_the_buttons),
      T(a_relay_that_fails_does_not_keep_the_others_on),
      T(a_relay_that_fails_in_the_off_of_a_dead_user_is_tried_again_and_alone),
      T(a_relay_card_that_was_unplugged_and_came_back_is_found_again),
      T(a_relay_that_never_obeys_ends_in_a_marked_board_and_not_in_a_loop),
      T(a_level_that_became_momentary_while_it_was_set_opens),
      T(a_kept_line_goes_on_and_a_button_opens),
      T(a_line_that_was_lost_is_known_and_never_closes_by_itself),
      T(a_line_that_is_gone_does_not_let_the_others_go),
      T(a_board_claimed_again_keeps_its_levels),
      T(a_button_is_not_pressed_when_the_sense_line_says_that_it_need_not))
