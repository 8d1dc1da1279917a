/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* The dma-bufs that the sessions import, and a random generator for the choice. */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "device.h"
#include "dmabuf.h"

enum { MAX_POOL = 64 };

struct pool {
	const struct exporter *exporter;
	unsigned int n;
	int fds[MAX_POOL];
	pthread_rwlock_t lock; /* written when a dma-buf is replaced */
};

int pool_fill(struct pool *p, const struct exporter *e, unsigned int n); /* 0 or -errno */
/* Queues the dma-buf as the capture buffer index. */
int pool_queue(struct pool *p, unsigned int which, struct m2m *m, unsigned int index);
/* New ones in the place of those whose bit is set. Whoever has one queued keeps it. */
int pool_renew(struct pool *p, uint64_t used);

struct random {
	uint64_t state;
};

void random_seed(struct random *r, uint64_t seed, unsigned int stream);
uint64_t random_below(struct random *r, uint64_t n);
double random_exponential(struct random *r, double mean);
