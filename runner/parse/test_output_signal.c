// SPDX-License-Identifier: GPL-2.0-or-later
/* LAVA signals in lines: finds them, puts those together that a kernel line cut in two,
 * and makes events of them. Knows nothing of TAP but that a run ends its documents. */
#include "parse/test_output_int.h"

#include "parse/prefix.h"

enum { MAX_SIGNAL_PARTS = 8 }; /* lines that a signal may be spread over */

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

	test_event_init(p, &e, TEST_EVENT_CASE, "lava");
	test_text_copy(e.set, sizeof(e.set), p->set, strlen(p->set));
	for (s = skip_blanks(s); *s; s = skip_blanks(s)) {
		size_t n = word_len(s);
		const char *eq = memchr(s, '=', n);

		if (eq) {
			size_t k = (size_t)(eq - s), v = n - k - 1;
			const char *val = eq + 1;

			if (k == 12 && starts(s, "TEST_CASE_ID"))
				test_text_copy(e.name, sizeof(e.name), val, v);
			else if (k == 6 && starts(s, "RESULT")) {
				if (test_result_from_str(val, v, &e.result) < 0)
					e.result = TEST_UNKNOWN;
			} else if (k == 11 && starts(s, "MEASUREMENT"))
				test_text_copy(e.measurement, sizeof(e.measurement), val,
					       v);
			else if (k == 5 && starts(s, "UNITS"))
				test_text_copy(e.units, sizeof(e.units), val, v);
			else if (k == 11 && starts(s, "TEST_SET_ID"))
				test_text_copy(e.set, sizeof(e.set), val, v);
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
	test_event_init(p, &e, start ? TEST_EVENT_SET_START : TEST_EVENT_SET_STOP,
			"lava");
	s = skip_blanks(s + word_len(s));
	test_text_copy(e.name, sizeof(e.name), s, word_len(s));
	if (!start && !e.name[0])
		test_text_copy(e.name, sizeof(e.name), p->set, strlen(p->set));
	test_text_copy(p->set, sizeof(p->set), start ? e.name : "",
		       start ? strlen(e.name) : 0);
	p->fn(p->arg, &e);
}

static void signal_run(struct test_parser *p, enum test_event_kind kind, const char *s)
{
	struct test_event e;

	test_levels_finish(p);
	test_event_init(p, &e, kind, "lava");
	test_text_copy(e.name, sizeof(e.name), s, word_len(s));
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

		test_event_init(p, &e, TEST_EVENT_REFERENCE, "lava");
		test_text_copy(e.name, sizeof(e.name), args, name);
		test_text_copy(e.set, sizeof(e.set), p->set, strlen(p->set));
		if (test_result_from_str(res, word_len(res), &e.result) < 0)
			e.result = TEST_UNKNOWN;
		p->fn(p->arg, &e);
	} else if (n == 9 && starts(s, "TESTRAISE")) {
		test_event_init(p, &e, TEST_EVENT_RAISE, "lava");
		test_text_copy(e.name, sizeof(e.name), args, strlen(args));
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
bool test_signals_feed(struct test_parser *p, const char *line, size_t len)
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
