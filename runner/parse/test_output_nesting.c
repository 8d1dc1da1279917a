// SPDX-License-Identifier: GPL-2.0-or-later
/* The open (K)TAP documents, one in the other: which are open, what each has seen, and
 * the results that wait until a parent's line tells their name. Reads no line. */
#include "parse/test_output_int.h"

/* Before dst: "name.dst", cut to cap. */
static void put_before(char *dst, size_t cap, const char *name)
{
	size_t n = strlen(name), old = strlen(dst);

	if (n == 0 || n + 2 > cap)
		return;
	if (old > cap - n - 2)
		old = cap - n - 2;
	memmove(dst + n + 1, dst, old);
	memcpy(dst, name, n);
	dst[n] = old ? '.' : '\0';
	dst[n + 1 + old] = '\0';
}

static void give_held(struct test_parser *p, uint32_t from)
{
	for (uint32_t i = from; i < p->n_held; i++)
		p->fn(p->arg, &p->held[i]);
	p->n_held = from;
}

/* Every ancestor's name is known or will never be. */
static bool names_known(const struct test_parser *p)
{
	for (size_t i = 1; i < p->n_levels; i++)
		if (!p->levels[i].name[0])
			return false;
	return true;
}

/* Give an event of the innermost level now, or hold it until its parents' names come. */
static void give(struct test_parser *p, struct test_event *e)
{
	for (size_t i = p->n_levels; i-- > 0;)
		put_before(e->name, sizeof(e->name), p->levels[i].name);
	if (names_known(p)) {
		p->fn(p->arg, e);
		return;
	}
	if (p->n_held == TEST_MAX_HELD) {
		give_held(p, 0);
		for (size_t i = 0; i < p->n_levels; i++)
			p->levels[i].first_held = 0;
	}
	p->held[p->n_held++] = *e;
}

static void report_missing(struct test_parser *p)
{
	const struct test_level *l = &p->levels[p->n_levels - 1];
	struct test_event e;

	if (!l->has_plan || l->seen >= l->plan)
		return;
	test_event_init(p, &e, TEST_EVENT_PLAN_SHORT, "ktap");
	e.n_missing = l->plan - l->seen;
	give(p, &e);
}

/* Close the innermost level; name is what its parent's result line calls it, or NULL. */
static void pop(struct test_parser *p, const char *name, size_t name_len)
{
	struct test_level *l = &p->levels[p->n_levels - 1];

	if (!l->name[0] && name) {
		test_text_copy(l->name, sizeof(l->name), name, name_len);
		for (uint32_t i = l->first_held; i < p->n_held; i++)
			put_before(p->held[i].name, sizeof(p->held[i].name), l->name);
	}
	report_missing(p);

	bool failed = l->child_failed;

	p->n_levels--;
	if (p->n_levels > 0) {
		p->levels[p->n_levels - 1].had_children = true;
		p->levels[p->n_levels - 1].child_failed = failed;
	}
	if (names_known(p))
		give_held(p, 0);
}

static void pop_deeper(struct test_parser *p, size_t indent, size_t keep,
		       const char *name, size_t name_len)
{
	while (p->n_levels > keep && p->levels[p->n_levels - 1].indent > indent)
		pop(p, name, name_len);
}

void test_levels_finish(struct test_parser *p)
{
	while (p->n_levels > 0)
		pop(p, NULL, 0);
	give_held(p, 0);
	p->next_name[0] = '\0';
}

/* A document inside another is deeper; one at its depth is the next. */
void test_level_open(struct test_parser *p, size_t indent)
{
	while (p->n_levels > 0 && p->levels[p->n_levels - 1].indent >= indent)
		pop(p, NULL, 0);
	if (p->n_levels == TEST_MAX_LEVELS)
		return;

	struct test_level *l = &p->levels[p->n_levels];

	memset(l, 0, sizeof(*l));
	l->indent = indent;
	l->first_held = p->n_held;
	if (p->n_levels > 0 && p->next_name[0])
		test_text_copy(l->name, sizeof(l->name), p->next_name,
			       strlen(p->next_name));
	p->next_name[0] = '\0';
	p->n_levels++;
}

void test_level_plan(struct test_parser *p, size_t indent, uint32_t n)
{
	pop_deeper(p, indent, 0, NULL, 0);
	if (p->n_levels == 0 || p->levels[p->n_levels - 1].indent < indent)
		test_level_open(p, indent);
	p->levels[p->n_levels - 1].plan = n;
	p->levels[p->n_levels - 1].has_plan = true;
}

static void give_result(struct test_parser *p, enum test_result r, const char *name,
			size_t name_len)
{
	struct test_event e;

	test_event_init(p, &e, TEST_EVENT_CASE, "ktap");
	e.result = r;
	if (name_len)
		test_text_copy(e.name, sizeof(e.name), name, name_len);
	else
		snprintf(e.name, sizeof(e.name), "%u", p->levels[p->n_levels - 1].seen);
	give(p, &e);
}

bool test_level_result(struct test_parser *p, size_t indent, enum test_result r,
		       const char *name, size_t name_len)
{
	if (p->n_levels == 0 || indent < p->levels[0].indent)
		return false;
	pop_deeper(p, indent, 1, name, name_len);

	struct test_level *l = &p->levels[p->n_levels - 1];

	l->seen++;
	/* A parent's line only sums up its children, unless it failed by itself. */
	if (!l->had_children || (r == TEST_FAIL && !l->child_failed))
		give_result(p, r, name, name_len);
	l->had_children = false;
	l->child_failed = l->child_failed || r == TEST_FAIL;
	if (p->n_levels == 1 && l->has_plan && l->seen >= l->plan)
		test_levels_finish(p);
	return true;
}

void test_level_next_name(struct test_parser *p, const char *name, size_t name_len)
{
	test_text_copy(p->next_name, sizeof(p->next_name), name, name_len);
}

void test_level_subtest(struct test_parser *p, size_t indent, const char *name,
			size_t name_len)
{
	struct test_level *top = p->n_levels ? &p->levels[p->n_levels - 1] : NULL;

	if (top && p->n_levels > 1 && top->indent == indent && !top->name[0] &&
	    top->seen == 0) {
		test_text_copy(top->name, sizeof(top->name), name, name_len);
		if (names_known(p))
			give_held(p, 0);
		return;
	}
	test_level_next_name(p, name, name_len);
	/* Before version lines were nested, this line opened the level. */
	if (top && indent > top->indent)
		test_level_open(p, indent);
}
