// SPDX-License-Identifier: GPL-2.0-or-later
/* The judge, clause by clause, on reports without a vmlinux; with one, see
 * test_hypothesis_build. */
#include "diagnose/hypothesis.h"

#include "tap.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

#define TRACE                                                                                         \
	"\"call_trace\": ["                                                                           \
	"{\"function\": \"dma_resv_add_fence\", \"offset\": \"0xcc\", \"size\": \"0x240\"},"          \
	"{\"function\": \"__enqueue_in_driver\", \"offset\": \"0xfc\", \"size\": \"0x14c\"},"         \
	"{\"function\": \"vb2_core_qbuf.isra.0\", \"offset\": \"0x5\", \"size\": \"0x57c\"},"         \
	"{\"function\": \"guessed\", \"offset\": \"0x5\", \"size\": \"0x57c\", \"reliable\": false}," \
	"{\"function\": \"el0t_64_sync\", \"offset\": \"0x14c\", \"size\": \"0x150\"}]"

/* Both as QEMU showed them (6.12.117): the same function, address and ESR. */
#define V1A                                                                                              \
	"{\"kind\": \"null-deref\", \"kernel\": \"6.12.117-vb2\","                                       \
	" \"function\": \"dma_resv_add_fence\", \"fault_address\": \"0x20\","                            \
	" \"esr\": {\"value\": \"0x96000006\"}, \"pc\": \"dma_resv_add_fence+0xcc/0x240\","              \
	" \"lr\": \"__enqueue_in_driver+0xfc/0x14c\", \"modules\": [\"videobuf2-common\", \"panthor\"]," \
	" \"registers\": {\"x0\": \"0x1\", \"x19\": \"0x0\", \"x21\": \"0x1\"},"                         \
	" \"code\": {\"words\": [\"8b000f20\", \"f9400415\", \"927ef6b3\", \"120006a0\", \"f9401263\"]," \
	" \"faulting\": 4}, " TRACE "}"
#define V1B                                                                                              \
	"{\"kind\": \"null-deref\", \"kernel\": \"6.12.117-vb2\","                                       \
	" \"function\": \"dma_resv_add_fence\", \"fault_address\": \"0x20\","                            \
	" \"esr\": {\"value\": \"0x96000006\"}, \"pc\": \"dma_resv_add_fence+0x8c/0x240\","              \
	" \"lr\": \"__enqueue_in_driver+0xec/0x130\","                                                   \
	" \"registers\": {\"x0\": \"0x0\", \"x19\": \"0xffff0d2901805a40\"},"                            \
	" \"code\": {\"words\": [\"34000dda\", \"52800014\", \"1400000b\", \"f9400660\", \"f9401001\"]," \
	" \"faulting\": 4}, " TRACE "}"
#define REPLACE                                                                          \
	"{\"kind\": \"null-deref\", \"function\": \"dma_resv_replace_fences\","          \
	" \"fault_address\": \"0x20\", \"pc\": \"dma_resv_replace_fences+0x50/0x11c\"}"
#define JOURNAL /* the header alone, as the field's first logs */                        \
	"{\"kind\": \"null-deref\", \"truncated\": true, \"fault_address\": \"0x20\","   \
	" \"esr\": {\"value\": \"0x96000004\"}}"
#define KASAN                                                                            \
	"{\"kind\": \"kasan\", \"fault_address\": \"0xdfff800000000004\","               \
	" \"real_range\": [\"0x20\", \"0x27\"], \"pc\": \"f.constprop.0+0x10/0x20\"}"
#define WILD                                                                             \
	"{\"kind\": \"paging-fault\", \"fault_address\": \"0xffff800012345678\","        \
	" \"pc\": \"f+0x10/0x20\"}"
#define FNV                                                                              \
	"{\"kind\": \"paging-fault\", \"fault_address\": \"0x20\","                      \
	" \"esr\": {\"value\": \"0x96000410\"}, \"pc\": \"f+0x10/0x20\"}"
#define BUG_ON                                                                               \
	"{\"kind\": \"bug\", \"pc\": \"f+0x10/0x20\", \"esr\": {\"value\": \"0xf2000800\"}," \
	" \"code\": {\"words\": [\"d4210000\"], \"faulting\": 0}}"
