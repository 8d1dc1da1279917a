// SPDX-License-Identifier: GPL-2.0-or-later
/* Process i decompresses the blocks i, i + 2, i + 4 … one after the other into the two
 * slots of its file, says after each one how it went, and begins with the third only when
 * it is told that the first was read. Where blocks are skipped, both are begun anew. */
#include "kernel/xz_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/xz_blocks.h"
#include "util/forked.h"
#include "util/io.h"
#include "util/mem.h"

/* Each holds a dictionary (8 MiB with xz -6): two are as fast as needed, and more would
 * take more memory than the archive is worth. */
enum { N_WORKERS = 2, N_SLOTS = 2, READ_STEP = 1 << 16 };
#define WORTH_BYTES (UINT64_C(8) << 20)
#define WORKER_MEMORY (UINT64_C(1) << 30)

struct worker {
	struct child child;
	int ours, theirs; /* the two ends of a socket */
	int slots_fd;     /* it writes, we read */
};

struct xz_pool {
	int fd; /* borrowed */
	uint64_t at;
	struct xz_blocks blocks;
	struct worker w[N_WORKERS];
	size_t self;    /* in a worker: which one it is */
	size_t block;   /* being read; n at the end */
	uint64_t pos;   /* in it */
	bool is_there;  /* it is decompressed */
	uint64_t given; /* compressed bytes of the blocks so far */
	uint8_t buf[READ_STEP];
};

static uint64_t slot_of(const struct xz_pool *p, size_t block)
{
	return block / N_WORKERS % N_SLOTS * p->blocks.max_size;
}

/* ---- in the worker ---- */

static bool may_go_on(int fd)
{
	char c;

	return io_read(fd, &c, 1) == 1;
}

static void work(void *arg, int fd)
{
	struct xz_pool *p = arg;

	const size_t first =
		p->block + (p->self + N_WORKERS - p->block % N_WORKERS) % N_WORKERS;

	for (size_t i = first; i < p->blocks.n; i += N_WORKERS) {
		if (i >= first + (size_t)N_SLOTS * N_WORKERS && !may_go_on(fd))
			return;
		int r = xz_block_decode(p->fd, p->at, &p->blocks.v[i],
					p->w[p->self].slots_fd, slot_of(p, i));
		if (io_write_all(fd, &r, sizeof(r)) || r)
			return;
	}
}

/* ---- here ---- */

