/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* Load as players make it: sessions that stream, seek, and end, on dma-bufs that others
 * may have at the same time. */
#pragma once

#include "ktap.h"
#include "options.h"
#include "pool.h"

enum { MAX_THREADS = 16 };

/* For as long as the options say, with a heartbeat. One line at the end, for programs:
 *   # vb2churn: cycles=N rounds=N kept=N sessions=N errors=N seconds=S seed=N
 * A cycle is a capture buffer that was queued and came back; in a storm one that was
 * queued. */
struct verdict churn(const struct options *o, struct pool *pool);
/* Dma-bufs that these options need. */
unsigned int churn_pool_size(const struct options *o);
