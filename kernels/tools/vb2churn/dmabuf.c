// SPDX-License-Identifier: GPL-2.0-or-later OR MIT
/* Owns the ioctls of dma-buf, sync_file, udmabuf and DMA heaps. */
#define _GNU_SOURCE
#include "dmabuf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/sync_file.h>
#include <linux/udmabuf.h>

#include "device.h"

/* udmabuf and heaps give whole pages. */
static size_t in_pages(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

static int from_memfd(int device, int memfd, size_t bytes)
{
	struct udmabuf_create c = { .memfd = (uint32_t)memfd,
				    .size = bytes,
				    .flags = UDMABUF_FLAGS_CLOEXEC };
	int fd;

	/* What may shrink is refused. */
	if (ftruncate(memfd, (off_t)bytes) || fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		return -errno;
	fd = ioctl(device, UDMABUF_CREATE, &c);
	return fd < 0 ? -errno : fd;
}

static int from_udmabuf(size_t bytes)
{
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), memfd, fd;

	if (device < 0)
		return -errno;
	memfd = memfd_create("vb2churn", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	fd = memfd < 0 ? -errno : from_memfd(device, memfd, in_pages(bytes));
	if (memfd >= 0)
		close(memfd);
	close(device);
	return fd;
}

static int from_heap(const char *path, size_t bytes)
{
	struct dma_heap_allocation_data d = { .len = in_pages(bytes),
					      .fd_flags = O_RDWR | O_CLOEXEC };
	int heap = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (heap < 0)
		return -errno;
	ret = ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &d) ? -errno : (int)d.fd;
	close(heap);
	return ret;
}

/* The memory outlives the queue that it was made in. */
static int from_expbuf(const char *path)
{
	struct m2m m;
	int ret = m2m_open(&m, path);

	if (ret)
		return ret;
	ret = m2m_request_own(&m, 1);
	if (!ret)
		ret = m2m_export(&m, 0);
	m2m_close(&m);
	return ret;
}

int dmabuf_new(const struct exporter *e)
{
	switch (e->from) {
	case FROM_UDMABUF:
		return from_udmabuf(e->bytes);
	case FROM_EXPBUF:
		return from_expbuf(e->path);
	case FROM_HEAP:
		return from_heap(e->path, e->bytes);
	}
	return -EINVAL;
}

int dmabuf_write_fence(int dmabuf)
{
	struct dma_buf_export_sync_file e = { .flags = DMA_BUF_SYNC_READ, .fd = -1 };

	return ioctl(dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &e) ? -errno : e.fd;
}

static bool wait_readable(int fd, int limit_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, limit_ms) == 1 && (p.revents & POLLIN);
}

bool dmabuf_wait(int dmabuf, int limit_ms)
{
	return wait_readable(dmabuf, limit_ms);
}

bool fence_wait(int sync_file, int limit_ms)
{
	return wait_readable(sync_file, limit_ms);
}

int fence_status(int sync_file)
{
	struct sync_file_info info = { 0 };

	return ioctl(sync_file, SYNC_IOC_FILE_INFO, &info) ? INT32_MIN : info.status;
}

int dmabuf_status(int dmabuf)
{
	int fence = dmabuf_write_fence(dmabuf), status;

	if (fence < 0)
		return INT32_MIN;
	status = fence_status(fence);
	close(fence);
	return status;
}
