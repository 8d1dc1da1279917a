// SPDX-License-Identifier: GPL-2.0-or-later
/* What each kind of base does, for source.c, and what they share. */
#pragma once

#include "kernel/source.h"

MUST_CHECK int source_prepare_tarball(const struct source *s, const struct task *task,
				      const struct source_tree *t, struct err *err);
MUST_CHECK int source_check_tarball(const struct source *s, struct err *err);
MUST_CHECK int source_identify_tree(struct source *s, const char *pool,
				    const struct task *task, struct err *err);
MUST_CHECK int source_prepare_tree(const struct source *s, const struct task *task,
				   const struct source_tree *t, struct err *err);
MUST_CHECK int source_identify_git(struct source *s, const struct task *task,
				   struct err *err);
MUST_CHECK int source_prepare_git(const struct source *s, const struct task *task,
				  const struct source_tree *t, struct err *err);

/* A list or hash that saves work the next time, as POOL/ids/NAME. A pool that is only
 * readable, or not there yet, does without. */
MUST_CHECK int source_remember(const char *pool, const char *name, const char *text,
			       size_t len, struct err *err);
/* Could a file that changed last at `changed` change again without its times showing it,
 * when it is read at `now`? Times of files go by ticks, and other machines' clocks. */
bool source_is_recent(const struct timespec *changed, const struct timespec *now);
MUST_CHECK int source_is_stale(const struct source *s, const char *path, struct err *err);

/* STATE/base says what the tree was completely made from. */
MUST_CHECK int source_write_stamp(const struct source_tree *t, const char *text,
				  struct err *err);
bool source_has_stamp(const struct source_tree *t, const char *text);
/* Tree and state away, the stamp first. */
MUST_CHECK int source_start_over(const struct source_tree *t, struct err *err);
MUST_CHECK int source_remove(const char *path, struct err *err);
