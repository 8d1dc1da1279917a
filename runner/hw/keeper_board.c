// SPDX-License-Identifier: GPL-2.0-or-later
/* The rules of a board's lines. */
#include "hw/keeper_board_int.h"

#include <errno.h>

#include "util/log.h"
#include "util/mem.h"

const struct keeper_hw keeper_gpio = { .find = gpio_find,
				       .request = gpio_request,
				       .adopt = gpio_adopt,
				       .release = gpio_release,
				       .set = gpio_set,
				       .get = gpio_get };

enum { STUCK_RETRY_MS = 500 };

bool keeper_board_is_momentary(const struct keeper_board *b, size_t i)
{
	return b->claim.lines[i].type == BOARD_LINE_MOMENTARY;
}

static int request(struct keeper_board *b, size_t i, enum gpio_mode mode, struct err *err)
{
	const struct board_line *l = &b->claim.lines[i];
	struct keeper_line *k = &b->lines[i];
	char consumer[128];
	const struct gpio_request q = {
		.consumer = consumer,
		.mode = l->type == BOARD_LINE_INPUT ? GPIO_INPUT : mode,
		.active_low = l->active_low,
		.value = false,
	};

	snprintf(consumer, sizeof(consumer), "bootrig:%s:%s", b->claim.board, l->name);
	return b->hw->request(&k->where, &q, &k->gpio, err);
}

int keeper_board_request_again(struct keeper_board *b, size_t i, struct err *err)
{
	struct keeper_line *k = &b->lines[i];

	b->hw->release(TAKE_PTR(k->gpio));
	k->is_stored = k->value = false;
	int r = b->hw->find(&b->claim.lines[i], &k->where, err);
	return r ? r : request(b, i, GPIO_OUTPUT, err);
}

static void start(struct keeper_board *b, const struct keeper_hw *hw,
		  struct keeper_claim *take)
{
	*b = (struct keeper_board){ .hw = hw, .claim = *take };
	*take = (struct keeper_claim){ .lines = NULL };
	for (size_t i = 0; i < BOARD_MAX_LINES; i++)
		b->lines[i].open_at_ns = INT64_MAX;
}

int keeper_board_take(struct keeper_board *b, const struct keeper_hw *hw,
		      struct keeper_claim *take, struct err *err)
{
	int r = 0;

	start(b, hw, take);
	for (size_t i = 0; i < b->claim.n_lines && !r; i++) {
		r = hw->find(&b->claim.lines[i], &b->lines[i].where, err);
		if (!r)
			r = request(b, i, GPIO_OUTPUT, err);
	}
	if (r)
		keeper_board_release(b);
	return r;
}

/* What the line has now, against what it had. One that closed by itself opens again; one
 * that opened stays so: nobody asked for a board to be switched on now. */
static int compare(struct keeper_board *b, size_t i, bool was, struct err *err)
{
	struct keeper_line *k = &b->lines[i];
	int r = b->hw->get(k->gpio, &k->value, err);

	k->was_lost = !r && k->value != was;
	if (r || !k->was_lost || was)
		return r;
	k->value = false;
	return b->hw->set(k->gpio, false, err);
}

static int restore_line(struct keeper_board *b, size_t i, bool was, int kept_fd,
			struct err *err)
{
	const struct board_line *l = &b->claim.lines[i];
	struct keeper_line *k = &b->lines[i];
	int r = b->hw->find(l, &k->where, err);

	if (r && kept_fd >= 0)
		close(kept_fd);
	if (r)
		return r;
	k->is_stored = kept_fd >= 0;
	if (k->is_stored)
		r = b->hw->adopt(&k->where, kept_fd, &k->gpio, err);
	else
		r = request(b, i,
			    keeper_board_is_momentary(b, i) ? GPIO_OUTPUT : GPIO_AS_IS,
			    err);
	if (!r && keeper_board_is_momentary(b, i))
		return b->hw->set(k->gpio, false, err);
	return r || l->type == BOARD_LINE_INPUT ? r : compare(b, i, was, err);
}

