// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of `bootrig power status`. */
#include "cmd/power_page.h"

#include "util/jsonx.h"
#include "util/mem.h"

static const char *level(const json_t *line)
{
	const json_t *v = json_object_get(line, "value");

	return json_is_true(v) ? "set" : json_is_false(v) ? "clear" : "-";
}

static char *where(const json_t *line)
{
	const char *name = json_get_str(line, "line", "");

	return xasprintf("%s (%s) line %lld%s%s", json_get_str(line, "path", "?"),
			 json_get_str(line, "chip", "?"),
			 (long long)json_get_int(line, "offset", 0), name[0] ? " " : "",
			 name);
}

static void print_line(FILE *out, const json_t *line)
{
	const char *error = json_get_str(line, "error", NULL);
	_cleanup_free_ char *place = where(line);

	fprintf(out, "%-12s %-9s %-6s ", json_get_str(line, "name", ""),
		json_get_str(line, "type", ""), level(line));
	if (error) {
		fprintf(out, "%s\n", error);
		return;
	}
	fprintf(out, "%s%s, held by %s\n", place,
		json_get_bool(line, "active_low", false) ? " active low" : "",
		json_get_str(line, "holder", "nobody"));
	if (json_get_bool(line, "lost", false))
		fprintf(out,
			"%-12s the keeper died, and this line did not stay as it was\n",
			"");
}

/* Which driver does what, once for each: what becomes of power when the keeper ends. */
static void print_drivers(FILE *out, const json_t *lines)
{
	const json_t *l, *k;
	size_t i, j;

	json_array_foreach(lines, i, l)
	{
		const char *driver = json_get_str(l, "driver", "");
		bool seen = !driver[0];

		json_array_foreach(lines, j, k) seen |=
			j < i && strcmp(json_get_str(k, "driver", ""), driver) == 0;
		if (!seen)
			fprintf(out, "driver %s: a line that nobody holds %s\n", driver,
				json_get_str(l, "at_release", ""));
	}
}

static void print_sense(FILE *out, const struct board_spec *b, const json_t *lines)
{
	const struct board_power *p = &b->power;
	const json_t *l = p->has_sense ? json_array_get(lines, p->sense_line) : NULL,
		     *v = json_object_get(l, "value");

	if (json_is_boolean(v))
		fprintf(out, "power: %s\n",
			json_is_true(v) == p->sense_powered ? "on" : "off");
	else if (l)
		fprintf(out, "power: not known, the sense line is not held\n");
}

void power_page_print(FILE *out, const struct board_spec *board, const json_t *status)
{
	const json_t *lines = json_object_get(status, "lines"),
		     *user = json_object_get(status, "user"), *l;
	const char *not_off = json_get_str(status, "not_off", NULL);
	int64_t keeper = json_get_int(status, "keeper", 0);
	size_t i;

	fprintf(out, "board %s: ", board->board);
	if (keeper)
		fprintf(out, "keeper %lld, libgpiod %s, lines %s its death",
			(long long)keeper, json_get_str(status, "libgpiod", ""),
			json_get_bool(status, "survives_keeper", false) ? "survive"
									: "end with");
	else
		fprintf(out, "no keeper runs");
	if (json_is_integer(user))
		fprintf(out, ", in use by process %lld",
			(long long)json_integer_value(user));
	fputc('\n', out);
	if (not_off)
		fprintf(out, "its last user died, and it could not be switched off: %s\n",
			not_off);
	json_array_foreach(lines, i, l) print_line(out, l);
	print_sense(out, board, lines);
	print_drivers(out, lines);
}
