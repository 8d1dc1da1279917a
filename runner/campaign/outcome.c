// SPDX-License-Identifier: GPL-2.0-or-later
/* From a cell's result to its row, and what was expected of it. */
#include "campaign/outcome.h"

#include "campaign/outcome_int.h"
#include "report/result_read.h"
#include "util/jsonx.h"
#include "util/mem.h"

static json_t *verdict_json(const json_t *record)
{
	json_t *v = json_object();

	json_put(v, "status", json_lossy_str(json_get_str(record, "status", "lab")));
	json_put(v, "kind", json_lossy_str(json_get_str(record, "kind", NULL)));
	json_put(v, "reason", json_lossy_str(json_get_str(record, "reason", "")));
	return v;
}

const json_t *outcome_incident(const json_t *result)
{
	int64_t id = json_get_int(result_last_attempt(result), "incident", -1);
	const json_t *in;
	size_t i;

	json_array_foreach(json_object_get(result, "incidents"), i, in)
	{
		if (id >= 0 && json_get_int(in, "id", -1) == id)
			return in;
	}
	return NULL;
}

static void copy_text(json_t *to, const json_t *from, const char *key)
{
	json_put(to, key, json_lossy_str(json_get_str(from, key, NULL)));
}

static json_t *incident_json(const json_t *in)
{
	const json_t *range = json_object_get(in, "real_range");
	json_t *j = json_object();

	copy_text(j, in, "kind");
	copy_text(j, in, "title");
	copy_text(j, in, "function");
	copy_text(j, in, "module");
	copy_text(j, in, "fault_address");
	json_put(j, "real_range", range ? json_deep_copy(range) : json_null());
	copy_text(j, json_object_get(in, "diagnosis"), "instruction");
	return j;
}

static json_t *hypotheses_json(const json_t *in)
{
	const json_t *all =
		json_object_get(json_object_get(in, "diagnosis"), "hypotheses");
	json_t *list = json_array();
	const json_t *h;
	size_t i;

	json_array_foreach(all, i, h)
	{
		json_t *j = json_object();

		copy_text(j, h, "name");
		copy_text(j, h, "verdict");
		json_push(list, j);
	}
	return list;
}

/* Which kinds of incidents the job only records: a data race that does not kill. */
static json_t *recorded_json(const json_t *result)
{
	int64_t attempt = json_get_int(result_last_attempt(result), "n", 0);
	json_t *kinds = json_object();
	json_t *list = json_array();
	const json_t *in;
	const char *kind;
	json_t *ignored;
	size_t i;

	json_array_foreach(json_object_get(result, "incidents"), i, in)
	{
		if (json_get_int(in, "attempt", attempt) == attempt &&
		    !json_get_bool(in, "fatal", false) &&
		    !json_get_bool(in, "recovery", false))
			json_put(kinds, json_get_str(in, "kind", "other"), json_null());
	}
	json_object_foreach(kinds, kind, ignored) json_push(list, json_string(kind));
	json_decref(kinds);
	return list;
}

json_t *outcome_row(const struct job_cell *cell, const json_t *record,
		    const json_t *result)
{
	const json_t *in = outcome_incident(result);
	const json_t *seconds =
		json_object_get(result_last_attempt(result), "under_test_s");
	_cleanup_free_ char *surprise = NULL;
	json_t *row = json_object();

	json_put(row, "series", json_lossy_str(cell->kernel->name));
	json_put(row, "config", json_lossy_str(cell->config ? cell->config->name : NULL));
	json_put(row, "cell", json_lossy_str(cell->name));
	json_put(row, "verdict", verdict_json(record));
	json_put(row, "incident", in ? incident_json(in) : json_null());
	json_put(row, "recorded", recorded_json(result));
	json_put(row, "hypotheses", hypotheses_json(in));
	json_put(row, "functional", outcome_functional(result));
	json_put(row, "cycles", outcome_cycles(result));
	json_put(row, "seconds",
		 json_is_number(seconds) ? json_real(json_number_value(seconds))
					 : json_null());
	json_put(row, "expected", outcome_expected_json(cell->outcome));
	surprise = outcome_surprise(cell->outcome, row);
	json_put(row, "as_expected", json_boolean(!surprise));
	json_put(row, "surprise", json_lossy_str(surprise));
	json_put(row, "run", json_lossy_str(json_get_str(record, "run", NULL)));
	return row;
}
