// SPDX-License-Identifier: GPL-2.0-or-later OR MIT
/* Owns the threads and what they count. */
#define _GNU_SOURCE
#include "churn.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "clock.h"

enum {
	N_BUFFERS = 4, /* on each side of a session */
	JOB_LIMIT_MS = 2000,
	AFTER_ERROR_MS = 10,
	JOIN_LIMIT_S = 10,
};

static struct {
	atomic_ulong cycles, rounds, kept, sessions, errors;
	atomic_int first_error; /* errno */
	atomic_bool is_over;
} count;

struct worker {
	pthread_t thread;
	const struct options *o;
	struct pool *pool;
	struct random random;
	unsigned int id;
	unsigned int rotation; /* distinct: a dma-buf comes back at another index */
	uint64_t used;         /* dma-bufs that were queued since the last stop */
	struct m2m m;
	bool has_capture[N_BUFFERS], has_output[N_BUFFERS];
};

unsigned int churn_pool_size(const struct options *o)
{
	return o->is_distinct ? o->threads * N_BUFFERS : o->pool;
}

static void note_error(int error)
{
	int none = 0;

	atomic_compare_exchange_strong(&count.first_error, &none, -error);
	count.errors++;
}

static unsigned int choose(struct worker *w, unsigned int index)
{
	if (w->o->is_distinct)
		return w->id * N_BUFFERS + (index + w->rotation) % N_BUFFERS;
	return (unsigned int)random_below(&w->random, w->pool->n);
}

static int queue_capture(struct worker *w, unsigned int index)
{
	unsigned int which = choose(w, index);

	w->used |= UINT64_C(1) << which;
	return pool_queue(w->pool, which, &w->m, index);
}

static void fill_queues(struct worker *w)
{
	for (unsigned int i = 0; i < N_BUFFERS; i++) {
		if (!w->has_capture[i]) {
			int ret = queue_capture(w, i);

			w->has_capture[i] = ret == 0;
			if (ret)
				note_error(ret);
		}
		if (!w->has_output[i])
			w->has_output[i] = m2m_queue_output(&w->m, i) == 0;
	}
}

static void empty_queues(struct worker *w)
{
	int i;

	while ((i = m2m_take_capture(&w->m, NULL)) >= 0) {
		w->has_capture[i] = false;
		count.cycles++;
	}
	while ((i = m2m_take_output(&w->m)) >= 0)
		w->has_output[i] = false;
}

static int run_jobs(struct worker *w)
{
	memset(w->has_capture, 0, sizeof(w->has_capture));
	memset(w->has_output, 0, sizeof(w->has_output));
	for (unsigned int n = 0; n < w->o->jobs && !count.is_over; n++) {
		fill_queues(w);
		if (!m2m_wait_capture(&w->m, JOB_LIMIT_MS))
			return -ETIMEDOUT;
		empty_queues(w);
	}
	return 0;
}

/* Fences that are there before a job can run stay pending all the time. */
static int run_storm(struct worker *w)
{
	for (unsigned int i = 0; i < N_BUFFERS; i++) {
		int ret = queue_capture(w, i);

		if (ret)
			return ret;
		count.cycles++;
	}
	return 0;
}

static void pause_before_round(struct worker *w)
{
	double until;

	if (w->o->rate <= 0)
		return;
	until = now_s() + random_exponential(&w->random, 1 / w->o->rate);
	while (now_s() < until && !count.is_over) {
		double left_ms = (until - now_s()) * 1000;

		sleep_ms(left_ms > 100 ? 100 : (int)left_ms + 1);
	}
}

/* Stream, and stop with buffers queued; the last time by close(), as programs that end
 * do. What is renewed is renewed before: no session meets what the stop leaves in the old
 * dma-bufs. */
static int run_round(struct worker *w, bool is_last)
{
	bool keep = random_below(&w->random, w->o->keep) == 0;
	int ret = m2m_start(&w->m);

	if (!ret)
		ret = w->o->is_storm ? run_storm(w) : run_jobs(w);
	if (!keep && !ret)
		ret = pool_renew(w->pool, w->used);
	w->used = 0;
	count.rounds++;
	count.kept += keep;
	if (is_last)
		m2m_close(&w->m);
	else
		m2m_stop(&w->m);
	return ret;
}

static int run_session(struct worker *w)
{
	int ret = m2m_open(&w->m, w->o->device);

	if (ret)
		return ret;
	ret = m2m_set_job_ms(&w->m, w->o->job_ms);
	if (!ret)
		ret = m2m_request(&w->m, N_BUFFERS);
	for (unsigned int i = 0; i < w->o->rounds && !ret && !count.is_over; i++) {
		pause_before_round(w);
		ret = run_round(w, i + 1 == w->o->rounds);
	}
	m2m_close(&w->m);
	count.sessions++;
	w->rotation++;
	return ret;
}

static void *run_worker(void *arg)
{
	struct worker *w = arg;

	while (!count.is_over) {
		int ret = run_session(w);

		if (ret) {
			note_error(ret);
			sleep_ms(AFTER_ERROR_MS);
		}
	}
	return NULL;
}

/* ---- the main thread ---- */

static void heartbeat(const struct options *o, double seconds)
{
	say("# churn: %.1f s, %lu cycles, %lu rounds, %lu sessions, %lu errors", seconds,
	    count.cycles, count.rounds, count.sessions, count.errors);
	if (o->has_lava)
		say("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=cycles RESULT=pass MEASUREMENT=%lu UNITS=cycles>",
		    count.cycles);
}

/* Early deaths shall have a number, too: the first heartbeats are at 1, 2, 4 … seconds.
 */
static void watch_for(const struct options *o, double start)
{
	double next = 0.25;

	while (now_s() - start < o->seconds) {
		sleep_ms(50);
		if (now_s() - start < next || next >= o->seconds)
			continue;
		heartbeat(o, now_s() - start);
		next += next < o->heartbeat_s ? next : o->heartbeat_s;
	}
}

/* A thread that hangs in the kernel cannot be joined, and shall not keep the result back.
 */
static unsigned int join(struct worker *workers, unsigned int n)
{
	struct timespec limit;
	unsigned int n_stuck = 0;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += JOIN_LIMIT_S;
	for (unsigned int i = 0; i < n; i++)
		n_stuck += pthread_timedjoin_np(workers[i].thread, NULL, &limit) != 0;
	return n_stuck;
}

struct verdict churn(const struct options *o, struct pool *pool)
{
	static struct worker workers[MAX_THREADS]; /* a stuck one still uses it */
	double start = now_s();
	unsigned int n = 0, n_stuck;

	for (; n < o->threads; n++) {
		workers[n] = (struct worker){ .o = o, .pool = pool, .id = n };
		random_seed(&workers[n].random, o->seed, n);
		if (pthread_create(&workers[n].thread, NULL, run_worker, &workers[n]))
			break;
	}
	watch_for(o, start);
	count.is_over = true;
	n_stuck = join(workers, n);
	heartbeat(o, now_s() - start);
	say("# vb2churn: cycles=%lu rounds=%lu kept=%lu sessions=%lu errors=%lu seconds=%.1f seed=%llu",
	    count.cycles, count.rounds, count.kept, count.sessions, count.errors,
	    now_s() - start, (unsigned long long)o->seed);
	if (n_stuck)
		return not_ok("%u of %u threads do not come back from the kernel",
			      n_stuck, n);
	if (count.errors)
		return not_ok("%lu errors, the first: %s", count.errors,
			      strerror(count.first_error));
	return count.cycles && n == o->threads ? passed() : not_ok("nothing was done");
}
