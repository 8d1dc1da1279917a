// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns which function is to blame and whether the report was cut off, and puts the other
 * files' answers together. */
#include "parse/oops_culprit.h"
#include "parse/oops_report.h"

#include "util/mem.h"

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

static void forget_function(struct report *r)
{
	free(r->in->function);
	free(r->in->module);
	r->in->function = r->in->module = NULL;
}

const struct report_trace *report_main_trace(const struct report *r)
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

/* The innermost frame that is no helper, if a module's. */
static bool from_modules(struct report *r)
{
	const struct report_trace *t = report_shown_trace(r);
	size_t from = t && t->border < t->n ? t->border : 0, k;

	if (!t)
		return false;
	k = from + culprit_in_trace(t->frames + from, t->n - from, r->header->skip);
	if (k >= t->n || !t->frames[k].module)
		return false;
	set_function(r, t->frames[k].function, t->frames[k].module);
	return true;
}

static void pick_stall(struct report *r)
{
	struct report_trace *t = interrupted_trace(r);
	const char *name;

	/* A driver's own code is more telling than the system call that led there. */
	if (from_modules(r))
		return;
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
	if (r->header->class == HEADER_STALL && r->pc_function &&
	    culprit_is_helper(r->pc_function, r->header->skip))
		return false;
	if (!r->pc_function || culprit_is_leaf(r->pc_function))
		return false;
	if (r->pc_is_x86 || r->header->skip)
		return !culprit_is_helper(r->pc_function, r->header->skip);
	return true;
}

/* Where pc is nowhere (a call through a bad pointer), or in a leaf of the C library's
 * kind that keeps no frame, the trace lacks the caller: arm64's lr has it. Checks that
 * the compiler calls (__hwasan_check_x0_…) lack theirs as well, but there the trace
 * decides, so that the name is the one that syzbot gives the bug. */
static bool lr_tells(const struct report *r)
{
	if (!r->lr_function || r->pc_is_x86 || culprit_is_helper(r->lr_function, NULL))
		return false;
	if (!r->pc_function)
		return r->in->pc != NULL;
	return culprit_is_leaf(r->pc_function) && !strstr(r->pc_function, "asan_check") &&
	       strcmp(r->lr_function, r->pc_function) != 0;
}

static void pick_pc(struct report *r)
{
	if (r->header->class == HEADER_STALL && from_modules(r))
		return;
	if (pc_tells(r))
		set_function(r, culprit_meeting(r->pc_function), r->pc_module);
	else if (lr_tells(r))
		set_function(r, r->lr_function, r->lr_module);
	else if (!from_trace(r, r->header->skip) && r->pc_function)
		set_function(r, r->pc_function, r->pc_module);
	/* pc and lr are lost, and the trace down to where the kernel was entered. */
	else if (!r->pc_function && !r->lr_function && !r->in->pc && r->in->function &&
		 culprit_is_entry(r->in->function))
		forget_function(r);
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

/* The trace knows whose the function is. */
static void find_module(struct report *r)
{
	const struct report_trace *t = report_shown_trace(r);

	if (!r->in->function || r->in->module)
		return;
	for (size_t i = 0; t && i < t->n; i++)
		if (t->frames[i].module &&
		    strcmp(t->frames[i].function, r->in->function) == 0) {
			r->in->module = xstrdup(t->frames[i].module);
			return;
		}
}

static void pick_function(struct report *r)
{
	const struct oops_header *h = r->header;
	const struct report_trace *t;
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
		t = report_main_trace(r);
		name = t ? culprit_hung(t->frames, t->n) : NULL;
		if (name)
			set_function(r, name, NULL);
		break;
	case PICK_STALL:
		pick_stall(r);
		break;
	case PICK_NONE:
		if (r->named)
			set_function(r, r->named, NULL);
		break;
	}
	find_module(r);
}

void report_settle_fields(struct report *r)
{
	report_decide_kind(r);
	pick_function(r);
	report_make_title(r);
}

bool report_is_oops(const struct report *r)
{
	return r->header->class == HEADER_FAULT || r->header->class == HEADER_DIE ||
	       r->header->class == HEADER_HEADLESS;
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
		/* A fault that only its syndrome tells: the address line is lost. */
		if (r->header->class == HEADER_DIE && !r->in->has_fault_address &&
		    r->in->kind == INCIDENT_PAGING_FAULT)
			return true;
		return !r->has_end &&
		       !(report_has_frames(r) && (r->has_code || r->in->panicked));
	case HEADER_PANIC:
	case HEADER_OOM:
	case HEADER_HEADLESS:
	case HEADER_TENTATIVE:
		return false;
	case HEADER_REPORT:
	case HEADER_STALL:
		/* lockdep_sys_exit() lists the locks and nothing more. */
		if (strstr(r->header->literal, "held when returning") && r->named)
			return false;
		return r->header->pick != PICK_NONE && !report_has_frames(r) &&
		       !r->has_end && !r->pc_function;
	}
	return false;
}

struct report_trace *report_shown_trace(struct report *r)
{
	struct report_trace *t = NULL;

	if (r->header->pick == PICK_STALL)
		t = interrupted_trace(r);
	for (size_t i = 0; !t && i < r->n_traces; i++)
		if (!r->traces[i].is_aside && r->traces[i].n > 0)
			t = &r->traces[i];
	return t;
}

struct incident_frame *report_take_frames(struct report_trace *t, size_t max, size_t *n)
{
	*n = t->n < max ? t->n : max;
	for (size_t i = *n; i < t->n; i++) {
		free(t->frames[i].function);
		free(t->frames[i].module);
	}
	t->n = 0;
	return TAKE_PTR(t->frames);
}

void report_finish(struct report *r)
{
	struct report_trace *t = report_shown_trace(r);

	report_settle_fields(r);
	report_make_signature(r);
	r->in->truncated = is_cut_off(r);
	if (r->is_headless)
		r->in->confidence = 0.7;
	else if (r->in->truncated)
		r->in->confidence = 0.9;
	if (t && !r->in->frames)
		r->in->frames =
			report_take_frames(t, INCIDENT_MAX_FRAMES, &r->in->n_frames);
	report_finish_object(r);
}
