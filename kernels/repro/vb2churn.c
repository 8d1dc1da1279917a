// SPDX-License-Identifier: GPL-2.0-or-later OR MIT
/* vb2churn: decode-like churn on vim2m with shared imported dma-bufs. KTAP on stdout. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <linux/videodev2.h>

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#define F_SEAL_SHRINK 2
#endif
#define CID_TRANS_TIME (V4L2_CID_USER_BASE + 0x1000)
#define CAP V4L2_BUF_TYPE_VIDEO_CAPTURE
#define OUT V4L2_BUF_TYPE_VIDEO_OUTPUT
#define W 64
#define H 64
#define SZ 16384
#define NB 4
#define MAXPOOL 32

static int npool = 6, nthreads = 3, secs = 60, soff_every = 50, realloc_every = 7, transtime = 1;
static int use_expbuf, nosync, distinct, storm;
static int pool[MAXPOOL];
static atomic_long cycles, errors;
static atomic_int stop;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void say(const char *f, ...)
{
	char b[256];
	va_list a;
	int n;
	va_start(a, f);
	n = vsnprintf(b, sizeof(b) - 1, f, a);
	va_end(a);
	b[n++] = '\n';
	if (write(1, b, n) < 0) {}
}

static int xioctl(int fd, unsigned long r, void *p)
{
	int e;
	do e = ioctl(fd, r, p); while (e < 0 && errno == EINTR);
	return e;
}

static int mk_udmabuf(void)
{
	struct udmabuf_create c = { 0 };
	int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), m, fd;
	if (dev < 0) return -1;
	m = memfd_create("vb2churn", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	if (m < 0 || ftruncate(m, SZ) || fcntl(m, F_ADD_SEALS, F_SEAL_SHRINK)) return -1;
	c.memfd = m; c.size = SZ; c.flags = UDMABUF_FLAGS_CLOEXEC;
	fd = xioctl(dev, UDMABUF_CREATE, &c);
	close(m); close(dev);
	return fd;
}

static int setfmt(int fd, int type)
{
	struct v4l2_format f = { .type = type };
	f.fmt.pix.width = W; f.fmt.pix.height = H;
	f.fmt.pix.pixelformat = V4L2_PIX_FMT_RGB565;
	f.fmt.pix.field = V4L2_FIELD_NONE;
	return xioctl(fd, VIDIOC_S_FMT, &f);
}
static int reqbufs(int fd, int type, int mem, int n)
{
	struct v4l2_requestbuffers r = { .count = n, .type = type, .memory = mem };
	return xioctl(fd, VIDIOC_REQBUFS, &r);
}
static int setctl(int fd, int id, int v)
{
	struct v4l2_control c = { .id = id, .value = v };
	return xioctl(fd, VIDIOC_S_CTRL, &c);
}
static int stream(int fd, int on)
{
	int t = CAP, o = OUT, e;
	e = xioctl(fd, on ? VIDIOC_STREAMON : VIDIOC_STREAMOFF, &o);
	return e | xioctl(fd, on ? VIDIOC_STREAMON : VIDIOC_STREAMOFF, &t);
}
static int qcap(int fd, int idx, int dfd)
{
	struct v4l2_buffer b = { .index = idx, .type = CAP, .memory = V4L2_MEMORY_DMABUF };
	b.m.fd = dfd;	/* length 0: vb2 takes the dma-buf's size */
	return xioctl(fd, VIDIOC_QBUF, &b);
}
static int qout(int fd, int idx)
{
	struct v4l2_buffer b = { .index = idx, .type = OUT, .memory = V4L2_MEMORY_MMAP };
	b.bytesused = W * H * 2; b.field = V4L2_FIELD_NONE;
	return xioctl(fd, VIDIOC_QBUF, &b);
}
static int dq(int fd, int type, int mem)
{
	struct v4l2_buffer b = { .type = type, .memory = mem };
	return xioctl(fd, VIDIOC_DQBUF, &b) < 0 ? -1 : (int)b.index;
}
static int opendev(void)
{
	int fd = open("/dev/video0", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) return -1;
	if (setfmt(fd, CAP) || setfmt(fd, OUT)) { close(fd); return -1; }
	return fd;
}
static int mk_expbuf(void)	/* vb2-exported MMAP capture buffer of another queue */
{
	int fd = opendev();
	struct v4l2_exportbuffer e = { .type = CAP, .flags = O_RDWR | O_CLOEXEC };
	if (fd < 0 || reqbufs(fd, CAP, V4L2_MEMORY_MMAP, 1)) return -1;
	if (xioctl(fd, VIDIOC_EXPBUF, &e)) return -1;
	return e.fd;		/* queue stays open on purpose */
}
static int pollfd1(int fd, int ev, int ms)
{
	struct pollfd p = { .fd = fd, .events = ev };
	return poll(&p, 1, ms) == 1 && (p.revents & ev);
}

/* is there an unsignalled write fence on the dma-buf? -1 error, 0 idle, 1 busy */
static int busy(int dfd)
{
	struct dma_buf_export_sync_file e = { .flags = DMA_BUF_SYNC_READ, .fd = -1 };
	int r;
	if (xioctl(dfd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &e)) return -1;
	r = !pollfd1(e.fd, POLLIN, 0);
	close(e.fd);
	return r;
}

