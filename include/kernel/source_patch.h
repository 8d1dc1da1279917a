// SPDX-License-Identifier: GPL-2.0-or-later
/* A source tree from whatever point of a series it is at to another one. What the base
 * had in a file is copied away before that file is first changed, and every point is made
 * from these copies: a kill at any moment leaves nothing that the next call does not put
 * right, and a patch that was edited since need not be taken back. */
#pragma once

#include "kernel/source.h"

/* Applies all of series (n = 0: none) strictly, as git am does: offsets are fine, other
 * context is not. Only files whose content differs are written, by rename. ERR_JOB
 * -EBADMSG names patch, file and hunk; the tree is then as it was. ERR_LAB: disk, git. */
MUST_CHECK int source_patch(const struct source_tree *t, const struct series *series,
			    const struct task *task, struct err *err);
/* The base's own content again in every file that was ever patched, and nothing kept
 * about them: before the base itself is changed. */
MUST_CHECK int source_unpatch(const struct source_tree *t, struct err *err);
