// SPDX-License-Identifier: GPL-2.0-or-later
/* A report's places in the build that ran: tests/data/build, a small "kernel". */
#include "tap.h"

#include "diagnose/diagnosis.h"
#include "util/jsonx.h"
#include "util/mem.h"

static struct incident *in;
static struct build *b;
static struct diagnosis d;

/* From an incident's JSON; what a case leaves ends with its process. */
static void diagnose(const char *json)
{
	struct err err = ERR_INIT;
	_cleanup_json_ json_t *j = json_loads(json, 0, NULL);

	CHECK(j);
	in = incident_from_json(j);
	CHECK(in);
	CHECK_EQ(build_open("tests/data/build/fence.elf", &b, &err), 0);
	diagnosis_make(&d, in, b);
}

static void done(void)
{
	diagnosis_release(&d);
	build_close(b);
	incident_free(in);
}

static bool warns(const char *words)
{
	for (size_t i = 0; i < d.warnings.n; i++)
		if (strstr(d.warnings.v[i], words))
			return true;
	return false;
}

TEST(each_frame_has_the_line_of_its_call_in_its_own_function)
{
	diagnose(
		"{\"kind\": \"null-deref\", \"pc\": \"dma_resv_add_fence+0x60/0xd0\","
		" \"call_trace\": ["
		"{\"function\": \"dma_resv_add_fence\", \"offset\": \"0x60\", "
		"\"size\": \"0xd0\"},"
		"{\"function\": \"not_there\", \"offset\": \"0x8\", \"size\": \"0x10\"}]}");
	CHECK_EQ(d.n_frame_lines, 2);
	CHECK(d.frame_lines[0]);
	CHECK_CONTAINS(d.frame_lines[0], "drivers/dma-buf/dma-resv.c:");
	CHECK(!d.frame_lines[1]);
	/* pc itself is told from the innermost function outwards. */
	CHECK(d.n_source >= 2);
	CHECK_STR(d.source[0].function, "dma_fence_is_signaled");
	CHECK_STR(d.source[d.n_source - 1].function, "dma_resv_add_fence");
	CHECK(!d.is_other_build);
	done();
}

TEST(without_a_pc_the_blamed_frame_gives_the_source)
{
	diagnose(
		"{\"kind\": \"kasan\", \"function\": \"dma_resv_add_fence\","
		" \"call_trace\": ["
		"{\"function\": \"kasan_report\", \"offset\": \"0x8\", \"size\": \"0x10\"},"
		"{\"function\": \"dma_resv_add_fence\", \"offset\": \"0x64\", "
		"\"size\": \"0xd0\"}]}");
	CHECK(!d.has_place && !d.has_insn);
	CHECK(d.n_source > 0);
	CHECK_STR(d.source[d.n_source - 1].function, "dma_resv_add_fence");
	done();
}

TEST(a_callers_size_tells_another_build_where_the_faulting_function_is_the_same)
{
	diagnose("{\"kind\": \"null-deref\", \"pc\": \"dma_resv_add_fence+0x60/0xd0\","
		 " \"call_trace\": ["
		 "{\"function\": \"dma_resv_add_fence\", \"offset\": \"0x60\", "
		 "\"size\": \"0xd0\"},"
		 "{\"function\": \"context_of_lookup\", \"offset\": \"0x8\", "
		 "\"size\": \"0x414\"}]}");
	CHECK(d.has_place);
	CHECK(d.is_other_build);
	CHECK(warns("context_of_lookup has 0x14 bytes in it, 0x414 in the log"));
	done();
}

TEST(a_bare_pc_is_moved_back_by_the_kernel_offset)
{
	struct build_place at;
	char json[256];

	diagnose("{\"kind\": \"null-deref\", \"pc\": \"0xffff800080000000\"}");
	CHECK(!d.has_place);
	CHECK(warns("pc is a bare address"));
	CHECK_EQ(build_find(b, "dma_resv_add_fence", NULL, 0x60, 0xd0, &at), BUILD_FOUND);
	snprintf(json, sizeof(json),
		 "{\"kind\": \"null-deref\", \"pc\": \"0x%llx\", \"kaslr_offset\": "
		 "\"0x36ad00000000\"}",
		 (unsigned long long)at.addr + 0x36ad00000000ULL);
	done();
	diagnose(json);
	CHECK(d.has_place);
	CHECK_STR(d.place.function, "dma_resv_add_fence");
	CHECK(d.n_source > 0);
	done();
}

TESTS(T(each_frame_has_the_line_of_its_call_in_its_own_function),
      T(without_a_pc_the_blamed_frame_gives_the_source),
      T(a_callers_size_tells_another_build_where_the_faulting_function_is_the_same),
      T(a_bare_pc_is_moved_back_by_the_kernel_offset))
