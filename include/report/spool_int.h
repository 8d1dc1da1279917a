// SPDX-License-Identifier: GPL-2.0-or-later
/* The outbox's directories and what an entry's file looks like. Private to
 * runner/report/spool*.c. */
#pragma once

#include "report/spool.h"
#include "util/hash.h"

enum { SPOOL_HEADER_MAX = 8192 };
#define SPOOL_SCHEMA "bootrig.spool/1"

enum spool_dir { SPOOL_PENDING, SPOOL_STATE, SPOOL_SENT, SPOOL_DEAD, SPOOL_N_DIRS };

struct spool {
	char *path;
	int dirs[SPOOL_N_DIRS];
};

bool spool_is_in(const struct spool *s, enum spool_dir dir, const char *name);
/* RUN~DESTINATION~BODY; the caller owns it. */
char *spool_entry_name(const char *run_id, const struct destination *to,
		       struct sha256_hex body);
