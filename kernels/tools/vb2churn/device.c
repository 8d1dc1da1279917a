// SPDX-License-Identifier: GPL-2.0-or-later OR MIT
/* Owns the V4L2 ioctls. */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/videodev2.h>

enum {
	WIDTH = 64,
	HEIGHT = 64,
	MAX_VIDEO_NODES = 64,
	/* V4L2_CID_TRANS_TIME_MSEC of drivers/media/test-drivers/vim2m.c */
	VIM2M_JOB_MS = V4L2_CID_USER_BASE + 0x1000,
};

static int xioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	do
		ret = ioctl(fd, request, arg);
	while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

static int query(const char *path, struct v4l2_capability *cap)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	int ret = xioctl(fd, VIDIOC_QUERYCAP, cap);

	close(fd);
	return ret;
}

int m2m_find(const char *driver, char *path, size_t cap)
{
	for (int i = 0; i < MAX_VIDEO_NODES; i++) {
		struct v4l2_capability c = { 0 };

		snprintf(path, cap, "/dev/video%d", i);
		if (query(path, &c) == 0 && strcmp((const char *)c.driver, driver) == 0)
			return 0;
	}
	return -ENOENT;
}

/* ---- formats ---- */

static uint32_t pixel_format(const struct m2m *m, const struct v4l2_format *f)
{
	return m->is_multiplanar ? f->fmt.pix_mp.pixelformat : f->fmt.pix.pixelformat;
}

/* The driver takes what is nearest, and says what it took. */
static int set_format(struct m2m *m, uint32_t type, struct v4l2_format *f)
{
	memset(f, 0, sizeof(*f));
	f->type = type;
	if (m->is_multiplanar) {
		f->fmt.pix_mp.width = WIDTH;
		f->fmt.pix_mp.height = HEIGHT;
		f->fmt.pix_mp.pixelformat = V4L2_PIX_FMT_RGB565;
		f->fmt.pix_mp.field = V4L2_FIELD_NONE;
		f->fmt.pix_mp.num_planes = 1;
	} else {
		f->fmt.pix.width = WIDTH;
		f->fmt.pix.height = HEIGHT;
		f->fmt.pix.pixelformat = V4L2_PIX_FMT_RGB565;
		f->fmt.pix.field = V4L2_FIELD_NONE;
	}
	return xioctl(m->fd, VIDIOC_S_FMT, f);
}

static uint32_t bytes_of(const struct m2m *m, const struct v4l2_format *f)
{
	return m->is_multiplanar ? f->fmt.pix_mp.plane_fmt[0].sizeimage
				 : f->fmt.pix.sizeimage;
}

static int set_formats(struct m2m *m)
{
	struct v4l2_format f;
	int ret = set_format(m, m->output, &f);

	if (ret)
		return ret;
	m->output_bytes = bytes_of(m, &f);
	ret = set_format(m, m->capture, &f);
	m->capture_bytes = bytes_of(m, &f);
	return ret;
}

static bool is_compressed(const struct m2m *m, uint32_t type, uint32_t fourcc)
{
	struct v4l2_fmtdesc d = { .type = type };

	for (; xioctl(m->fd, VIDIOC_ENUM_FMT, &d) == 0; d.index++)
		if (d.pixelformat == fourcc)
			return d.flags & V4L2_FMT_FLAG_COMPRESSED;
	return false;
}

/* ---- open ---- */

int m2m_open(struct m2m *m, const char *path)
{
	struct v4l2_capability c = { 0 };
	int ret;

	memset(m, 0, sizeof(*m));
	m->fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (m->fd < 0)
		return -errno;
	ret = xioctl(m->fd, VIDIOC_QUERYCAP, &c);
	m->is_multiplanar = c.device_caps & V4L2_CAP_VIDEO_M2M_MPLANE;
	if (!ret && !(c.device_caps & (V4L2_CAP_VIDEO_M2M | V4L2_CAP_VIDEO_M2M_MPLANE)))
		ret = -ENOTSUP;
	m->capture = m->is_multiplanar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE
				       : V4L2_BUF_TYPE_VIDEO_CAPTURE;
	m->output = m->is_multiplanar ? V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE
				      : V4L2_BUF_TYPE_VIDEO_OUTPUT;
	m->has_job_time = strcmp((const char *)c.driver, "vim2m") == 0;
	if (!ret)
		ret = set_formats(m);
	if (ret)
		m2m_close(m);
	return ret;
}

