// SPDX-License-Identifier: GPL-2.0-or-later
/* The matrix as one result: rows, a test case for each cell, and the verdict over all. */
#include "campaign/matrix.h"
#include "campaign/matrix_int.h"
#include "campaign/outcome.h"
#include "campaign/result.h"
#include "util/jsonx.h"
#include "util/strbuf.h"
#include "util/utf8.h"

/* A reason has 512 bytes, and what is told of a cell half of that. */
enum { REASON_ENOUGH = 270 };

static json_t *row_of(const struct campaign *c, const struct job_cell *cell)
{
	const json_t *record = matrix_record_of(c, cell->name);
	_cleanup_json_ json_t *nothing = NULL;

	if (json_is_object(json_object_get(record, "row")))
		return json_deep_copy(json_object_get(record, "row"));
	nothing = json_pack("{s:s, s:s}", "status", "canceled", "reason", "not run yet");
	return outcome_row(cell, nothing, NULL);
}

static const char *status_of(const json_t *row)
{
	return json_get_str(json_object_get(row, "verdict"), "status", "lab");
}

static const char *test_result(const json_t *row)
{
	if (json_get_bool(row, "as_expected", false))
		return "pass";
	return strcmp(status_of(row), "pass") == 0 || strcmp(status_of(row), "fail") == 0
		       ? "fail"
		       : "unknown";
}

static json_t *test_of(const json_t *row)
{
	json_t *t = json_object();

	json_put(t, "suite", json_string("matrix"));
	json_put(t, "name", json_lossy_str(json_get_str(row, "cell", "")));
	json_put(t, "result", json_string(test_result(row)));
	json_put(t, "source", json_string("campaign"));
	json_put(t, "reason",
		 json_lossy_str(
			 json_get_str(json_object_get(row, "verdict"), "reason", "")));
	return t;
}

/* Rows that are no evidence, by who has to act first. */
static const char *worst_status(const json_t *rows)
{
	static const char *const order[] = { "bug", "canceled", "job", "lab" };
	const json_t *row;
	size_t i;

	for (size_t k = 0; k < ARRAY_SIZE(order); k++)
		json_array_foreach((json_t *)(uintptr_t)rows, i, row)
		{
			if (strcmp(status_of(row), order[k]) == 0)
				return order[k];
		}
	return NULL;
}

static bool is_surprise(const json_t *row)
{
	return strcmp(test_result(row), "fail") == 0;
}

/* "24 of 27 cells as expected; v1a/kasan: fail: Oops … (expected uaf, the kind is
 * null-deref); v1c/plain: pass: passed (expected to fail)" */
static void add_reason(const json_t *rows, struct strbuf *out)
{
	size_t n = json_array_size(rows), good = 0, n_left = 0, i;
	const json_t *row;

	json_array_foreach((json_t *)(uintptr_t)rows, i, row) good +=
		json_get_bool(row, "as_expected", false);
	strbuf_addf(out, "%zu of %zu cells as expected", good, n);
	json_array_foreach((json_t *)(uintptr_t)rows, i, row)
	{
		const json_t *v = json_object_get(row, "verdict");

		if (json_get_bool(row, "as_expected", false))
			continue;
		if (out->len > REASON_ENOUGH) {
			n_left++;
			continue;
		}
		strbuf_addf(out, "; %s: %s: %.80s", json_get_str(row, "cell", ""),
			    status_of(row), json_get_str(v, "reason", ""));
		if (is_surprise(row))
			strbuf_addf(out, " (%.100s)",
				    json_get_str(row, "surprise", "not as expected"));
	}
	if (n_left)
		strbuf_addf(out, "; and %zu more", n_left);
}

/* Broken, if the last boot without a verdict found it so. */
static bool lab_is_sound(const struct campaign *c)
{
	const json_t *boots = campaign_boots(c);
	size_t n = json_array_size(boots);

	return !n || json_get_int(json_array_get(boots, n - 1), "exit_code", 0) != 131;
}

static void judge(const json_t *rows, bool is_sound, struct verdict *v)
{
	_cleanup_strbuf_ struct strbuf why = STRBUF_INIT;
	const char *worst = worst_status(rows);
	bool any_surprise = false;
	const json_t *row;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)rows, i, row) any_surprise |=
		is_surprise(row);
	add_reason(rows, &why);
	utf8_repair(why.buf);
	/* It ended the matrix: nobody canceled those that were not run. */
	if (!is_sound)
		verdict_set(v, "lab", NULL, "%s", strbuf_str(&why));
	else if (worst && (!any_surprise || strcmp(worst, "canceled") == 0))
		verdict_set(v, worst, NULL, "%s", strbuf_str(&why));
	else if (any_surprise)
		verdict_set(v, "fail", "test", "%s", strbuf_str(&why));
	else
		verdict_set(v, "pass", NULL, "%s", strbuf_str(&why));
}

json_t *matrix_result(const struct campaign *c, const struct job_spec *job,
		      const struct board_spec *board, const struct job_cells *cells)
{
	json_t *rows = json_array(), *tests = json_array();
	struct verdict v;

	for (size_t i = 0; i < cells->n; i++) {
		json_t *row = row_of(c, &cells->v[i]);

		json_push(tests, test_of(row));
		json_push(rows, row);
	}
	judge(rows, lab_is_sound(c), &v);
	return campaign_result(c, job, board, &v,
			       verdict_exit_code(&v, lab_is_sound(c), NULL, NULL), tests,
			       rows);
}
