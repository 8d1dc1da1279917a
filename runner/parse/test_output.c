// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns LAVA signals and the state of (K)TAP documents, nested ones too. Refuses to judge:
 * what a failed case means for the job is the session's. */
#include "parse/test_output.h"

#include <errno.h>
#include <strings.h>

#include "parse/prefix.h"
#include "util/mem.h"
#include "util/num.h"

enum {
	MAX_LEVELS = 8,
	MAX_HELD = 512,       /* results that wait for the name of their parent */
	MAX_SIGNAL_PARTS = 8, /* lines that a signal may be spread over */
	MAX_PLAN = 1000000
};

struct level {
	size_t indent;
	char name[128]; /* "" until known */
	uint32_t plan;
	bool has_plan;
	uint32_t seen;
	uint32_t first_held; /* results of this level and deeper from here on wait */
	bool child_failed, had_children;
};

struct test_parser {
	test_fn fn;
	void *arg;
	char set[128]; /* LAVA's open test set */
	char signal[TEST_TEXT_MAX];
	size_t signal_len; /* > 0: a signal whose ">" has not come */
	unsigned signal_parts;
	struct level levels[MAX_LEVELS];
	size_t n_levels;
	char next_name[128]; /* "# selftests: net: foo.sh": the name of what follows */
	size_t next_indent;
	struct test_event held[MAX_HELD];
	uint32_t n_held;
	uint64_t offset;
	int64_t t_ns;
};

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

static void copy(char *dst, size_t cap, const char *s, size_t len)
{
	if (len >= cap)
		len = cap - 1;
	memcpy(dst, s, len);
	dst[len] = '\0';
}

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

static void init_event(const struct test_parser *p, struct test_event *e,
		       enum test_event_kind kind, const char *source)
{
	memset(e, 0, sizeof(*e));
	e->kind = kind;
	e->source = source;
	e->result = TEST_UNKNOWN;
	e->offset = p->offset;
	e->t_ns = p->t_ns;
}

/* ---- LAVA signals ---- */

static bool starts(const char *s, const char *word)
{
	return strncmp(s, word, strlen(word)) == 0;
}

static const char *skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

static size_t word_len(const char *s)
{
	return strcspn(s, " \t");
}

/* "TEST_CASE_ID=x RESULT=pass MEASUREMENT=1.5 UNITS=s TEST_SET_ID=y" */
static void signal_testcase(struct test_parser *p, const char *s)
{
	struct test_event e;

	init_event(p, &e, TEST_EVENT_CASE, "lava");
	copy(e.set, sizeof(e.set), p->set, strlen(p->set));
	for (s = skip_blanks(s); *s; s = skip_blanks(s)) {
		size_t n = word_len(s);
		const char *eq = memchr(s, '=', n);

		if (eq) {
			size_t k = (size_t)(eq - s), v = n - k - 1;
			const char *val = eq + 1;

			if (k == 12 && starts(s, "TEST_CASE_ID"))
				copy(e.name, sizeof(e.name), val, v);
			else if (k == 6 && starts(s, "RESULT")) {
				if (test_result_from_str(val, v, &e.result) < 0)
					e.result = TEST_UNKNOWN;
			} else if (k == 11 && starts(s, "MEASUREMENT"))
				copy(e.measurement, sizeof(e.measurement), val, v);
			else if (k == 5 && starts(s, "UNITS"))
				copy(e.units, sizeof(e.units), val, v);
			else if (k == 11 && starts(s, "TEST_SET_ID"))
				copy(e.set, sizeof(e.set), val, v);
		}
		s += n;
	}
	if (e.name[0])
		p->fn(p->arg, &e);
}

static void signal_testset(struct test_parser *p, const char *s)
{
	struct test_event e;
	bool start = starts(s, "START");

	if (!start && !starts(s, "STOP"))
		return;
	init_event(p, &e, start ? TEST_EVENT_SET_START : TEST_EVENT_SET_STOP, "lava");
	s = skip_blanks(s + word_len(s));
	copy(e.name, sizeof(e.name), s, word_len(s));
	if (!start && !e.name[0])
		copy(e.name, sizeof(e.name), p->set, strlen(p->set));
	copy(p->set, sizeof(p->set), start ? e.name : "", start ? strlen(e.name) : 0);
	p->fn(p->arg, &e);
}

static void finish_documents(struct test_parser *p);

static void signal_run(struct test_parser *p, enum test_event_kind kind, const char *s)
{
	struct test_event e;

	finish_documents(p);
	init_event(p, &e, kind, "lava");
	copy(e.name, sizeof(e.name), s, word_len(s));
	p->set[0] = '\0';
	p->fn(p->arg, &e);
}

