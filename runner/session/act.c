// SPDX-License-Identifier: GPL-2.0-or-later
/* What we type and reach on the board, recorded before it is done. */
#include <stdarg.h>

#include "session/state.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { TYPE_MS = 30000 };

void session_phase(struct session *s, const char *fmt, ...)
{
	struct strbuf name = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&name, fmt, ap);
	va_end(ap);
	_cleanup_free_ char *text = strbuf_take(&name);
	json_t *members = json_object();
	json_put(members, "name", json_lossy_str(text));
	journal_action_json(s->journal, "phase", members);
}

void session_reached(struct session *s, const char *what)
{
	journal_action(s->journal, "reached", "{s:s}", "what", what);
}

static void record_type(struct session *s, const char *text)
{
	json_t *members = json_object();

	json_put(members, "text", json_lossy_str(text));
	journal_action_json(s->journal, "type", members);
}

int session_type(struct session *s, const char *text, bool is_secret, struct err *err)
{
	_cleanup_free_ char *line = xasprintf("%s\n", text);

	record_type(s, is_secret ? "***" : text);
	return console_send(s->console, line, strlen(line),
			    s->board->console.type_delay_us, deadline_in_ms(TYPE_MS),
			    err);
}

static void record_echo(struct session *s, const char *text)
{
	json_t *members = json_object();

	json_put(members, "seen", json_lossy_str(text));
	journal_action_json(s->journal, "echo-wrong", members);
}

static void uboot_did(void *arg, const char *what, const char *text)
{
	struct session *s = arg;

	if (strcmp(what, "type") == 0)
		record_type(s, text);
	else if (strcmp(what, "echo-wrong") == 0)
		record_echo(s, text);
	else
		session_reached(s, text);
}

struct uboot session_uboot(struct session *s)
{
	return (struct uboot){
		.console = s->console,
		.board = s->board,
		.did = uboot_did,
		.is_lost = session_dtb_is_wrong,
		.arg = s,
	};
}
