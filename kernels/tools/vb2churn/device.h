/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* One context of a V4L2 memory-to-memory device that makes raw frames from raw frames.
 * Its capture queue imports dma-bufs, its output queue has buffers of its own.
 * Single-planar and multi-planar API, one memory plane. Functions return 0 or -errno. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktap.h"

enum { MAX_BUFFERS = 8 };

struct m2m {
	int fd; /* not blocking */
	bool is_multiplanar;
	bool has_job_time;        /* vim2m: each job takes as long as we say */
	uint32_t capture, output; /* buffer types */
	uint32_t capture_bytes, output_bytes;
};

/* Into path: the first video device of that driver. -ENOENT if there is none. */
int m2m_find(const char *driver, char *path, size_t cap);
/* Is it one that we can use? OUTCOME_SKIP says why not. */
struct verdict m2m_probe(const char *path);

int m2m_open(struct m2m *m, const char *path);
void m2m_close(struct m2m *m);
int m2m_request(struct m2m *m, unsigned int n_buffers); /* 0 gives them back */
int m2m_set_job_ms(struct m2m *m, unsigned int ms);
int m2m_start(struct m2m *m);
int m2m_stop(struct m2m *m);
int m2m_stop_output(struct m2m *m); /* waits for the job that is running */
int m2m_queue_capture(struct m2m *m, unsigned int index, int dmabuf);
int m2m_queue_output(struct m2m *m, unsigned int index);
/* The index of a buffer that came back, or -EAGAIN; failed: it has V4L2_BUF_FLAG_ERROR.
 */
int m2m_take_capture(struct m2m *m, bool *failed);
int m2m_take_output(struct m2m *m);
bool m2m_wait_capture(struct m2m *m, int limit_ms); /* one can be taken */
int m2m_export(struct m2m *m, unsigned int index); /* dma-buf of an MMAP capture buffer */
int m2m_request_own(struct m2m *m, unsigned int n_buffers); /* MMAP capture buffers */
