// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns what a report's facts amount to: kind by arithmetic, guilty function, title,
 * whether it was cut off. */
#include "parse/esr.h"
#include "parse/oops_culprit.h"
#include "parse/oops_report.h"

#include "util/mem.h"
#include "util/strbuf.h"

enum { PAGE = 4096 };

/* KASAN's shadow of an address: 0xdfff…  generic (8 bytes a byte), 0xefff… tags (16). The
 * offset's low 40 bits are zero in every configuration seen. */
static bool undo_shadow(uint64_t addr, uint64_t *real)
{
	uint64_t low = addr & UINT64_C(0xffffffffff);

	switch (addr >> 52) {
	case 0xdff:
		*real = low << 3;
		return true;
	case 0xeff:
		*real = low << 4;
		return true;
	default:
		return false;
	}
}

static bool is_fault_kind(enum incident_kind k)
{
	return k == INCIDENT_PAGING_FAULT || k == INCIDENT_NULL_DEREF ||
	       k == INCIDENT_USER_ACCESS || k == INCIDENT_GPF;
}

/* The address says more than the words: "paging request" may be NULL + offset seen
 * through KASAN's shadow, and "NULL pointer" is what SW-PAN does not say. */
static void decide_fault(struct report *r)
{
	struct incident *in = r->in;
	uint64_t real = in->fault_address;
	struct esr e;
	bool shadow;

	if (!in->has_fault_address) {
		if (r->says_null && in->kind != INCIDENT_GPF)
			in->kind = INCIDENT_NULL_DEREF;
		else if (r->says_user && in->kind == INCIDENT_PAGING_FAULT)
			in->kind = INCIDENT_USER_ACCESS;
		return;
	}
	esr_decode(in->esr, &e);
	if (in->has_esr && e.fnv)
		return; /* the address is not valid */
	shadow = undo_shadow(in->fault_address, &real);
	if (real < PAGE)
		in->kind = INCIDENT_NULL_DEREF;
	else if (in->kind == INCIDENT_GPF)
		return;
	else if (r->says_user || (shadow && real < UINT64_C(1) << 47))
		in->kind = INCIDENT_USER_ACCESS;
	else
		in->kind = INCIDENT_PAGING_FAULT;
}

static void decide_kasan(struct report *r)
{
	const char *d = r->detail ? r->detail : "";

	if (strstr(d, "use-after-free"))
		r->in->kind = INCIDENT_UAF;
	else if (strstr(d, "double-free") || strstr(d, "invalid-free"))
		r->in->kind = INCIDENT_INVALID_FREE;
	else if (strstr(d, "null-ptr-deref"))
		r->in->kind = INCIDENT_NULL_DEREF;
	else
		r->in->kind = INCIDENT_KASAN;
}

static bool detail_has(const struct report *r, const char *word)
{
	return r->detail && strstr(r->detail, word);
}

/* A die() whose first lines are lost: ESR and the address line still tell. */
static void decide_die(struct report *r)
{
	struct incident *in = r->in;
	struct esr e;

	esr_decode(in->esr, &e);
	if (r->says_bug) {
		in->kind = INCIDENT_BUG;
	} else if (r->says_user) {
		in->kind = INCIDENT_PAGING_FAULT;
		decide_fault(r);
	} else if (in->has_esr && e.is_abort && e.fault != ESR_FAULT_EXTERNAL) {
		in->kind = INCIDENT_PAGING_FAULT;
		decide_fault(r);
	}
}

static void decide_kind(struct report *r)
{
	struct incident *in = r->in;
	enum incident_kind head = r->header->kind;

	if (head == INCIDENT_KASAN)
		decide_kasan(r);
	else if (r->header->class == HEADER_FAULT && is_fault_kind(head))
		decide_fault(r);
	else if (r->header->class == HEADER_DIE || r->header->class == HEADER_HEADLESS)
		decide_die(r);
	else if (head == INCIDENT_WARN && detail_has(r, "kernel/locking/lockdep.c"))
		in->kind = INCIDENT_LOCKDEP;
	else if (head == INCIDENT_PANIC && detail_has(r, "Asynchronous SError"))
		in->kind = INCIDENT_SERROR;
	else if (head == INCIDENT_PANIC && detail_has(r, "Fatal hardware error"))
		in->kind = INCIDENT_MCE;
	in->fatal = incident_kind_is_fatal(in->kind) || in->panicked;
}

/* ---- the guilty function ---- */

static void set_function(struct report *r, const char *name, const char *module)
{
	struct incident *in = r->in;

	char *plain = xstrdup(culprit_plain(name));

	free(in->function);
	in->function = plain;
	if (!module)
		return;
	free(in->module);
	in->module = xstrdup(module);
}

