/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* dma-bufs to import, and what can be seen of the fences in them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who exports: /dev/udmabuf, the video device itself, or a file of /dev/dma_heap. */
struct exporter {
	enum { FROM_UDMABUF, FROM_EXPBUF, FROM_HEAP } from;
	const char *path; /* of the video device or the heap */
	size_t bytes;
};

int dmabuf_new(const struct exporter *e); /* file descriptor or -errno */

/* What a reader of the dma-buf would have to wait for now, as a sync_file: one that has
 * signalled already if there is nothing. Or -errno. */
int dmabuf_write_fence(int dmabuf);
/* poll() on the dma-buf itself, where POLLIN waits for those who write. */
bool dmabuf_wait(int dmabuf, int limit_ms);

/* 0 it is pending, 1 it has signalled, below 0 it has signalled with that error. */
int fence_status(int sync_file);
bool fence_wait(int sync_file, int limit_ms);
/* fence_status() of dmabuf_write_fence(); INT32_MIN if the dma-buf cannot be asked. */
int dmabuf_status(int dmabuf);
