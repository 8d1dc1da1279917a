// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the table of known layouts: dma-buf's fences and reservations, which the reference
 * bug is about. Offsets as a compiler for arm64 printed them from Debian's sources of
 * 6.1, 6.12 and 7.2; versions between by reading include/linux/dma-fence.h and
 * drivers/dma-buf/dma-resv.c. Lockdep moves them (dma_fence.inline_lock and
 * dma_resv.lock), so nothing here is more than a guess. */
#include "diagnose/assumed.h"

#include <inttypes.h>

#include "util/mem.h"
#include "util/num.h"

#define KERNEL(major, minor) ((major)*1000 + (minor))

struct known {
	const char *type, *member;
	uint64_t offset;
	unsigned from, to; /* KERNEL() of the first and the last with this layout */
};

static const struct known known[] = {
	{ "struct dma_fence", "ops", 0x08, KERNEL(6, 1), KERNEL(7, 2) },
	{ "struct dma_fence", "context", 0x20, KERNEL(6, 1), KERNEL(7, 2) },
	{ "struct dma_fence", "seqno", 0x28, KERNEL(6, 1), KERNEL(7, 2) },
	{ "struct dma_fence", "flags", 0x30, KERNEL(6, 1), KERNEL(7, 2) },
	{ "struct dma_fence", "refcount", 0x38, KERNEL(6, 1), KERNEL(7, 2) },
	{ "struct dma_fence", "error", 0x3c, KERNEL(6, 1), KERNEL(7, 2) },
	{ "struct dma_fence_ops", "use_64bit_seqno", 0x00, KERNEL(6, 1), KERNEL(6, 16) },
	{ "struct dma_fence_ops", "signaled", 0x20, KERNEL(6, 1), KERNEL(6, 16) },
	{ "struct dma_fence_ops", "wait", 0x28, KERNEL(6, 1), KERNEL(6, 16) },
	{ "struct dma_fence_ops", "release", 0x30, KERNEL(6, 1), KERNEL(6, 16) },
	{ "struct dma_fence_ops", "signaled", 0x18, KERNEL(6, 17), KERNEL(7, 2) },
	{ "struct dma_fence_ops", "wait", 0x20, KERNEL(6, 17), KERNEL(7, 2) },
	{ "struct dma_fence_ops", "release", 0x28, KERNEL(6, 17), KERNEL(7, 2) },
	{ "struct dma_resv", "fences", 0x28, KERNEL(6, 1), KERNEL(7, 2) },
	{ "struct dma_resv_list", "num_fences", 0x10, KERNEL(6, 1), KERNEL(7, 2) },
	{ "struct dma_resv_list", "table[0]", 0x18, KERNEL(6, 1), KERNEL(7, 2) },
	{ "struct dma_resv_list", "table[1]", 0x20, KERNEL(6, 1), KERNEL(7, 2) },
};

/* KERNEL() of "6.12.1-rc3+", 0 when it cannot be read. */
static unsigned version_of(const char *s)
{
	uint64_t major, minor;
	size_t n;

	if (!s)
		return 0;
	n = strspn(s, "0123456789");
	if (s[n] != '.' || parse_u64n(s, n, 10, 99, &major) < 0)
		return 0;
	s += n + 1;
	n = strspn(s, "0123456789");
	if (parse_u64n(s, n, 10, 999, &minor) < 0)
		return 0;
	return KERNEL((unsigned)major, (unsigned)minor);
}

static bool is_about_fences(const struct incident *in)
{
	static const char *const words[] = {
		"dma_resv", "dma_fence", "dma_buf",           "sync_file",
		"vb2_",     "drm_sched", "reservation_object"
	};
	const char *where = in->pc ? in->pc : in->function;

	for (size_t i = 0; where && i < ARRAY_SIZE(words); i++)
		if (strstr(where, words[i]))
			return true;
	return false;
}

/* How well the way of the base fits: a slot's flag bits are masked off before its fence
 * is used, and a fence's ops are loaded from offset 8 of it. */
static unsigned fit(const struct diagnosis *d, const struct known *k)
{
	bool is_fence = strcmp(k->type, "struct dma_fence") == 0;
	bool is_ops = strcmp(k->type, "struct dma_fence_ops") == 0;

	if (d->origin.kind == ORIGIN_MASKED && d->origin.mask == ~UINT64_C(3))
		return is_fence ? 2 : 0;
	if (d->origin.kind == ORIGIN_LOADED && d->origin.disp == 8)
		return is_ops ? 2 : 0;
	return 1;
}

static void add(struct diagnosis *d, const struct known *k, unsigned how)
{
	struct candidate *c;

	d->candidates =
		xreallocarray(d->candidates, d->n_candidates + 1, sizeof(*d->candidates));
	c = &d->candidates[d->n_candidates++];
	*c = (struct candidate){
		.type = xstrdup(k->type),
		.member = xstrdup(k->member),
		.offset = k->offset,
		.scope = CANDIDATE_ALL,
		.rank = (unsigned)d->n_candidates,
		.why = xasprintf("layout assumed, not read: %u.%u to %u.%u without "
				 "lockdep%s",
				 k->from / 1000, k->from % 1000, k->to / 1000,
				 k->to % 1000,
				 how == 2 ? "; the way of the base register fits" : ""),
	};
}

void assumed_candidates(struct diagnosis *d, const struct incident *in, uint64_t offset)
{
	unsigned version = version_of(in->kernel);

	if (is_about_fences(in)) {
		for (unsigned how = 3; how-- > 0;)
			for (size_t i = 0; i < ARRAY_SIZE(known); i++)
				if (known[i].offset == offset &&
				    (!version || (version >= known[i].from &&
						  version <= known[i].to)) &&
				    fit(d, &known[i]) == how)
					add(d, &known[i], how);
	}
	if (d->n_candidates)
		d->assumption = xasprintf(
			"no layout of this build was given: members at offset 0x%" PRIx64
			" are those of a kernel %s without lockdep (--vmlinux reads them)",
			offset, in->kernel ? in->kernel : "of unknown version");
	else
		d->assumption = xasprintf(
			"no layout of this build was given: which member is at offset "
			"0x%" PRIx64 " is not known (--vmlinux reads it)",
			offset);
}