#define FREED                                                                            \
	"{\"kind\": \"uaf\", \"freed_by\": {\"call_trace\": [{\"function\": \"kfree\"}," \
	" {\"function\": \"drop_it\"}, {\"function\": \"el0t_64_sync\"}]}}"
#define FREED_BY_RCU                                                                          \
	"{\"kind\": \"uaf\", \"freed_by\": {\"call_trace\": [{\"function\": \"rcu_core\"}]}," \
	" \"queued_by\": {\"call_trace\": [{\"function\": \"call_rcu\"},"                     \
	" {\"function\": \"drop_it\"}]}}"
#define SILENCE "{\"kind\": \"silence\"}"
#define SERROR "{\"kind\": \"serror\", \"pc\": \"f+0x10/0x20\"}"
#define NO_LAYOUT "no layout of this build (no vmlinux was given): offset of struct "

/* reasons: the clauses', a line each. */
static const struct {
	const char *incident, *clauses, *verdict, *reasons;
} cases[] = {
	/* kind */
	{ V1A, "kind: [panic, null-deref]", "confirmed",
	  "kind: the failure is null-deref: confirmed\n" },
	{ V1A, "kind: [kasan, uaf]", "falsified",
	  "kind: the failure is null-deref, not uaf or kasan: falsified\n" },
	{ "{\"kind\": \"panic\", \"truncated\": true}", "kind: null-deref", "undecided",
	  "kind: what is left of the report says panic only: undecided\n" },
	/* function */
	{ V1A, "function: [dma_resv_add_fence, dma_fence_add_callback]", "confirmed",
	  "function: pc is in dma_resv_add_fence: confirmed\n" },
	{ REPLACE, "function: [dma_resv_add_fence, dma_fence_add_callback]", "falsified",
	  "function: pc is in dma_resv_replace_fences, not in dma_resv_add_fence or "
	  "dma_fence_add_callback: falsified\n" },
	{ REPLACE, "function: 'dma_resv_*_fences'", "confirmed",
	  "function: pc is in dma_resv_replace_fences: confirmed\n" },
	{ KASAN, "function: f", "confirmed",
	  "function: pc is in f.constprop.0: confirmed\n" },
	{ JOURNAL, "function: f", "undecided",
	  "function: the report names no function at pc: undecided\n" },
	{ "{\"kind\": \"null-deref\", \"pc\": \"0x0\"}", "function: f", "undecided",
	  "function: the report names no function at pc: undecided\n" },
	{ "{\"kind\": \"uaf\", \"function\": \"g\", \"pc\": \"memcpy+0x1/0x2\"}",
	  "function: g", "confirmed",
	  "function: it died in g (pc is in memcpy): confirmed\n" },
	{ SERROR, "function: f", "undecided",
	  "function: an SError is asynchronous: pc in f is not what caused it: undecided\n" },
	/* access without a layout is never decided by an offset */
	{ V1A, "access: struct dma_fence.context", "undecided",
	  "access: " NO_LAYOUT
	  "dma_fence.context unknown (0x20, where the access is, by the layout assumed, "
	  "not read: 6.1 to 7.2 without lockdep; the way of the base register fits): "
	  "undecided\n" },
	{ V1B, "access: struct dma_fence.context", "undecided",
	  "access: " NO_LAYOUT
	  "dma_fence.context unknown (0x20, where the access is, by the layout assumed, "
	  "not read: 6.1 to 7.2 without lockdep); struct dma_fence_ops.signaled would be "
	  "there, too, and fits better: undecided\n" },
	{ V1A, "access: struct vb2_buffer.state", "undecided",
	  "access: " NO_LAYOUT "vb2_buffer.state unknown: undecided\n" },
	{ BUG_ON, "access: struct dma_fence.context", "falsified",
	  "access: \"brk #0x800\" at pc accesses no memory: falsified\n" },
	{ SILENCE, "access: struct dma_fence.context", "undecided",
	  "access: the report does not tell what was accessed: undecided\n" },
	/* base */
	{ V1A, "base: null", "confirmed",
	  "base: x19 is 0, and the fault address is where it leads: confirmed\n" },
	{ V1B, "base: null", "confirmed",
	  "base: x0 is 0, and the fault address is where it leads: confirmed\n" },
	{ JOURNAL, "base: null", "undecided",
	  "base: 0x20 is in the first page, which speaks for NULL, but the base register "
	  "is not known: undecided\n" },
	{ WILD, "base: null", "falsified",
	  "base: no member is as far from NULL as 0xffff800012345678: falsified\n" },
	{ SILENCE, "base: null", "undecided",
	  "base: the report gives neither the base register nor a valid fault address: "
	  "undecided\n" },
	/* fault_address */
	{ V1A, "fault_address: 0x20", "confirmed",
	  "fault_address: it is 0x20: confirmed\n" },
	{ V1A, "fault_address: 0x28", "falsified",
	  "fault_address: it is 0x20, not 0x28: falsified\n" },
	{ KASAN, "fault_address: 0x24", "confirmed",
	  "fault_address: 0x24 is in the range that KASAN checked, 0x20 to 0x27: "
	  "confirmed\n" },
	{ KASAN, "fault_address: 0x28", "falsified",
	  "fault_address: it is 0x20, not 0x28: falsified\n" },
	{ FNV, "fault_address: 0x20", "undecided",
	  "fault_address: the processor calls its fault address invalid (FnV): "
	  "undecided\n" },
	{ SILENCE, "fault_address: 0x20", "undecided",
	  "fault_address: the report has none: undecided\n" },
	/* trace_contains */
	{ V1A,
	  "trace_contains: [vb2_core_qbuf, [nothing, '__enqueue*'], dma_resv_add_fence]",
	  "confirmed",
	  "trace_contains: vb2_core_qbuf.isra.0 is in the trace; __enqueue_in_driver is in "
	  "the trace; dma_resv_add_fence is in the trace: confirmed\n" },
	{ V1A, "trace_contains: [vb2_core_qbuf, [f, g, h]]", "undecided",
	  "trace_contains: vb2_core_qbuf.isra.0 is in the trace; f, g or h is not in the "
	  "trace; it may be inlined there (no vmlinux was given): undecided\n" },
	{ V1A, "trace_contains: guessed", "undecided",
	  "trace_contains: guessed is in the trace as a guess (?) only: undecided\n" },
	{ REPLACE, "trace_contains: f", "undecided",
	  "trace_contains: the report has no trace to find f in: undecided\n" },
	/* allocated_in, freed_in */
	{ FREED, "freed_in: [f, 'drop_*']", "confirmed",
	  "freed_in: drop_it is in the trace of the free: confirmed\n" },
	{ FREED, "freed_in: f", "undecided",
	  "freed_in: f is not in the trace of the free; it may be inlined there (no "
	  "vmlinux was given): undecided\n" },
	{ FREED, "allocated_in: f", "undecided",
	  "allocated_in: the report has no trace of the allocation to find f in: "
	  "undecided\n" },
	{ FREED_BY_RCU, "freed_in: drop_it", "confirmed",
	  "freed_in: drop_it is in the trace of who had RCU or a workqueue do it: "
	  "confirmed\n" },
	{ FREED_BY_RCU, "freed_in: f", "undecided",
	  "freed_in: f is not in the trace of the free; it may be inlined there (no "
	  "vmlinux was given); f is not in the trace of who had RCU or a workqueue do it; "
	  "it may be inlined there (no vmlinux was given): undecided\n" },
	/* modules */
	{ V1A, "modules: [videobuf2_common, [gpu_sched, 'pan*']]", "confirmed",
	  "modules: videobuf2-common is loaded; panthor is loaded: confirmed\n" },
	{ V1A, "modules: [gpu_sched]", "undecided",
	  "modules: gpu_sched is not among the 2 modules; it may be built in: undecided\n" },
	{ V1B, "modules: [gpu_sched]", "undecided",
	  "modules: the report lists no modules: undecided\n" },
	/* all of them */
	{ V1A, "{function: dma_resv_add_fence, base: null}", "confirmed",
	  "function: pc is in dma_resv_add_fence: confirmed\n"
	  "base: x19 is 0, and the fault address is where it leads: confirmed\n" },
	{ V1B, "{function: dma_resv_add_fence, modules: m}", "undecided",
	  "function: pc is in dma_resv_add_fence: confirmed\n"
	  "modules: the report lists no modules: undecided\n" },
	{ REPLACE, "{function: dma_resv_add_fence, modules: m}", "falsified",
	  "function: pc is in dma_resv_replace_fences, not in dma_resv_add_fence: falsified\n"
	  "modules: the report lists no modules: undecided\n" },
};

