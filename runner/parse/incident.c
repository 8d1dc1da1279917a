// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the incident's memory and the names of its kinds. Knows nothing of how it was
 * read. */
#include "parse/incident.h"

#include <errno.h>

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
	in->page_bytes = 4096;
	in->cpu = in->pid = in->owner_pid = -1;
	in->object.pointer_tag = in->object.memory_tag = -1;
	for (size_t i = 0; i < INCIDENT_N_TRACKS; i++) {
		in->tracks[i].pid = in->tracks[i].cpu = -1;
		in->tracks[i].at_s = -1;
	}
	in->code_faulting = -1;
	return in;
}

void incident_frames_free(struct incident_frame *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(f[i].function);
		free(f[i].module);
	}
	free(f);
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
	incident_frames_free(in->frames, in->n_frames);
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
	incident_object_release(in);
	for (size_t i = 0; i < in->n_evidence; i++)
		free(in->evidence[i].text);
	free(in->evidence);
	free(in);
}