static int sync_check(void)
{
	int fd = opendev(), d = use_expbuf ? mk_expbuf() : mk_udmabuf(), before, during = 0, after, i;
	if (fd < 0 || d < 0) { say("not ok 2 sync: setup (errno %d)", errno); return 1; }
	setctl(fd, CID_TRANS_TIME, 400);
	if (reqbufs(fd, CAP, V4L2_MEMORY_DMABUF, 1) || reqbufs(fd, OUT, V4L2_MEMORY_MMAP, 1) || stream(fd, 1)) {
		say("not ok 2 sync: reqbufs/streamon (errno %d)", errno); return 1;
	}
	before = busy(d);
	if (qcap(fd, 0, d) || qout(fd, 0)) { say("not ok 2 sync: qbuf (errno %d)", errno); return 1; }
	for (i = 0; i < 20 && during != 1; i++) { usleep(10000); during = busy(d); }
	if (!pollfd1(fd, POLLIN, 5000) || dq(fd, CAP, V4L2_MEMORY_DMABUF) < 0) { say("not ok 2 sync: dqbuf"); return 1; }
	after = busy(d);
	int early;
	qcap(fd, 0, d); usleep(20000); early = busy(d);	/* no OUTPUT buffer queued: this can never complete by itself */
	say("%sok 4 no fence before the job can run: busy=%d", early == 0 ? "" : "not ", early);
	say("%sok 2 implicit fence before=%d during=%d after=%d", before == 0 && during == 1 && after == 0 ? "" : "not ", before, during, after);
	close(fd); close(d);
	return 0;
}

/* -d: every worker owns NB dma-bufs, one per buffer index, rotated by one per session */
static int pick(unsigned *seed, int id, int rot, int i)
{
	return pool[distinct ? (id * NB + (i + rot) % NB) % npool : rand_r(seed) % npool];
}

static int one_session(unsigned *seed, int id, int rot)
{
	int fd = opendev(), i, n = 0, capq[NB] = { 0 }, outq[NB] = { 0 }, rc = -1;
	if (fd < 0) return -1;
	setctl(fd, CID_TRANS_TIME, transtime);
	if (reqbufs(fd, OUT, V4L2_MEMORY_MMAP, NB) || reqbufs(fd, CAP, V4L2_MEMORY_DMABUF, NB)) goto out;
	for (int round = 0; round < realloc_every && !stop; round++) {
		if (stream(fd, 1)) goto out;
		if (storm) {	/* queue and flush only: no job ever runs, the fences are pending all the time */
			for (i = 0; i < NB; i++)
				if (qcap(fd, i, pick(seed, id, rot, i))) atomic_fetch_add(&errors, 1); else atomic_fetch_add(&cycles, 1);
			stream(fd, 0);
			continue;
		}
		for (i = 0; i < NB; i++) capq[i] = outq[i] = 0;
		for (n = 0; n < soff_every && !stop; n++) {
			for (i = 0; i < NB; i++) {
				if (!capq[i]) {
					if (qcap(fd, i, pick(seed, id, rot, i))) atomic_fetch_add(&errors, 1); else capq[i] = 1;
				}
				if (!outq[i] && !qout(fd, i)) outq[i] = 1;
			}
			if (!pollfd1(fd, POLLIN, 2000)) { atomic_fetch_add(&errors, 1); break; }
			while ((i = dq(fd, CAP, V4L2_MEMORY_DMABUF)) >= 0) { capq[i] = 0; atomic_fetch_add(&cycles, 1); }
			while ((i = dq(fd, OUT, V4L2_MEMORY_MMAP)) >= 0) outq[i] = 0;
		}
		stream(fd, 0);		/* seek / flush: buffers are still queued */
	}
	rc = 0;
out:
	close(fd);
	return rc;
}

static void *worker(void *p)
{
	unsigned seed = (uintptr_t)p * 7919 + 1;
	int id = (uintptr_t)p - 1, rot = 0;
	while (!stop)
		if (one_session(&seed, id, rot++)) { atomic_fetch_add(&errors, 1); usleep(10000); }
	return NULL;
}

int main(int ac, char **av)
{
	pthread_t t[64];
	double t0, last;
	int o, i;
	while ((o = getopt(ac, av, "t:p:T:o:r:m:endx")) != -1) switch (o) {
	case 't': nthreads = atoi(optarg); break;
	case 'p': npool = atoi(optarg); break;
	case 'T': secs = atoi(optarg); break;
	case 'o': soff_every = atoi(optarg); break;
	case 'r': realloc_every = atoi(optarg); break;
	case 'm': transtime = atoi(optarg); break;
	case 'e': use_expbuf = 1; break;
	case 'n': nosync = 1; break;
	case 'd': distinct = 1; break;
	case 'x': storm = 1; break;
	}
	if (distinct && npool < nthreads * NB) npool = nthreads * NB;
	if (npool > MAXPOOL) npool = MAXPOOL;
	say("KTAP version 1");
	say("1..4");
	say("# threads=%d pool=%d secs=%d streamoff_every=%d realloc_every=%d transtime=%dms src=%s%s", nthreads, npool, secs, soff_every, realloc_every, transtime, use_expbuf ? "expbuf" : "udmabuf", distinct ? " distinct" : "");
	for (i = 0; i < npool; i++)
		if ((pool[i] = use_expbuf ? mk_expbuf() : mk_udmabuf()) < 0) { say("not ok 1 dmabuf pool (errno %d)", errno); return 1; }
	say("ok 1 dmabuf pool");
	if (nosync) say("ok 2 implicit fence # SKIP"); else sync_check();
	t0 = last = now();
	for (i = 0; i < nthreads; i++) pthread_create(&t[i], NULL, worker, (void *)(uintptr_t)(i + 1));
	while (now() - t0 < secs) {
		usleep(200000);
		if (now() - last >= 5) { last = now(); say("# t=%.0f cycles=%ld errors=%ld", last - t0, (long)cycles, (long)errors); }
	}
	stop = 1;
	for (i = 0; i < nthreads; i++) pthread_join(t[i], NULL);
	say("%sok 3 churn cycles=%ld errors=%ld", errors ? "not " : "", (long)cycles, (long)errors);
	say("# Totals: done");
	return 0;
}