static void load(const char *clauses, struct hypotheses *out)
{
	_cleanup_free_ char *text = clauses[0] == '{'
					    ? xasprintf("{name: h, %s", clauses + 1)
					    : xasprintf("name: h\n%s\n", clauses);
	struct spec_messages msgs = { STRVEC_INIT };
	struct err err = ERR_INIT;

	if (hypotheses_parse("h.yaml", text, strlen(text), out, &msgs, &err))
		tap_fail(__FILE__, __LINE__, "%s", err.msg);
}

TEST(each_clause_says_what_the_report_says)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_hypotheses_ struct hypotheses h = HYPOTHESES_INIT;
		_cleanup_json_ json_t *j = json_loads(cases[i].incident, 0, NULL);
		_cleanup_strbuf_ struct strbuf reasons = STRBUF_INIT;
		struct incident *in = incident_from_json(j);
		struct hypothesis_verdict v;
		struct diagnosis d;

		CHECK(j);
		load(cases[i].clauses, &h);
		diagnosis_make(&d, in, NULL);
		hypothesis_judge(&h.v[0], in, &d, NULL, &v);
		for (size_t k = 0; k < v.reasons.n; k++)
			strbuf_addf(&reasons, "%s\n", v.reasons.v[k]);
		CHECK_STR(strbuf_str(&reasons), cases[i].reasons);
		CHECK_STR(hypothesis_answer_to_str(v.verdict), cases[i].verdict);
		hypothesis_verdict_release(&v);
		diagnosis_release(&d);
		incident_free(in);
	}
}

