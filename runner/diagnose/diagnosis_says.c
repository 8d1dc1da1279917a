// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the wording of a diagnosis. Every sentence rests on a field that the JSON has. */
#include "diagnose/diagnosis_says.h"

#include <inttypes.h>

#include "parse/esr.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { MAX_ERRNO = 4095 };

static void say_esr(struct diagnosis *d, const struct incident *in)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct esr e;

	if (!in->has_esr)
		return;
	esr_decode(in->esr, &e);
	strbuf_addf(&sb, "ESR 0x%" PRIx64 ": %s", in->esr, esr_ec_name(e.ec));
	if (e.is_abort) {
		strbuf_addf(&sb, ", %s", esr_fsc_name(e.fsc));
		if (e.cm)
			strbuf_addstr(&sb, ", cache maintenance");
		else if (e.is_data)
			strbuf_addstr(&sb, e.wnr ? ", a write" : ", a read");
		if (e.s1ptw)
			strbuf_addstr(&sb, ", in a stage 2 walk");
		if (e.fnv)
			strbuf_addstr(&sb, ", FnV: the fault address is not valid");
	} else if (e.is_brk) {
		strbuf_addf(&sb, ", %s", esr_brk_name(e.brk_imm));
	}
	strvec_add(&d->reasons, strbuf_str(&sb));
	if (in->kind == INCIDENT_NULL_DEREF && e.is_abort && e.has_level)
		strvec_add(&d->reasons,
			   "the level tells how far the walk of the current page tables "
			   "got, not whether the pointer was NULL");
}

static bool has_error_pointer(const struct diagnosis *d)
{
	return d->has_base_value && d->base_value >= (uint64_t)-MAX_ERRNO;
}

static void say_address(struct diagnosis *d, const struct incident *in)
{
	if (in->has_real_range && in->has_fault_address)
		strvec_addf(&d->reasons,
			    "0x%" PRIx64 " is KASAN's shadow: the code meant 0x%" PRIx64
			    " to 0x%" PRIx64,
			    in->fault_address, in->real_first, in->real_last);
	if (in->kind != INCIDENT_NULL_DEREF || !in->has_fault_address ||
	    has_error_pointer(d)) /* that one wrapped round to a small number */
		return;
	if (in->has_real_range)
		strvec_addf(&d->reasons,
			    "0x%" PRIx64 " is below the page size: NULL plus "
			    "an offset",
			    in->real_first);
	else if (in->fault_address < in->page_bytes)
		strvec_addf(&d->reasons,
			    "fault address 0x%" PRIx64 " is below the page size: NULL%s",
			    in->fault_address,
			    in->fault_address ? " plus an offset" : " itself");
}

static void say_base(struct diagnosis *d, const struct incident *in)
{
	const char *base = insn_reg_name(d->base);
	char sign = d->access_offset < 0 ? '-' : '+';
	uint64_t size =
		(uint64_t)(d->access_offset < 0 ? -d->access_offset : d->access_offset);

	if (!d->has_base_value || !d->has_access_offset)
		return;
	if (d->has_match)
		strvec_addf(&d->reasons, "%s (0x%" PRIx64 ") %c 0x%" PRIx64 " is %s%s",
			    base, d->base_value, sign, size,
			    d->address_matches ? "" : "NOT ",
			    d->is_shadow_check ? "in the range that KASAN checked"
					       : "the fault address");
	if (d->origin_says)
		strvec_add(&d->reasons, d->origin_says);
	if (has_error_pointer(d))
		strvec_addf(&d->reasons,
			    "%s holds the error pointer -%" PRIu64
			    ": a result was used without IS_ERR()",
			    base, (uint64_t)0 - d->base_value);
	(void)in;
}

static void say_jump(struct diagnosis *d, const struct incident *in)
{
	struct esr e;

	esr_decode(in->esr, &e);
	if (!in->has_esr || e.is_data || !e.is_abort || !in->has_fault_address)
		return;
	strvec_addf(&d->reasons,
		    "the processor fetched an instruction there: a call through %s%s%s",
		    in->fault_address < in->page_bytes ? "a NULL function pointer"
						       : "a bad function pointer",
		    in->lr ? ", by " : "", in->lr ? in->lr : "");
}

static void say_wait(struct diagnosis *d, const struct incident *in)
{
	if (in->owner_comm)
		strvec_addf(&d->reasons, "the lock it waits for is likely held by %s:%d",
			    in->owner_comm, in->owner_pid);
}