void keeper_board_restore(struct keeper_board *b, const struct keeper_hw *hw,
			  struct keeper_claim *take, uint32_t values, keeper_kept_fn kept,
			  void *arg)
{
	start(b, hw, take);
	for (size_t i = 0; i < b->claim.n_lines; i++) {
		const char *name = b->claim.lines[i].name;
		int fd = kept(arg, b->claim.board, name);
		struct err err = ERR_INIT;

		/* One relay that is gone must not let the others go. */
		if (!restore_line(b, i, values & 1U << i, fd, &err))
			continue;
		log_error("board %s: %s", b->claim.board, err.msg);
		b->hw->release(TAKE_PTR(b->lines[i].gpio));
	}
}

static bool same_request(const struct keeper_board *a, size_t i,
			 const struct keeper_board *b, size_t k)
{
	const struct board_line *x = &a->claim.lines[i], *y = &b->claim.lines[k];

	return a->lines[i].gpio && a->lines[i].where.offset == b->lines[k].where.offset &&
	       strcmp(a->lines[i].where.path, b->lines[k].where.path) == 0 &&
	       x->active_low == y->active_low &&
	       (x->type == BOARD_LINE_INPUT) == (y->type == BOARD_LINE_INPUT) &&
	       strcmp(x->name, y->name) == 0;
}

static void move_line(struct keeper_board *from, size_t i, struct keeper_board *to,
		      size_t k)
{
	to->lines[k].gpio = TAKE_PTR(from->lines[i].gpio);
	to->lines[k].value = from->lines[i].value;
	to->lines[k].was_lost = from->lines[i].was_lost;
	/* A copy would hold a button down when we die. */
	to->lines[k].is_stored =
		from->lines[i].is_stored && to->claim.lines[k].type == BOARD_LINE_LEVEL;
}

/* The file may have changed since: lines that are no longer named go back first, or a
 * line that got another name would be busy. */
static int rebuild(struct keeper_board *old, struct keeper_board *b, struct err *err)
{
	struct err ignored = ERR_INIT;
	bool value;
	int r = 0;

	/* A chip that was unplugged and came back has new lines: the old ones are dead.
	 */
	for (size_t k = 0; k < b->claim.n_lines; k++)
		for (size_t i = 0; i < old->claim.n_lines; i++)
			if (same_request(old, i, b, k) &&
			    !b->hw->get(old->lines[i].gpio, &value, &ignored))
				move_line(old, i, b, k);
	for (size_t i = 0; i < old->claim.n_lines; i++) {
		old->hw->release(old->lines[i].gpio);
		old->lines[i].gpio = NULL;
	}
	for (size_t k = 0; k < b->claim.n_lines && !r; k++)
		if (!b->lines[k].gpio)
			r = request(b, k, GPIO_OUTPUT, err);
	return r;
}

/* A line that became momentary while it was closed has no end of its own. */
static void open_unpressed(struct keeper_board *b)
{
	keeper_board_open_momentary(b);
	for (size_t i = 0; i < b->claim.n_lines; i++)
		if (keeper_board_is_momentary(b, i) && b->lines[i].value)
			b->lines[i].open_at_ns = 0; /* the next tick tries again */
}

int keeper_board_claim(struct keeper_board *b, struct keeper_claim *take, struct err *err)
{
	struct keeper_board fresh;
	int r = 0;

	start(&fresh, b->hw, take);
	for (size_t i = 0; i < fresh.claim.n_lines && !r; i++)
		r = b->hw->find(&fresh.claim.lines[i], &fresh.lines[i].where, err);
	if (r) {
		keeper_board_release(&fresh);
		return r;
	}
	r = rebuild(b, &fresh, err);
	memcpy(fresh.not_off, b->not_off, sizeof(fresh.not_off));
	keeper_board_release(b);
	*b = fresh;
	open_unpressed(b);
	return r;
}

