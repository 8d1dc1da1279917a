// SPDX-License-Identifier: GPL-2.0-or-later
/* The text of a board script as a tree of statements. Knows the grammar and which verbs
 * take what; does nothing. */
#pragma once

#include "util/err.h"
#include "util/strvec.h"

struct stmt {
	char *verb;
	struct strvec args;
	struct stmt *body; /* statements between { and } */
	size_t n_body;
	uint32_t line;
};

struct script {
	char *dir; /* of the file: other files are named relative to it */
	struct stmt top;
};

/* 0, or -EINVAL with "FILE:LINE: what is wrong". */
MUST_CHECK int script_load(const char *path, struct script *out, struct err *err);
/* The body of the first top-level `verb name { … }`, or NULL. */
const struct stmt *script_find(const struct script *s, const char *verb,
			       const char *name);
