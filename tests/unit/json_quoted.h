// SPDX-License-Identifier: GPL-2.0-or-later
/* JSON with ' for ", so that tables of it can be read. */
#pragma once

#include "tap.h"
#include "util/jsonx.h"
#include "util/mem.h"

/* The caller owns the value. */
static inline json_t *parse(const char *text)
{
	_cleanup_free_ char *s = xstrdup(text);
	json_error_t why;

	for (char *p = s; *p; p++)
		if (*p == '\'')
			*p = '"';
	json_t *j = json_loads(s, JSON_DECODE_ANY, &why);
	if (!j)
		tap_fail(__FILE__, __LINE__, "%s in %s", why.text, text);
	return j;
}