void keeper_board_release(struct keeper_board *b)
{
	/* A driver may leave the line as it is. */
	keeper_board_open_momentary(b);
	for (size_t i = 0; i < b->claim.n_lines; i++)
		b->hw->release(b->lines[i].gpio);
	keeper_claim_release(&b->claim);
	memset(b->lines, 0, sizeof(b->lines));
}

static int find_line(const struct keeper_board *b, const char *name, struct err *err)
{
	int i = keeper_claim_line(&b->claim, name);

	if (i >= 0 && b->lines[i].gpio)
		return i;
	return err_set(err, ERR_LAB, -EINVAL, "board %s has no line \"%s\"",
		       b->claim.board, name);
}

int keeper_board_begin(struct keeper_board *b, const struct strvec *lines,
		       struct err *err)
{
	uint32_t allowed = 0;

	for (size_t i = 0; i < lines->n; i++) {
		int l = find_line(b, lines->v[i], err);

		if (l < 0)
			return l;
		allowed |= 1U << l;
	}
	b->allowed = allowed;
	b->in_sequence = true;
	for (size_t i = 0; i < b->claim.n_lines; i++)
		b->lines[i].was_moved = b->lines[i].ran_out = false;
	return 0;
}

/* Does the sequence name one of the lines that this one may only close with? */
static bool has_partner(const struct keeper_board *b, size_t i)
{
	const struct strvec *with = &b->claim.lines[i].only_with;

	for (size_t k = 0; k < with->n; k++) {
		int l = keeper_claim_line(&b->claim, with->v[k]);

		if (l >= 0 && b->allowed & 1U << l)
			return true;
	}
	return !with->n;
}

int keeper_board_may_close(const struct keeper_board *b, size_t i, struct err *err)
{
	const struct board_line *l = &b->claim.lines[i];

	if (l->type == BOARD_LINE_INPUT)
		return err_set(err, ERR_LAB, -EPERM, "line %s is an input", l->name);
	if (!b->in_sequence || !(b->allowed & 1U << i))
		return err_set(err, ERR_LAB, -EPERM,
			       "line %s is not part of the running sequence", l->name);
	if (!has_partner(b, i))
		return err_set(
			err, ERR_LAB, -EPERM,
			"line %s closes only in a sequence that also moves %s (only_with)",
			l->name, l->only_with.v[0]);
	return 0;
}

int keeper_board_drive(struct keeper_board *b, size_t i, bool value, struct err *err)
{
	struct keeper_line *k = &b->lines[i];
	int r = b->hw->set(k->gpio, value, err);

	if (r)
		return r;
	k->value = value;
	k->was_moved = true;
	k->was_lost = false;
	if (!value) {
		k->open_at_ns = INT64_MAX;
		k->is_pressed = k->is_stuck = false;
	}
	return 0;
}

/* Asked again, a button that is held opens no later than it would have. */
static void open_at(struct keeper_board *b, size_t i, int64_t at_ns)
{
	if (at_ns < b->lines[i].open_at_ns)
		b->lines[i].open_at_ns = at_ns;
}

int keeper_board_set(struct keeper_board *b, const char *line, bool value, int64_t now_ns,
		     struct err *err)
{
	int i = find_line(b, line, err), r;

	if (i < 0)
		return i;
	r = value ? keeper_board_may_close(b, (size_t)i, err) : 0;
	if (!r && b->claim.lines[i].type == BOARD_LINE_INPUT)
		r = err_set(err, ERR_LAB, -EPERM, "line %s is an input", line);
	if (!r && b->lines[i].ran_out) {
		b->lines[i].ran_out = false;
		return err_set(
			err, ERR_LAB, -ETIME,
			"line %s opened by itself after %lld ms, its max_press, while the sequence held it",
			line, (long long)b->claim.lines[i].max_press_ms);
	}
	if (!r)
		r = keeper_board_drive(b, (size_t)i, value, err);
	if (!r && value && keeper_board_is_momentary(b, (size_t)i))
		open_at(b, (size_t)i, now_ns + b->claim.lines[i].max_press_ms * 1000000);
	return r;
}

