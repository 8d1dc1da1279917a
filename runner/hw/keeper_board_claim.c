// SPDX-License-Identifier: GPL-2.0-or-later
/* A board's lines requested, restored after a keeper that died, claimed again with
 * another file, and given back. */
#include "hw/keeper_board_int.h"

#include "util/log.h"

const struct keeper_hw keeper_gpio = { .find = gpio_find,
				       .request = gpio_request,
				       .adopt = gpio_adopt,
				       .release = gpio_release,
				       .set = gpio_set,
				       .get = gpio_get };

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
