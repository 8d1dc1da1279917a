/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/dma-fence.h>

struct sync_file {
	u64 pad[4];
	u64 flags;
	struct dma_fence *fence;
};

struct sync_merge_data {
	u32 pad[8];
	u32 fence;
};

u64 sync_merge(struct sync_merge_data *data)
{
	return data->fence;
}

int dma_fence_signal(struct dma_fence *fence)
{
	fence->flags |= 1;
	return 0;
}

/* The other of two static functions of that name: longer. */
static __attribute__((noinline)) void release(struct sync_file *file)
{
	if (file->fence->ops->release)
		file->fence->ops->release(file->fence);
	file->flags = 0;
	file->fence = NULL;
}

void sync_file_release(struct sync_file *file)
{
	release(file);
}