int keeper_board_press(struct keeper_board *b, const char *line, int64_t ms,
		       int64_t now_ns, struct err *err)
{
	int i = find_line(b, line, err), r;

	if (i < 0)
		return i;
	if (!keeper_board_is_momentary(b, (size_t)i))
		return err_set(err, ERR_LAB, -EPERM, "line %s is not momentary", line);
	if (ms > b->claim.lines[i].max_press_ms)
		return err_set(
			err, ERR_LAB, -EPERM,
			"line %s may be pressed for %lld ms at most (max_press), not for %lld",
			line, (long long)b->claim.lines[i].max_press_ms, (long long)ms);
	r = keeper_board_may_close(b, (size_t)i, err);
	if (!r)
		r = keeper_board_drive(b, (size_t)i, true, err);
	if (r)
		return r;
	b->lines[i].is_pressed = true;
	open_at(b, (size_t)i, now_ns + ms * 1000000);
	return 0;
}

int keeper_board_get(struct keeper_board *b, const char *line, bool *value,
		     struct err *err)
{
	int i = find_line(b, line, err);

	return i < 0 ? i : b->hw->get(b->lines[i].gpio, value, err);
}

void keeper_board_open_momentary(struct keeper_board *b)
{
	for (size_t i = 0; i < b->claim.n_lines; i++) {
		struct err err = ERR_INIT;

		if (b->lines[i].gpio && keeper_board_is_momentary(b, i) &&
		    b->lines[i].value && keeper_board_drive(b, i, false, &err))
			log_error("board %s: %s", b->claim.board, err.msg);
	}
}

static bool partner_moved(const struct keeper_board *b, size_t i)
{
	const struct strvec *with = &b->claim.lines[i].only_with;

	for (size_t k = 0; k < with->n; k++) {
		int l = keeper_claim_line(&b->claim, with->v[k]);

		if (l >= 0 && b->lines[l].was_moved)
			return true;
	}
	return !with->n;
}

int keeper_board_end(struct keeper_board *b, struct err *err)
{
	int r = 0;

	keeper_board_open_momentary(b);
	for (size_t i = 0; i < b->claim.n_lines && !r; i++)
		if (b->lines[i].gpio && keeper_board_is_momentary(b, i) &&
		    b->lines[i].value)
			r = err_set(err, ERR_LAB, -ENODEV, "line %s does not open",
				    b->claim.lines[i].name);
	for (size_t i = 0; i < b->claim.n_lines && !r; i++)
		if (b->lines[i].was_moved && !partner_moved(b, i))
			r = err_set(err, ERR_LAB, -EPERM,
				    "line %s closed and none of its only_with moved",
				    b->claim.lines[i].name);
	b->in_sequence = false;
	b->allowed = 0;
	return r;
}

int64_t keeper_board_tick(struct keeper_board *b, int64_t now_ns)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < b->claim.n_lines; i++) {
		struct keeper_line *k = &b->lines[i];
		struct err err = ERR_INIT;

		if (k->open_at_ns <= now_ns) {
			k->ran_out = b->in_sequence && !k->is_pressed;
			if (keeper_board_drive(b, i, false, &err)) {
				if (!k->is_stuck)
					log_error("board %s: %s", b->claim.board,
						  err.msg);
				k->is_stuck = true;
				k->open_at_ns =
					now_ns + STUCK_RETRY_MS * INT64_C(1000000);
			}
		}
		if (k->open_at_ns < next)
			next = k->open_at_ns;
	}
	if (b->is_switching_off)
		keeper_board_off_steps(b, now_ns);
	if (b->is_switching_off && b->off_wait_ns && b->off_wait_ns < next)
		next = b->off_wait_ns;
	return next;
}

uint32_t keeper_board_values(const struct keeper_board *b)
{
	uint32_t values = 0;

	for (size_t i = 0; i < b->claim.n_lines; i++)
		if (b->lines[i].value)
			values |= 1U << i;
	return values;
}
