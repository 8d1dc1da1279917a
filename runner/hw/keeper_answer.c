// SPDX-License-Identifier: GPL-2.0-or-later
/* What the keeper does with one request of one client. */
#include <errno.h>
#include <sys/syscall.h>

#include "hw/gpio_lib.h"
#include "hw/keeper_int.h"
#include "util/jsonx.h"
#include "util/log.h"
#include "util/mem.h"

enum { RETRY_MS = 50 };

json_t *keeper_answer_ok(void)
{
	json_t *j = json_object();

	json_put(j, "ok", json_true());
	return j;
}

static json_t *no(const struct err *err)
{
	json_t *j = json_object();

	json_put(j, "ok", json_false());
	json_put(j, "errno", json_integer(-err->code));
	json_put(j, "error", json_lossy_str(err->msg));
	return j;
}

static json_t *yes_or_no(int r, const struct err *err)
{
	return r ? no(err) : keeper_answer_ok();
}

static struct keeper_slot *slot_of(struct keeper_server *s, int client)
{
	int slot = s->clients[client].slot;

	return slot < 0 ? NULL : &s->slots[slot];
}

static int find_slot(const struct keeper_server *s, const char *board)
{
	for (int i = 0; i < KEEPER_MAX_BOARDS; i++)
		if (s->slots[i].is_used &&
		    strcmp(s->slots[i].board.claim.board, board) == 0)
			return i;
	return -1;
}

static int free_slot(const struct keeper_server *s)
{
	for (int i = 0; i < KEEPER_MAX_BOARDS; i++)
		if (!s->slots[i].is_used)
			return i;
	return -1;
}

/* ---- status ---- */

static json_t *line_json(struct keeper_board *b, size_t i)
{
	const struct board_line *l = &b->claim.lines[i];
	struct keeper_line *k = &b->lines[i];
	struct err err = ERR_INIT;
	json_t *j = json_object();
	bool value = false;
	int r = k->gpio ? b->hw->get(k->gpio, &value, &err)
			: err_set(&err, ERR_LAB, -ENODEV, "not held");

	json_put(j, "name", json_lossy_str(l->name));
	json_put(j, "type", json_string(board_line_type_to_str(l->type)));
	json_put(j, "line", json_lossy_str(k->where.name));
	json_put(j, "chip", json_lossy_str(k->where.chip));
	json_put(j, "path", json_lossy_str(k->where.path));
	json_put(j, "offset", json_integer(k->where.offset));
	json_put(j, "active_low", json_boolean(l->active_low));
	json_put(j, "value", r ? json_null() : json_boolean(value));
	json_put(j, "set",
		 l->type == BOARD_LINE_INPUT ? json_null() : json_boolean(k->value));
	json_put(j, "error", r ? json_lossy_str(err.msg) : json_null());
	json_put(j, "lost", json_boolean(k->was_lost));
	json_put(j, "kept", json_boolean(k->is_stored));
	json_put(j, "driver", json_lossy_str(k->where.driver));
	json_put(j, "at_release", json_string(gpio_at_release(k->where.driver)));
	return j;
}

static json_t *lines_json(struct keeper_board *b)
{
	json_t *j = json_array();

	for (size_t i = 0; i < b->claim.n_lines; i++)
		json_push(j, line_json(b, i));
	return j;
}

static json_t *not_off(const struct keeper_board *b)
{
	return b->not_off[0] ? json_lossy_str(b->not_off) : json_null();
}

/* The lines of one board, or the names of all. */
static json_t *status(struct keeper_server *s, const char *board)
{
	json_t *j = keeper_answer_ok(), *boards = json_array();

	json_put(j, "pid", json_integer(getpid()));
	json_put(j, "libgpiod", json_string(gpio_lib_version()));
	json_put(j, "has_store", json_boolean(s->has_store));
	for (size_t i = 0; i < KEEPER_MAX_BOARDS; i++) {
		struct keeper_slot *k = &s->slots[i];
		json_t *b;

		if (!k->is_used || (board[0] && strcmp(board, k->board.claim.board) != 0))
			continue;
		b = json_object();
		json_put(b, "board", json_lossy_str(k->board.claim.board));
		json_put(b, "user", k->pid ? json_integer(k->pid) : json_null());
		json_put(b, "switching_off", json_boolean(k->board.is_switching_off));
		json_put(b, "not_off", not_off(&k->board));
		if (board[0])
			json_put(b, "lines", lines_json(&k->board));
		json_push(boards, b);
	}
	json_put(j, "boards", boards);
	return j;
}