/* s: what stands between "<LAVA_SIGNAL_" and ">". */
static void handle_signal(struct test_parser *p, const char *s)
{
	size_t n = word_len(s);
	const char *args = skip_blanks(s + n);
	struct test_event e;

	if (n == 8 && starts(s, "TESTCASE")) {
		signal_testcase(p, args);
	} else if (n == 7 && starts(s, "TESTSET")) {
		signal_testset(p, args);
	} else if (n == 8 && starts(s, "STARTRUN")) {
		signal_run(p, TEST_EVENT_RUN_START, args);
	} else if (n == 6 && starts(s, "ENDRUN")) {
		signal_run(p, TEST_EVENT_RUN_END, args);
	} else if (n == 13 && starts(s, "TESTREFERENCE")) {
		size_t name = word_len(args);
		const char *res = skip_blanks(args + name);

		init_event(p, &e, TEST_EVENT_REFERENCE, "lava");
		copy(e.name, sizeof(e.name), args, name);
		copy(e.set, sizeof(e.set), p->set, strlen(p->set));
		if (test_result_from_str(res, word_len(res), &e.result) < 0)
			e.result = TEST_UNKNOWN;
		p->fn(p->arg, &e);
	} else if (n == 9 && starts(s, "TESTRAISE")) {
		init_event(p, &e, TEST_EVENT_RAISE, "lava");
		copy(e.name, sizeof(e.name), args, strlen(args));
		p->fn(p->arg, &e);
	}
	/* STARTTC, ENDTC and TESTFEEDBACK carry no result. */
}

/* Somebody typed or traced the command that prints a signal. */
static bool is_echo(const char *line, const char *at)
{
	size_t n = (size_t)(at - line);

	if (n > 0 && (at[-1] == '"' || at[-1] == '\''))
		return true;
	return n >= 5 && memcmp(at - 5, "echo ", 5) == 0;
}

static void end_signal(struct test_parser *p)
{
	p->signal[p->signal_len] = '\0';
	p->signal_len = 0;
	p->signal_parts = 0;
	handle_signal(p, p->signal);
}

/* More of an unfinished signal. Returns what follows its ">", NULL when it is still
 * open. */
static const char *add_to_signal(struct test_parser *p, const char *s, size_t len)
{
	const char *gt = memchr(s, '>', len);
	size_t take = gt ? (size_t)(gt - s) : len;

	if (take > sizeof(p->signal) - 1 - p->signal_len)
		take = sizeof(p->signal) - 1 - p->signal_len;
	memcpy(p->signal + p->signal_len, s, take);
	p->signal_len += take;
	if (!gt)
		return NULL;
	end_signal(p);
	return gt + 1;
}

/* A kernel line may cut a signal in two: "<LAVA_SIGNAL_TESTCASE TEST_[   12.345678] usb
 * 1-1: …", and the rest follows after it. Returns whether the line was (part of) a
 * signal. */
static bool feed_signals(struct test_parser *p, const char *line, size_t len)
{
	static const char open[] = "<LAVA_SIGNAL_";
	const char *s = line, *end = line + len;
	const char *start = memchr(s, '<', len);
	bool any = false;

	/* Most lines have not even the first byte. */
	if (start)
		start = memmem(start, (size_t)(end - start), open, sizeof(open) - 1);

	if (p->signal_len > 0) {
		size_t own = prefix_next_stamp(line, len, 0);

		if (start || ++p->signal_parts > MAX_SIGNAL_PARTS) {
			p->signal_len = 0; /* the rest never came */
		} else {
			if (own > 0)
				add_to_signal(p, line, own);
			return true;
		}
	}
	while (start) {
		bool echo = is_echo(line, start);

		any = true;
		s = start + sizeof(open) - 1;

		size_t own = prefix_next_stamp(s, (size_t)(end - s), 0);
		const char *gt = memchr(s, '>', (size_t)(end - s));

		p->signal_len = 0;
		p->signal_parts = 0;
		if (echo) {
			if (!gt)
				break;
			s = gt + 1;
		} else if (own < (size_t)(end - s) && (!gt || gt > s + own)) {
			add_to_signal(p, s, own);
			break;
		} else {
			s = add_to_signal(p, s, (size_t)(end - s));
			if (!s)
				break;
		}
		start = memmem(s, (size_t)(end - s), open, sizeof(open) - 1);
	}
	return any;
}

/* ---- KTAP ---- */

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

/* Give an event of the level at index now, or hold it until its parents' names come. */
static void give(struct test_parser *p, struct test_event *e, size_t index)
{
	for (size_t i = index + 1; i-- > 0;)
		put_before(e->name, sizeof(e->name), p->levels[i].name);
	if (names_known(p)) {
		p->fn(p->arg, e);
		return;
	}
	if (p->n_held == MAX_HELD) {
		give_held(p, 0);
		for (size_t i = 0; i < p->n_levels; i++)
			p->levels[i].first_held = 0;
	}
	p->held[p->n_held++] = *e;
}

