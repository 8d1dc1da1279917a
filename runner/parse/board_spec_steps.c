// SPDX-License-Identifier: GPL-2.0-or-later
/* The steps of power's sequences: in which order the lines move. What could leave a
 * contact closed, or close one alone that must not be, is refused here, before any relay
 * clicks. */
#include "parse/spec_load.h"
#include "parse/spec_load_board.h"
#include "util/mem.h"

enum { DEFAULT_PRESS_MS = 200, DEFAULT_EXPECT_MS = 30000 };

struct step_text {
	char *set, *clear, *press, *expect, *expect_power, *unless_power;
	int64_t for_ms, wait_ms, timeout_ms;
};

static void load_on_off(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *str)
{
	static const char *const words[] = { "off", "on" };

	spec_load_word(r, n, what, words, ARRAY_SIZE(words), str);
}

static const struct yaml_field step_fields[] = {
	YAML_LINE("set", struct step_text, set),
	YAML_LINE("clear", struct step_text, clear),
	YAML_LINE("press", struct step_text, press),
	YAML_FN("for", board_load_step_ms, struct step_text, for_ms),
	YAML_FN("wait", board_load_step_ms, struct step_text, wait_ms),
	YAML_FN("expect", spec_load_pattern, struct step_text, expect),
	YAML_FN("expect_power", load_on_off, struct step_text, expect_power),
	YAML_FN("timeout", board_load_step_ms, struct step_text, timeout_ms),
	YAML_FN("unless_power", load_on_off, struct step_text, unless_power),
};

static const char *const step_words[] = {
	[BOARD_STEP_SET] = "set",       [BOARD_STEP_CLEAR] = "clear",
	[BOARD_STEP_PRESS] = "press",   [BOARD_STEP_WAIT] = "wait",
	[BOARD_STEP_EXPECT] = "expect", [BOARD_STEP_EXPECT_POWER] = "expect_power",
};

/* Which step a mapping is; false after a complaint. */
static bool step_kind(struct spec_report *r, const struct yaml_node *n, const char *what,
		      enum board_step_kind *kind)
{
	size_t found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(step_words); i++)
		if (yaml_find(n, step_words[i])) {
			*kind = (enum board_step_kind)i;
			found++;
		}
	if (found != 1)
		spec_complain(
			r, n->mark,
			"%s names %zu actions; expected one of: set, clear, press, wait, expect, expect_power",
			what, found);
	return found == 1;
}

static void refuse_key(struct spec_report *r, const struct yaml_node *n, const char *what,
		       const char *key, const char *with)
{
	const struct yaml_node *k = yaml_find_key(n, key);

	if (k)
		spec_complain(r, k->mark,
			      "%s.%s has no meaning here; expected it with %s only", what,
			      key, with);
}

static void settle_move(struct spec_report *r, const struct yaml_node *n,
			const char *what, const struct board_power *p,
			struct board_step *s)
{
	const char *word = step_words[s->kind];
	const struct yaml_node *name = yaml_find(n, word);
	int i = board_power_line(p, name->text);

	if (i < 0) {
		spec_complain(
			r, name->mark,
			"%s.%s: there is no line \"%.60s\"; expected one of power.lines",
			what, word, name->text);
		return;
	}
	s->line = (size_t)i;
	const struct board_line *l = &p->lines[i];
	if (l->type == BOARD_LINE_INPUT)
		spec_complain(
			r, name->mark,
			"%s.%s: line \"%s\" is an input; expected one that can be driven",
			what, word, l->name);
	else if (s->kind == BOARD_STEP_PRESS && l->type != BOARD_LINE_MOMENTARY)
		spec_complain(
			r, name->mark,
			"%s.press: line \"%s\" keeps its level; expected a line with type: momentary",
			what, l->name);
	else if (s->kind == BOARD_STEP_PRESS && s->ms > l->max_press_ms)
		spec_complain(
			r, name->mark,
			"%s.press: %lld ms is longer than line \"%s\" may be pressed; expected at most its max_press, %lld ms",
			what, (long long)s->ms, l->name, (long long)l->max_press_ms);
}

