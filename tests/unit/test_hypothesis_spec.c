// SPDX-License-Identifier: GPL-2.0-or-later
/* Hypotheses as people write them, and every mistake with its place. */
#include "parse/hypothesis_spec.h"

#include <errno.h>

#include "messages_text.h"
#include "tap.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

static struct hypotheses load(const char *text)
{
	struct hypotheses h = HYPOTHESES_INIT;
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;
	int r = hypotheses_parse("h.yaml", text, strlen(text), &h, &msgs, &err);
	_cleanup_free_ char *all = joined_messages(&msgs);

	CHECK_STR(all, "");
	CHECK_EQ(r, 0);
	return h;
}

#define CLAUSES                                                                          \
	"expected one of: kind, function, access, base, fault_address, trace_contains, allocated_in, freed_in, modules\n"

static const struct {
	const char *text, *want;
} bad[] = {
	{ "name: a\n", "h.yaml:1:1: hypothesis claims nothing; " CLAUSES },
	{ "{}\n", "h.yaml:1:1: hypothesis claims nothing; " CLAUSES
		  "h.yaml:1:1: hypothesis has no \"name\"; expected one\n" },
	{ "[]\n", "h.yaml:1:1: the file is empty; expected one hypothesis or more\n" },
	{ "hypotheses: {}\n", "h.yaml:1:13: hypotheses is a mapping; expected a list\n" },
	{ "hypotheses: []\n",
	  "h.yaml:1:13: hypotheses is empty; expected one hypothesis or more\n" },
	{ "name: a\nkind: null-dref\n",
	  "h.yaml:2:7: hypothesis.kind is \"null-dref\", did you mean \"null-deref\"?; expected one of: null-deref, paging-fault, user-access, uaf, kasan, kfence, kmsan, kcsan, ubsan, gpf, bug, warn, lockdep, atomic-sleep, oops-other, serror, mce, oom, leak, invalid-free, panic, hung-task, soft-lockup, hard-lockup, rcu-stall, workqueue-lockup, silence, boot-loop, reset, no-boot, other\n" },
	{ "name: a\nfuncton: [f]\n",
	  "h.yaml:1:1: hypothesis claims nothing; " CLAUSES
	  "h.yaml:2:1: unknown key \"functon\" in hypothesis, did you mean \"function\"?; expected one of: name, description, kind, function, access, base, fault_address, trace_contains, allocated_in, freed_in, modules\n" },
	{ "name: a\nfunction: []\n",
	  "h.yaml:2:11: hypothesis.function has 0 names; expected 1 to 64\n" },
	{ "name: a\nfunction: [\"\", f, {}]\n",
	  "h.yaml:2:12: hypothesis.function holds an empty text; expected a name or glob\n"
	  "h.yaml:2:19: hypothesis.function is a mapping; expected a text\n" },
	{ "name: a\nfunction: f+0x20/0x40\n",
	  "h.yaml:2:11: hypothesis.function holds \"f+0x20/0x40\"; expected a name or glob without blanks and offsets\n" },
	{ "name: a\naccess: dma_fence.context\n",
	  "h.yaml:2:9: hypothesis.access is \"dma_fence.context\"; expected a member as in \"struct dma_fence.context\"\n" },
	{ "name: a\naccess: struct dma_fence\n",
	  "h.yaml:2:9: hypothesis.access is \"struct dma_fence\"; expected a member as in \"struct dma_fence.context\"\n" },
	{ "name: a\naccess: struct a..b\nbase: x0\n",
	  "h.yaml:2:9: hypothesis.access is \"struct a..b\"; expected a member as in \"struct dma_fence.context\"\n"
	  "h.yaml:3:7: hypothesis.base is \"x0\"; expected null\n" },
	{ "name: a\nfault_address: many\n",
	  "h.yaml:2:16: hypothesis.fault_address is \"many\"; expected an address as 0x20\n" },
	{ "name: a\ntrace_contains: [f, [g, []]]\n",
	  "h.yaml:2:25: hypothesis.trace_contains is a list; expected a text\n" },
	{ "- {name: a, base: null}\n- {name: a, base: null}\n- 3\n",
	  "h.yaml:2:10: hypothesis.name \"a\" stands for another one already; expected different names\n"
	  "h.yaml:3:3: hypothesis is a single value; expected a mapping\n" },
	{ "name: \"a\\nb\"\nbase: null\n",
	  "h.yaml:1:7: hypothesis.name is more than a line; expected one line of 1 to 200 bytes\n" },
	{ "hypotheses: [{name: a, base: null}]\nname: b\n",
	  "h.yaml:2:1: unknown key \"name\" in the file; expected one of: hypotheses\n" },
};

