// SPDX-License-Identifier: GPL-2.0-or-later
/* power.lines and power.sense: which relays and inputs there are, and how they may move.
 */
#include "parse/spec_load.h"
#include "parse/spec_load_board.h"
#include "util/mem.h"

enum { DEFAULT_MAX_PRESS_MS = 2000 };

static const char *const line_types[] = {
	[BOARD_LINE_LEVEL] = "level",
	[BOARD_LINE_MOMENTARY] = "momentary",
	[BOARD_LINE_INPUT] = "input",
};

const char *board_line_type_to_str(enum board_line_type t)
{
	return line_types[t];
}

static void load_type(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *type)
{
	size_t i;

	if (yaml_get_word(r, n, what, line_types, ARRAY_SIZE(line_types), &i))
		*(enum board_line_type *)type = (enum board_line_type)i;
}

void board_load_step_ms(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *ms)
{
	int64_t v = -1;

	spec_load_duration(r, n, what, &v);
	if (v < 0)
		return;
	if (v == 0 || v > BOARD_MAX_STEP_MS)
		spec_complain(r, n->mark, "%s is %lld ms; expected 1 ms to %d minutes",
			      what, (long long)v, BOARD_MAX_STEP_MS / 60000);
	else
		*(int64_t *)ms = v;
}

static const struct yaml_field line_fields[] = {
	YAML_LINE("line", struct board_line, line),
	YAML_LINE("chip", struct board_line, chip),
	YAML_LINE("path", struct board_line, path),
	YAML_U32("offset", struct board_line, offset, 0, 4095),
	YAML_FN("type", load_type, struct board_line, type),
	YAML_BOOL("active_low", struct board_line, active_low),
	YAML_FN("max_press", board_load_step_ms, struct board_line, max_press_ms),
	YAML_LINES("only_with", struct board_line, only_with),
};

static void check_place(struct spec_report *r, const struct yaml_node *n,
			const char *what, const struct board_line *l)
{
	bool has_offset = yaml_find(n, "offset") != NULL;

	if (l->chip && l->path)
		spec_complain(r, n->mark,
			      "%s has both a chip and a path; expected one of them",
			      what);
	if (l->path && l->path[0] != '/')
		spec_complain(
			r, yaml_find(n, "path")->mark,
			"%s.path is \"%.60s\"; expected a path such as /dev/gpiochip0",
			what, l->path);
	if (l->line && has_offset)
		spec_complain(r, n->mark,
			      "%s has both a line and an offset; expected one of them",
			      what);
	else if (!l->line && !has_offset)
		spec_complain(
			r, n->mark,
			"%s does not say which line it is; expected line: NAME, or chip: LABEL and offset: NUMBER",
			what);
	else if (has_offset && !l->chip && !l->path)
		spec_complain(
			r, n->mark,
			"%s has an offset and no chip; expected chip: LABEL or path: /dev/gpiochipN",
			what);
	if (l->line && !l->line[0])
		spec_complain(r, yaml_find(n, "line")->mark,
			      "%s.line is empty; expected the line's name", what);
}

static void check_line_rules(struct spec_report *r, const struct yaml_node *n,
			     const char *what, const struct board_line *l)
{
	const struct yaml_node *press = yaml_find_key(n, "max_press"),
			       *with = yaml_find_key(n, "only_with");

	if (press && l->type != BOARD_LINE_MOMENTARY)
		spec_complain(
			r, press->mark,
			"%s.max_press has no meaning here; expected it with type: momentary only",
			what);
	if (with && l->type == BOARD_LINE_INPUT)
		spec_complain(
			r, with->mark,
			"%s.only_with has no meaning here; expected it with a line that is driven",
			what);
	if (with && l->only_with.n > BOARD_MAX_LINES)
		spec_complain(r, with->mark,
			      "%s.only_with is too long; expected at most %d lines", what,
			      BOARD_MAX_LINES);
}

