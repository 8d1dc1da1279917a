// SPDX-License-Identifier: GPL-2.0-or-later
/* What proves that the kernel that ran is the chosen one, in one line for people. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "util/strbuf.h"

/* Of the attempt that decided, without a line end: "proven: nonce, banner, build id, 3
 * files, 2 modules", or "not proven: " and the first thing that is missing. Adds nothing
 * for a run that staged nothing, or whose verdict names the contradiction already.
 * result: as in docs/result.md; any JSON is fine. */
void proof_line(const json_t *result, struct strbuf *out);
/* true, false, or null for a run that staged nothing; the caller owns it. */
json_t *proof_json(const json_t *result);
