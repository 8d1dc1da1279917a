// SPDX-License-Identifier: GPL-2.0-or-later
/* The keeper: one process of a host and user that owns the relay lines, because a line
 * goes back to its default with the process that requested it, and a board's power must
 * outlive the worker that switched it. keeper_serve() is that process, keeper_hold() the
 * tiny one that keeps the lines' descriptors over the keeper's own death, and the rest is
 * how others talk to it. */
#pragma once

#include <jansson.h>

#include "hw/keeper_board.h"
#include "hw/power.h"

/* $BOOTRIG_KEEPER, else keeper.sock in the runtime directory. The caller owns *path. */
MUST_CHECK int keeper_socket_path(char **path, struct err *err);

/* ---- the process ---- */

struct keeper_opts {
	const struct keeper_hw *hw;
	bool is_on_demand; /* ends when it has nothing to keep */
	int stop_fd; /* readable: end, and leave the lines to whoever holds copies */
};
/* Serves until stop_fd or a client's stop; -EALREADY when another keeper serves. */
MUST_CHECK int keeper_serve(const struct keeper_opts *opts, struct err *err);
/* Runs argv (`bootrig keeper`) as systemd would, with a store for descriptors, again and
 * again while it dies by a crash or a kill. Its exit status is the return. */
MUST_CHECK int keeper_hold(const char *const argv[], int stop_fd, struct err *err);

/* ---- its clients ---- */

struct keeper;

/* start: begin one when none serves (-ENOENT otherwise). env serves the console while it
 * starts. */
MUST_CHECK int keeper_open(const struct power_env *env, bool start, struct keeper **out,
			   struct err *err);
void keeper_close(struct keeper *k); /* NULL is fine; the keeper sees a death */
/* One request and its answer. ERR_LAB with the keeper's own code and words; -EPIPE: the
 * keeper is gone. *reply (may be NULL) is the caller's. */
MUST_CHECK int keeper_ask(struct keeper *k, json_t *take_request, struct deadline d,
			  json_t **reply, struct err *err);
/* Did it end? Without a wait. */
bool keeper_is_gone(const struct keeper *k);
