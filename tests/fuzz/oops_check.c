// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the promises of parse/oops.h as checks. */
#include "oops_check.h"

#include <stdbool.h>

#include "parse/oops.h"
#include "util/strbuf.h"

struct seen {
	struct strbuf text;
	size_t n_open;
	size_t size; /* of the whole log */
	bool is_live;
};

static void on_opened(void *arg, const struct incident *in)
{
	struct seen *s = arg;

	s->n_open++;
	strbuf_addf(&s->text, "opened %s at %llu\n", incident_kind_to_str(in->kind),
		    (unsigned long long)in->offset);
}

static void on_escalated(void *arg, const struct incident *in)
{
	struct seen *s = arg;

	if (!in->fatal || s->n_open == 0)
		BUG("escalated, fatal %d, of %zu", in->fatal, s->n_open);
	strbuf_addf(&s->text, "escalated %llu\n", (unsigned long long)in->offset);
}

static void on_closed(void *arg, const struct incident *in)
{
	struct seen *s = arg;
	json_t *j = incident_to_json(in);
	char *text = json_dumps(j, JSON_COMPACT);

	if (s->n_open-- == 0)
		BUG("closed and never opened");
	if (!text || !in->title || !*in->title)
		BUG("no JSON or no title");
	if (in->offset > in->last_offset || in->last_offset > s->size || in->line == 0)
		BUG("at %llu to %llu of %zu, line %llu", (unsigned long long)in->offset,
		    (unsigned long long)in->last_offset, s->size,
		    (unsigned long long)in->line);
	if (in->n_frames > INCIDENT_MAX_FRAMES || in->n_regs > INCIDENT_MAX_REGS ||
	    in->n_code > INCIDENT_MAX_CODE || in->modules.n > INCIDENT_MAX_MODULES ||
	    in->n_evidence > INCIDENT_MAX_EVIDENCE)
		BUG("more than is kept");
	for (size_t i = 0; i < INCIDENT_N_TRACKS; i++)
		if (in->tracks[i].n_frames > INCIDENT_MAX_TRACK_FRAMES)
			BUG("more frames of the object's life than are kept");
	strbuf_addstr(&s->text, text);
	strbuf_addch(&s->text, '\n');
	free(text);
	json_decref(j);
}

static void run(const char *log, size_t size, size_t step, struct seen *s)
{
	static const struct oops_ops ops = { .opened = on_opened,
					     .closed = on_closed,
					     .escalated = on_escalated };
	const struct oops_opts opts = { .has_times = s->is_live,
					.no_resets = s->is_live };
	struct oops_reader *r = oops_new(&opts, &ops, s);
	int64_t t_ns = s->is_live;

	s->size = size;
	for (size_t i = 0; i < size; i += step) {
		size_t n = step < size - i ? step : size - i;

		if (s->is_live) {
			/* Bytes of the log are the clock, and switch it off and on. */
			t_ns += INT64_C(10000000) * (unsigned char)log[i];
			oops_set_enabled(r, log[i] != 'z');
			if (log[i] & 1)
				oops_tick(r, t_ns);
		}
		oops_feed(r, log + i, n, t_ns);
	}
	oops_end(r);
	if (oops_is_open(r) || s->n_open)
		BUG("%zu incidents never closed", s->n_open);
	oops_free(r);
}

void oops_check(const void *log, size_t size, size_t step)
{
	struct seen whole = { .n_open = 0 }, cut = { .n_open = 0 };
	struct seen live = { .is_live = true };

	run(log, size, size ? size : 1, &whole);
	run(log, size, step, &cut);
	if (strcmp(strbuf_str(&whole.text), strbuf_str(&cut.text)) != 0)
		BUG("chunks of %zu matter: %s\nversus %s", step, strbuf_str(&whole.text),
		    strbuf_str(&cut.text));
	run(log, size, 7 * step, &live);
	strbuf_release(&whole.text);
	strbuf_release(&cut.text);
	strbuf_release(&live.text);
}
