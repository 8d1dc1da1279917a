// SPDX-License-Identifier: GPL-2.0-or-later
/* keeper.json: the boards, how their lines were set and who used them. Written after each
 * move, read by the keeper that comes after one that died. */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "hw/keeper_int.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/log.h"
#include "util/mem.h"

enum { MAX_STATE = 1 << 20 };

static char *state_name(const struct keeper_server *s)
{
	return xasprintf("%s.state", s->name);
}

/* What a host knew before it started again is not true any more. */
static void boot_id(char out[64])
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int r = io_read_file_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 128, &sb);

	snprintf(out, 64, "%.36s", r ? "" : strbuf_str(&sb));
}

uint64_t keeper_process_born(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/stat", (int)pid);
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	unsigned long long born = 0;
	const char *p;

	if (pid <= 0 || io_read_file_at(AT_FDCWD, path, 4096, &sb))
		return 0;
	/* The 22nd field; the second is a name in parentheses that may hold anything. */
	p = strrchr(strbuf_str(&sb), ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (p)
		born = strtoull(p + 1, NULL, 10);
	return born;
}

static json_t *slot_to_json(const struct keeper_slot *k)
{
	json_t *j = json_object();

	json_put(j, "claim", keeper_claim_to_json(&k->board.claim));
	json_put(j, "values", json_integer(keeper_board_values(&k->board)));
	json_put(j, "pid", json_integer(k->pid));
	json_put(j, "born", json_integer((json_int_t)k->born));
	json_put(j, "switching_off", json_boolean(k->board.is_switching_off));
	json_put(j, "not_off", json_lossy_str(k->board.not_off));
	return j;
}

void keeper_state_write(const struct keeper_server *s)
{
	_cleanup_json_ json_t *j = json_object();
	_cleanup_free_ char *name = state_name(s);
	json_t *boards = json_array();
	char id[64];
	size_t len;

	boot_id(id);
	json_put(j, "boot_id", json_lossy_str(id));
	for (size_t i = 0; i < KEEPER_MAX_BOARDS; i++)
		if (s->slots[i].is_used)
			json_push(boards, slot_to_json(&s->slots[i]));
	json_put(j, "boards", boards);
	_cleanup_free_ char *text = json_pretty(j, &len);
	int r = io_atomic_write_at(s->dirfd, name, text, len);
	if (r)
		log_error("the state of the relays cannot be written: %s", strerror(-r));
}

void keeper_state_remove(const struct keeper_server *s)
{
	_cleanup_free_ char *name = state_name(s);

	unlinkat(s->dirfd, name, 0);
}

static int kept(void *arg, const char *board, const char *line)
{
	return keeper_kept_take(arg, board, line);
}

static void say_lost(const struct keeper_board *b)
{
	for (size_t i = 0; i < b->claim.n_lines; i++)
		if (b->lines[i].was_lost)
			log_error(
				"board %s: line %s did not stay as it was when the keeper died; it is clear now",
				b->claim.board, b->claim.lines[i].name);
}

/* Its user may live, and will claim it again; if not, it died without being seen. */
static void find_user(struct keeper_slot *k)
{
	if (!k->pid)
		return;
	if (keeper_process_born(k->pid) == k->born)
		k->orphan_fd = (int)syscall(SYS_pidfd_open, k->pid, 0);
	if (k->orphan_fd >= 0)
		return;
	k->pid = 0;
	keeper_board_left(&k->board, false, clock_now_ns());
}

static void restore_slot(struct keeper_server *s, const json_t *j, size_t i,
			 struct keeper_kept *all)
{
	struct keeper_slot *k = &s->slots[i];
	struct keeper_claim claim;
	struct err err = ERR_INIT;
	int r = keeper_claim_from_json(json_object_get(j, "claim"), &claim, &err);

	if (r) {
		keeper_claim_release(&claim);
		log_error("a board of an earlier keeper is given up: %s", err.msg);
		return;
	}
	keeper_board_restore(&k->board, s->opts->hw, &claim,
			     (uint32_t)json_get_int(j, "values", 0), kept, all);
	k->is_used = true;
	k->client = k->orphan_fd = -1;
	k->pid = (pid_t)json_get_int(j, "pid", 0);
	k->born = (uint64_t)json_get_int(j, "born", 0);
	snprintf(k->board.not_off, sizeof(k->board.not_off), "%s",
		 json_get_str(j, "not_off", ""));
	say_lost(&k->board);
	if (json_get_bool(j, "switching_off", false))
		keeper_board_left(&k->board, false, clock_now_ns());
	else
		find_user(k);
}

void keeper_state_restore(struct keeper_server *s, struct keeper_kept *all)
{
	_cleanup_free_ char *name = state_name(s);
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	_cleanup_json_ json_t *j = NULL;
	const json_t *item;
	char id[64];
	size_t i;

	if (!io_read_file_at(s->dirfd, name, MAX_STATE, &sb))
		j = json_loadb(strbuf_str(&sb), sb.len, 0, NULL);
	boot_id(id);
	if (strcmp(json_get_str(j, "boot_id", ""), id) != 0)
		return;
	json_array_foreach(json_object_get(j, "boards"), i, item)
	{
		if (i < KEEPER_MAX_BOARDS)
			restore_slot(s, item, i, all);
	}
	keeper_state_write(s);
}
