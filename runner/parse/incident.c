// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the incident's memory, the names of its kinds and its JSON form. Knows nothing of
 * how it was read. */
#include "parse/incident.h"

#include <errno.h>

#include "parse/esr.h"
#include "util/jsonx.h"
#include "util/mem.h"

static const char *const kind_names[INCIDENT_N_KINDS] = {
#define X(name, str) [INCIDENT_##name] = str,
	INCIDENT_KINDS(X)
#undef X
};

const char *incident_kind_to_str(enum incident_kind kind)
{
	return kind_names[kind];
}

int incident_kind_from_str(const char *s, enum incident_kind *out)
{
	for (size_t i = 0; i < INCIDENT_N_KINDS; i++) {
		if (strcmp(s, kind_names[i]) == 0) {
			*out = (enum incident_kind)i;
			return 0;
		}
	}
	return -EINVAL;
}

bool incident_kind_is_fatal(enum incident_kind kind)
{
	switch (kind) {
	case INCIDENT_WARN:
	case INCIDENT_LOCKDEP:
	case INCIDENT_LEAK:
	case INCIDENT_UBSAN:
	case INCIDENT_KCSAN:
	case INCIDENT_OOM:
	case INCIDENT_OTHER:
		return false;
	case INCIDENT_NULL_DEREF:
	case INCIDENT_PAGING_FAULT:
	case INCIDENT_USER_ACCESS:
	case INCIDENT_UAF:
	case INCIDENT_KASAN:
	case INCIDENT_KFENCE:
	case INCIDENT_KMSAN:
	case INCIDENT_GPF:
	case INCIDENT_BUG:
	case INCIDENT_ATOMIC_SLEEP:
	case INCIDENT_OOPS_OTHER:
	case INCIDENT_SERROR:
	case INCIDENT_MCE:
	case INCIDENT_INVALID_FREE:
	case INCIDENT_PANIC:
	case INCIDENT_HUNG_TASK:
	case INCIDENT_SOFT_LOCKUP:
	case INCIDENT_HARD_LOCKUP:
	case INCIDENT_RCU_STALL:
	case INCIDENT_WORKQUEUE_LOCKUP:
	case INCIDENT_SILENCE:
	case INCIDENT_BOOT_LOOP:
	case INCIDENT_RESET:
	case INCIDENT_NO_BOOT:
		return true;
	case INCIDENT_N_KINDS:
		break;
	}
	BUG("incident kind %d", (int)kind);
}

struct incident *incident_new(enum incident_kind kind)
{
	struct incident *in = xcalloc(1, sizeof(*in));

	in->kind = kind;
	in->fatal = incident_kind_is_fatal(kind);
	in->confidence = 1.0;
	in->printk_s = -1;
	in->cpu = in->pid = in->owner_pid = -1;
	in->code_faulting = -1;
	return in;
}

void incident_free(struct incident *in)
{
	if (!in)
		return;
	free(in->title);
	free(in->function);
	free(in->module);
	free(in->pc);
	free(in->lr);
	free(in->regs);
	for (size_t i = 0; i < in->n_frames; i++) {
		free(in->frames[i].function);
		free(in->frames[i].module);
	}
	free(in->frames);
	strvec_release(&in->modules);
	free(in->comm);
	free(in->kernel);
	free(in->tainted);
	free(in->hardware);
	free(in->code);
	free(in->signature);
	free(in->banner);
	free(in->build_id);
	free(in->source);
	free(in->owner_comm);
	for (size_t i = 0; i < in->n_evidence; i++)
		free(in->evidence[i].text);
	free(in->evidence);
	free(in);
}

static json_t *hex(uint64_t v)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "0x%llx", (unsigned long long)v);
	return json_string(buf);
}

static json_t *esr_json(uint64_t value)
{
	json_t *o = json_object();
	struct esr e;

	esr_decode(value, &e);
	json_put(o, "value", hex(value));
	json_put(o, "ec", json_integer(e.ec));
	json_put(o, "ec_name", json_string(esr_ec_name(e.ec)));
	if (e.is_abort) {
		json_put(o, "dfsc", json_integer(e.fsc));
		json_put(o, "dfsc_name", json_string(esr_fsc_name(e.fsc)));
		json_put(o, "level", e.has_level ? json_integer(e.level) : json_null());
		json_put(o, "wnr", e.is_data ? json_boolean(e.wnr) : json_null());
		json_put(o, "fnv", json_boolean(e.fnv));
		json_put(o, "s1ptw", json_boolean(e.s1ptw));
		json_put(o, "ea", json_boolean(e.ea));
	}
	if (e.is_brk) {
		json_put(o, "brk", json_integer(e.brk_imm));
		json_put(o, "brk_name", json_string(esr_brk_name(e.brk_imm)));
	}
	return o;
}

static json_t *registers_json(const struct incident *in)
{
	json_t *o = json_object();

	for (size_t i = 0; i < in->n_regs; i++)
		json_put(o, in->regs[i].name, hex(in->regs[i].value));
	return o;
}

