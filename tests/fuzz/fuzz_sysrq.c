// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as answers to SysRq: the object is whole, however they are cut. */
#include "parse/sysrq.h"

#include "util/jsonx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_line(void *arg, const struct line *l)
{
	struct sysrq_reader *r = arg;

	if (l->len == 1 && l->text[0] >= 'a' && l->text[0] <= 'z')
		sysrq_ask(r, l->text[0]);
	sysrq_feed(r, l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct line_splitter ls;
	struct sysrq_reader *r = sysrq_new();
	char blocked[160];

	line_splitter_init(&ls);
	sysrq_ask(r, 'w');
	line_feed(&ls, data, size, 0, on_line, r);
	line_flush(&ls, on_line, r);
	_cleanup_json_ json_t *j = sysrq_to_json(r);
	if (sysrq_blocked(r, blocked, sizeof(blocked)) !=
	    (json_array_size(json_object_get(j, "blocked_tasks")) > 0))
		BUG("a blocked task that is not listed");
	sysrq_free(r);
	return 0;
}
