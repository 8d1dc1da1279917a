// SPDX-License-Identifier: GPL-2.0-or-later
/* Takes files from the board over its network: a small HTTP receiver that lives in the
 * console's waits (upload_serve is called from an observer's tick). One file at a time,
 * each by a path that nobody else knows, bounded in size. What arrived is proven by a
 * checksum that came another way. */
#pragma once

#include <stdbool.h>

#include "util/err.h"

struct upload;

enum { UPLOAD_MAX_BYTES = 256 << 20 };

/* Listens on host (a name or address of this machine), port 0 = any; files go to dirfd as
 * upload-N. ERR_LAB. */
MUST_CHECK int upload_open(const char *host, uint16_t port, int dirfd,
			   struct upload **out, struct err *err);
void upload_close(struct upload *u); /* NULL is fine */
/* Does what can be done without waiting. */
void upload_serve(struct upload *u);
/* Where file number N is put; the caller owns it. */
char *upload_url(const struct upload *u, uint32_t number);
/* Did that file arrive whole, by its length? */
bool upload_has(const struct upload *u, uint32_t number);
