// SPDX-License-Identifier: GPL-2.0-or-later
/* Test output: a line is part of a LAVA signal, or else of a (K)TAP document. Refuses to
 * judge: what a failed case means for the job is the session's. */
#include "parse/test_output_int.h"

#include <errno.h>

#include "parse/prefix.h"
#include "util/mem.h"

static const char *const result_names[] = { "pass", "fail", "skip", "unknown" };

const char *test_result_to_str(enum test_result r)
{
	return result_names[r];
}

int test_result_from_str(const char *s, size_t len, enum test_result *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(result_names); i++) {
		if (strlen(result_names[i]) == len &&
		    memcmp(s, result_names[i], len) == 0) {
			*out = (enum test_result)i;
			return 0;
		}
	}
	return -EINVAL;
}

struct test_parser *test_parser_new(test_fn fn, void *arg)
{
	struct test_parser *p = xcalloc(1, sizeof(*p));

	p->fn = fn;
	p->arg = arg;
	return p;
}

void test_parser_free(struct test_parser *p)
{
	free(p);
}

void test_text_copy(char *dst, size_t cap, const char *s, size_t len)
{
	if (len >= cap)
		len = cap - 1;
	memcpy(dst, s, len);
	dst[len] = '\0';
}

void test_event_init(const struct test_parser *p, struct test_event *e,
		     enum test_event_kind kind, const char *source)
{
	memset(e, 0, sizeof(*e));
	e->kind = kind;
	e->source = source;
	e->result = TEST_UNKNOWN;
	e->offset = p->offset;
	e->t_ns = p->t_ns;
}

void test_parser_feed_text(struct test_parser *p, const char *text, size_t len,
			   size_t prefix_len, uint64_t offset, int64_t t_ns)
{
	p->offset = offset;
	p->t_ns = t_ns;
	if (test_signals_feed(p, text, len))
		return;
	size_t end = prefix_next_stamp(text, len, prefix_len);

	while (end > prefix_len && text[end - 1] == ' ')
		end--;
	test_ktap_feed(p, text + prefix_len, text + end);
}

void test_parser_feed(struct test_parser *p, const struct line *l)
{
	char text[TEST_TEXT_MAX];
	size_t len = line_clean(l->text, l->len, text, sizeof(text));
	struct prefix pre;

	prefix_parse(text, len, &pre);
	test_parser_feed_text(p, text, len, pre.text, l->offset, l->t_ns);
}

void test_parser_end(struct test_parser *p)
{
	p->signal_len = 0;
	test_levels_finish(p);
}
