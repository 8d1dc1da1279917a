// SPDX-License-Identifier: GPL-2.0-or-later
/* What the readers of job, board and hypothesis files say, as one text. */
#pragma once

#include "parse/job_spec.h"
#include "util/strbuf.h"

/* One on each line; the caller owns the text. */
static inline char *joined_messages(const struct spec_messages *msgs)
{
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < msgs->v.n; i++)
		strbuf_addf(&sb, "%s\n", msgs->v.v[i]);
	return strbuf_take(&sb);
}
