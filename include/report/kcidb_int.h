// SPDX-License-Identifier: GPL-2.0-or-later
/* A result while it becomes KCIDB objects. Private to runner/report/kcidb*.c. */
#pragma once

#include "report/kcidb.h"
#include "util/hash.h"

struct kcidb {
	const json_t *result;
	const struct kcidb_opts *opts;
	const char *origin, *run;
	char *checkout_id, *build_id;
	json_t *checkouts, *builds, *tests, *issues, *incidents;
};

/* Text members end at a NUL and are left out when empty: KCIDB allows neither. */
void kcidb_put_text(json_t *object, const char *key, const char *s);
/* Left out when empty. */
void kcidb_put_list(json_t *object, const char *key, json_t *take_list);
/* As misc.bootrig, without nulls. */
void kcidb_put_misc(json_t *object, json_t *take_ours);
/* The first of the names that metadata holds as a text: KernelCI's LAVA jobs write
 * "git.commit", people write "git_commit_hash". NULL = none; borrowed from the result. */
const char *kcidb_metadata(const struct kcidb *k, const char *a, const char *b,
			   const char *c);
/* "origin:kind-hash"; the caller owns it. */
char *kcidb_id(const struct kcidb *k, const char *kind, struct sha256_hex h);

/* The build that somebody else sent, else one of ours and its checkout. Sets build_id. */
void kcidb_add_build(struct kcidb *k);
/* Boots, then cases. Needs build_id. */
void kcidb_add_tests(struct kcidb *k);
/* Id of the boot of an attempt (from 1), there or not; the caller owns it. */
char *kcidb_boot_id(const struct kcidb *k, int64_t attempt);
/* With their issues. Needs the tests. */
void kcidb_add_incidents(struct kcidb *k);
