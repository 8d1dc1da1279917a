// SPDX-License-Identifier: GPL-2.0-or-later OR MIT
/* Owns the file descriptors. Queuing takes the lock only for reading: that two sessions
 * work on the reservation object of one dma-buf at the same time is what the churn is
 * for. */
#include "pool.h"

#include <math.h>
#include <unistd.h>

int pool_fill(struct pool *p, const struct exporter *e, unsigned int n)
{
	p->exporter = e;
	pthread_rwlock_init(&p->lock, NULL);
	for (p->n = 0; p->n < n; p->n++) {
		p->fds[p->n] = dmabuf_new(e);
		if (p->fds[p->n] < 0)
			return p->fds[p->n];
	}
	return 0;
}

int pool_queue(struct pool *p, unsigned int which, struct m2m *m, unsigned int index)
{
	int ret;

	pthread_rwlock_rdlock(&p->lock);
	ret = m2m_queue_capture(m, index, p->fds[which]);
	pthread_rwlock_unlock(&p->lock);
	return ret;
}

int pool_renew(struct pool *p, uint64_t used)
{
	for (unsigned int i = 0; i < p->n; i++) {
		int fresh, old;

		if (!(used >> i & 1))
			continue;
		fresh = dmabuf_new(p->exporter);
		if (fresh < 0)
			return fresh;
		pthread_rwlock_wrlock(&p->lock);
		old = p->fds[i];
		p->fds[i] = fresh;
		pthread_rwlock_unlock(&p->lock);
		close(old);
	}
	return 0;
}

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014)
 */
static uint64_t next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

void random_seed(struct random *r, uint64_t seed, unsigned int stream)
{
	r->state = seed;
	r->state = next(r) ^ stream;
	r->state = next(r);
}

uint64_t random_below(struct random *r, uint64_t n)
{
	return next(r) % n;
}

double random_exponential(struct random *r, double mean)
{
	return -mean * log((double)(next(r) >> 11 | 1) / 0x1p53);
}
