// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns what an incident becomes in a run: its events, its number, whether it decides the
 * attempt. Where incidents come from is the reader's business, or watch.c's. */
#include "session/watch_int.h"

#include "diagnose/diagnosis.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

static bool kind_is_fatal(const struct watch *w, enum incident_kind kind)
{
	signed char said = w->opts.fatal ? w->opts.fatal->fatal[kind] : -1;

	return said < 0 ? incident_kind_is_fatal(kind) : said > 0;
}

/* A warning that ends in a panic (panic_on_warn) is one. */
static bool is_fatal(const struct watch *w, const struct incident *in)
{
	return kind_is_fatal(w, in->kind) ||
	       (in->panicked && kind_is_fatal(w, INCIDENT_PANIC));
}

bool watch_is_consequence(enum incident_kind kind)
{
	return kind == INCIDENT_RESET || kind == INCIDENT_BOOT_LOOP ||
	       kind == INCIDENT_SILENCE;
}

static void note_fatal(struct watch *w, const struct open_incident *o,
		       const struct incident *in)
{
	struct watch_state *st = &w->st;
	bool is_first = st->fatal_id < 0;

	if (w->in_recovery || w->before_power || !is_fatal(w, in))
		return;
	if (!is_first &&
	    (watch_is_consequence(in->kind) || !watch_is_consequence(st->fatal_kind)) &&
	    !(st->fatal_kind == INCIDENT_RESET && in->kind == INCIDENT_BOOT_LOOP))
		return;
	st->fatal_id = o->id;
	st->fatal_kind = in->kind;
	st->fatal_offset = in->offset;
	snprintf(st->fatal_title, sizeof(st->fatal_title), "%s",
		 in->title ? in->title : "");
	if (w->opts.fatal_seen)
		w->opts.fatal_seen(w->opts.arg, in);
}

static void emit_opened(struct watch *w, const struct open_incident *o,
			const struct incident *in)
{
	json_t *e = watch_event(in->decided_t_ns ? in->decided_t_ns : w->t_ns, in->offset,
				"incident-opened");

	json_put(e, "id", json_integer(o->id));
	json_put(e, "kind", json_string(incident_kind_to_str(in->kind)));
	json_put(e, "title", json_lossy_str(in->title));
	json_put(e, "fatal", json_boolean(!o->is_old && is_fatal(w, in)));
	watch_emit(w, e);
}

static void emit_incident(struct watch *w, const struct open_incident *o,
			  const struct incident *in)
{
	int64_t decided = in->decided_t_ns ? in->decided_t_ns : w->t_ns;
	json_t *e = watch_event(decided, in->offset, "incident");
	json_t *body = incident_to_json(in);
	struct diagnosis d;

	/* From the log alone: takes no time. What a vmlinux adds comes with the result.
	 */
	diagnosis_make(&d, in, NULL);
	json_put(body, "diagnosis", diagnosis_to_json(&d));
	diagnosis_release(&d);
	json_put(body, "fatal", json_boolean(!o->is_old && is_fatal(w, in)));
	json_put(body, "boot", json_integer(w->st.boots));
	json_put(body, "id", json_integer(o->id));
	json_put(body, "attempt", json_integer(o->attempt));
	json_put(body, "phase", json_lossy_str(o->phase));
	json_put(body, "decided_s", json_real((double)(decided / 1000) / 1e6));
	json_put(body, "end_offset", json_integer((json_int_t)in->last_offset));
	if (w->more)
		json_object_update(body, w->more);
	json_put(e, "id", json_integer(o->id));
	json_put(e, "incident", body);
	watch_emit(w, e);
}

static struct open_incident now_open(struct watch *w, const struct incident *in)
{
	struct open_incident o = { .line = in->line,
				   .offset = in->offset,
				   .id = w->next_id++,
				   .attempt = w->attempt - w->before_power,
				   .is_old = w->before_power };

	snprintf(o.phase, sizeof(o.phase), "%s", w->phase);
	return o;
}

void watch_incident_opened(void *arg, const struct incident *in)
{
	struct watch *w = arg;
	struct open_incident *o = &w->open[w->n_open];

	if (w->n_open == WATCH_MAX_OPEN)
		BUG("more than %d open incidents", WATCH_MAX_OPEN);
	*o = now_open(w, in);
	w->n_open++;
	emit_opened(w, o, in);
	note_fatal(w, o, in);
}

static void note_panic(struct watch *w, const struct incident *in)
{
	if (w->in_recovery)
		return;
	w->st.panicked |= in->panicked;
	if (in->says_reboot) {
		w->st.says_reboot = true;
		w->st.reboot_in_s = in->reboot_in_s;
	}
}

void watch_incident_closed(void *arg, const struct incident *in)
{
	struct watch *w = arg;

	for (size_t i = 0; i < w->n_open; i++) {
		if (w->open[i].line != in->line || w->open[i].offset != in->offset)
			continue;
		if (w->open[i].attempt == w->attempt)
			note_panic(w, in);
		emit_incident(w, &w->open[i], in);
		if (w->st.fatal_id == w->open[i].id && in->title) {
			w->st.fatal_kind = in->kind;
			snprintf(w->st.fatal_title, sizeof(w->st.fatal_title), "%s",
				 in->title);
		}
		w->open[i] = w->open[--w->n_open];
		return;
	}
	/* Closed without opened cannot be: the reader promises both. */
	BUG("incident at line %llu closed twice", (unsigned long long)in->line);
}

void watch_report_own(struct watch *w, enum incident_kind kind, const char *fmt, ...)
{
	struct incident *in = incident_new(kind);
	struct strbuf title = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&title, fmt, ap);
	va_end(ap);
	free(in->title);
	in->title = strbuf_take(&title);
	in->confidence = 1.0;
	in->line = w->lines.number;
	in->offset = in->last_offset = w->offset;
	in->t_ns = in->decided_t_ns = w->t_ns;
	in->boot = w->st.boots;
	struct open_incident o = now_open(w, in);
	emit_opened(w, &o, in);
	emit_incident(w, &o, in);
	note_fatal(w, &o, in);
	incident_free(in);
}

static struct open_incident *find_open(struct watch *w, const struct incident *in)
{
	for (size_t i = 0; i < w->n_open; i++)
		if (w->open[i].line == in->line && w->open[i].offset == in->offset)
			return &w->open[i];
	return NULL;
}

void watch_incident_escalated(void *arg, const struct incident *in)
{
	struct watch *w = arg;
	const struct open_incident *o = find_open(w, in);

	if (o && o->attempt == w->attempt)
		note_fatal(w, o, in);
}
