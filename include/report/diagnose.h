// SPDX-License-Identifier: GPL-2.0-or-later
/* What a result gets beyond its fold: the verdicts on the job's hypotheses, and, where
 * the vmlinux of the build that ran is at hand, what it adds to each diagnosis. The same
 * for a live run and for replay. */
#pragma once

#include <jansson.h>

#include "util/strbuf.h"

/* Completes the diagnosis of each fatal incident with what result.hypotheses and
 * result.kernel.vmlinux name; the latter gets a "problem" when it could not be used.
 * Never fails: what is missing is said in the result. Blocks for a minute at most; the
 * vmlinux is read in a process of its own. */
void diagnose_result(json_t *result);

/* "hypothesis vb2-null-slot: confirmed", a clean line each, about the incident that
 * decided; before them why the vmlinux did not help. Nothing when there are none. */
void diagnose_summary(const json_t *result, const char *indent, struct strbuf *out);
