// SPDX-License-Identifier: GPL-2.0-or-later
/* Which members an access may have meant, the likeliest first. */
#include <fcntl.h>

#include "build_fixture.h"
#include "diagnose/insn.h"
#include "util/io.h"
#include "util/strbuf.h"

static const struct candidate *find(const struct candidate *v, size_t n, const char *type,
				    const char *member)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].type, type) == 0 && strcmp(v[i].member, member) == 0)
			return &v[i];
	return NULL;
}

TEST(a_null_slot_and_null_ops_are_told_apart)
{
	static const char *const files[] = { "fence.elf", "fence.nodebug.elf" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct build *b = open_fixture(files[i]);
		struct candidate_query slot =
			ask(b, "dma_resv_add_fence", 0x44, 19, 0x20, 8);
		struct candidate_query ops =
			ask(b, "dma_resv_add_fence", 0x60, 1, 0x20, 8);
		struct candidate *v;
		size_t n = build_candidates(b, &slot, &v);

		CHECK_STR(ranked(v, n, 1), "struct dma_fence.context");
		CHECK_EQ(v[0].scope, CANDIDATE_BASE);
		CHECK_EQ(v[0].rank, 1);
		CHECK_EQ(v[0].offset, 0x20);
		candidates_free(v, n);
		n = build_candidates(b, &ops, &v);
		CHECK_STR(ranked(v, n, 1), "struct dma_fence_ops.signaled");
		CHECK_EQ(v[0].scope, CANDIDATE_BASE);
		candidates_free(v, n);
		build_close(b);
	}
}

TEST(after_the_base_come_the_function_its_subsystem_and_the_rest)
{
	struct build *b = open_fixture("fence.elf");
	struct candidate_query q = ask(b, "dma_resv_add_fence", 0x44, 19, 0x20, 8);
	const struct candidate *c;
	struct candidate *v;
	size_t n = build_candidates(b, &q, &v);

	c = find(v, n, "struct dma_resv_list", "table[1]");
	CHECK(c && c->scope == CANDIDATE_FUNCTION);
	CHECK_STR(c->why, "fobj of dma_resv_add_fence() points to one");
	c = find(v, n, "struct ww_mutex", "ctx");
	CHECK(c && c->scope == CANDIDATE_SUBSYSTEM);
	CHECK_CONTAINS(c->why, "include/linux/dma-resv.h declares it");
	c = find(v, n, "struct sync_file", "flags");
	CHECK(c && c->scope == CANDIDATE_ALL);
	for (size_t i = 0; i < n; i++) {
		CHECK_EQ(v[i].rank, i + 1);
		CHECK(i == 0 || v[i - 1].scope <= v[i].scope);
		CHECK(*v[i].why);
	}
	candidates_free(v, n);
	build_close(b);
}

TEST(equal_questions_have_equal_answers)
{
	struct build *b = open_fixture("fence.elf");
	struct candidate_query q = ask(b, "dma_resv_add_fence", 0x44, 19, 0x10, 8);
	struct candidate *v, *w;
	size_t n = build_candidates(b, &q, &v), m = build_candidates(b, &q, &w);

	CHECK(n > 3 && n == m);
	for (size_t i = 0; i < n; i++) {
		CHECK_STR(v[i].type, w[i].type);
		CHECK_STR(v[i].member, w[i].member);
	}
	candidates_free(v, n);
	candidates_free(w, m);
	build_close(b);
}

TEST(each_member_of_a_union_is_a_candidate)
{
	struct build *b = open_fixture("fence.elf");
	struct candidate_query q = ask(b, "dma_resv_add_fence", 0x44, 19, 0x10, 8);
	struct candidate *v;
	size_t n = build_candidates(b, &q, &v);

	CHECK(find(v, n, "struct dma_fence", "cb_list.next"));
	CHECK(find(v, n, "struct dma_fence", "timestamp"));
	CHECK(find(v, n, "struct dma_fence", "rcu.next"));
	CHECK_EQ(find(v, n, "struct dma_fence", "timestamp")->scope, CANDIDATE_BASE);
	candidates_free(v, n);
	build_close(b);
}

