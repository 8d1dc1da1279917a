// SPDX-License-Identifier: GPL-2.0-or-later
/* The outbox: bodies that wait for a receiver, on disk, surviving kill -9 and power cuts
 * at any instant (docs/posting.md states what is promised). Knows no HTTP and no token.
 *
 *     pending/NAME  one header line of JSON, then the body; never changed once it is
 * there state/NAME    attempts so far and the next one; losing it costs nothing but time
 *     sent/NAME     the receiver said yes; the newest SPOOL_KEEP_SENT are kept
 *     dead/NAME     the receiver refused it, or the file was damaged; kept for a person
 *
 * NAME = RUN~DESTINATION~BODY (hashes), so the same body for the same destination is one
 * entry however often it is queued. */
#pragma once

#include <stdbool.h>

#include "util/compiler.h"
#include "util/err.h"
#include "util/strvec.h"

enum { SPOOL_KEEP_SENT = 256, SPOOL_MAX_BODY = 64 << 20 };

enum spool_kind { SPOOL_RESULT, SPOOL_KCIDB };
const char *spool_kind_to_str(enum spool_kind kind); /* "result", "kcidb" */

struct destination {
	enum spool_kind kind;
	bool is_operators; /* from the command line or the environment, not from a job */
	char *url;         /* where to POST, without a prefix */
};

#define DESTINATION_INIT                                                                 \
	{                                                                                \
		.kind = SPOOL_RESULT, .is_operators = false, .url = NULL                 \
	}
#define _cleanup_destination_ _cleanup_(destination_release)

/* "http(s)://…" posts result.json; "kcidb+https://host" or an URL whose path ends in
 * "/submit" posts KCIDB ("/submit" is added when missing); "result+https://…/submit"
 * posts result.json after all. -EINVAL (ERR_JOB) for anything else and for an URL with a
 * user or password in it: those would end up on disk. */
MUST_CHECK int destination_parse(const char *text, bool is_operators,
				 struct destination *out, struct err *err);
void destination_release(struct destination *d);

struct destinations {
	struct destination *v;
	size_t n;
};

#define DESTINATIONS_INIT                                                                \
	{                                                                                \
		.v = NULL, .n = 0                                                        \
	}
#define _cleanup_destinations_ _cleanup_(destinations_release)
void destinations_release(struct destinations *d);
/* named (--to) alone when given; else those of $BOOTRIG_POST_URL (blank-separated) and
 * then the job's (job_urls may be NULL), each once. None is fine. */
MUST_CHECK int destinations_collect(const char *named, const struct strvec *job_urls,
				    struct destinations *out, struct err *err);

/* $BOOTRIG_SPOOL, else ${XDG_STATE_HOME:-~/.local/state}/bootrig/spool; the caller owns
 * it. */
char *spool_default_path(void);

struct spool;
/* Opens and creates what is missing, mode 0700. path NULL = the default. ERR_LAB. */
MUST_CHECK int spool_open(const char *path, struct spool **out, struct err *err);
void spool_close(struct spool *s); /* NULL is fine */
const char *spool_path(const struct spool *s);

#define _cleanup_spool_ _cleanup_(cleanup_spool)
static inline void cleanup_spool(struct spool **s)
{
	spool_close(*s);
}

enum spool_added { SPOOL_ADDED, SPOOL_WAS_PENDING, SPOOL_WAS_SENT };
/* On disk for good when it returns 0. again: also when it was sent before. added may be
 * NULL. ERR_LAB (disk full …) leaves nothing behind. */
MUST_CHECK int spool_enqueue(const struct spool *s, const char *run_id,
			     const struct destination *to, const void *body, size_t len,
			     bool again, enum spool_added *added, struct err *err);

struct spool_state {
	uint32_t attempts;
	int64_t next_ms; /* wall clock; 0 = at once */
	char why[256];   /* what the last attempt met; "" = none yet */
};

struct spool_entry {
	char *name;
	char *run_id;
	struct destination to;
	char *key;        /* Idempotency-Key: RUN-SHA256 of the body */
	char *file;       /* the whole file; NULL when only peeked */
	const char *body; /* inside file */
	size_t body_len;
	struct spool_state state;
	int lock_fd; /* -1 when only peeked */
};

void spool_entry_free(struct spool_entry *e); /* also unlocks; NULL is fine */
#define _cleanup_entry_ _cleanup_(cleanup_entry)
static inline void cleanup_entry(struct spool_entry **e)
{
	spool_entry_free(*e);
}

/* Names of the pending entries, those with the fewest attempts first. */
MUST_CHECK int spool_list(const struct spool *s, struct strvec *names, struct err *err);
void spool_get_state(const struct spool *s, const char *name, struct spool_state *out);
/* Header and state only, without the lock. -ENOENT: gone; -EBADMSG: damaged. */
MUST_CHECK int spool_peek(const struct spool *s, const char *name,
			  struct spool_entry **out, struct err *err);
/* Lock one entry and read it whole. -EBUSY: another process has it; -ENOENT: it is gone
 * (sent meanwhile); -EBADMSG: it was damaged and now lies in dead/, err says how. */
MUST_CHECK int spool_take(const struct spool *s, const char *name,
			  struct spool_entry **out, struct err *err);
/* What became of a taken entry. */
MUST_CHECK int spool_mark_sent(const struct spool *s, const struct spool_entry *e,
			       struct err *err);
MUST_CHECK int spool_mark_dead(const struct spool *s, const struct spool_entry *e,
			       const char *why, struct err *err);
/* Keep it pending; e->state is what gets written. */
MUST_CHECK int spool_mark_retry(const struct spool *s, const struct spool_entry *e,
				struct err *err);
/* Drop old sent entries, left-over temporary files and states without an entry. */
void spool_tidy(const struct spool *s);