static void report_missing(struct test_parser *p, size_t index)
{
	const struct level *l = &p->levels[index];
	struct test_event e;

	if (!l->has_plan || l->seen >= l->plan)
		return;
	init_event(p, &e, TEST_EVENT_PLAN_SHORT, "ktap");
	e.n_missing = l->plan - l->seen;
	give(p, &e, index);
}

/* Close the innermost level; name is what its parent's result line calls it, or NULL. */
static void pop(struct test_parser *p, const char *name, size_t name_len)
{
	struct level *l = &p->levels[p->n_levels - 1];

	if (!l->name[0] && name) {
		copy(l->name, sizeof(l->name), name, name_len);
		for (uint32_t i = l->first_held; i < p->n_held; i++)
			put_before(p->held[i].name, sizeof(p->held[i].name), l->name);
	}
	report_missing(p, p->n_levels - 1);

	bool failed = l->child_failed;

	p->n_levels--;
	if (p->n_levels > 0) {
		p->levels[p->n_levels - 1].had_children = true;
		p->levels[p->n_levels - 1].child_failed = failed;
	}
	if (names_known(p))
		give_held(p, 0);
}

static void finish_documents(struct test_parser *p)
{
	while (p->n_levels > 0)
		pop(p, NULL, 0);
	give_held(p, 0);
	p->next_name[0] = '\0';
}

static void push(struct test_parser *p, size_t indent)
{
	while (p->n_levels > 0 && p->levels[p->n_levels - 1].indent >= indent)
		pop(p, NULL, 0);
	if (p->n_levels == MAX_LEVELS)
		return;

	struct level *l = &p->levels[p->n_levels];

	memset(l, 0, sizeof(*l));
	l->indent = indent;
	l->first_held = p->n_held;
	if (p->n_levels > 0 && p->next_name[0])
		copy(l->name, sizeof(l->name), p->next_name, strlen(p->next_name));
	p->next_name[0] = '\0';
	p->n_levels++;
}

static size_t count_digits(const char *s, const char *end)
{
	const char *p = s;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (size_t)(p - s);
}

/* "1..N", also "1..N # SKIP why". */
static bool feed_plan(struct test_parser *p, const char *s, const char *end,
		      size_t indent)
{
	uint64_t n;

	if (end - s < 4 || memcmp(s, "1..", 3) != 0)
		return false;
	s += 3;

	size_t d = count_digits(s, end);

	if (parse_u64n(s, d, 10, MAX_PLAN, &n) < 0)
		return false;
	s += d;
	while (s < end && *s == ' ')
		s++;
	if (s < end && *s != '#')
		return false;
	while (p->n_levels > 0 && p->levels[p->n_levels - 1].indent > indent)
		pop(p, NULL, 0);
	if (p->n_levels == 0 || p->levels[p->n_levels - 1].indent < indent)
		push(p, indent);
	p->levels[p->n_levels - 1].plan = (uint32_t)n;
	p->levels[p->n_levels - 1].has_plan = true;
	return true;
}

/* The directive after "# ": what it makes of the result. */
static enum test_result directive(const char *s, const char *end, enum test_result r)
{
	size_t n = (size_t)(end - s);

	if ((n >= 4 && strncasecmp(s, "SKIP", 4) == 0) ||
	    (n >= 4 && strncasecmp(s, "TODO", 4) == 0))
		return TEST_SKIP;
	if (n >= 5 && strncasecmp(s, "XFAIL", 5) == 0)
		return TEST_PASS; /* failed as expected */
	if ((n >= 7 && strncasecmp(s, "TIMEOUT", 7) == 0) ||
	    (n >= 5 && strncasecmp(s, "ERROR", 5) == 0))
		return TEST_FAIL;
	return r;
}

/* " # " that starts a directive, or end. */
static const char *find_directive(const char *s, const char *end)
{
	for (const char *h = s; h < end; h++) {
		if (*h == '#' && (h == s || h[-1] == ' ') && (h == s || h[-1] != '\\'))
			return h;
	}
	return end;
}

