// SPDX-License-Identifier: GPL-2.0-or-later
/* The last rung: the SoC's boot ROM by relay and USB. The lock of the host is taken
 * before the contact closes and given back when the loader runs. */
#include <errno.h>

#include "session/recovery_int.h"
#include "util/jsonx.h"

enum { APPEAR_MS = 15000 };

static void tool_did(void *arg, const char *command, const char *says)
{
	struct session *s = arg;
	json_t *m = json_object();

	json_put(m, "command", json_lossy_str(command));
	if (says)
		json_put(m, "says", json_lossy_str(says));
	journal_action_json(s->journal, says ? "maskrom-done" : "maskrom", m);
}

static int load(struct maskrom *m, struct deadline d, struct err *err)
{
	int r = maskrom_wait(m, deadline_min(d, deadline_in_ms(APPEAR_MS)), err);

	if (!r)
		r = maskrom_load(m, d, err);
	return r ? r : maskrom_flash(m, d, err);
}

int recovery_enter_maskrom(struct session *s, struct maskrom *m, struct deadline d,
			   struct err *err)
{
	int r = maskrom_claim(m, d, err);

	/* The sequence holds the contact while power or reset lets the CPU start. */
	if (!r)
		r = session_power(s, "on", err);
	return r ? r : session_power(s, "maskrom", err);
}

int recovery_maskrom(struct session *s, const struct board_rung *rung, struct deadline d,
		     struct err *err)
{
	struct maskrom m = { .spec = rung->maskrom,
			     .env = { session_power_wait, s },
			     .did = tool_did,
			     .arg = s,
			     .lock_fd = -1 };
	int r = recovery_enter_maskrom(s, &m, d, err);

	if (!r)
		r = load(&m, d, err);
	maskrom_release(&m);
	return r;
}