/* ---- claim and release ---- */

/* Only levels are kept over our death: an unkept momentary line opens then. */
static void store_lines(struct keeper_server *s, struct keeper_board *b)
{
	for (size_t i = 0; i < b->claim.n_lines; i++) {
		struct keeper_line *k = &b->lines[i];
		int fd = k->gpio && b->hw == &keeper_gpio ? gpio_fd(k->gpio) : -1;

		if (b->claim.lines[i].type != BOARD_LINE_LEVEL || k->is_stored || fd < 0)
			continue;
		keeper_store_remove(b->claim.board, b->claim.lines[i].name);
		k->is_stored =
			keeper_store_put(b->claim.board, b->claim.lines[i].name, fd);
		s->has_store = k->is_stored;
	}
}

static bool is_level(const struct keeper_claim *c, const char *name)
{
	int i = keeper_claim_line(c, name);

	return i >= 0 && c->lines[i].type == BOARD_LINE_LEVEL;
}

static void unstore(const struct keeper_claim *old, const struct keeper_claim *keep)
{
	for (size_t i = 0; i < old->n_lines; i++)
		if (!keep || !is_level(keep, old->lines[i].name))
			keeper_store_remove(old->board, old->lines[i].name);
}

static int may_claim(const struct keeper_slot *k, pid_t pid, struct err *err)
{
	const char *board = k->board.claim.board;

	if (k->board.is_switching_off)
		return err_set(err, ERR_LAB, -EAGAIN,
			       "board %s is being switched off%s%s", board,
			       k->board.not_off[0] ? ", but " : "", k->board.not_off);
	if (k->client >= 0 || (k->orphan_fd >= 0 && k->pid != pid))
		return err_set(err, ERR_LAB, -EBUSY,
			       "board %s has a user already: process %d", board,
			       (int)k->pid);
	return 0;
}

static int claim_again(struct keeper_slot *k, struct keeper_claim *take, pid_t pid,
		       struct err *err)
{
	bool has_dropped = false;
	int r = may_claim(k, pid, err);

	if (r)
		return r;
	for (size_t i = 0; i < k->board.claim.n_lines; i++)
		has_dropped |= keeper_claim_line(take, k->board.claim.lines[i].name) < 0;
	unstore(&k->board.claim, take);
	r = keeper_board_claim(&k->board, take, err);
	/* Whoever keeps the dropped line's descriptor lets it go in a moment. */
	if (r == -EBUSY && has_dropped)
		err->code = r = -EAGAIN;
	return r;
}

static int claim_new(struct keeper_server *s, struct keeper_claim *take, int *slot,
		     struct err *err)
{
	*slot = free_slot(s);
	if (*slot < 0)
		return err_set(err, ERR_LAB, -ENOSPC, "the keeper has %d boards already",
			       KEEPER_MAX_BOARDS);
	struct keeper_slot *k = &s->slots[*slot];
	int r = keeper_board_take(&k->board, s->opts->hw, take, err);

	k->is_used = !r;
	k->client = k->orphan_fd = -1;
	return r;
}

static json_t *claim(struct keeper_server *s, int client, struct keeper_claim *take)
{
	struct keeper_client *c = &s->clients[client];
	int slot = find_slot(s, take->board), r;
	struct err err = ERR_INIT;

	if (c->slot >= 0)
		r = err_set(&err, ERR_LAB, -EBUSY, "one user has one board");
	else if (slot >= 0)
		r = claim_again(&s->slots[slot], take, c->pid, &err);
	else
		r = claim_new(s, take, &slot, &err);
	if (r)
		return no(&err);
	struct keeper_slot *k = &s->slots[slot];
	if (k->orphan_fd >= 0)
		close(TAKE_FD(k->orphan_fd));
	k->client = client;
	k->pid = c->pid;
	k->born = keeper_process_born(c->pid);
	c->slot = slot;
	store_lines(s, &k->board);
	json_t *j = keeper_answer_ok();
	/* Told once: its own off is the next thing that a run does. */
	json_put(j, "not_off", not_off(&k->board));
	k->board.not_off[0] = '\0';
	keeper_state_write(s);
	json_put(j, "lines", lines_json(&k->board));
	json_put(j, "kept", json_boolean(s->has_store));
	return j;
}

