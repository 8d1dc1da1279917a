// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as a vmlinux, a module or BTF, and every question that there is to ask. */
#include <fcntl.h>
#include <sys/mman.h>

#include "diagnose/build.h"
#include "util/io.h"
#include "util/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask_types(struct build *b)
{
	static const char *const accesses[] = { "struct dma_fence.context",
						"struct dma_fence.cb_list.next",
						"spinlock_t.next",
						"struct odd.parts[1].x" };
	struct err err = ERR_INIT;
	uint64_t offset, bytes;

	for (size_t i = 0; i < ARRAY_SIZE(accesses); i++)
		if (build_member(b, accesses[i], &offset, &bytes, &err) && !err.msg[0])
			BUG("no reason for %s", accesses[i]);
}

static void ask_candidates(struct build *b, const struct build_place *at, int base)
{
	struct candidate_query q = {
		.at = *at, .base = base, .offset = 0x20, .bytes = 8
	};
	struct candidate *v = NULL;
	size_t n = build_candidates(b, &q, &v);

	if (n > CANDIDATES_MAX)
		BUG("%zu candidates", n);
	for (size_t i = 0; i < n; i++)
		if (v[i].rank != i + 1 || !v[i].type || !v[i].member || !v[i].why)
			BUG("candidate %zu is incomplete", i);
	candidates_free(v, n);
}

static void ask_function(struct build *b, const char *name, const char *module)
{
	struct source_line line[SOURCE_MAX_INLINED];
	struct build_place at;
	uint32_t *words;

	for (uint64_t offset = 0; offset < 0x80; offset += 12) {
		if (build_find(b, name, module, offset, 0, &at) != BUILD_FOUND)
			return;
		if (build_code(b, &at, &words) != 0 && !words)
			BUG("no words");
		free(words);
		for (size_t n = build_source(b, &at, line); n--;)
			if (!line[n].function || !line[n].file)
				BUG("a line without function or file");
		for (int reg = 0; reg < 26; reg += 5) {
			char *why, *type = build_register_type(b, &at, reg, &why);

			free(type);
			free(why);
		}
		(void)build_inlines(b, &at, "dma_fence_is_signaled");
		ask_candidates(b, &at, (int)(offset / 12));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("layout", MFD_CLOEXEC);
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", fd);
	struct build_place nowhere = { .function = NULL };
	struct err err = ERR_INIT;
	struct build *b = NULL;

	if (fd < 0 || io_write_all(fd, data, size))
		return 0;
	if (build_open(path, &b, &err)) {
		if (!err.msg[0] || b)
			BUG("refused without a word");
		return 0;
	}
	ask_types(b);
	ask_candidates(b, &nowhere, -1);
	ask_function(b, "dma_resv_add_fence", NULL);
	ask_function(b, "vb2_fence_attach", NULL);
	ask_function(b, "release", NULL);
	if (!build_add_module(b, path, &err))
		ask_types(b);
	build_close(b);
	return 0;
}