static int open_slots(void)
{
	const char *dir = getenv("TMPDIR");

	return open(dir && dir[0] == '/' ? dir : "/var/tmp",
		    O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static bool start_worker(struct xz_pool *p, size_t i)
{
	struct worker *w = &p->w[i];
	struct err err = ERR_INIT;
	int pair[2];

	if (w->slots_fd < 0)
		w->slots_fd = open_slots();
	if (w->slots_fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return false;
	w->ours = pair[0];
	w->theirs = pair[1];
	p->self = i;
	int r = forked_start(&w->child, work, p, w->theirs, WORKER_MEMORY, &err);
	close(TAKE_FD(w->theirs));
	return r == 0;
}

static bool is_worth_it(const struct xz_blocks *b)
{
	uint64_t total = 0;

	for (size_t i = 0; i < b->n; i++)
		total += b->v[i].size;
	return b->n > 1 && total >= WORTH_BYTES;
}

static bool has_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 1;
}

int xz_pool_open(int fd, uint64_t at, uint64_t len, struct xz_pool **out)
{
	struct xz_pool *p = xcalloc(1, sizeof(*p));
	bool ok;

	p->fd = fd;
	p->at = at;
	for (size_t i = 0; i < N_WORKERS; i++)
		p->w[i] = (struct worker){ CHILD_INIT, -1, -1, -1 };
	ok = has_processors() && xz_blocks_read(fd, at, len, &p->blocks) &&
	     is_worth_it(&p->blocks);
	for (size_t i = 0; ok && i < N_WORKERS; i++)
		ok = start_worker(p, i);
	if (ok)
		*out = p;
	else
		xz_pool_free(p);
	return ok;
}

static int worker_failed(int code, const char *name, struct err *err)
{
	if (code == -EBADMSG)
		return err_set(
			err, ERR_JOB, -EINVAL,
			"%s: damaged or not what it seems: a block of the .xz data "
			"is not what the index says",
			name);
	if (code == -ENOMEM)
		return err_set(err, ERR_JOB, -EFBIG,
			       "%s: takes more than %llu MiB of memory to unpack", name,
			       (unsigned long long)(XZ_MAX_MEMORY >> 20));
	return err_set(err, ERR_LAB, code, "%s: %s", name, strerror(-code));
}

static int wait_for_block(struct xz_pool *p, const struct task *task, const char *name,
			  struct err *err)
{
	struct worker *w = &p->w[p->block % N_WORKERS];
	struct pollfd fds[2] = { { .fd = w->ours, .events = POLLIN },
				 { .fd = task->cancel_fd, .events = POLLIN } };
	int code = 0, n = 0;

	while (n <= 0 || !fds[0].revents) {
		int r = task_check(task, name, err);

		if (r)
			return r;
		n = poll(fds, 2, deadline_poll_ms(task->deadline));
		if (n < 0 && errno != EINTR)
			return err_set(err, ERR_LAB, -errno, "poll: %s", strerror(errno));
	}
	/* Written at once, and short: it does not come in pieces. */
	if (read(w->ours, &code, sizeof(code)) != (ssize_t)sizeof(code))
		return err_set(err, ERR_LAB, -EREMOTEIO,
			       "%s: the process that unpacks it died", name);
	return code ? worker_failed(code, name, err) : 0;
}

/* The slot may be used again. A worker that is through has closed its end. */
static void end_block(struct xz_pool *p)
{
	(void)!send(p->w[p->block % N_WORKERS].ours, "", 1, MSG_NOSIGNAL);
	p->block++;
	p->pos = 0;
	p->is_there = false;
}

/* The next block that was not read to its end: 1 when it is there, 0 = no more. */
static int next_block(struct xz_pool *p, const struct task *task, const char *name,
		      struct err *err)
{
	while (p->block < p->blocks.n) {
		const struct xz_block *b = &p->blocks.v[p->block];

		if (p->is_there && p->pos < b->size)
			return 1;
		if (p->is_there) {
			end_block(p);
			continue;
		}
		p->given += b->unpadded;
		int r = wait_for_block(p, task, name, err);
		if (r)
			return r;
		p->is_there = true;
	}
	return 0;
}

int xz_pool_read(struct xz_pool *p, const struct task *task, const char *name,
		 const uint8_t **data, size_t *len, struct err *err)
{
	int r = task_check(task, name, err);

	if (!r)
		r = next_block(p, task, name, err);
	if (r <= 0)
		return r;
	const uint64_t left = p->blocks.v[p->block].size - p->pos;
	const size_t want = left < READ_STEP ? (size_t)left : READ_STEP;
	ssize_t n;
	do
		n = pread(p->w[p->block % N_WORKERS].slots_fd, p->buf, want,
			  (off_t)(slot_of(p, p->block) + p->pos));
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return err_set(err, ERR_LAB, n < 0 ? -errno : -EIO,
			       "%s: cannot read what was unpacked: %s", name,
			       n < 0 ? strerror(errno) : "the file is too short");
	p->pos += (uint64_t)n;
	*data = p->buf;
	*len = (size_t)n;
	return 1;
}

uint64_t xz_pool_given(const struct xz_pool *p)
{
	return p->given;
}

static void end_worker(struct worker *w)
{
	child_kill(&w->child, SIGKILL);
	cleanup_close(&w->ours);
}

size_t xz_pool_blocks_left(const struct xz_pool *p)
{
	return p->blocks.n - p->block;
}

bool xz_pool_skip_to_last(struct xz_pool *p, size_t n_blocks, uint64_t *at)
{
	bool ok = n_blocks > 0 && n_blocks <= p->blocks.n;

	if (!ok)
		return false;
	p->block = p->blocks.n - n_blocks;
	p->pos = 0;
	p->is_there = false;
	*at = 0;
	for (size_t i = 0; i < p->block; i++)
		*at += p->blocks.v[i].size;
	for (size_t i = 0; i < N_WORKERS; i++)
		end_worker(&p->w[i]);
	for (size_t i = 0; ok && i < N_WORKERS; i++)
		ok = start_worker(p, i);
	if (!ok)
		p->block = p->blocks.n;
	return ok;
}

void xz_pool_free(struct xz_pool *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < N_WORKERS; i++) {
		end_worker(&p->w[i]);
		cleanup_close(&p->w[i].slots_fd);
	}
	xz_blocks_release(&p->blocks);
	free(p);
}
