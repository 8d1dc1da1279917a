// SPDX-License-Identifier: GPL-2.0-or-later
/* A line for each kernel and configuration. */
#include "report/matrix_table.h"

#include "report/grid.h"
#include "report/result_read.h"
#include "report/table.h"
#include "util/jsonx.h"

static const char red[] = "\033[31m", green[] = "\033[32m";

/* KASAN faults at the shadow of what was meant. */
static void add_address(struct strbuf *sb, const json_t *in)
{
	const json_t *range = json_object_get(in, "real_range");
	const char *first = json_string_value(json_array_get(range, 0)),
		   *last = json_string_value(json_array_get(range, 1)),
		   *fault = json_get_str(in, "fault_address", NULL);

	if (first && last)
		strbuf_addf(sb, "%s-%s in ", first, last);
	else if (fault)
		strbuf_addf(sb, "%s in ", fault);
}

/* Where it died, "0x20 in dma_resv_add_fence"; else the reason. */
static void add_where(struct grid *g, const json_t *row)
{
	const json_t *in = json_object_get(row, "incident");
	const char *function = json_get_str(in, "function", NULL);
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	if (function)
		add_address(&sb, in);
	strbuf_addstr(&sb, function ? function
				    : json_get_str(json_object_get(row, "verdict"),
						   "reason", ""));
	grid_add(g, strbuf_str(&sb), NULL);
}

/* "+vb2-null-slot ?other, 2 falsified": what is out needs no name here. */
static void add_hypotheses(struct grid *g, const json_t *row)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	size_t i, n_falsified = 0;
	const json_t *h;

	json_array_foreach(json_object_get(row, "hypotheses"), i, h)
	{
		const char *verdict = json_get_str(h, "verdict", "");
		bool is_out = strcmp(verdict, "falsified") == 0;

		n_falsified += is_out;
		if (!is_out)
			strbuf_addf(&sb, "%s%c%s", sb.len ? " " : "",
				    strcmp(verdict, "confirmed") == 0 ? '+' : '?',
				    json_get_str(h, "name", ""));
	}
	if (n_falsified)
		strbuf_addf(&sb, "%s%zu falsified", sb.len ? ", " : "", n_falsified);
	grid_add(g, sb.len ? sb.buf : NULL, NULL);
}

static void add_tests(struct grid *g, const json_t *row)
{
	const json_t *f = json_object_get(row, "functional");
	long long passed = json_get_int(f, "passed", 0),
		  failed = json_get_int(f, "failed", 0);
	char text[64];

	snprintf(text, sizeof(text), "%lld/%lld", passed, passed + failed);
	grid_add(g, passed + failed ? text : NULL, failed ? red : NULL);
}

static void add_number(struct grid *g, const json_t *row, const char *key, int digits)
{
	char text[48];

	snprintf(text, sizeof(text), "%.*f", digits, result_number(row, key, 0));
	grid_add(g, json_is_number(json_object_get(row, key)) ? text : NULL, NULL);
}

static void add_row(struct grid *g, const json_t *row)
{
	const json_t *v = json_object_get(row, "verdict");
	const char *status = json_get_str(v, "status", "-");
	bool good = json_get_bool(row, "as_expected", false);

	grid_add(g, json_get_str(row, "series", NULL), NULL);
	grid_add(g, json_get_str(row, "config", NULL), NULL);
	grid_add(g, status, table_color(status));
	grid_add(g, json_get_str(v, "kind", NULL), NULL);
	add_where(g, row);
	add_hypotheses(g, row);
	add_tests(g, row);
	add_number(g, row, "cycles", 0);
	add_number(g, row, "seconds", 1);
	grid_add(g, good ? "yes" : "NO", good ? green : red);
}

void matrix_table_print(const json_t *matrix, bool color, size_t width,
			struct strbuf *out)
{
	static const struct grid_column columns[] = {
		{ .title = "KERNEL", .max = 40 },
		{ .title = "CONFIG", .max = 24 },
		{ .title = "VERDICT", .max = 12 },
		{ .title = "KIND", .max = 20 },
		{ .title = "WHERE", .max = 48, .min = 24, .is_elastic = true },
		{ .title = "HYPOTHESES", .max = 60 },
		{ .title = "TESTS", .is_right = true },
		{ .title = "CYCLES", .is_right = true },
		{ .title = "SECONDS", .is_right = true },
		{ .title = "EXPECTED" },
	};
	struct grid *g = grid_new(columns, ARRAY_SIZE(columns));
	const json_t *row;
	size_t i;

	json_array_foreach(matrix, i, row) add_row(g, row);
	grid_print(g, color, width, out);
	grid_free(g);
}
