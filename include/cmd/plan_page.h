// SPDX-License-Identifier: GPL-2.0-or-later
/* A plan (session/plan.h) as a page for people. */
#pragma once

#include <jansson.h>

#include "util/strbuf.h"

/* like: a plan that was shown before; where the steps behind deploy are the same, that is
 * said instead of them. NULL = none. */
void plan_page(const json_t *plan, const json_t *like, struct strbuf *out);
