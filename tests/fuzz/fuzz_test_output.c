// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as console lines: names stay terminated, memory bounded. */
#include "parse/test_output.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_event(void *arg, const struct test_event *e)
{
	if (strlen(e->name) >= sizeof(e->name) || strlen(e->set) >= sizeof(e->set))
		BUG("name without end");
	if (e->kind == TEST_EVENT_PLAN_SHORT && e->n_missing == 0)
		BUG("nothing is missing");
}

static void on_line(void *arg, const struct line *l)
{
	test_parser_feed(arg, l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct line_splitter ls;
	struct test_parser *p = test_parser_new(on_event, NULL);

	line_splitter_init(&ls);
	line_feed(&ls, data, size, 0, on_line, p);
	line_flush(&ls, on_line, p);
	test_parser_end(p);
	test_parser_free(p);
	return 0;
}
