// SPDX-License-Identifier: GPL-2.0-or-later
/* PCRE2 with limits. */
#include "util/pattern.h"

#include <errno.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "util/mem.h"

enum { MATCH_LIMIT = 200000, HEAP_LIMIT_KIB = 4096 };

struct pattern {
	char *text;
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *ctx;
	uint64_t id;
	bool wants_line;
};

static struct pattern *build(const char *text, uint32_t flags, pcre2_compile_context *how,
			     int *code, size_t *where)
{
	static uint64_t last_id;
	struct pattern *p = xcalloc(1, sizeof(*p));

	p->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, flags, code,
				where, how);
	if (!p->code) {
		free(p);
		return NULL;
	}
	p->id = ++last_id;
	p->text = xstrdup(text);
	p->data = pcre2_match_data_create_from_pattern(p->code, NULL);
	p->ctx = pcre2_match_context_create(NULL);
	if (!p->data || !p->ctx)
		BUG("PCRE2 is out of memory");
	pcre2_set_match_limit(p->ctx, MATCH_LIMIT);
	pcre2_set_heap_limit(p->ctx, HEAP_LIMIT_KIB);
	return p;
}

static int build_regex(const char *regex, uint32_t flags, pcre2_compile_context *how,
		       struct pattern **out, struct err *err)
{
	PCRE2_UCHAR msg[128];
	size_t where = 0;
	int code = 0;

	*out = build(regex, flags, how, &code, &where);
	if (*out)
		return 0;
	pcre2_get_error_message(code, msg, sizeof(msg));
	return err_set(err, ERR_JOB, -EINVAL, "pattern \"%s\": %s at character %zu",
		       regex, (const char *)msg, where + 1);
}

int pattern_new(const char *regex, struct pattern **out, struct err *err)
{
	return build_regex(regex, 0, NULL, out, err);
}

int pattern_new_line(const char *regex, struct pattern **out, struct err *err)
{
	pcre2_compile_context *how = pcre2_compile_context_create(NULL);

	if (!how || pcre2_set_newline(how, PCRE2_NEWLINE_ANYCRLF))
		BUG("PCRE2 is out of memory");
	int r = build_regex(regex, PCRE2_MULTILINE, how, out, err);
	pcre2_compile_context_free(how);
	if (!r)
		(*out)->wants_line = true;
	return r;
}

bool pattern_wants_line(const struct pattern *p)
{
	return p->wants_line;
}

struct pattern *pattern_new_literal(const char *text)
{
	size_t where;
	int code;
	struct pattern *p = build(text, PCRE2_LITERAL, NULL, &code, &where);

	if (!p)
		BUG("PCRE2 refused a literal");
	return p;
}

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	pcre2_match_context_free(p->ctx);
	pcre2_match_data_free(p->data);
	pcre2_code_free(p->code);
	free(p->text);
	free(p);
}

const char *pattern_text(const struct pattern *p)
{
	return p->text;
}

uint64_t pattern_id(const struct pattern *p)
{
	return p->id;
}

bool pattern_find(const struct pattern *p, const char *text, size_t len, size_t from,
		  struct pattern_match *m)
{
	int n = pcre2_match(p->code, (PCRE2_SPTR)text, len, from, 0, p->data, p->ctx);

	if (n <= 0)
		return false;
	const PCRE2_SIZE *ov = pcre2_get_ovector_pointer(p->data);
	m->start = ov[0];
	m->end = ov[1];
	return p->wants_line ? m->start < m->end : m->start <= m->end;
}

bool pattern_group(const struct pattern *p, const char *name, struct pattern_match *m)
{
	int number = pcre2_substring_number_from_name(p->code, (PCRE2_SPTR)name);
	const PCRE2_SIZE *ov = pcre2_get_ovector_pointer(p->data);

	if (number <= 0 || (uint32_t)number >= pcre2_get_ovector_count(p->data) ||
	    ov[2 * number] == PCRE2_UNSET)
		return false;
	m->start = ov[2 * number];
	m->end = ov[2 * number + 1];
	return true;
}

size_t pattern_group_names(const struct pattern *p, const char *names[], size_t cap)
{
	uint32_t count = 0, entry_size = 0;
	PCRE2_SPTR table = NULL;
	size_t n = 0;

	/* Each entry: two bytes of number, then the name with its NUL. */
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMEENTRYSIZE, &entry_size);
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMETABLE, &table);
	for (; n < count && n < cap; n++)
		names[n] = (const char *)table + n * entry_size + 2;
	return n;
}