static json_t *trace_json(const struct incident *in)
{
	json_t *a = json_array();

	for (size_t i = 0; i < in->n_frames; i++) {
		const struct incident_frame *f = &in->frames[i];
		json_t *o = json_object();

		json_put(o, "function", json_lossy_str(f->function));
		json_put(o, "offset", hex(f->offset));
		json_put(o, "size", hex(f->size));
		json_put(o, "module", json_lossy_str(f->module));
		json_put(o, "reliable", json_boolean(f->reliable));
		json_push(a, o);
	}
	return a;
}

static json_t *code_json(const struct incident *in)
{
	json_t *o = json_object(), *words = json_array();

	for (size_t i = 0; i < in->n_code; i++) {
		char buf[12];

		snprintf(buf, sizeof(buf), "%08x", in->code[i]);
		json_push(words, json_string(buf));
	}
	json_put(o, "words", words);
	json_put(o, "faulting",
		 in->code_faulting < 0 ? json_null() : json_integer(in->code_faulting));
	return o;
}

static json_t *integer_or_null(int32_t v)
{
	return v < 0 ? json_null() : json_integer(v);
}

static json_t *range_json(const struct incident *in)
{
	json_t *a = json_array();

	json_push(a, hex(in->real_first));
	json_push(a, hex(in->real_last));
	return a;
}

static json_t *owner_json(const struct incident *in)
{
	json_t *o = json_object();

	json_put(o, "comm", json_lossy_str(in->owner_comm));
	json_put(o, "pid", integer_or_null(in->owner_pid));
	return o;
}

static json_t *evidence_json(const struct incident *in)
{
	json_t *a = json_array();

	for (size_t i = 0; i < in->n_evidence; i++) {
		json_t *o = json_object();

		json_put(o, "line", json_integer((json_int_t)in->evidence[i].line));
		json_put(o, "text", json_lossy_str(in->evidence[i].text));
		json_push(a, o);
	}
	return a;
}

json_t *incident_to_json(const struct incident *in)
{
	json_t *o = json_object(), *modules = json_array();

	json_put(o, "kind", json_string(incident_kind_to_str(in->kind)));
	json_put(o, "title", json_lossy_str(in->title));
	json_put(o, "fatal", json_boolean(in->fatal));
	json_put(o, "truncated", json_boolean(in->truncated));
	json_put(o, "confidence", json_real(in->confidence));
	json_put(o, "line", json_integer((json_int_t)in->line));
	json_put(o, "offset", json_integer((json_int_t)in->offset));
	/* When it came; for a plain log, which has no times, the kernel's own stamp. */
	if (in->t_ns > 0)
		json_put(o, "time_s", json_real((double)in->t_ns / 1e9));
	else
		json_put(o, "time_s",
			 in->printk_s < 0 ? json_null() : json_real(in->printk_s));
	json_put(o, "boot", in->boot ? json_integer(in->boot) : json_null());
	json_put(o, "function", json_lossy_str(in->function));
	json_put(o, "module", json_lossy_str(in->module));
	json_put(o, "fault_address",
		 in->has_fault_address ? hex(in->fault_address) : json_null());
	json_put(o, "esr", in->has_esr ? esr_json(in->esr) : json_null());
	json_put(o, "pc", json_lossy_str(in->pc));
	json_put(o, "lr", json_lossy_str(in->lr));
	json_put(o, "registers", registers_json(in));
	json_put(o, "call_trace", trace_json(in));
	for (size_t i = 0; i < in->modules.n; i++)
		json_push(modules, json_lossy_str(in->modules.v[i]));
	json_put(o, "modules", modules);
	json_put(o, "cpu", integer_or_null(in->cpu));
	json_put(o, "pid", integer_or_null(in->pid));
	json_put(o, "comm", json_lossy_str(in->comm));
	json_put(o, "kernel", json_lossy_str(in->kernel));
	json_put(o, "tainted", json_lossy_str(in->tainted));
	json_put(o, "hardware", json_lossy_str(in->hardware));
	json_put(o, "code", code_json(in));
	json_put(o, "signature", json_lossy_str(in->signature));
	json_put(o, "source", json_lossy_str(in->source));
	json_put(o, "pstate", in->has_pstate ? hex(in->pstate) : json_null());
	json_put(o, "real_range", in->has_real_range ? range_json(in) : json_null());
	json_put(o, "banner", json_lossy_str(in->banner));
	json_put(o, "build_id", json_lossy_str(in->build_id));
	json_put(o, "kaslr_offset",
		 in->has_kaslr_offset ? hex(in->kaslr_offset) : json_null());
	json_put(o, "owner", in->owner_comm ? owner_json(in) : json_null());
	json_put(o, "evidence", evidence_json(in));
	json_put(o, "panicked", json_boolean(in->panicked));
	json_put(o, "secondary", json_integer(in->n_secondary));
	return o;
}
