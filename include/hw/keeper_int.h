// SPDX-License-Identifier: GPL-2.0-or-later
/* The keeper's own state, shared by its files alone: boards, their users, what stands on
 * disk. */
#pragma once

#include <sys/types.h>

#include "hw/keeper.h"
#include "hw/keeper_store.h"

enum { KEEPER_MAX_BOARDS = 32, KEEPER_MAX_CLIENTS = 64 };

struct keeper_slot {
	bool is_used;
	struct keeper_board board;
	int client;    /* index of its user; -1 = none */
	pid_t pid;     /* of its user, also of one that an earlier keeper had */
	uint64_t born; /* of that process, as /proc tells: numbers come again */
	int orphan_fd; /* its pidfd, until it claims again; -1 = none */
};

struct keeper_client {
	int fd; /* -1 = free */
	pid_t pid;
	int slot;     /* -1 = none */
	int pressing; /* line that it waits for; -1 = none */
};

struct keeper_server {
	const struct keeper_opts *opts;
	int dirfd;
	char *name; /* of the socket in dirfd */
	int lock_fd, listen_fd;
	struct keeper_slot slots[KEEPER_MAX_BOARDS];
	struct keeper_client clients[KEEPER_MAX_CLIENTS];
	bool has_store; /* somebody keeps descriptors for us */
	bool is_stopping;
};

/* runner/hw/keeper_state.c: what the next keeper must know. */
void keeper_state_write(const struct keeper_server *s);
/* Boards of a keeper that died, with the descriptors that were kept. */
void keeper_state_restore(struct keeper_server *s, struct keeper_kept *kept);
void keeper_state_remove(const struct keeper_server *s);
/* 0: no such process. */
uint64_t keeper_process_born(pid_t pid);

/* runner/hw/keeper_answer.c: one request, one answer. NULL: it comes later (a press). */
json_t *keeper_answer(struct keeper_server *s, int client, const char *text, size_t len,
		      int64_t now_ns);
json_t *keeper_answer_ok(void);
/* The client is gone, with or without a word. */
void keeper_left(struct keeper_server *s, int client, bool said_bye, int64_t now_ns);