/* The trace that tells: the first that is not another CPU's or an allocation's. */
static struct report_trace *main_trace(struct report *r)
{
	for (size_t i = 0; i < r->n_traces; i++)
		if (!r->traces[i].is_aside && r->traces[i].n > 0)
			return &r->traces[i];
	return NULL;
}

static const char *const skip_worker[] = { "process_one_work", "worker_thread", "kthread",
					   "ret_from_fork", NULL };

static bool from_traces(struct report *r, const char *const *more, bool with_aside)
{
	for (size_t i = 0; i < r->n_traces; i++) {
		const struct report_trace *t = &r->traces[i];
		size_t k;

		if (t->is_aside && !with_aside)
			continue;
		k = culprit_in_trace(t->frames, t->n, more);
		if (k == t->n)
			continue;
		set_function(r, culprit_meeting(t->frames[k].function),
			     t->frames[k].module);
		return true;
	}
	return false;
}

static bool from_trace(struct report *r, const char *const *more)
{
	return from_traces(r, more, false);
}

/* Best: a trace through the detector's interrupt; what it interrupted is below. */
static struct report_trace *interrupted_trace(struct report *r)
{
	for (size_t i = 0; i < r->n_traces; i++) {
		struct report_trace *t = &r->traces[i];

		if (!t->is_aside && t->border > 0 && t->border < t->n)
			return t;
	}
	return NULL;
}

static void pick_stall(struct report *r)
{
	struct report_trace *t = interrupted_trace(r);
	const char *name;

	/* arm64 prints the registers of the CPU that hangs. */
	if (r->pc_function && !r->pc_is_x86 &&
	    !culprit_is_helper(r->pc_function, r->header->skip)) {
		set_function(r, culprit_meeting(r->pc_function), r->pc_module);
		return;
	}
	if (t) {
		name = culprit_stalled(t->frames + t->border, t->n - t->border);
		if (name) {
			set_function(r, name, NULL);
			return;
		}
	}
	for (size_t i = 0; i < r->n_traces; i++) {
		t = &r->traces[i];
		if (t->is_aside || t->n == 0)
			continue;

		/* Frames of the report itself are no answer. */
		size_t from = culprit_in_trace(t->frames, t->n, r->header->skip);

		name = culprit_stalled(t->frames + from, t->n - from);
		if (name && !strstr(name, "rcu") && !strstr(name, "schedule")) {
			set_function(r, name, NULL);
			return;
		}
	}
	if (r->pc_function)
		set_function(r, r->pc_function, r->pc_module);
	else
		from_trace(r, r->header->skip);
}

/* What pc holds, unless it is a helper. Compilers of arm64 inline more and its helpers
 * have names of their own, so only the leaf ones are passed over there. */
static bool pc_tells(const struct report *r)
{
	if (!r->pc_function || culprit_is_leaf(r->pc_function))
		return false;
	if (r->pc_is_x86 || r->header->skip)
		return !culprit_is_helper(r->pc_function, r->header->skip);
	return true;
}

static void pick_pc(struct report *r)
{
	if (pc_tells(r))
		set_function(r, culprit_meeting(r->pc_function), r->pc_module);
	else if (!from_trace(r, r->header->skip) && r->pc_function)
		set_function(r, r->pc_function, r->pc_module);
}

/* The function that the header names; for a WARN without one, pc. */
static void pick_named(struct report *r)
{
	const char *const *skip = r->header->skip;

	if (r->in->kind == INCIDENT_INVALID_FREE)
		skip = skip_free;
	if (r->header->kind == INCIDENT_WARN && r->detail) {
		const struct warn_sort *sort = culprit_warn_sort(r->detail);

		if (sort)
			skip = sort->skip;
	}
	if (r->named && !culprit_is_helper(r->named, skip))
		set_function(r, r->named, NULL);
	else if (!r->named && r->pc_function && !culprit_is_helper(r->pc_function, skip))
		set_function(r, r->pc_function, r->pc_module);
	else if (!from_trace(r, skip) && r->named)
		set_function(r, r->named, NULL);
}

static void pick_function(struct report *r)
{
	const struct oops_header *h = r->header;
	struct report_trace *t;
	const char *name;

	switch (h->pick) {
	case PICK_NAMED:
		pick_named(r);
		break;
	case PICK_PC:
		pick_pc(r);
		break;
	case PICK_LOCK:
		/* A work item against its flusher: who flushes is in the lock chain. */
		if (r->named && strcmp(r->named, "process_one_work") == 0 &&
		    from_traces(r, skip_worker, true))
			break;
		__attribute__((fallthrough));
	case PICK_TRACE:
		if (r->named && !culprit_is_helper(r->named, NULL))
			set_function(r, r->named, NULL);
		else if (!from_trace(r, h->skip) && r->named)
			set_function(r, r->named, NULL);
		break;
	case PICK_HUNG:
		t = main_trace(r);
		name = t ? culprit_hung(t->frames, t->n) : NULL;
		if (name)
			set_function(r, name, NULL);
		break;
	case PICK_STALL:
		pick_stall(r);
		break;
	case PICK_NONE:
		break;
	}
}

