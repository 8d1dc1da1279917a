/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shapes of Linux 6.12's dma-fence.h. */
#pragma once

#include <linux/types.h>

struct dma_fence;

struct dma_fence_ops {
	bool use_64bit_seqno;
	const char *(*get_driver_name)(struct dma_fence *fence);
	const char *(*get_timeline_name)(struct dma_fence *fence);
	bool (*enable_signaling)(struct dma_fence *fence);
	bool (*signaled)(struct dma_fence *fence);
	long (*wait)(struct dma_fence *fence, bool intr, long timeout);
	void (*release)(struct dma_fence *fence);
};

struct dma_fence {
	spinlock_t *lock;
	const struct dma_fence_ops *ops;
	union {
		struct list_head cb_list;
		u64 timestamp;
		struct rcu_head rcu;
	};
	u64 context;
	u64 seqno;
	u64 flags;
	struct kref refcount;
	int error;
};

int dma_fence_signal(struct dma_fence *fence);

static inline __attribute__((always_inline)) bool
dma_fence_is_signaled(struct dma_fence *fence)
{
	if (fence->flags & 1)
		return 1;
	if (fence->ops->signaled && fence->ops->signaled(fence)) {
		dma_fence_signal(fence);
		return 1;
	}
	return 0;
}