/* ---- what to check next ---- */

static void next_null(struct diagnosis *d)
{
	const struct candidate *c = d->n_candidates ? &d->candidates[0] : NULL;

	switch (d->origin.kind) {
	case ORIGIN_MASKED:
		if (d->null_base)
			strvec_addf(
				&d->next,
				"find who stored NULL in the slot that %s was read from",
				insn_reg_name(d->origin.reg));
		break;
	case ORIGIN_LOADED:
		if (d->null_base)
			strvec_addf(&d->next,
				    "find who cleared, freed or never set the member at "
				    "offset 0x%" PRIx64 " of the object at %s",
				    (uint64_t)d->origin.disp,
				    insn_reg_name(d->origin.reg));
		break;
	case ORIGIN_RETURNED:
		strvec_add(&d->next, "the result of the call before it is not checked");
		break;
	case ORIGIN_ARGUMENT:
		strvec_add(&d->next, "look at the caller: it passed the bad pointer");
		break;
	case ORIGIN_UNKNOWN:
	case ORIGIN_CONSTANT:
		break;
	}
	if (c && !d->candidates_assumed && c->scope <= CANDIDATE_FUNCTION)
		strvec_addf(&d->next, "look at the users of %s.%s", c->type, c->member);
}

static void next_uaf(struct diagnosis *d, const struct incident *in)
{
	const struct incident_track *freed = &in->tracks[INCIDENT_FREED];
	const struct incident_track *queued = &in->tracks[INCIDENT_QUEUED];

	if (queued->is_told && queued->function)
		strvec_addf(
			&d->next,
			"%s gave the object to RCU or a workqueue: find who may still "
			"reach it after that",
			queued->function);
	else if (freed->is_told && freed->function)
		strvec_addf(&d->next,
			    "%s freed the object: find why %s still holds its address",
			    freed->function,
			    in->function ? in->function : "the one that died");
	else
		strvec_add(&d->next,
			   "KASAN with stack traces (kasan.stacktrace=on) names who "
			   "allocated and freed the object");
}

/* Kinds that a watchdog reports again and again while they last. */
static bool is_stall(enum incident_kind kind)
{
	return kind == INCIDENT_HUNG_TASK || kind == INCIDENT_SOFT_LOCKUP ||
	       kind == INCIDENT_HARD_LOCKUP || kind == INCIDENT_RCU_STALL ||
	       kind == INCIDENT_WORKQUEUE_LOCKUP;
}

static void say_next(struct diagnosis *d, const struct incident *in, bool has_build)
{
	if (d->is_other_build)
		strvec_add(
			&d->next,
			"give the vmlinux of the very build that ran: offsets and lines "
			"of another are no evidence");
	if (in->n_secondary && !is_stall(in->kind))
		strvec_addf(
			&d->next,
			"%u more report%s followed: read this one first, they are its "
			"consequences",
			in->n_secondary, in->n_secondary == 1 ? "" : "s");
	switch (in->kind) {
	case INCIDENT_NULL_DEREF:
		next_null(d);
		break;
	case INCIDENT_UAF:
		next_uaf(d, in);
		break;
	case INCIDENT_SERROR:
		strvec_add(
			&d->next,
			"an SError is asynchronous: pc is where it was taken, not what "
			"caused it; suspect the last device access, clock or power "
			"domain");
		break;
	case INCIDENT_HUNG_TASK:
		strvec_add(&d->next, in->owner_comm
					     ? "look at what the owner of the lock does"
					     : "sysrq-d or lockdep names who holds the "
					       "lock; sysrq-w lists all who wait");
		break;
	case INCIDENT_RCU_STALL:
	case INCIDENT_SOFT_LOCKUP:
	case INCIDENT_HARD_LOCKUP:
		strvec_add(&d->next,
			   "see whether the same function shows in every further "
			   "report: it loops, or waits with preemption off");
		break;
	default:
		break;
	}
	if (!has_build && (d->has_insn || in->function))
		strvec_add(
			&d->next,
			"give --vmlinux FILE of this build for source lines and members");
	if (in->truncated)
		strvec_add(&d->next,
			   "the report is cut off: a look at pstore or a second "
			   "run may give the rest");
}

void diagnosis_say(struct diagnosis *d, const struct incident *in, bool has_build)
{
	say_address(d, in);
	say_esr(d, in);
	say_base(d, in);
	say_jump(d, in);
	say_wait(d, in);
	say_next(d, in, has_build);
}
