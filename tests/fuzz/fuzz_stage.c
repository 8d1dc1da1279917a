// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as console lines: boots only ever count up. */
#include "parse/stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_stage(void *arg, const struct stage_event *e)
{
	uint32_t *boot = arg;

	if (e->boot < *boot || e->boot > *boot + 1 || (e->boot != *boot) != e->is_boot)
		BUG("boot %u after %u", e->boot, *boot);
	*boot = e->boot;
}

struct state {
	struct stage_tracker t;
	uint32_t boot;
};

static void on_line(void *arg, const struct line *l)
{
	struct state *s = arg;

	stage_feed(&s->t, l, on_stage, &s->boot);
	if (l->len > 0 && l->text[0] == '!')
		stage_commanded(&s->t, l->len & 1, 0);
	if (l->len > 0 && l->text[0] == '$')
		stage_reached_userspace(&s->t, 0, 0, on_stage, &s->boot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct line_splitter ls;
	struct state s = { .boot = 0 };

	line_splitter_init(&ls);
	stage_init(&s.t);
	line_feed(&ls, data, size, 0, on_line, &s);
	line_flush(&ls, on_line, &s);
	return 0;
}
