// SPDX-License-Identifier: GPL-2.0-or-later
/* Events written as text, folded to a result. */
#pragma once

#include "report/result.h"
#include "tap.h"
#include "util/jsonx.h"
#include "util/mem.h"

/* JSON lines with ' for ", so that they can be read. The result is the caller's. */
static inline json_t *fold_lines(const char *events)
{
	struct fold *f = fold_new();
	_cleanup_free_ char *s = xstrdup(events);

	for (char *p = s; *p; p++)
		if (*p == '\'')
			*p = '"';
	for (char *line = s, *next; *line; line = next) {
		size_t len = strcspn(line, "\n");
		json_error_t why;
		json_t *e = json_loadb(line, len, 0, &why);

		next = line + len + (line[len] == '\n');
		if (!e)
			tap_fail(__FILE__, __LINE__, "%s in %s", why.text, line);
		fold_event(f, e);
		json_decref(e);
	}
	json_t *r = fold_result(f);
	fold_free(f);
	return r;
}
