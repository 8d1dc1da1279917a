// SPDX-License-Identifier: GPL-2.0-or-later
/* The judge with the build that ran: tests/data/build, a small "kernel" with the shapes
 * of dma_resv and dma_fence. Offsets in code are those of its binary. */
#include "diagnose/hypothesis.h"

#include "build_fixture.h"
#include "util/jsonx.h"
#include "util/strbuf.h"

#define FRAME(f, off, size)                                                              \
	"{\"function\": \"" f "\", \"offset\": \"" off "\", \"size\": \"" size "\"}"
#define BOTTOM ", " FRAME("el0t_64_sync", "0x14c", "0x150") "]"
#define REPORT                                                                                    \
	"{\"kind\": \"null-deref\", \"kernel\": \"6.12.0-fixture\", \"fault_address\": \"0x20\"," \
	" \"esr\": {\"value\": \"0x96000006\"}, "

/* The slot holds NULL, and a fence whose ops are NULL. */
#define SLOT                                                                             \
	REPORT "\"pc\": \"dma_resv_add_fence+0x44/0xd0\","                               \
	       " \"registers\": {\"x19\": \"0x0\", \"x20\": \"0xffff000001000000\"},"    \
	       " \"call_trace\": [" FRAME("dma_resv_add_fence", "0x44", "0xd0")
#define OPS                                                                              \
	REPORT "\"pc\": \"dma_resv_add_fence+0x60/0xd0\","                               \
	       " \"registers\": {\"x1\": \"0x0\", \"x19\": \"0xffff000001000000\"},"     \
	       " \"call_trace\": [" FRAME("dma_resv_add_fence", "0x60", "0xd0")
#define CODE                                                                                \
	", \"code\": {\"words\": [\"927ef413\", \"12000403\", \"aa1303e0\", \"f9401262\"]," \
	" \"faulting\": 3}"
