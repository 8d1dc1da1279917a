/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/dma-resv.h>

const char linux_banner[] = "Linux version 6.12.0-fixture (bootrig@bootrig) #1 SMP\n";

struct dma_resv_list {
	struct rcu_head rcu;
	u32 num_fences, max_fences;
	struct dma_fence *table[];
};

/* Members that are hard to name. */
struct odd {
	u32 low : 3, high : 29;
	struct {
		u32 first;
		union {
			u32 as_word;
			unsigned char as_bytes[4];
		};
	};
	int grid[2][3];
	struct {
		struct kref ref;
		int x;
	} parts[2];
	struct odd *next;
};

struct dma_fence *dma_fence_stub;
struct odd odd_one;
u64 counter;

static inline __attribute__((always_inline)) void
dma_resv_list_entry(struct dma_resv_list *list, u32 index, struct dma_fence **fence,
		    u32 *usage)
{
	long tmp = (long)list->table[index];

	*fence = (struct dma_fence *)(tmp & ~3);
	*usage = tmp & 3;
}

void dma_resv_add_fence(struct dma_resv *obj, struct dma_fence *fence, u32 usage)
{
	struct dma_resv_list *fobj = obj->fences;
	struct dma_fence *old;
	u32 i, count = fobj->num_fences, old_usage;

	for (i = 0; i < count; ++i) {
		dma_resv_list_entry(fobj, i, &old, &old_usage);
		if ((old->context == fence->context && old_usage >= usage) ||
		    dma_fence_is_signaled(old)) {
			fobj->table[i] = (void *)((long)fence | usage);
			return;
		}
	}
	fobj->table[i] = (void *)((long)fence | usage);
	fobj->num_fences = i + 1;
}

/* By a call, through a variable, by an index, by whichever of two ways. */
__attribute__((noinline)) struct dma_fence *dma_fence_lookup(u64 n)
{
	return n ? dma_fence_stub + n : NULL;
}

u64 context_of_lookup(u64 n)
{
	return dma_fence_lookup(n)->context;
}

u64 context_of_stub(void)
{
	return dma_fence_stub->context;
}

u64 context_of_either(struct dma_fence *a, struct dma_fence *b, int which)
{
	struct dma_fence *one = which ? a : b;

	counter += (u64)one;
	return one->context;
}

struct odd *odd_next(struct odd *o)
{
	return o->next->next;
}

/* One of two static functions of that name. */
static __attribute__((noinline)) void release(struct dma_fence *fence)
{
	fence->error = 1;
}

void dma_resv_release(struct dma_resv *obj)
{
	release(obj->fences->table[0]);
}

/* What is loaded is a list_head or an rcu_head. */
struct list_head *dma_fence_second_callback(struct dma_fence *fence)
{
	return fence->cb_list.next->next;
}

/* Fills in a variable through its address, as dma_resv_list_entry() does where it is not
 * inlined. */
__attribute__((noipa)) void dma_resv_list_first(struct dma_resv_list *list,
						 struct dma_fence **fence)
{
	*fence = list->table[0];
}

bool dma_resv_first_is_signaled(struct dma_resv *obj)
{
	struct dma_fence *old = NULL;

	dma_resv_list_first(obj->fences, &old);
	return old->ops->signaled && old->ops->signaled(old);
}

/* As KASAN's compiler pass makes it: the address of what is bad is all that is handed on. */
__attribute__((noipa)) void __asan_report_load8_noabort(u64 addr)
{
	counter = addr;
}

u64 dma_resv_context_checked(struct dma_resv *obj)
{
	struct dma_fence *old = obj->fences->table[0];

	if (counter)
		__asan_report_load8_noabort((u64)&old->context);
	return old->context;
}
