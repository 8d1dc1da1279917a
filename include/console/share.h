// SPDX-License-Identifier: GPL-2.0-or-later
/* Other readers of a console while a run has it: a unix socket beside the record gives
 * each who connects the last 64 KiB and then what comes. Read-only: who sends anything is
 * cut off. Each reader is served from the file, at its own pace: a slow one lags and
 * holds up nobody. */
#pragma once

#include <stdint.h>

#include "util/err.h"

enum { SHARE_MAX_READERS = 16, SHARE_BACKLOG_BYTES = 65536 };

struct share;

/* Listen at console.sock in the directory that has console.raw. ERR_LAB: -EADDRINUSE ….
 */
MUST_CHECK int share_new(int dirfd, struct share **out, struct err *err);
/* Gives the readers what still fits, hangs up and removes the socket. NULL is fine. */
void share_free(struct share *s);
/* To poll for input; then share_serve(). */
int share_fd(const struct share *s);
void share_serve(struct share *s);
/* The record has so many bytes now. */
void share_tell(struct share *s, uint64_t size);
