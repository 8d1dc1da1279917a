// SPDX-License-Identifier: GPL-2.0-or-later
/* Aligned columns. */
#include "report/grid.h"

#include "report/text.h"
#include "util/mem.h"

enum { GAP = 2 };

struct cell {
	char *text;
	size_t len, width; /* bytes, characters */
	const char *color;
};

struct grid {
	const struct grid_column *columns;
	size_t n_columns;
	struct cell *cells;
	size_t n;
};

struct grid *grid_new(const struct grid_column *columns, size_t n_columns)
{
	struct grid *g = xcalloc(1, sizeof(*g));

	if (n_columns > GRID_MAX_COLUMNS)
		BUG("a table of %zu columns", n_columns);
	g->columns = columns;
	g->n_columns = n_columns;
	return g;
}

void grid_free(struct grid *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->n; i++)
		free(g->cells[i].text);
	free(g->cells);
	free(g);
}

void grid_add(struct grid *g, const char *text, const char *color)
{
	struct strbuf sb = STRBUF_INIT;
	struct cell c = { .color = color };

	text_add_line(&sb, text ? text : "-");
	while (sb.len && sb.buf[sb.len - 1] == ' ')
		sb.buf[--sb.len] = '\0';
	c.len = sb.len;
	c.width = text_width(strbuf_str(&sb), sb.len);
	c.text = strbuf_take(&sb);
	g->cells = xreallocarray(g->cells, g->n + 1, sizeof(*g->cells));
	g->cells[g->n++] = c;
}

/* Bytes of the first n characters. */
static size_t bytes_of(const char *text, size_t n)
{
	size_t at = 0;

	while (n-- && text[at])
		do
			at++;
		while (((unsigned char)text[at] & 0xc0) == 0x80);
	return at;
}

static size_t shown_width(const struct cell *c, size_t max)
{
	return max && c->width > max ? max : c->width;
}

static void widths_of(const struct grid *g, size_t width, size_t *widths)
{
	size_t others = GAP * (g->n_columns - 1);
	const struct grid_column *elastic = NULL;

	for (size_t i = 0; i < g->n_columns; i++) {
		const struct grid_column *col = &g->columns[i];

		widths[i] = strlen(col->title);
		for (size_t k = i; k < g->n; k += g->n_columns) {
			size_t w = shown_width(&g->cells[k],
					       col->is_elastic && width ? 0 : col->max);

			widths[i] = w > widths[i] ? w : widths[i];
		}
		if (col->is_elastic)
			elastic = col;
		else
			others += widths[i];
	}
	if (!elastic || !width)
		return;
	size_t room = width > others + elastic->min ? width - others : elastic->min;
	size_t *mine = &widths[elastic - g->columns];
	*mine = *mine > room ? room : *mine;
}

static void add_text(struct strbuf *out, const char *text, size_t len, size_t chars,
		     size_t max)
{
	if (chars <= max) {
		strbuf_add(out, text, len);
		return;
	}
	strbuf_add(out, text, bytes_of(text, max - 1));
	strbuf_addstr(out, "…");
}

static void print_cell(const struct grid *g, size_t i, const struct cell *c,
		       const size_t *widths, bool color, struct strbuf *out)
{
	size_t shown = c->width > widths[i] ? widths[i] : c->width;
	int pad = (int)(widths[i] - shown);
	bool tint = color && c->color, is_right = g->columns[i].is_right;

	strbuf_addf(out, "%*s%*s%s", i ? GAP : 0, "", is_right ? pad : 0, "",
		    tint ? c->color : "");
	add_text(out, c->text, c->len, c->width, widths[i]);
	if (tint)
		strbuf_addstr(out, "\033[0m");
	if (!is_right && i + 1 < g->n_columns)
		strbuf_addf(out, "%*s", pad, "");
}

void grid_print(const struct grid *g, bool color, size_t width, struct strbuf *out)
{
	size_t widths[GRID_MAX_COLUMNS];

	widths_of(g, width, widths);
	for (size_t i = 0; i < g->n_columns; i++) {
		const char *title = g->columns[i].title;
		struct cell c = { .text = (char *)(uintptr_t)title,
				  .len = strlen(title),
				  .width = strlen(title) };

		print_cell(g, i, &c, widths, false, out);
	}
	strbuf_addch(out, '\n');
	for (size_t k = 0; k < g->n; k++) {
		size_t i = k % g->n_columns;

		print_cell(g, i, &g->cells[k], widths, color, out);
		if (i + 1 == g->n_columns)
			strbuf_addch(out, '\n');
	}
}
