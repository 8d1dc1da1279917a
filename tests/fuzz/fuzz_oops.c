// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes, cut in two ways: the reader must stay inside its buffers, close what it
 * opens, and find the same incidents both times. */
#include <stdbool.h>

#include "parse/oops.h"
#include "util/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	struct strbuf text;
	size_t n_open;
};

static void on_opened(void *arg, const struct incident *in)
{
	struct seen *s = arg;

	s->n_open++;
	if (!in->title)
		BUG("no title");
}

static void on_closed(void *arg, const struct incident *in)
{
	struct seen *s = arg;
	json_t *j = incident_to_json(in);
	char *text = json_dumps(j, JSON_COMPACT);

	s->n_open--;
	strbuf_addstr(&s->text, text ? text : "?");
	free(text);
	json_decref(j);
}

static void run(const uint8_t *data, size_t size, size_t step, struct seen *s)
{
	static const struct oops_ops ops = { .opened = on_opened, .closed = on_closed };
	static const struct oops_opts opts = { .has_times = false };
	struct oops_reader *r = oops_new(&opts, &ops, s);

	for (size_t i = 0; i < size; i += step)
		oops_feed(r, data + i, step < size - i ? step : size - i, 0);
	oops_end(r);
	oops_free(r);
	if (s->n_open)
		BUG("%zu incidents never closed", s->n_open);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole = { .n_open = 0 }, cut = { .n_open = 0 };

	run(data, size, size ? size : 1, &whole);
	run(data, size, size > 1 ? 1 + data[0] : 1, &cut);
	if (strcmp(strbuf_str(&whole.text), strbuf_str(&cut.text)) != 0)
		BUG("chunks matter: %s\nversus %s", strbuf_str(&whole.text),
		    strbuf_str(&cut.text));
	strbuf_release(&whole.text);
	strbuf_release(&cut.text);
	return 0;
}