void m2m_close(struct m2m *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

static struct verdict probe_formats(struct m2m *m, const char *path)
{
	struct v4l2_requestbuffers r = { .type = m->output, .memory = V4L2_MEMORY_MMAP };
	struct v4l2_format f;
	uint32_t types[] = { m->output, m->capture };

	for (int i = 0; i < 2; i++) {
		if (set_format(m, types[i], &f))
			return skip("%s takes no format", path);
		if (is_compressed(m, types[i], pixel_format(m, &f)))
			return skip("%s is a codec: this program has no bitstream for it",
				    path);
		if (m->is_multiplanar && f.fmt.pix_mp.num_planes != 1)
			return skip("%s wants several memory planes", path);
	}
	/* Stateless codecs, for example hantro and rkvdec. */
	if (xioctl(m->fd, VIDIOC_REQBUFS, &r) == 0 &&
	    (r.capabilities & V4L2_BUF_CAP_SUPPORTS_REQUESTS) && !m->has_job_time)
		return skip(
			"%s works by media requests, which this program does not make",
			path);
	return passed();
}

struct verdict m2m_probe(const char *path)
{
	struct m2m m;
	int ret = m2m_open(&m, path);

	if (ret == -ENOTSUP)
		return skip("%s is no memory-to-memory device", path);
	if (ret)
		return skip("%s: %s", path, strerror(-ret));
	struct verdict v = probe_formats(&m, path);

	m2m_close(&m);
	return v;
}

/* ---- queues ---- */

static int request(struct m2m *m, uint32_t type, uint32_t memory, unsigned int n)
{
	struct v4l2_requestbuffers r = { .count = n, .type = type, .memory = memory };

	return xioctl(m->fd, VIDIOC_REQBUFS, &r);
}

int m2m_request(struct m2m *m, unsigned int n_buffers)
{
	int ret = request(m, m->output, V4L2_MEMORY_MMAP, n_buffers);

	return ret ? ret : request(m, m->capture, V4L2_MEMORY_DMABUF, n_buffers);
}

int m2m_request_own(struct m2m *m, unsigned int n_buffers)
{
	return request(m, m->capture, V4L2_MEMORY_MMAP, n_buffers);
}

int m2m_export(struct m2m *m, unsigned int index)
{
	struct v4l2_exportbuffer e = { .type = m->capture,
				       .index = index,
				       .flags = O_RDWR | O_CLOEXEC };
	int ret = xioctl(m->fd, VIDIOC_EXPBUF, &e);

	return ret ? ret : e.fd;
}

int m2m_set_job_ms(struct m2m *m, unsigned int ms)
{
	struct v4l2_control c = { .id = VIM2M_JOB_MS, .value = ms };

	return m->has_job_time ? xioctl(m->fd, VIDIOC_S_CTRL, &c) : 0;
}

static int stream(struct m2m *m, unsigned long request_code)
{
	int ret = xioctl(m->fd, request_code, &m->output);
	int ret2 = xioctl(m->fd, request_code, &m->capture);

	return ret ? ret : ret2;
}

int m2m_start(struct m2m *m)
{
	return stream(m, VIDIOC_STREAMON);
}

int m2m_stop(struct m2m *m)
{
	return stream(m, VIDIOC_STREAMOFF);
}

int m2m_stop_output(struct m2m *m)
{
	return xioctl(m->fd, VIDIOC_STREAMOFF, &m->output);
}

/* A v4l2_buffer and its one plane, whatever the API. */
struct buffer {
	struct v4l2_buffer b;
	struct v4l2_plane plane;
};

static void init_buffer(struct m2m *m, struct buffer *b, uint32_t type, uint32_t memory,
			unsigned int index)
{
	memset(b, 0, sizeof(*b));
	b->b.type = type;
	b->b.memory = memory;
	b->b.index = index;
	b->b.field = V4L2_FIELD_NONE;
	if (m->is_multiplanar) {
		b->b.length = 1;
		b->b.m.planes = &b->plane;
	}
}

int m2m_queue_capture(struct m2m *m, unsigned int index, int dmabuf)
{
	struct buffer b;

	init_buffer(m, &b, m->capture, V4L2_MEMORY_DMABUF, index);
	/* length 0: videobuf2 takes the size of the dma-buf */
	if (m->is_multiplanar)
		b.plane.m.fd = dmabuf;
	else
		b.b.m.fd = dmabuf;
	return xioctl(m->fd, VIDIOC_QBUF, &b.b);
}

int m2m_queue_output(struct m2m *m, unsigned int index)
{
	struct buffer b;

	init_buffer(m, &b, m->output, V4L2_MEMORY_MMAP, index);
	if (m->is_multiplanar)
		b.plane.bytesused = m->output_bytes;
	else
		b.b.bytesused = m->output_bytes;
	return xioctl(m->fd, VIDIOC_QBUF, &b.b);
}

static int take(struct m2m *m, uint32_t type, uint32_t memory, bool *failed)
{
	struct buffer b;
	int ret;

	init_buffer(m, &b, type, memory, 0);
	ret = xioctl(m->fd, VIDIOC_DQBUF, &b.b);
	if (ret)
		return ret;
	if (failed)
		*failed = b.b.flags & V4L2_BUF_FLAG_ERROR;
	return (int)b.b.index;
}

int m2m_take_capture(struct m2m *m, bool *failed)
{
	return take(m, m->capture, V4L2_MEMORY_DMABUF, failed);
}

int m2m_take_output(struct m2m *m)
{
	return take(m, m->output, V4L2_MEMORY_MMAP, NULL);
}

bool m2m_wait_capture(struct m2m *m, int limit_ms)
{
	struct pollfd p = { .fd = m->fd, .events = POLLIN };

	return poll(&p, 1, limit_ms) == 1 && (p.revents & POLLIN);
}