/* "ok 3 - name # SKIP why", "not ok 4 name" */
static bool feed_result(struct test_parser *p, const char *s, const char *end,
			size_t indent)
{
	enum test_result r = TEST_PASS;
	struct test_event e;

	if (end - s >= 7 && memcmp(s, "not ok ", 7) == 0) {
		r = TEST_FAIL;
		s += 7;
	} else if (end - s >= 3 && memcmp(s, "ok ", 3) == 0) {
		s += 3;
	} else {
		return false;
	}

	size_t d = count_digits(s, end);

	if (d == 0 || d > 9 || p->n_levels == 0 || indent < p->levels[0].indent)
		return false;
	s += d;
	while (s < end && (*s == ' ' || *s == '-'))
		s++;

	const char *hash = find_directive(s, end);
	const char *name_end = hash;

	while (name_end > s && name_end[-1] == ' ')
		name_end--;
	if (hash < end) {
		const char *w = hash + 1;

		while (w < end && *w == ' ')
			w++;
		r = directive(w, end, r);
	}
	while (p->n_levels > 1 && p->levels[p->n_levels - 1].indent > indent)
		pop(p, s, (size_t)(name_end - s));

	struct level *l = &p->levels[p->n_levels - 1];

	l->seen++;
	/* A parent's line only sums up its children, unless it failed by itself. */
	if (!l->had_children || (r == TEST_FAIL && !l->child_failed)) {
		init_event(p, &e, TEST_EVENT_CASE, "ktap");
		e.result = r;
		if (name_end > s)
			copy(e.name, sizeof(e.name), s, (size_t)(name_end - s));
		else
			snprintf(e.name, sizeof(e.name), "%u", l->seen);
		give(p, &e, p->n_levels - 1);
	}
	l->had_children = false;
	l->child_failed = l->child_failed || r == TEST_FAIL;
	if (p->n_levels == 1 && l->has_plan && l->seen >= l->plan)
		finish_documents(p);
	return true;
}

/* "# Subtest: name" (KUnit) and "# selftests: dir: prog" (kselftest). */
static void feed_diagnostic(struct test_parser *p, const char *s, const char *end,
			    size_t indent)
{
	static const char subtest[] = "# Subtest: ", self[] = "# selftests: ";
	size_t n = (size_t)(end - s);
	struct level *top = p->n_levels ? &p->levels[p->n_levels - 1] : NULL;

	if (n > sizeof(subtest) - 1 && memcmp(s, subtest, sizeof(subtest) - 1) == 0) {
		s += sizeof(subtest) - 1;
		if (top && p->n_levels > 1 && top->indent == indent && !top->name[0] &&
		    top->seen == 0) {
			copy(top->name, sizeof(top->name), s, (size_t)(end - s));
			if (names_known(p))
				give_held(p, 0);
		} else {
			copy(p->next_name, sizeof(p->next_name), s, (size_t)(end - s));
			/* Before version lines were nested, this line opened the level.
			 */
			if (top && indent > top->indent)
				push(p, indent);
		}
	} else if (n > sizeof(self) - 1 && memcmp(s, self, sizeof(self) - 1) == 0) {
		s += sizeof(self) - 1;
		copy(p->next_name, sizeof(p->next_name), s, (size_t)(end - s));
	}
}

static bool is_version(const char *s, const char *end)
{
	size_t n = (size_t)(end - s);

	return (n >= 14 && memcmp(s, "KTAP version 1", 14) == 0) ||
	       (n >= 14 && memcmp(s, "TAP version 1", 13) == 0 &&
		(s[13] == '3' || s[13] == '4'));
}

static void feed_ktap(struct test_parser *p, const char *s, const char *end)
{
	size_t indent = 0;

	for (; s < end; indent++, s++) {
		/* kselftest nests with "# " where others use blanks. */
		if (*s == '#' && s + 1 < end && s[1] == ' ' && p->n_levels > 0) {
			const char *q = s;

			while (q < end && (*q == ' ' || *q == '#'))
				q++;
			if (is_version(q, end) ||
			    (end - q >= 3 && memcmp(q, "ok ", 3) == 0) ||
			    (end - q >= 7 && memcmp(q, "not ok ", 7) == 0) ||
			    (end - q >= 4 && memcmp(q, "1..", 3) == 0)) {
				indent++;
				s++;
				continue;
			}
			break;
		}
		if (*s != ' ')
			break;
	}
	if (is_version(s, end)) {
		/* A document inside another is deeper; one at its depth is the next. */
		push(p, indent);
	} else if (s < end && *s == '#') {
		feed_diagnostic(p, s, end, indent);
	} else if (!feed_plan(p, s, end, indent)) {
		feed_result(p, s, end, indent);
	}
}

void test_parser_feed_text(struct test_parser *p, const char *text, size_t len,
			   size_t prefix_len, uint64_t offset, int64_t t_ns)
{
	p->offset = offset;
	p->t_ns = t_ns;
	if (feed_signals(p, text, len))
		return;
	size_t end = prefix_next_stamp(text, len, prefix_len);

	while (end > prefix_len && text[end - 1] == ' ')
		end--;
	feed_ktap(p, text + prefix_len, text + end);
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
	finish_documents(p);
}
