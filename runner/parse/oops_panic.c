// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns whether a panic is the end of a report before it or a failure of its own. */
#include "parse/oops_reader.h"

/* Panics that say which sort of report they follow (panic_on_warn, hung_task_panic and
 * their like), whenever they come. */
static bool names_sort(const char *reason, const struct oops_header *h)
{
	static const struct {
		const char *word;
		enum incident_kind kind;
	} words[] = {
		/* clang-format off */
		{ "softlockup", INCIDENT_SOFT_LOCKUP },
		{ "hung_task", INCIDENT_HUNG_TASK },
		{ "RCU Stall", INCIDENT_RCU_STALL },
		{ "Hard LOCKUP", INCIDENT_HARD_LOCKUP },
		{ "KASAN", INCIDENT_KASAN }, { "kasan.fault", INCIDENT_KASAN },
		{ "UBSAN", INCIDENT_UBSAN }, { "KFENCE", INCIDENT_KFENCE },
		{ "Out of memory", INCIDENT_OOM }, { "Attempted to kill", INCIDENT_OOM },
		{ "deadlocked on memory", INCIDENT_OOM },
		{ "panic_on_taint", INCIDENT_WARN },
		{ "warned too often", INCIDENT_WARN },
		/* clang-format on */
	};

	if (strstr(reason, "panic_on_warn"))
		return h->class == HEADER_REPORT;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (h->kind == words[i].kind && strstr(reason, words[i].word))
			return true;
	return false;
}

/* Panics of a kernel that has died already, in other words than a fresh panic's. */
static bool is_aftermath(const char *reason)
{
	/* clang-format off */
	static const char *const words[] = {
		"Fatal exception", "Oops", "BUG", "NMI: Not continuing", "Aiee",
		"Asynchronous SError", "Unhandled exception", "kernel stack overflow",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(reason, words[i]))
			return true;
	return false;
}

/* Nothing of note came between. */
static bool is_at_once(const struct report *rep, const struct message *m)
{
	double since = m->prefix.stamp_s - rep->last_printk_s;

	if (m->prefix.has_stamp && rep->last_printk_s >= 0)
		return since < 1;
	return rep->lines_since < 8;
}

bool reader_ends_in_panic(const struct report *rep, const struct message *m,
			  const char *reason)
{
	if (report_is_oops(rep) || rep->in->panicked || names_sort(reason, rep->header))
		return true;
	return reader_is_callers(rep, m) && is_at_once(rep, m) &&
	       (rep->in->fatal || is_aftermath(reason));
}
