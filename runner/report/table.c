// SPDX-License-Identifier: GPL-2.0-or-later
/* Many runs as one table. */
#include "report/table.h"

#include "report/result_read.h"
#include "report/text.h"
#include "util/jsonx.h"

enum { N_COLUMNS = 7, REASON = 3, REASON_WIDTH = 60, REASON_MIN = 20, CELL_MAX = 4096 };

struct cell {
	struct strbuf text;
	size_t width;
};

static json_t *text_or_null(const json_t *object, const char *key)
{
	return json_lossy_str(json_get_str(object, key, NULL));
}

json_t *table_row(const json_t *result, const char *dir, const char *reason)
{
	const json_t *verdict = json_object_get(result, "verdict");
	const json_t *boots = json_object_get(result, "boots");
	json_t *row = json_object();

	json_put(row, "job", text_or_null(json_object_get(result, "job"), "name"));
	json_put(row, "verdict", text_or_null(verdict, "status"));
	json_put(row, "kind", text_or_null(verdict, "kind"));
	json_put(row, "reason",
		 result ? text_or_null(verdict, "reason") : json_lossy_str(reason));
	json_put(row, "seconds",
		 json_is_number(json_object_get(result, "duration_s"))
			 ? json_real(result_number(result, "duration_s", 0))
			 : json_null());
	json_put(row, "boots",
		 json_is_integer(boots) ? json_deep_copy(boots) : json_null());
	json_put(row, "id", text_or_null(result, "id"));
	json_put(row, "dir", json_lossy_str(dir));
	return row;
}

static void set_cell(struct cell *c, const char *s, size_t max)
{
	strbuf_reset(&c->text);
	text_add_line(&c->text, s);
	while (c->text.len && c->text.buf[c->text.len - 1] == ' ')
		c->text.buf[--c->text.len] = '\0';
	c->width = text_width(strbuf_str(&c->text), c->text.len);
	if (c->width <= max)
		return;
	size_t at = 0;
	for (size_t n = 0; n < max - 1; n++)
		do
			at++;
		while (((unsigned char)c->text.buf[at] & 0xc0) == 0x80);
	c->text.len = at;
	strbuf_addstr(&c->text, "…");
	c->width = max;
}

static void fill(struct cell cells[N_COLUMNS], const json_t *row, size_t reason_max)
{
	const json_t *boots = json_object_get(row, "boots");
	char num[32] = "-";

	set_cell(&cells[0], json_get_str(row, "job", "-"), 40);
	set_cell(&cells[1], json_get_str(row, "verdict", "none"), 12);
	set_cell(&cells[2], json_get_str(row, "kind", "-"), 20);
	set_cell(&cells[REASON], json_get_str(row, "reason", "-"), reason_max);
	if (json_is_number(json_object_get(row, "seconds")))
		snprintf(num, sizeof(num), "%.1f", result_number(row, "seconds", 0));
	set_cell(&cells[4], num, 20);
	snprintf(num, sizeof(num), "-");
	if (json_is_integer(boots))
		snprintf(num, sizeof(num), "%lld", (long long)json_integer_value(boots));
	set_cell(&cells[5], num, 20);
	set_cell(&cells[6], json_get_str(row, "dir", "-"), CELL_MAX);
}

static const char *color_of(const char *verdict)
{
	if (strcmp(verdict, "pass") == 0)
		return "\033[32m";
	return strcmp(verdict, "fail") == 0 ? "\033[31m" : "\033[33m";
}

static void print_row(struct cell cells[N_COLUMNS], const size_t widths[N_COLUMNS],
		      const char *color, struct strbuf *out)
{
	for (int i = 0; i < N_COLUMNS; i++) {
		int pad = (int)(widths[i] - cells[i].width);
		bool right = i == 4 || i == 5, tint = color && i == 1;

		strbuf_addf(out, "%s%*s%s", i ? "  " : "", right ? pad : 0, "",
			    tint ? color : "");
		strbuf_add(out, strbuf_str(&cells[i].text), cells[i].text.len);
		if (tint)
			strbuf_addstr(out, "\033[0m");
		if (!right && i + 1 < N_COLUMNS)
			strbuf_addf(out, "%*s", pad, "");
	}
	strbuf_addch(out, '\n');
}

static void widen(size_t widths[N_COLUMNS], struct cell cells[N_COLUMNS])
{
	for (int i = 0; i < N_COLUMNS; i++)
		if (cells[i].width > widths[i])
			widths[i] = cells[i].width;
}

void table_print(const json_t *rows, bool color, size_t width, struct strbuf *out)
{
	static const char *const titles[N_COLUMNS] = { "JOB",      "VERDICT", "KIND",
						       "REASON",   "SECONDS", "BOOTS",
						       "DIRECTORY" };
	struct cell cells[N_COLUMNS] = { 0 };
	size_t widths[N_COLUMNS] = { 0 }, others = 0, max = REASON_WIDTH;
	const json_t *row;
	size_t n;

	for (int pass = 0; pass < 2; pass++) {
		memset(widths, 0, sizeof(widths));
		for (int i = 0; i < N_COLUMNS; i++)
			set_cell(&cells[i], titles[i], CELL_MAX);
		widen(widths, cells);
		json_array_foreach(rows, n, row)
		{
			fill(cells, row, max);
			widen(widths, cells);
		}
		if (!width || pass)
			break;
		others = 2 * (N_COLUMNS - 1); /* reasons take what the others leave */
		for (int i = 0; i < N_COLUMNS; i++)
			others += i == REASON ? 0 : widths[i];
		max = width > others + REASON_MIN ? width - others : REASON_MIN;
	}
	for (int i = 0; i < N_COLUMNS; i++)
		set_cell(&cells[i], titles[i], CELL_MAX);
	print_row(cells, widths, NULL, out);
	json_array_foreach(rows, n, row)
	{
		fill(cells, row, max);
		print_row(cells, widths,
			  color ? color_of(json_get_str(row, "verdict", "")) : NULL, out);
	}
	for (int i = 0; i < N_COLUMNS; i++)
		strbuf_release(&cells[i].text);
}