static void load_step(struct spec_report *r, const struct yaml_node *n, const char *what,
		      const struct board_power *p, struct board_step *s)
{
	struct step_text t = { .for_ms = DEFAULT_PRESS_MS,
			       .timeout_ms = DEFAULT_EXPECT_MS };

	if (yaml_load_map(r, n, what, step_fields, ARRAY_SIZE(step_fields), &t) &&
	    step_kind(r, n, what, &s->kind)) {
		bool is_expect = s->kind == BOARD_STEP_EXPECT ||
				 s->kind == BOARD_STEP_EXPECT_POWER;
		bool is_move = s->kind <= BOARD_STEP_PRESS;

		if (s->kind != BOARD_STEP_PRESS)
			refuse_key(r, n, what, "for", "press");
		if (!is_expect)
			refuse_key(r, n, what, "timeout", "expect and expect_power");
		s->ms = is_expect                    ? t.timeout_ms
			: s->kind == BOARD_STEP_WAIT ? t.wait_ms
						     : t.for_ms;
		s->pattern = TAKE_PTR(t.expect);
		s->want_on = t.expect_power && strcmp(t.expect_power, "on") == 0;
		if (t.unless_power)
			s->unless = strcmp(t.unless_power, "on") == 0 ? BOARD_UNLESS_ON
								      : BOARD_UNLESS_OFF;
		if (is_move && yaml_find(n, step_words[s->kind])->kind == YAML_SCALAR)
			settle_move(r, n, what, p, s);
		if (!is_move)
			refuse_key(r, n, what, "unless_power", "set, clear and press");
		if ((s->kind == BOARD_STEP_EXPECT_POWER || t.unless_power) &&
		    !p->has_sense)
			spec_complain(
				r, n->mark,
				"%s cannot see whether the board has power; expected power.sense",
				what);
	}
	free(t.set);
	free(t.clear);
	free(t.press);
	free(t.expect);
	free(t.expect_power);
	free(t.unless_power);
}

/* A contact that is closed in a sequence is opened in it. */
static void check_momentary(struct spec_report *r, const struct yaml_node *n,
			    const char *what, const struct board_power *p,
			    const struct board_sequence *s)
{
	bool closed[BOARD_MAX_LINES] = { false };

	for (size_t i = 0; i < s->n_steps; i++)
		if (s->steps[i].kind <= BOARD_STEP_PRESS)
			closed[s->steps[i].line] = s->steps[i].kind == BOARD_STEP_SET;
	for (size_t i = 0; i < p->n_lines; i++)
		if (closed[i] && p->lines[i].type == BOARD_LINE_MOMENTARY)
			spec_complain(
				r, n->mark,
				"%s leaves line \"%s\" closed, which is momentary; expected {clear: %s} at its end",
				what, p->lines[i].name, p->lines[i].name);
}

bool board_sequence_drives(const struct board_sequence *s, size_t line)
{
	for (size_t i = 0; i < s->n_steps; i++)
		if (s->steps[i].kind <= BOARD_STEP_PRESS && s->steps[i].line == line)
			return true;
	return false;
}

static bool closes(const struct board_sequence *s, size_t line)
{
	for (size_t i = 0; i < s->n_steps; i++)
		if ((s->steps[i].kind == BOARD_STEP_SET ||
		     s->steps[i].kind == BOARD_STEP_PRESS) &&
		    s->steps[i].line == line)
			return true;
	return false;
}

static void check_interlock(struct spec_report *r, const struct yaml_node *n,
			    const char *what, const struct board_power *p,
			    const struct board_sequence *s)
{
	for (size_t i = 0; i < p->n_lines; i++) {
		const struct board_line *l = &p->lines[i];
		bool ok = !l->only_with.n || !closes(s, i);

		for (size_t k = 0; k < l->only_with.n && !ok; k++) {
			int with = board_power_line(p, l->only_with.v[k]);

			ok = with >= 0 && board_sequence_drives(s, (size_t)with);
		}
		if (!ok)
			spec_complain(
				r, n->mark,
				"%s closes line \"%s\" alone; expected a step of a line that it goes only_with, such as \"%s\"",
				what, l->name, l->only_with.v[0]);
	}
}

void board_load_steps(struct spec_report *r, const struct yaml_node *n, const char *what,
		      const struct board_power *p, struct board_sequence *s)
{
	size_t before = r->n;

	if (n->kind != YAML_LIST || !n->n || n->n > BOARD_MAX_STEPS) {
		spec_complain(
			r, n->mark,
			"%s is no list of steps; expected 1 to %d, such as [{set: power}]",
			what, BOARD_MAX_STEPS);
		return;
	}
	s->steps = xcalloc(n->n, sizeof(*s->steps));
	for (size_t i = 0; i < n->n; i++) {
		_cleanup_free_ char *step = xasprintf("%s[%zu]", what, i + 1);

		load_step(r, n->vals[i], step, p, &s->steps[s->n_steps++]);
	}
	if (r->n != before)
		return;
	check_momentary(r, n, what, p, s);
	check_interlock(r, n, what, p, s);
}