static json_t *release(struct keeper_server *s, int client, const char *board)
{
	int slot = find_slot(s, board);
	struct err err = ERR_INIT;
	int r;

	if (slot < 0)
		r = err_set(&err, ERR_LAB, -ENOENT, "the keeper holds no board %s",
			    board);
	else
		r = may_claim(&s->slots[slot], s->clients[client].pid, &err);
	if (r)
		return no(&err);
	struct keeper_slot *k = &s->slots[slot];
	unstore(&k->board.claim, NULL);
	keeper_board_release(&k->board);
	if (k->orphan_fd >= 0)
		close(TAKE_FD(k->orphan_fd));
	k->is_used = false;
	k->pid = 0;
	keeper_state_write(s);
	return keeper_answer_ok();
}

static json_t *stop(struct keeper_server *s)
{
	struct err err = ERR_INIT;

	for (size_t i = 0; i < KEEPER_MAX_BOARDS; i++) {
		int r = s->slots[i].is_used ? may_claim(&s->slots[i], 0, &err) : 0;

		if (r)
			return no(&err);
	}
	for (size_t i = 0; i < KEEPER_MAX_BOARDS; i++)
		if (s->slots[i].is_used)
			unstore(&s->slots[i].board.claim, NULL);
	keeper_state_remove(s);
	s->is_stopping = true;
	return keeper_answer_ok();
}

void keeper_left(struct keeper_server *s, int client, bool said_bye, int64_t now_ns)
{
	struct keeper_client *c = &s->clients[client];
	struct keeper_slot *k = slot_of(s, client);

	c->slot = c->pressing = -1;
	if (!k)
		return;
	k->client = -1;
	k->pid = 0;
	keeper_board_left(&k->board, said_bye, now_ns);
	keeper_state_write(s);
}

/* ---- moves ---- */

static json_t *move(struct keeper_server *s, int client, const struct keeper_request *q,
		    int64_t now_ns)
{
	struct keeper_slot *k = slot_of(s, client);
	struct keeper_client *c = &s->clients[client];
	struct err err = ERR_INIT;
	bool value = false;
	int r;

	if (q->verb == KEEPER_BEGIN) {
		r = keeper_board_begin(&k->board, &q->lines, &err);
	} else if (q->verb == KEEPER_SET) {
		r = keeper_board_set(&k->board, q->line, q->value, now_ns, &err);
	} else if (q->verb == KEEPER_PRESS) {
		r = keeper_board_press(&k->board, q->line, q->ms, now_ns, &err);
		if (!r) {
			c->pressing = keeper_claim_line(&k->board.claim, q->line);
			return NULL;
		}
	} else if (q->verb == KEEPER_GET) {
		json_t *j;

		r = keeper_board_get(&k->board, q->line, &value, &err);
		if (r)
			return no(&err);
		j = keeper_answer_ok();
		json_put(j, "value", json_boolean(value));
		return j;
	} else {
		r = keeper_board_end(&k->board, &err);
	}
	if (q->verb == KEEPER_SET && !r)
		keeper_state_write(s);
	return yes_or_no(r, &err);
}

static json_t *answer(struct keeper_server *s, int client, struct keeper_request *q,
		      int64_t now_ns)
{
	struct err err = ERR_INIT;

	switch (q->verb) {
	case KEEPER_STATUS:
		return status(s, q->board);
	case KEEPER_STOP:
		return stop(s);
	case KEEPER_CLAIM:
		return claim(s, client, &q->claim);
	case KEEPER_RELEASE:
		return release(s, client, q->board);
	case KEEPER_BYE:
		keeper_left(s, client, true, now_ns);
		return keeper_answer_ok();
	case KEEPER_BEGIN:
	case KEEPER_SET:
	case KEEPER_PRESS:
	case KEEPER_GET:
	case KEEPER_END:
		break;
	}
	if (s->clients[client].pressing >= 0)
		err_set(&err, ERR_LAB, -EBUSY, "the press before is not over");
	else if (!slot_of(s, client))
		err_set(&err, ERR_LAB, -EPERM, "no board was claimed");
	else
		return move(s, client, q, now_ns);
	return no(&err);
}

json_t *keeper_answer(struct keeper_server *s, int client, const char *text, size_t len,
		      int64_t now_ns)
{
	struct keeper_request q;
	struct err err = ERR_INIT;
	int r = keeper_request_parse(text, len, &q, &err);
	json_t *j = r ? no(&err) : answer(s, client, &q, now_ns);

	keeper_request_release(&q);
	return j;
}
