// SPDX-License-Identifier: GPL-2.0-or-later
/* What the end of a step means: the outcome of an action of the job. */
#include <errno.h>

#include "session/state.h"

const char *outcome_to_str(enum outcome o)
{
	switch (o) {
	case OUT_OK:
		return "ok";
	case OUT_KERNEL:
		return "kernel";
	case OUT_TIMEOUT:
		return "timeout";
	case OUT_TEST:
		return "test";
	case OUT_LAB:
		return "lab";
	case OUT_JOB:
		return "job";
	case OUT_CANCELED:
		return "canceled";
	case OUT_BUG:
		return "bug";
	}
	BUG("outcome %d", (int)o);
}

enum outcome session_outcome(struct session *s, int r, struct err *err,
			     const char *waiting_for)
{
	struct err why = ERR_INIT;

	if (!r)
		return OUT_OK;
	if (r == -EINTR && s->latency_ns >= 0) {
		journal_action(s->journal, "verdict", "{s:i, s:I}", "incident",
			       (int)watch_state(s->watch)->fatal_id, "latency_us",
			       (json_int_t)(s->latency_ns / 1000));
		s->latency_ns = -1;
	}
	if (r == -EINTR)
		return watch_state(s->watch)->raised &&
				       watch_state(s->watch)->fatal_id < 0
			       ? OUT_TEST
			       : OUT_KERNEL;
	if (r == -ETIMEDOUT && err->class == ERR_NONE) {
		if (power_check(s->power, &why)) {
			*err = why;
			return OUT_LAB;
		}
		err->code = r;
		snprintf(err->msg, sizeof(err->msg), "%s did not come in time",
			 waiting_for);
		return OUT_TIMEOUT;
	}
	switch (err->class) {
	case ERR_CANCELED:
		return OUT_CANCELED;
	case ERR_JOB:
		return OUT_JOB;
	case ERR_BUG:
		return OUT_BUG;
	case ERR_NONE:
	case ERR_LAB:
		break;
	}
	if (r == -ENOLINK && power_check(s->power, &why))
		*err = why;
	if (r == -ENOLINK)
		s->self_check_ok = false;
	return OUT_LAB;
}
