// SPDX-License-Identifier: GPL-2.0-or-later
/* Many runs as one table. */
#include "report/table.h"

#include "report/grid.h"
#include "report/proof_line.h"
#include "report/result_read.h"
#include "report/text.h"
#include "util/jsonx.h"

enum { REASON_WIDTH = 60, REASON_MIN = 20 };

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
	json_put(row, "proven", proof_json(result));
	json_put(row, "id", text_or_null(result, "id"));
	json_put(row, "dir", json_lossy_str(dir));
	return row;
}

const char *table_color(const char *status)
{
	if (strcmp(status, "pass") == 0)
		return "\033[32m";
	return strcmp(status, "fail") == 0 ? "\033[31m" : "\033[33m";
}

static void add_row(struct grid *g, const json_t *row)
{
	const json_t *boots = json_object_get(row, "boots");
	const char *verdict = json_get_str(row, "verdict", NULL);
	char num[32];

	grid_add(g, json_get_str(row, "job", NULL), NULL);
	grid_add(g, verdict ? verdict : "none", table_color(verdict ? verdict : ""));
	grid_add(g, json_get_str(row, "kind", NULL), NULL);
	grid_add(g, json_get_str(row, "reason", NULL), NULL);
	snprintf(num, sizeof(num), "%.1f", result_number(row, "seconds", 0));
	grid_add(g, json_is_number(json_object_get(row, "seconds")) ? num : NULL, NULL);
	snprintf(num, sizeof(num), "%lld", (long long)json_integer_value(boots));
	grid_add(g, json_is_integer(boots) ? num : NULL, NULL);
	grid_add(g, json_get_str(row, "dir", NULL), NULL);
}

void table_print(const json_t *rows, bool color, size_t width, struct strbuf *out)
{
	static const struct grid_column columns[] = {
		{ .title = "JOB", .max = 40 },
		{ .title = "VERDICT", .max = 12 },
		{ .title = "KIND", .max = 20 },
		{ .title = "REASON",
		  .max = REASON_WIDTH,
		  .min = REASON_MIN,
		  .is_elastic = true },
		{ .title = "SECONDS", .max = 20, .is_right = true },
		{ .title = "BOOTS", .max = 20, .is_right = true },
		{ .title = "DIRECTORY" },
	};
	struct grid *g = grid_new(columns, ARRAY_SIZE(columns));
	const json_t *row;
	size_t n;

	json_array_foreach(rows, n, row) add_row(g, row);
	grid_print(g, color, width, out);
	grid_free(g);
}
