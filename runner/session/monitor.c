// SPDX-License-Identifier: GPL-2.0-or-later
/* LAVA's monitor test action (lava_dispatcher/actions/test/monitor.py): the board runs
 * its tests by itself, and what it prints between two marks is read for results. Types
 * nothing. */
#include <errno.h>

#include "parse/test_output.h"
#include "session/state.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum {
	PATTERN_END,
	PATTERN_RESULT,
	N_PATTERNS,
	MAX_NAME = 200,
	MAX_VALUE = 64,
	REASON_MAX = 160
};

struct monitor {
	struct session *s;
	const struct job_monitor *m;
	struct pattern *start, *p[N_PATTERNS];
	bool *came; /* which of the expected cases */
};

static void release(struct monitor *x)
{
	pattern_free(x->start);
	for (int i = 0; i < N_PATTERNS; i++)
		pattern_free(x->p[i]);
	free(x->came);
}

static int compile(struct monitor *x, struct err *err)
{
	int r = pattern_new(x->m->start, &x->start, err);

	if (!r)
		r = pattern_new(x->m->end, &x->p[PATTERN_END], err);
	/* Half a line would give half a number. */
	return r ? r : pattern_new_line(x->m->pattern, &x->p[PATTERN_RESULT], err);
}

/* A group's text, cleaned, without blanks around it; "" when it took no part. */
static void group(const struct monitor *x, const char *text, const char *name, char *out,
		  size_t cap)
{
	struct pattern_match m;

	out[0] = '\0';
	if (!pattern_group(x->p[PATTERN_RESULT], name, &m))
		return;
	while (m.start < m.end && strchr(" \t\r\n", text[m.start]) && text[m.start])
		m.start++;
	while (m.start < m.end && strchr(" \t\r\n", text[m.end - 1]) && text[m.end - 1])
		m.end--;
	line_clean(text + m.start, m.end - m.start, out, cap);
}

/* LAVA's rule for names: lower case, and everything else but letters, digits and _
 * becomes one _. */
static void make_case_name(char *name)
{
	bool in_gap = false;
	char *out = name;

	for (const char *p = name; *p; p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
		bool is_word =
			(c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';

		if (is_word || !in_gap)
			*out++ = is_word ? c : '_';
		in_gap = !is_word;
	}
	*out = '\0';
}

/* The board's word by fixupdict, as one of LAVA's four. */
static const char *settle_result(const struct job_monitor *m, const char *said,
				 char reason[REASON_MAX])
{
	enum test_result result;

	for (size_t i = 0; i < m->n_fixup; i++)
		if (strcmp(m->fixup[i].name, said) == 0)
			return m->fixup[i].value;
	if (!test_result_from_str(said, strlen(said), &result))
		return test_result_to_str(result);
	snprintf(
		reason, REASON_MAX,
		"the result \"%.60s\" is none of pass, fail, skip, unknown; fixupdict can map it",
		said);
	return "unknown";
}

static bool note_expected(struct monitor *x, const char *name)
{
	bool is_expected = !x->m->expected.n;

	for (size_t i = 0; i < x->m->expected.n; i++) {
		if (strcmp(x->m->expected.v[i], name) != 0)
			continue;
		x->came[i] = is_expected = true;
	}
	return is_expected;
}

static json_t *test(const struct monitor *x, const char *name, const char *result,
		    const char *reason)
{
	json_t *t = json_object();

	json_put(t, "source", json_string("monitor"));
	json_put(t, "suite", json_lossy_str(x->m->name));
	json_put(t, "name", json_lossy_str(name));
	json_put(t, "result", json_string(result));
	if (reason[0])
		json_put(t, "reason", json_lossy_str(reason));
	json_put(t, "attempt", json_integer(x->s->attempt));
	return t;
}

static void record(struct monitor *x, const char *text)
{
	char name[MAX_NAME], said[MAX_VALUE], measurement[MAX_VALUE], units[MAX_VALUE];
	char reason[REASON_MAX] = "";

	group(x, text, "test_case_id", name, sizeof(name));
	group(x, text, "result", said, sizeof(said));
	group(x, text, "measurement", measurement, sizeof(measurement));
	group(x, text, "units", units, sizeof(units));
	make_case_name(name);
	if (!name[0])
		return;
	/* A measurement alone is a result: it was made. */
	const char *result =
		!said[0] && measurement[0] ? "pass" : settle_result(x->m, said, reason);
	if (!note_expected(x, name) && strcmp(result, "fail") != 0) {
		result = "fail";
		snprintf(reason, sizeof(reason), "not one of the expected test cases");
	}
	json_t *t = test(x, name, result, reason);
	if (measurement[0])
		json_put(t, "measurement", json_lossy_str(measurement));
	if (units[0])
		json_put(t, "units", json_lossy_str(units));
	journal_action_json(x->s->journal, "test", t);
}

static void record_missing(struct monitor *x, const char *reason)
{
	for (size_t i = 0; i < x->m->expected.n; i++)
		if (!x->came[i])
			journal_action_json(x->s->journal, "test",
					    test(x, x->m->expected.v[i], "fail", reason));
}

/* A result may stand before the end mark, in the same line. */
static void record_before_end(struct monitor *x, const char *text, size_t len)
{
	struct pattern_match m;
	size_t from = 0;

	if (pattern_find(x->p[PATTERN_END], text, len, 0, &m))
		len = m.start;
	while (pattern_find(x->p[PATTERN_RESULT], text, len, from, &m)) {
		record(x, text);
		from = m.end;
	}
}

static int read_results(struct monitor *x, struct deadline d, struct err *err)
{
	struct console_hit hit;
	size_t len;

	for (;;) {
		int r = session_wait(x->s, x->p, N_PATTERNS, d, true, &hit, err);

		if (r)
			return r;
		const char *text = console_matched(x->s->console, &len);
		if (hit.index == PATTERN_END) {
			record_before_end(x, text, len);
			return 0;
		}
		record(x, text);
	}
}

enum outcome session_monitor(struct session *s, const struct job_monitor *m,
			     struct deadline d, struct err *err)
{
	_cleanup_(release) struct monitor x = { .s = s, .m = m };
	const char *waiting_for = "the start of a monitored test";
	struct console_hit hit;

	session_phase(s, "%s", m->name);
	x.came = xcalloc(m->expected.n + 1, sizeof(*x.came));
	int r = compile(&x, err);
	if (!r)
		r = session_wait(s, &x.start, 1, d, true, &hit, err);
	if (!r) {
		waiting_for = "the end of a monitored test";
		r = read_results(&x, d, err);
	}
	enum outcome o = session_outcome(s, r, err, waiting_for);
	if (o != OUT_CANCELED && o != OUT_LAB &&
	    !(o == OUT_TIMEOUT && stretch_is_over(s)))
		record_missing(
			&x, o == OUT_OK
				    ? "expected, but the board printed no result for it"
				    : "expected, but the test ended early");
	return o;
}