/* ---- the title ---- */

static const char *fault_title(enum incident_kind k)
{
	switch (k) {
	case INCIDENT_NULL_DEREF:
		return "BUG: unable to handle kernel NULL pointer dereference";
	case INCIDENT_USER_ACCESS:
		return "BUG: unable to handle kernel access to user memory";
	default:
		return "BUG: unable to handle kernel paging request";
	}
}

static void add_normal(struct strbuf *sb, const char *prefix, const char *text)
{
	char *n = title_normalize(text);

	strbuf_addstr(sb, prefix);
	strbuf_add(sb, n, strlen(n) < 120 ? strlen(n) : 120);
	free(n);
}

static const char *checker_name(enum incident_kind head)
{
	switch (head) {
	case INCIDENT_KASAN:
		return "KASAN: ";
	case INCIDENT_KFENCE:
		return "KFENCE: ";
	case INCIDENT_KMSAN:
		return "KMSAN: ";
	case INCIDENT_KCSAN:
		return "KCSAN: ";
	case INCIDENT_UBSAN:
		return "UBSAN: ";
	case INCIDENT_PANIC:
		return "kernel panic: ";
	default:
		return NULL;
	}
}

static void make_title(struct report *r)
{
	const struct oops_header *h = r->header;
	struct incident *in = r->in;
	struct strbuf sb = STRBUF_INIT;
	const char *checker = checker_name(h->kind);
	bool with_function = true;

	if (h->class == HEADER_FAULT && is_fault_kind(h->kind) && !h->title) {
		strbuf_addstr(&sb, fault_title(in->kind));
	} else if (h->class == HEADER_DIE && is_fault_kind(in->kind)) {
		strbuf_addstr(&sb, fault_title(in->kind));
	} else if (h->kind == INCIDENT_WARN && h->title && r->detail &&
		   culprit_warn_sort(r->detail)) {
		strbuf_addstr(&sb, culprit_warn_sort(r->detail)->title);
	} else if (h->title) {
		strbuf_addstr(&sb, h->title);
	} else if (checker) {
		add_normal(&sb, checker, r->detail ? r->detail : "");
		if (r->access)
			strbuf_addf(&sb, " %s", r->access);
		with_function = h->kind != INCIDENT_PANIC && h->kind != INCIDENT_KCSAN &&
				!detail_has(r, " in ");
	} else {
		char *head = xasprintf("%s%s", h->literal, r->detail ? r->detail : "");
		/* What differs each time stands behind: CPU, process, address. */
		size_t n = strcspn(head, ",[");

		head[n] = '\0';
		add_normal(&sb, "", head);
		free(head);
	}
	if (with_function && in->function)
		strbuf_addf(&sb, " in %s", in->function);
	free(in->title);
	in->title = strbuf_take(&sb);
}

void report_settle_fields(struct report *r)
{
	decide_kind(r);
	pick_function(r);
	make_title(r);
}

bool report_has_frames(const struct report *r)
{
	for (size_t i = 0; i < r->n_traces; i++)
		if (r->traces[i].n > 0 && !r->traces[i].is_aside)
			return true;
	return false;
}

static bool is_cut_off(const struct report *r)
{
	if (r->is_headless)
		return true;
	switch (r->header->class) {
	case HEADER_FAULT:
	case HEADER_DIE:
		return !r->has_end &&
		       !(report_has_frames(r) && (r->has_code || r->in->panicked));
	case HEADER_PANIC:
	case HEADER_OOM:
	case HEADER_HEADLESS:
	case HEADER_TENTATIVE:
		return false;
	case HEADER_REPORT:
	case HEADER_STALL:
		return r->header->pick != PICK_NONE && !report_has_frames(r) &&
		       !r->has_end && !r->pc_function;
	}
	return false;
}

void report_finish(struct report *r)
{
	struct report_trace *t = NULL;

	if (r->header->pick == PICK_STALL)
		t = interrupted_trace(r);
	if (!t)
		t = main_trace(r);
	report_settle_fields(r);
	r->in->truncated = is_cut_off(r);
	if (r->is_headless)
		r->in->confidence = 0.7;
	else if (r->in->truncated)
		r->in->confidence = 0.9;
	if (t && !r->in->frames) {
		r->in->frames = t->frames;
		r->in->n_frames = t->n < INCIDENT_MAX_FRAMES ? t->n : INCIDENT_MAX_FRAMES;
		for (size_t i = r->in->n_frames; i < t->n; i++) {
			free(t->frames[i].function);
			free(t->frames[i].module);
		}
		t->frames = NULL;
		t->n = 0;
	}
}
