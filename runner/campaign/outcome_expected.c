// SPDX-License-Identifier: GPL-2.0-or-later
/* A row held against what the job expects of its kernel. */
#include <fnmatch.h>

#include "campaign/outcome_int.h"
#include "util/jsonx.h"

json_t *outcome_expected_json(const struct job_outcome *o)
{
	json_t *j, *hypotheses;

	if (!o->given)
		return json_null();
	j = json_object();
	hypotheses = json_object();
	for (size_t i = 0; i < o->n_hypotheses; i++)
		json_put(hypotheses, o->hypotheses[i].name,
			 json_lossy_str(o->hypotheses[i].verdict));
	json_put(j, "status", json_lossy_str(o->status));
	json_put(j, "kinds", incident_kinds_to_json(o->kinds));
	json_put(j, "failed_tests", json_lossy_strs(&o->failed_tests));
	json_put(j, "hypotheses", hypotheses);
	return j;
}

static bool kind_fits(uint64_t kinds, const char *kind)
{
	for (int i = 0; i < INCIDENT_N_KINDS; i++)
		if ((kinds & (UINT64_C(1) << i)) &&
		    strcmp(kind, incident_kind_to_str((enum incident_kind)i)) == 0)
			return true;
	return !kinds;
}

static bool any_failed(const json_t *failures, const char *glob)
{
	const json_t *f;
	size_t i;

	json_array_foreach(failures, i, f)
	{
		if (json_is_string(f) && fnmatch(glob, json_string_value(f), 0) == 0)
			return true;
	}
	return false;
}

static bool says(const json_t *hypotheses, const char *name, const char *verdict)
{
	const json_t *h;
	size_t i;

	json_array_foreach(hypotheses, i, h)
	{
		if (strcmp(json_get_str(h, "name", ""), name) == 0)
			return strcmp(json_get_str(h, "verdict", ""), verdict) == 0;
	}
	return false;
}

bool outcome_fits(const struct job_outcome *o, const json_t *row)
{
	const json_t *v = json_object_get(row, "verdict");
	const char *status = json_get_str(v, "status", "");
	const json_t *failures =
		json_object_get(json_object_get(row, "functional"), "failures");
	bool passed = strcmp(status, "pass") == 0;

	if (!passed && strcmp(status, "fail") != 0)
		return false;
	if (!o->given)
		return passed;
	if (o->status && strcmp(o->status, status) != 0)
		return false;
	if (!kind_fits(o->kinds, json_get_str(v, "kind", "")))
		return false;
	for (size_t i = 0; i < o->failed_tests.n; i++)
		if (!any_failed(failures, o->failed_tests.v[i]))
			return false;
	for (size_t i = 0; i < o->n_hypotheses; i++)
		if (!says(json_object_get(row, "hypotheses"), o->hypotheses[i].name,
			  o->hypotheses[i].verdict))
			return false;
	return true;
}