TEST(every_mistake_has_its_place)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct hypotheses h = HYPOTHESES_INIT;
		struct spec_messages msgs = { STRVEC_INIT };
		struct err err = ERR_INIT;

		CHECK_EQ(hypotheses_parse("h.yaml", bad[i].text, strlen(bad[i].text), &h,
					  &msgs, &err),
			 -EINVAL);
		_cleanup_free_ char *all = joined_messages(&msgs);

		CHECK_STR(all, bad[i].want);
		CHECK_EQ(err.class, ERR_JOB);
		hypotheses_release(&h);
		strvec_release(&msgs.v);
	}
}

static const char whole[] =
	"name: whole\n"
	"description: |\n"
	"  Two\n"
	"  lines.\n"
	"kind: [null-deref, kasan]\n"
	"function: [dma_resv_add_fence, 'dma_fence_*']\n"
	"access: struct dma_fence.context\n"
	"base: null\n"
	"fault_address: 0x20\n"
	"trace_contains: [vb2_core_qbuf, ['rkvdec_*_run', hantro_device_run]]\n"
	"allocated_in: vb2_core_reqbufs\n"
	"freed_in: [vb2_core_queue_release, '__vb2_*']\n"
	"modules: videobuf2_common\n";

static void check_whole(const struct hypothesis *h)
{
	CHECK_STR(h->name, "whole");
	CHECK_STR(h->description, "Two\nlines.\n");
	CHECK_EQ(h->kinds, 1 << INCIDENT_NULL_DEREF | 1 << INCIDENT_KASAN);
	CHECK_EQ(h->functions.n, 2);
	CHECK_STR(h->access, "struct dma_fence.context");
	CHECK(h->base_null);
	CHECK(h->has_fault_address);
	CHECK_EQ(h->fault_address, 0x20);
	CHECK_EQ(h->trace.n, 2);
	CHECK_EQ(h->trace.v[1].any.n, 2);
	CHECK_STR(h->trace.v[1].any.v[0], "rkvdec_*_run");
	CHECK_STR(h->allocated.any.v[0], "vb2_core_reqbufs");
	CHECK_EQ(h->freed.any.n, 2);
	CHECK_EQ(h->modules.n, 1);
	CHECK_STR(h->modules.v[0].any.v[0], "videobuf2_common");
}

TEST(a_file_holds_one_a_list_or_a_key_with_a_list)
{
	static const char *const forms[] = {
		"name: a\nbase: null\n",
		"- {name: a, base: null}\n- {name: b, base: ~}\n",
		"hypotheses:\n- {name: a, base: \"null\"}\n- {name: b, base: NULL}\n- {name: c, kind: panic}\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct hypotheses h = load(forms[i]);

		CHECK_EQ(h.n, i + 1);
		CHECK_STR(h.v[0].name, "a");
		CHECK(h.v[0].base_null);
		CHECK(!h.v[0].has_fault_address);
		hypotheses_release(&h);
	}
}

TEST(what_is_written_as_json_reads_back_the_same)
{
	struct hypotheses h = load(whole);

	check_whole(&h.v[0]);
	_cleanup_json_ json_t *j = hypotheses_to_json(&h);
	_cleanup_free_ char *text = json_pretty(j, NULL);
	struct hypotheses back = load(text);

	CHECK_EQ(back.n, 1);
	check_whole(&back.v[0]);
	hypotheses_release(&h);
	hypotheses_release(&back);
}

TEST(counts_are_bounded)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	struct hypotheses h = HYPOTHESES_INIT;
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;

	for (int i = 0; i <= HYPOTHESES_MAX; i++)
		strbuf_addf(&text, "- {name: h%d, base: null}\n", i);
	CHECK_EQ(hypotheses_parse("h", text.buf, text.len, &h, &msgs, &err), -EINVAL);
	CHECK_STR(msgs.v.v[0], "h:33:3: hypothesis is one too many; expected at most 32");
	CHECK_EQ(msgs.v.n, 1);
	hypotheses_release(&h);
	strbuf_reset(&text);
	strbuf_addstr(&text, "name: a\nmodules:\n");
	for (int i = 0; i < 33; i++)
		strbuf_addstr(&text, "- [a, b]\n");
	CHECK_EQ(hypotheses_parse("h", text.buf, text.len, &h, &msgs, &err), -EINVAL);
	CHECK_STR(msgs.v.v[1],
		  "h:3:1: hypothesis.modules has 66 names; expected 1 to 64");
	hypotheses_release(&h);
	strvec_release(&msgs.v);
}

TEST(a_file_that_is_not_there_says_so)
{
	struct hypotheses h = HYPOTHESES_INIT;
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;

	CHECK_EQ(hypotheses_load("/nonexistent/h.yaml", &h, &msgs, &err), -ENOENT);
	CHECK_CONTAINS(msgs.v.v[0], "/nonexistent/h.yaml:1:1: cannot be read");
	strvec_release(&msgs.v);
}

TESTS(T(every_mistake_has_its_place), T(a_file_holds_one_a_list_or_a_key_with_a_list),
      T(what_is_written_as_json_reads_back_the_same), T(counts_are_bounded),
      T(a_file_that_is_not_there_says_so))
