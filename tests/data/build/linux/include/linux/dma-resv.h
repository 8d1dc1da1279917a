/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <linux/dma-fence.h>

struct ww_mutex {
	u64 owner;
	spinlock_t wait_lock;
	struct list_head wait_list;
	struct ww_acquire_ctx *ctx;
};

struct dma_resv_list;

struct dma_resv {
	struct ww_mutex lock;
	struct dma_resv_list *fences;
};

void dma_resv_add_fence(struct dma_resv *obj, struct dma_fence *fence, u32 usage);