static void load_line(struct spec_report *r, const struct yaml_node *key,
		      const struct yaml_node *val, struct board_line *l)
{
	_cleanup_free_ char *what = xasprintf("power.lines.%.60s", key->text);
	const char *name = NULL;

	spec_load_name(r, key, "the name of a line", &l->name);
	if (!l->name)
		l->name = xstrdup("?");
	name = l->name;
	if (strlen(name) > 32)
		spec_complain(
			r, key->mark,
			"the name of a line is longer than 32 letters; expected less");
	l->mark = key->mark;
	l->max_press_ms = DEFAULT_MAX_PRESS_MS;
	if (!yaml_load_map(r, val, what, line_fields, ARRAY_SIZE(line_fields), l))
		return;
	check_place(r, val, what, l);
	check_line_rules(r, val, what, l);
}

void board_load_lines(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *power)
{
	struct board_power *p = power;

	if (!yaml_want_map(r, n, what))
		return;
	if (!n->n || n->n > BOARD_MAX_LINES) {
		spec_complain(r, n->mark, "%s has %zu lines; expected 1 to %d", what,
			      n->n, BOARD_MAX_LINES);
		return;
	}
	p->lines = xcalloc(n->n, sizeof(*p->lines));
	for (size_t i = 0; i < n->n; i++)
		load_line(r, n->keys[i], n->vals[i], &p->lines[p->n_lines++]);
}

int board_power_line(const struct board_power *p, const char *name)
{
	for (size_t i = 0; i < p->n_lines; i++)
		if (strcmp(p->lines[i].name, name) == 0)
			return (int)i;
	return -1;
}

static bool same_str(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same_place(const struct board_line *a, const struct board_line *b)
{
	return same_str(a->line, b->line) && same_str(a->chip, b->chip) &&
	       same_str(a->path, b->path) && a->offset == b->offset;
}

struct sense {
	char *line;
	uint32_t powered;
};

static const struct yaml_field sense_fields[] = {
	YAML_LINE_REQUIRED("line", struct sense, line),
	YAML_U32("powered", struct sense, powered, 0, 1),
};

void board_load_sense(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *power)
{
	struct sense s = { .powered = 1 };
	struct board_power *p = power;

	p->has_sense =
		yaml_load_map(r, n, what, sense_fields, ARRAY_SIZE(sense_fields), &s) &&
		s.line;
	p->sense_powered = s.powered;
	free(s.line);
}

void board_check_sense(struct spec_report *r, const struct yaml_node *n,
		       struct board_power *p)
{
	const struct yaml_node *sense = yaml_find(n, "sense"),
			       *line = sense ? yaml_find(sense, "line") : NULL;
	int i;

	if (!p->has_sense || !line || line->kind != YAML_SCALAR)
		return;
	i = board_power_line(p, line->text);
	if (i < 0 || p->lines[i].type != BOARD_LINE_INPUT)
		spec_complain(
			r, line->mark,
			"power.sense.line is \"%.60s\"; expected a line of power.lines with type: input",
			line->text);
	else
		p->sense_line = (size_t)i;
}

void board_check_lines(struct spec_report *r, const struct board_power *p)
{
	for (size_t i = 0; i < p->n_lines; i++) {
		const struct board_line *l = &p->lines[i];

		for (size_t k = 0; k < l->only_with.n; k++) {
			int with = board_power_line(p, l->only_with.v[k]);

			if (with < 0 || (size_t)with == i ||
			    p->lines[with].type == BOARD_LINE_INPUT)
				spec_complain(
					r, l->mark,
					"power.lines.%s.only_with names \"%.60s\"; expected another line of power.lines that is driven",
					l->name, l->only_with.v[k]);
		}
		for (size_t k = 0; k < i; k++)
			if ((l->line || l->chip || l->path) &&
			    is_same_place(l, &p->lines[k]))
				spec_complain(
					r, l->mark,
					"power.lines.%s is the line that \"%s\" is already; expected each line once",
					l->name, p->lines[k].name);
	}
}

void board_release_lines(struct board_power *p)
{
	for (size_t i = 0; i < p->n_lines; i++) {
		free(p->lines[i].name);
		free(p->lines[i].chip);
		free(p->lines[i].path);
		free(p->lines[i].line);
		strvec_release(&p->lines[i].only_with);
	}
	free(p->lines);
}
