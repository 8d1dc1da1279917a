// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of text in aligned columns, for a person at a terminal or in a log. Cells are made
 * harmless for a terminal and cut to their column's width. */
#pragma once

#include <stdbool.h>

#include "util/compiler.h"
#include "util/strbuf.h"

struct grid_column {
	const char *title;
	size_t max;      /* characters; 0 = never cut */
	bool is_right;   /* numbers */
	bool is_elastic; /* at most one: gets what the others leave of the width, but
			    never less than min */
	size_t min;
};

enum { GRID_MAX_COLUMNS = 16 };

struct grid;
/* columns is borrowed while the grid lives. */
struct grid *grid_new(const struct grid_column *columns, size_t n_columns);
void grid_free(struct grid *g);
/* Append a cell; rows fill from left to right. NULL is "-". color: an ANSI sequence
 * (static), or NULL. */
void grid_add(struct grid *g, const char *text, const char *color);
/* Aligned, with a header. width: columns of the terminal, 0 = not known: an elastic
 * column then ends at its max. */
void grid_print(const struct grid *g, bool color, size_t width, struct strbuf *out);
