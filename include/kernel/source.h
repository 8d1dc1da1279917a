// SPDX-License-Identifier: GPL-2.0-or-later
/* The pool's source trees. Each base has one: unpacked, copied or checked out once, then
 * brought from one point of a series to the next by writing only the files that differ,
 * so that make has little to do. Nobody else's files are ever written. */
#pragma once

#include <stdbool.h>

#include "kernel/series.h"
#include "kernel/task.h"
#include "util/hash.h"

enum source_kind { SOURCE_TARBALL, SOURCE_TREE, SOURCE_GIT };

struct source {
	enum source_kind kind;
	char *given;           /* for messages and build.json: what the job says */
	char *path;            /* absolute: the tarball, tree or repository */
	char *slug;            /* the file name of the pool's tree: "linux-source-6.12" */
	char *commit;          /* GIT: to check out, all 40 digits */
	char *from;            /* GIT: what the range leaves out; NULL = no range */
	struct strvec commits; /* GIT: of the range up to the point, oldest first, "ID
				  subject" */
	char *stamp;           /* TARBALL: size and times of what was hashed */
	struct strvec files;   /* TREE: a line for each file, with its hash */
	struct sha256_hex
		id; /* of the content, patches not applied; see source_identify */
};

#define _cleanup_source_ _cleanup_(source_release)
void source_release(struct source *s);

/* What base is: a package's name ("linux-source-6.12": its tarball in /usr/src), a
 * tarball, a kernel tree, or a git repository, with "#REV" behind it or HEAD. ERR_JOB
 * -ENOENT; ERR_LAB -ENOPKG for a package that is not installed. */
MUST_CHECK int source_open(const char *base, struct source *out, struct err *err);
/* GIT with a range A..B or a commit as the series: which commit the point is. upto: how
 * many commits of the range, or one of them. */
MUST_CHECK int source_choose(struct source *s, const char *range, const char *upto,
			     const struct task *task, struct err *err);
/* Is `series` a range or commit of s, and not a file? */
bool source_has_range(const struct source *s, const char *series);
/* Fills in s->id by reading it all; what did not change since is remembered in the pool,
 * where that can be written. */
MUST_CHECK int source_identify(struct source *s, const char *pool,
			       const struct task *task, struct err *err);

/* One tree of the pool; the caller has the pool's lock. */
struct source_tree {
	char *dir;   /* POOL/src/SLUG: the sources, patches applied */
	char *state; /* POOL/src/SLUG.state: what is known about it */
};
void source_tree_release(struct source_tree *t);

/* Makes the tree hold what s says, with other patches perhaps still applied. Goes on
 * where a killed one stopped. task's progress is called with bytes. ERR_JOB -ESTALE: what
 * was identified is no longer there. */
MUST_CHECK int source_prepare(const struct source *s, const char *pool,
			      const struct task *task, struct source_tree *out,
			      struct err *err);
