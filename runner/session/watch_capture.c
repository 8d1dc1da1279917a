// SPDX-License-Identifier: GPL-2.0-or-later
/* What a wedged kernel answers to SysRq belongs to the incident that is known already: it
 * opens no new one, and becomes that incident's `capture`. */
#include "session/watch_int.h"
#include "util/jsonx.h"
#include "util/mem.h"

static void begin(struct watch *w)
{
	sysrq_free(w->capture);
	w->capture = sysrq_new();
	oops_set_enabled(w->oops, false);
}

/* "silence in userspace; blocked: task sh in mutex_hold" */
static json_t *title_json(const struct watch *w, const char *blocked)
{
	if (!blocked[0] || w->st.fatal_id < 0 || w->st.fatal_kind != INCIDENT_SILENCE)
		return json_null();
	_cleanup_free_ char *title =
		xasprintf("%s; blocked: %s", w->st.fatal_title, blocked);
	return json_lossy_str(title);
}

static void end(struct watch *w, const json_t *action)
{
	json_t *e = watch_event(w->t_ns, w->offset, "captured"), *body;
	char blocked[160] = "", running[160];

	if (!sysrq_blocked(w->capture, blocked, sizeof(blocked)))
		blocked[0] = '\0';
	body = sysrq_to_json(w->capture);
	json_put(body, "reason", json_lossy_str(json_get_str(action, "reason", NULL)));
	json_put(e, "incident",
		 w->st.fatal_id < 0 ? json_null() : json_integer(w->st.fatal_id));
	json_put(e, "title", title_json(w, blocked));
	json_put(e, "blocked", json_lossy_str(blocked[0] ? blocked : NULL));
	if (sysrq_running(w->capture, running, sizeof(running)))
		json_put(e, "running", json_lossy_str(running));
	json_put(e, "capture", body);
	watch_emit(w, e);
	sysrq_free(w->capture);
	w->capture = NULL;
	oops_set_enabled(w->oops, true);
}

void watch_capture_action(struct watch *w, const char *what, const json_t *action)
{
	const char *key = json_get_str(action, "key", "");

	if (strcmp(what, "capture") == 0 && json_get_bool(action, "running", false))
		begin(w);
	else if (strcmp(what, "capture") == 0 && w->capture) {
		line_flush(&w->lines, watch_line, w);
		end(w, action);
	} else if (strcmp(what, "sysrq") == 0 && w->capture && key[0] >= 'a' &&
		   key[0] <= 'z')
		sysrq_ask(w->capture, key[0]);
	w->st.capture_answer = w->capture ? sysrq_answer(w->capture) : SYSRQ_NONE;
}