TEST(a_bare_btf_file_ranks_by_offset_and_size_alone)
{
	struct build *b = open_fixture("fence.btf");
	struct candidate_query q = { .base = INSN_NO_REG, .offset = 0x20, .bytes = 4 };
	struct candidate *v;
	size_t n = build_candidates(b, &q, &v);

	CHECK_STR(ranked(v, n, 1), "struct sync_merge_data.fence");
	CHECK_EQ(v[0].scope, CANDIDATE_ALL);
	candidates_free(v, n);
	q.bytes = 8;
	n = build_candidates(b, &q, &v);
	CHECK(find(v, n, "struct dma_fence", "context"));
	CHECK(find(v, n, "struct dma_fence_ops", "signaled"));
	CHECK(!find(v, n, "struct sync_merge_data", "fence"));
	candidates_free(v, n);
	build_close(b);
}

TEST(a_bare_btf_file_and_a_functions_name_rank_its_arguments_first)
{
	struct build *b = open_fixture("fence.btf");
	struct candidate_query q = { .at = { .function = "dma_resv_add_fence" },
				     .base = INSN_NO_REG,
				     .offset = 0x20,
				     .bytes = 8 };
	struct candidate *v;
	size_t n = build_candidates(b, &q, &v);

	CHECK_STR(ranked(v, n, 1), "struct dma_resv.lock.ctx");
	CHECK_STR(ranked(v, n, 2), "struct dma_fence.context");
	CHECK_EQ(v[1].scope, CANDIDATE_FUNCTION);
	CHECK_CONTAINS(v[1].why, "argument 2 of dma_resv_add_fence()");
	candidates_free(v, n);
	build_close(b);
}

/* The fixture with its BTF section renamed, so that DWARF is all there is. */
static struct build *open_without_btf(void)
{
	_cleanup_strbuf_ struct strbuf data = STRBUF_INIT;
	_cleanup_free_ char *path = xasprintf("%s/nobtf.elf", tap_tmpdir());
	_cleanup_close_ int dir = open(tap_tmpdir(), O_DIRECTORY | O_CLOEXEC);
	struct err err = ERR_INIT;
	struct build *b = NULL;
	char *name;

	CHECK_EQ(io_read_file_at(AT_FDCWD, FIXTURE "fence.elf", 1 << 20, &data), 0);
	name = memmem(data.buf, data.len, "\0.BTF\0", 6);
	CHECK(name);
	name[2] = 'X';
	CHECK_EQ(io_atomic_write_at(dir, "nobtf.elf", data.buf, data.len), 0);
	CHECK_EQ(build_open(path, &b, &err), 0);
	return b;
}

TEST(without_btf_all_types_come_from_dwarf)
{
	struct build *b = open_without_btf(), *with = open_fixture("fence.elf");
	struct candidate_query q = { .base = INSN_NO_REG, .offset = 0x20, .bytes = 8 };
	struct candidate *v, *w;
	size_t n = build_candidates(b, &q, &v), m = build_candidates(with, &q, &w);
	uint64_t offset, size;
	struct err err = ERR_INIT;

	CHECK(n > 4);
	CHECK_EQ(n, m);
	for (size_t i = 0; i < n; i++) {
		CHECK_STR(v[i].type, w[i].type);
		CHECK_STR(v[i].member, w[i].member);
	}
	CHECK_EQ(build_member(b, "struct odd.grid[1][2]", &offset, &size, &err), 0);
	CHECK_EQ(offset, 12 + 5 * 4);
	CHECK_EQ(build_member(b, "struct odd.high", &offset, &size, &err), 0);
	CHECK_EQ(offset, 0);
	CHECK_EQ(size, 4);
	candidates_free(v, n);
	candidates_free(w, m);
	build_close(b);
	build_close(with);
}

TESTS(T(a_null_slot_and_null_ops_are_told_apart),
      T(after_the_base_come_the_function_its_subsystem_and_the_rest),
      T(equal_questions_have_equal_answers), T(each_member_of_a_union_is_a_candidate),
      T(a_bare_btf_file_ranks_by_offset_and_size_alone),
      T(a_bare_btf_file_and_a_functions_name_rank_its_arguments_first),
      T(without_btf_all_types_come_from_dwarf))
