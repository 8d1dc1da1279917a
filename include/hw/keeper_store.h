// SPDX-License-Identifier: GPL-2.0-or-later
/* Descriptors of lines that outlive the keeper, by systemd's protocol (sd_notify FDSTORE
 * and LISTEN_FDS): whoever started the keeper keeps copies, be it systemd or
 * keeper_hold(). Private to hw/keeper*.c. */
#pragma once

#include <stdbool.h>

#include "util/err.h"

enum { KEEPER_STORE_MAX = 256, KEEPER_FD_NAME_SIZE = 160 };

/* What came with us. Call once, first: the environment is cleared. */
struct keeper_kept {
	struct {
		char name[KEEPER_FD_NAME_SIZE]; /* BOARD/LINE */
		int fd;                         /* -1: taken */
	} v[KEEPER_STORE_MAX];
	size_t n;
};
void keeper_kept_read(struct keeper_kept *kept);
/* The descriptor, now the caller's, or -1. */
int keeper_kept_take(struct keeper_kept *kept, const char *board, const char *line);
void keeper_kept_close(struct keeper_kept *kept); /* what nobody took */

/* To whoever started us; nothing without $NOTIFY_SOCKET. false: nobody keeps it. */
bool keeper_store_ready(void);
bool keeper_store_put(const char *board, const char *line, int fd);
void keeper_store_remove(const char *board, const char *line);