TEST(a_register_that_is_no_null_is_told)
{
	static const struct {
		uint64_t value;
		bool has_match, matches;
		const char *reason;
	} bases[] = {
		{ 0xffff000000001000, true, true,
		  "base: x19 is 0xffff000000001000, not NULL: falsified" },
		{ 0x8, true, true,
		  "base: x19 is 0x8: a member's address of a NULL object, or no pointer at "
		  "all: undecided" },
		{ 0x8, true, false,
		  "base: x19 is 0x8, but it does not lead to the fault address: the "
		  "registers do not tell: undecided" },
	};
	_cleanup_hypotheses_ struct hypotheses h = HYPOTHESES_INIT;
	struct incident *in = incident_new(INCIDENT_NULL_DEREF);

	load("base: null", &h);
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		struct diagnosis d = { .base = 19,
				       .has_base_value = true,
				       .base_value = bases[i].value,
				       .has_match = bases[i].has_match,
				       .address_matches = bases[i].matches };
		struct hypothesis_verdict v;

		hypothesis_judge(&h.v[0], in, &d, NULL, &v);
		CHECK_EQ(v.reasons.n, 1);
		CHECK_STR(v.reasons.v[0], bases[i].reason);
		hypothesis_verdict_release(&v);
	}
	incident_free(in);
}

TEST(json_has_name_verdict_and_reasons)
{
	_cleanup_hypotheses_ struct hypotheses h = HYPOTHESES_INIT;
	struct incident *in = incident_new(INCIDENT_SILENCE);
	struct diagnosis d;

	load("kind: silence", &h);
	diagnosis_make(&d, in, NULL);
	_cleanup_json_ json_t *j = hypotheses_judge_json(&h, in, &d, NULL);
	_cleanup_free_ char *text = json_line(j, NULL);

	CHECK_STR(text,
		  "[{\"name\":\"h\",\"verdict\":\"confirmed\",\"reasons\":[\"kind: the "
		  "failure is silence: confirmed\"]}]\n");
	diagnosis_release(&d);
	incident_free(in);
}

TESTS(T(each_clause_says_what_the_report_says), T(a_register_that_is_no_null_is_told),
      T(json_has_name_verdict_and_reasons))
