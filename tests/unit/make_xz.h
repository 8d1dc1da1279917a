// SPDX-License-Identifier: GPL-2.0-or-later
/* .xz data of many blocks, as dpkg-deb writes it. */
#pragma once

#include <lzma.h>
#include <sched.h>

#include "tap.h"
#include "util/mem.h"
#include "util/strbuf.h"

static inline void need_processors(void)
{
	cpu_set_t set;

	CHECK_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
	if (CPU_COUNT(&set) < 2)
		SKIP("one processor: all is decompressed in order");
}

/* What xz -0 -T2 writes: blocks of 1 MiB, their sizes in their headers. */
static inline void pack_xz(struct strbuf *out, const void *data, size_t len, bool is_mt)
{
	const lzma_mt mt = { .threads = 2,
			     .block_size = 1 << 20,
			     .preset = 0,
			     .check = LZMA_CHECK_CRC64 };
	_cleanup_free_ uint8_t *buf = xmalloc(len + 65536);
	lzma_stream s = LZMA_STREAM_INIT;

	CHECK_EQ(is_mt ? lzma_stream_encoder_mt(&s, &mt)
		       : lzma_easy_encoder(&s, 0, LZMA_CHECK_CRC32),
		 LZMA_OK);
	s.next_out = buf;
	s.avail_out = len + 65536;
	/* Else a block ends where we say so, and says nothing of its sizes. */
	for (size_t at = 0; !is_mt && at < len; at += 1 << 20) {
		s.next_in = (const uint8_t *)data + at;
		s.avail_in = len - at < 1 << 20 ? len - at : 1 << 20;
		while (lzma_code(&s, LZMA_FULL_FLUSH) == LZMA_OK)
			;
	}
	if (is_mt) {
		s.next_in = data;
		s.avail_in = len;
	}
	while (lzma_code(&s, LZMA_FINISH) == LZMA_OK)
		;
	strbuf_add(out, buf, (size_t)s.total_out);
	lzma_end(&s);
}
