// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tests of the oops reader share: read a text cut in any way, one line for each
 * incident that comes out; and a whole arm64 oops in pieces. */
#pragma once

#include "tap.h"

#include "parse/oops.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { MAX_SEEN = 16 };

struct seen {
	size_t n_opened, n_closed;
	enum incident_kind opened_kind[MAX_SEEN];
	int64_t opened_at[MAX_SEEN];
	struct strbuf text; /* one line for each closed incident */
	uint32_t boots;
	bool shows_trace;
};

static inline void on_opened(void *arg, const struct incident *in)
{
	struct seen *s = arg;

	if (s->n_opened < MAX_SEEN) {
		s->opened_kind[s->n_opened] = in->kind;
		s->opened_at[s->n_opened] = in->decided_t_ns;
	}
	s->n_opened++;
}

static inline void on_closed(void *arg, const struct incident *in)
{
	struct seen *s = arg;

	strbuf_addf(&s->text, "%s|%s|line %llu", incident_kind_to_str(in->kind),
		    in->title, (unsigned long long)in->line);
	if (in->has_fault_address)
		strbuf_addf(&s->text, "|0x%llx", (unsigned long long)in->fault_address);
	if (in->truncated)
		strbuf_addstr(&s->text, "|cut");
	if (in->panicked)
		strbuf_addstr(&s->text, "|panicked");
	if (in->n_secondary)
		strbuf_addf(&s->text, "|+%u", in->n_secondary);
	if (in->module)
		strbuf_addf(&s->text, "|[%s]", in->module);
	for (size_t i = 0; s->shows_trace && i < in->n_frames; i++)
		strbuf_addf(&s->text, "|%s", in->frames[i].function);
	strbuf_addch(&s->text, '\n');
	s->n_closed++;
}

static inline void on_booted(void *arg, uint32_t boot, uint64_t offset, int64_t t_ns)
{
	((struct seen *)arg)->boots = boot;
}

static inline void on_escalated(void *arg, const struct incident *in)
{
	struct seen *s = arg;

	strbuf_addf(&s->text, "escalated %s\n", in->title);
}

static const struct oops_ops ops = { .opened = on_opened,
				     .closed = on_closed,
				     .escalated = on_escalated,
				     .booted = on_booted };

static inline void read_cut(const char *text, size_t len, size_t step, bool no_resets,
			    struct seen *s)
{
	const struct oops_opts opts = { .no_resets = no_resets };
	struct oops_reader *r = oops_new(&opts, &ops, s);

	for (size_t i = 0; i < len; i += step)
		oops_feed(r, text + i, step < len - i ? step : len - i, 0);
	oops_end(r);
	oops_free(r);
	if (s->n_opened != s->n_closed)
		tap_fail(__FILE__, __LINE__, "%zu opened, %zu closed", s->n_opened,
			 s->n_closed);
}

/* However the bytes are cut, the incidents are the same. */
#define CHECK_INCIDENTS(log_, want_)                                                     \
	do {                                                                             \
		static const size_t steps[] = { 1, 7, 64, 4096, 1 << 20 };               \
                                                                                         \
		for (size_t i_ = 0; i_ < ARRAY_SIZE(steps); i_++) {                      \
			struct seen s_ = { .n_opened = 0 };                              \
                                                                                         \
			read_cut(log_, strlen(log_), steps[i_], false, &s_);             \
			CHECK_STR(strbuf_str(&s_.text), want_);                          \
			strbuf_release(&s_.text);                                        \
		}                                                                        \
	} while (0)

static inline void ignore_opened(void *arg, const struct incident *in)
{
}

static inline void append_json(void *arg, const struct incident *in)
{
	json_push(arg, incident_to_json(in));
}

/* All incidents of a text, as JSON; the caller owns the array. */
static inline json_t *read_json(const char *text)
{
	static const struct oops_ops json_ops = { .opened = ignore_opened,
						  .closed = append_json };
	const struct oops_opts opts = { .no_resets = true };
	json_t *all = json_array();
	struct oops_reader *r = oops_new(&opts, &json_ops, all);

	oops_feed(r, text, strlen(text), 0);
	oops_end(r);
	oops_free(r);
	return all;
}

/* A field of the n-th incident as compact JSON: CHECK_FIELD(all, 0, "pc", "\"f+0x0\"").
 */
#define CHECK_FIELD(all_, n_, field_, want_)                                             \
	do {                                                                             \
		char *got_ =                                                             \
			json_dumps(json_object_get(json_array_get(all_, n_), field_),    \
				   JSON_ENCODE_ANY | JSON_COMPACT);                      \
		CHECK_STR(got_, want_);                                                  \
		free(got_);                                                              \
	} while (0)

#define FAULT                                                                            \
	"[   20.000001] Unable to handle kernel NULL pointer dereference at virtual "    \
	"address 0000000000000020\n"                                                     \
	"[   20.000002] Mem abort info:\n"                                               \
	"[   20.000003]   ESR = 0x0000000096000004\n"                                    \
	"[   20.000004]   EC = 0x25: DABT (current EL), IL = 32 bits\n"                  \
	"[   20.000005] [0000000000000020] pgd=0000000000000000\n"

#define DIE                                                                                  \
	"[   20.000006] Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP\n"           \
	"[   20.000007] Modules linked in: alpha(O) beta\n"                                  \
	"[   20.000008] CPU: 3 UID: 0 PID: 77 Comm: my task Tainted: G        W  O       "   \
	"6.12.5-ci #1 PREEMPT\n"                                                             \
	"[   20.000009] Hardware name: Some Board (DT)\n"                                    \
	"[   20.000010] pstate: 60400009 (nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)\n"   \
	"[   20.000011] pc : attach_thing+0x44/0x100 [alpha]\n"                              \
	"[   20.000012] lr : caller_of_it+0x10/0x40\n"                                       \
	"[   20.000013] sp : ffff800080003d00\n"                                             \
	"[   20.000014] x29: ffff800080003d00 x28: 0000000000000001 x27: 0000000000000002\n" \
	"[   20.000015] x2 : 0000000000000003 x1 : 0000000000000004 x0 : 0000000000000000\n" \
	"[   20.000016] Call trace:\n"                                                       \
	"[   20.000017]  attach_thing+0x44/0x100 [alpha] (P)\n"                              \
	"[   20.000018]  caller_of_it+0x10/0x40\n"                                           \
	"[   20.000019]  el0_svc+0x30/0x100\n"                                               \
	"[   20.000020] Code: aa0003f3 f9400400 b4000060 f9400800 (f9401262) \n"

#define END "[   20.000021] ---[ end trace 0000000000000000 ]---\n"

#define PANIC                                                                            \
	"[   20.000022] Kernel panic - not syncing: Oops: Fatal exception\n"             \
	"[   20.000023] SMP: stopping secondary CPUs\n"                                  \
	"[   20.000024] ---[ end Kernel panic - not syncing: Oops: Fatal exception ]---\n"

#define NULL_TITLE                                                                       \
	"null-deref|BUG: unable to handle kernel NULL pointer dereference in "           \
	"attach_thing|"