#define FREED(f, off, size)                                                                \
	"{\"kind\": \"uaf\", \"kernel\": \"6.12.0-fixture\", \"function\": \"dma_resv_" #f \
	"\", \"fault_address\": \"0xffff000001000020\", \"call_trace\": [" FRAME(          \
		"kasan_report", "0xc8", "0x104") ", " FRAME("dma_resv_" #f, off, size)     \
		BOTTOM "}"
#define LIFE(key)                                                                        \
	"{\"kind\": \"uaf\", \"kernel\": \"6.12.0-fixture\", \"" key                     \
	"\": {\"call_trace\": [" FRAME("dma_resv_add_fence", "0x64", "0xd0") BOTTOM "}}"
#define HEADER REPORT "\"truncated\": true, \"call_trace\": []"

static const struct {
	const char *build, *incident, *clauses, *verdict, *reasons;
} cases[] = {
	/* Two members of two structs at one offset. */
	{ "fence.elf", SLOT BOTTOM "}", "access: struct dma_fence.context", "confirmed",
	  "access: x19 holds a struct dma_fence *, struct dma_fence.context is at 0x20 in "
	  "this build, the access at 0x20: confirmed\n" },
	{ "fence.elf", SLOT BOTTOM "}", "access: struct dma_fence_ops.signaled",
	  "falsified", "; the offset would be the same: falsified\n" },
	{ "fence.elf", OPS BOTTOM "}", "access: struct dma_fence_ops.signaled",
	  "confirmed",
	  "access: x1 holds a struct dma_fence_ops *, struct dma_fence_ops.signaled is at "
	  "0x20 in this build, the access at 0x20: confirmed\n" },
	{ "fence.elf", OPS BOTTOM "}", "access: struct dma_fence.context", "falsified",
	  "access: x1 holds a struct dma_fence_ops *, not a struct dma_fence *" },
	{ "fence.nodebug.elf", OPS BOTTOM "}", "access: struct dma_fence.context",
	  "falsified", "access: x1 holds a struct dma_fence_ops *" },
	/* The right struct, another member; a struct and a member that are not there. */
	{ "fence.elf", SLOT BOTTOM "}", "access: struct dma_fence.ops", "falsified",
	  "struct dma_fence.ops is at 0x8 in this build, the access at 0x20: falsified\n" },
	{ "fence.elf", SLOT BOTTOM "}", "access: struct dma_fence.contxt", "undecided",
	  "access: " },
	{ "fence.elf", SLOT BOTTOM "}", "access: struct vb2_buffer.state", "undecided",
	  "access: " },
	/* Types alone: the offset is known, what the register holds is not. */
	{ "fence.btf", HEADER "}", "access: struct dma_fence.context", "undecided",
	  "struct dma_fence.context is at 0x20 in this build, as the access is, but what "
	  "the base register points to is not known" },
	{ "fence.btf", HEADER "}",
	  "{access: struct dma_resv_list.num_fences, base: null}", "falsified",
	  "access: the access is at 0x20 from NULL, struct dma_resv_list.num_fences is at "
	  "0x10 in this build: falsified\n" },
	{ "fence.btf", HEADER "}", "access: struct dma_resv_list.num_fences", "undecided",
	  "access: the access is at 0x20 of what the base register points to" },
	{ "fence.btf", SLOT BOTTOM CODE "}", "access: struct dma_fence.context",
	  "confirmed", "and x19 comes out of a slot of dma_resv_list: confirmed\n" },
	{ "fence.btf", SLOT BOTTOM CODE "}", "access: struct dma_fence_ops.signaled",
	  "undecided", "but what x19 points to is not known" },
	/* KASAN's report has no registers: the call that made it tells. */
	{ "fence.elf", FREED(context_checked, "0x2c", "0x40"),
	  "{kind: uaf, access: struct dma_fence.context}", "confirmed",
	  "access: the checked pointer holds a struct dma_fence *, struct dma_fence.context "
	  "is at 0x20 in this build, the access at 0x20: confirmed\n" },
	{ "fence.nodebug.elf", FREED(context_checked, "0x2c", "0x40"),
	  "access: struct dma_fence.context", "confirmed",
	  "the access at 0x20: confirmed" },
	{ "fence.elf", FREED(context_checked, "0x2c", "0x40"),
	  "access: struct dma_fence_ops.signaled", "falsified",
	  "access: the checked pointer holds a struct dma_fence *, not a struct "
	  "dma_fence_ops * (x0 is x19 + 0x20" },
	{ "fence.elf", FREED(first_is_signaled, "0x14", "0x40"),
	  "access: struct dma_fence.context", "undecided",
	  "access: the report does not tell what was accessed: undecided\n" },
	/* Functions that leave no frame. */
	{ "fence.elf", OPS BOTTOM "}", "function: dma_fence_is_signaled", "confirmed",
	  "function: dma_fence_is_signaled is inlined where pc is, in dma_resv_add_fence: "
	  "confirmed\n" },
	{ "fence.elf", SLOT BOTTOM "}", "function: dma_fence_is_signaled", "falsified",
	  "function: pc is in dma_resv_add_fence, not in dma_fence_is_signaled: "
	  "falsified\n" },
	{ "fence.elf", OPS BOTTOM "}", "trace_contains: ['dma_fence_is_*']", "confirmed",
	  "trace_contains: dma_fence_is_signaled is inlined into dma_resv_add_fence in the "
	  "trace: confirmed\n" },
	{ "fence.elf", SLOT BOTTOM "}", "trace_contains: dma_fence_is_signaled",
	  "undecided",
	  "trace_contains: dma_fence_is_signaled is inlined into dma_resv_add_fence, but not "
	  "where that called: undecided\n" },
	{ "fence.elf", SLOT BOTTOM "}", "trace_contains: [[dma_fence_lookup, no_such]]",
	  "falsified",
	  "trace_contains: dma_fence_lookup or no_such is neither in the trace nor inlined "
	  "there: falsified\n" },
	{ "fence.elf", SLOT BOTTOM "}", "trace_contains: no_such", "undecided",
	  "trace_contains: this build has no function no_such: undecided\n" },
	{ "fence.elf", SLOT "]}", "trace_contains: dma_fence_lookup", "undecided",
	  "trace_contains: dma_fence_lookup is not in the trace, which is not complete: "
	  "undecided\n" },
	{ "fence.elf", SLOT ", " FRAME("f", "0x4", "0x8") BOTTOM "}",
	  "trace_contains: dma_fence_lookup", "undecided",
	  "it may be inlined into f, which is in none of the files given: undecided\n" },
	{ "fence.nodebug.elf", SLOT BOTTOM "}", "trace_contains: dma_fence_lookup",
	  "undecided",
	  "it may be inlined there (the vmlinux has no DWARF): undecided\n" },
	/* Who calls another function is not who called this one. */
	{ "fence.elf", SLOT ", " FRAME("context_of_lookup", "0x8", "0x14") BOTTOM "}",
	  "trace_contains: dma_fence_signal", "undecided",
	  "trace_contains: dma_fence_signal is not in the trace; context_of_lookup did not "
	  "call dma_resv_add_fence itself: what is between them left no frame: undecided\n" },
	/* Who allocated and freed the object. */
	{ "fence.elf", LIFE("freed_by"), "freed_in: dma_fence_is_signaled", "confirmed",
	  "freed_in: dma_fence_is_signaled is inlined into dma_resv_add_fence in the trace "
	  "of the free: confirmed\n" },
	{ "fence.elf", LIFE("freed_by"), "freed_in: [dma_fence_lookup, no_such]",
	  "falsified",
	  "freed_in: dma_fence_lookup or no_such is neither in the trace of the free nor "
	  "inlined there: falsified\n" },
	{ "fence.elf", LIFE("allocated_by"), "allocated_in: dma_resv_add_fence",
	  "confirmed",
	  "allocated_in: dma_resv_add_fence is in the trace of the allocation: "
	  "confirmed\n" },
	/* Another build's layout is none. */
	{ "fence.elf", REPORT "\"pc\": \"dma_resv_add_fence+0x44/0xe0\"}",
	  "access: struct dma_fence.context", "undecided",
	  "access: no layout of this build (the vmlinux is not the one that ran): offset of "
	  "struct dma_fence.context unknown" },
};

TEST(each_clause_says_what_report_and_build_say)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *c = cases[i].clauses;
		_cleanup_free_ char *text = c[0] == '{' ? xasprintf("{name: h, %s", c + 1)
							: xasprintf("name: h\n%s\n", c);
		_cleanup_hypotheses_ struct hypotheses h = HYPOTHESES_INIT;
		_cleanup_json_ json_t *j = json_loads(cases[i].incident, 0, NULL);
		_cleanup_strbuf_ struct strbuf reasons = STRBUF_INIT;
		struct incident *in = incident_from_json(j);
		struct build *b = open_fixture(cases[i].build);
		struct spec_messages msgs = { STRVEC_INIT };
		struct err err = ERR_INIT;
		struct hypothesis_verdict v;
		struct diagnosis d;

		CHECK(j);
		if (hypotheses_parse("h", text, strlen(text), &h, &msgs, &err))
			tap_fail(__FILE__, __LINE__, "%s", err.msg);
		diagnosis_make(&d, in, b);
		hypothesis_judge(&h.v[0], in, &d, b, &v);
		for (size_t k = 0; k < v.reasons.n; k++)
			strbuf_addf(&reasons, "%s\n", v.reasons.v[k]);
		CHECK_CONTAINS(strbuf_str(&reasons), cases[i].reasons);
		CHECK_STR(hypothesis_answer_to_str(v.verdict), cases[i].verdict);
		hypothesis_verdict_release(&v);
		diagnosis_release(&d);
		incident_free(in);
		build_close(b);
	}
}

TESTS(T(each_clause_says_what_report_and_build_say))
